"""PoolFormer-S12 as cards, in train form.

Paper: Yu et al., "MetaFormer Is Actually What You Need for Vision", CVPR 2022, https://arxiv.org/abs/2111.11418
(Table 1). The norm of the head is a layer norm after the pool, as in timm, where the authors' code has a group norm
before it.
"""

from __future__ import annotations

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.convnext_frame import GROUPS, norm_head
from designer.presets.info import PresetInfo, Published

SIZE = 224
DEPTHS = (2, 2, 6, 2)
WIDTHS = (64, 128, 320, 512)


def _network() -> Design:
    stem = card("stem_embed", "poolformer_embed", "stem", out_channels=WIDTHS[0])
    stages = [node for index in range(4) for node in _stage(index)]
    return chain("PoolFormer-S12", SIZE, (stem, *stages, *norm_head()), GROUPS)


def _stage(index: int) -> tuple[Node, ...]:
    stage = f"stage{index + 1}"
    blocks = card(f"{stage}_blocks", "poolformer_block", stage, repeat=DEPTHS[index])
    if index == 0:
        return (blocks,)
    embed = card(
        f"{stage}_embed", "conv_norm_act", stage, "Embedding 3x3",
        out_channels=WIDTHS[index], stride=2, norm="none", act="none",
    )  # fmt: skip
    return embed, blocks


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="poolformer_s12",
        system="PoolFormer",
        title="PoolFormer-S12",
        paper="MetaFormer Is Actually What You Need for Vision",
        url="https://arxiv.org/abs/2111.11418",
        build=_network,
        published=(
            Published("sail-sg/poolformer README, 224 x 224", 12, None, 77.2),
            Published("timm results-imagenet.csv, poolformer_s12.sail_in1k", 11.92, None, 77.238),
        ),
        timm="poolformer_s12",
        note="timm's head: a layer norm after the pool.",
    ),
)
