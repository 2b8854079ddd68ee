"""The widths of GhostNet and RepGhostNet as the authors' networks have them, one table per network.

One line per layer, one column per width factor: `hidden-out` of a bottleneck, `se` with the gate's hidden width.
Read off the authors' networks (timm's, which load their checkpoints), not computed by our rounding.
"""

from __future__ import annotations

import torch

from blocks.catalog import CATALOG
from blocks.common import SqueezeExcite
from designer.design.model import Design
from designer.design.unroll import Step, unroll

GHOSTNET = """
#|050|100|130
stem|8|16|20
1|8-8|16-16|20-20
2|24-12|48-24|64-32
3|36-12|72-24|92-32
4|36-20 se12|72-40 se20|92-52 se24
5|60-20 se16|120-40 se32|156-52 se40
6|120-40|240-80|312-104
7|100-40|200-80|260-104
8|92-40|184-80|240-104
9|92-40|184-80|240-104
10|240-56 se60|480-112 se120|624-144 se156
11|336-56 se84|672-112 se168|872-144 se220
12|336-80 se84|672-160 se168|872-208 se220
13|480-80|960-160|1248-208
14|480-80 se120|960-160 se240|1248-208 se312
15|480-80|960-160|1248-208
16|480-80 se120|960-160 se240|1248-208 se312
last|480|960|1248
"""

REPGHOSTNET = """
#|050|058|080|100|111|130|150|200
stem|8|12|12|16|16|20|24|32
1|4-8|8-12|8-12|8-16|8-16|12-20|12-24|16-32
2|12-12|16-16|20-20|24-24|28-28|32-32|36-36|48-48
3|20-12|20-16|28-20|36-24|40-28|48-32|56-36|72-48
4|20-20 se8|20-24 se8|28-32 se8|36-40 se12|40-44 se12|48-52 se12|56-60 se16|72-80 se20
5|32-20 se8|36-24 se12|48-32 se12|60-40 se16|68-44 se16|80-52 se20|92-60 se24|120-80 se32
6|60-40|68-48|96-64|120-80|132-88|156-104|180-120|240-160
7|52-40|56-48|80-64|100-80|112-88|132-104|152-120|200-160
8|60-40|68-48|96-64|120-80|132-88|156-104|180-120|240-160
9|60-40|68-48|96-64|120-80|132-88|156-104|180-120|240-160
10|120-56 se32|140-64 se36|192-88 se48|240-112 se60|268-124 se68|312-144 se80|360-168 se92|480-224 se120
11|168-56 se44|196-64 se48|268-88 se68|336-112 se84|372-124 se92|436-144 se108|504-168 se128|672-224 se168
12|168-80 se44|196-92 se48|268-128 se68|336-160 se84|372-176 se92|436-208 se108|504-240 se128|672-320 se168
13|240-80|280-92|384-128|480-160|532-176|624-208|720-240|960-320
14|240-80 se60|280-92 se72|384-128 se96|480-160 se120|532-176 se132|624-208 se156|720-240 se180|960-320 se240
15|240-80|280-92|384-128|480-160|532-176|624-208|720-240|960-320
16|240-80 se60|280-92 se72|384-128 se96|480-160 se120|532-176 se132|624-208 se156|720-240 se180|960-320 se240
last|480|556|768|960|1064|1248|1440|1920
"""


def published_widths(name: str) -> dict[str, str]:
    """Return the column of a network, for example `ghostnet_050`, by layer."""
    system, factor = name.split("_")
    head, *lines = ({"ghostnet": GHOSTNET, "repghostnet": REPGHOSTNET}[system]).strip().splitlines()
    column = head.split("|").index(factor)
    cells = [line.split("|") for line in lines]
    return {row[0]: row[column] for row in cells}


def widths_of(design: Design) -> dict[str, str]:
    """Return the widths of a design in the notation of the tables; the gates' are those of the built blocks."""
    widths: dict[str, str] = {}
    for step in unroll(design):
        if step.node.block in ("ghost_bottleneck", "repghost_bottleneck"):
            widths[str(len(widths))] = _bottleneck(step)
        elif step.node.block in ("conv_norm_act", "pointwise_conv") and step.node.group != "head":
            widths["last" if widths else "stem"] = str(step.config["out_channels"])
    return widths


def _bottleneck(step: Step) -> str:
    with torch.device("meta"):
        block = CATALOG[step.node.block](**step.config).build([(1, 8, 8, 8)])
    hidden = step.config.get("mid_channels", step.config.get("exp_channels"))
    text = f"{hidden}-{step.config['out_channels']}"
    gate = block.se
    return f"{text} se{gate.reduce.out_channels}" if isinstance(gate, SqueezeExcite) else text
