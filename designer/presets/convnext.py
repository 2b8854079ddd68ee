"""ConvNeXt-T as cards, in train form.

Paper: Liu et al., "A ConvNet for the 2020s", CVPR 2022, https://arxiv.org/abs/2201.03545; depths and widths as in
Sec. 3.
"""

from __future__ import annotations

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.convnext_frame import GROUPS, downsampling, norm_head, patch_stem
from designer.presets.info import PresetInfo, Published

SIZE = 224
DEPTHS = (3, 3, 9, 3)
WIDTHS = (96, 192, 384, 768)


def _network() -> Design:
    stages = [node for index in range(4) for node in _stage(index)]
    return chain("ConvNeXt-T", SIZE, (*patch_stem(WIDTHS[0]), *stages, *norm_head()), GROUPS)


def _stage(index: int) -> tuple[Node, ...]:
    stage = f"stage{index + 1}"
    blocks = card(f"{stage}_blocks", "convnext_block", stage, repeat=DEPTHS[index])
    return (*(downsampling(stage, WIDTHS[index]) if index else ()), blocks)


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="convnext_tiny",
        system="ConvNeXt",
        title="ConvNeXt-T",
        paper="A ConvNet for the 2020s",
        url="https://arxiv.org/abs/2201.03545",
        build=_network,
        published=(
            Published("ConvNeXt paper, Table 1", 29, 4500, 82.1, "MACs (the paper says FLOPs), printed to 0.1 G"),
            Published("timm results-imagenet.csv, convnext_tiny.fb_in1k, 224 x 224", 28.59, None, 82.066),
        ),
        timm="convnext_tiny",
    ),
)
