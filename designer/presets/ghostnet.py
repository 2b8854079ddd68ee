"""GhostNet 0.5x, 1.0x and 1.3x: the authors' PyTorch network (C-GhostNet) as cards.

Paper: Han et al., "GhostNet: More Features from Cheap Operations", CVPR 2020, https://arxiv.org/abs/1911.11907,
Table 1; the numbers of the rows and the rounding as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable

from designer.design.model import Design
from designer.presets.ghost_chain import Row, ghost_chain
from designer.presets.info import PresetInfo, Published

ROWS = (
    Row(3, 16, 16, False, 1),
    Row(3, 48, 24, False, 2),
    Row(3, 72, 24, False, 1),
    Row(5, 72, 40, True, 2),
    Row(5, 120, 40, True, 1),
    Row(3, 240, 80, False, 2),
    Row(3, 200, 80, False, 1),
    Row(3, 184, 80, False, 1, repeat=2),
    Row(3, 480, 112, True, 1),
    Row(3, 672, 112, True, 1),
    Row(5, 672, 160, True, 2),
    Row(5, 960, 160, False, 1),
    Row(5, 960, 160, True, 1),
    Row(5, 960, 160, False, 1),
    Row(5, 960, 160, True, 1),
)
NECK = 960

PAPER_TABLE = "GhostNet paper, ImageNet table"
AUTHORS_COUNT = "MACs as the authors print them (convolutions and linear layers)"


def _builder(title: str, factor: float) -> Callable[[], Design]:
    return lambda: ghost_chain(title, factor, ROWS, "ghost_bottleneck", "exp_channels", NECK)


def _info(factor: float, *published: Published) -> PresetInfo:
    name = f"ghostnet_{round(factor * 100):03d}"
    return PresetInfo(
        name=name,
        system="GhostNet",
        title=f"GhostNet {factor}x",
        paper="GhostNet: More Features from Cheap Operations",
        url="https://arxiv.org/abs/1911.11907",
        build=_builder(f"GhostNet {factor}x", factor),
        published=published,
        timm=name,
        note="The authors' PyTorch form; their TensorFlow form differs in the gate, the head and the rounding.",
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(0.5, Published(PAPER_TABLE, 2.6, 42.0, 66.2, AUTHORS_COUNT)),
    _info(
        1.0,
        Published(PAPER_TABLE, 5.2, 141.0, 73.9, AUTHORS_COUNT),
        Published("ghostnet_pytorch/readme.md of Efficient-AI-Backbones", None, 142.0, 73.98, AUTHORS_COUNT),
        Published("timm results-imagenet.csv, ghostnet_100.in1k", 5.18, None, 73.958),
    ),
    _info(1.3, Published(PAPER_TABLE, 7.3, 226.0, 75.7, AUTHORS_COUNT)),
)
