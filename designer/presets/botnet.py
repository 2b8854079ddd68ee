"""BoTNet-S1-50, and SSB-BoTNet-S1-50: the same network with its stride-1 convolution bottlenecks on sampled grids.

Papers: Srinivas et al., "Bottleneck Transformers for Visual Recognition", CVPR 2021,
https://arxiv.org/abs/2101.11605 (Table 1); Kwan and Song, "SSBNet: Improving Visual Recognition Efficiency by
Adaptive Sampling", ECCV 2022, https://arxiv.org/abs/2207.11511. ResNet-50 whose last stage attends instead of
convolving and (S1) does not stride. The second is a reconstruction.
"""

from __future__ import annotations

from collections.abc import Iterator

from designer.design.model import Design, Node
from designer.presets.chain import card
from designer.presets.info import PresetInfo, Published
from designer.presets.resnet import EXPANSION, bottleneck_stage, resnet

DEPTHS = (3, 4, 6, 3)
LAST_STAGE = 4

PAPER = "Bottleneck Transformers for Visual Recognition"
NOTE = "ResNet-50's stages 1 to 3. The paper's larger S1 networks also have squeeze-excite gates and SiLU."
SSB_NOTE = (
    "Every stride-1 convolution bottleneck after the first of its stage samples each side down by 2; the stage that "
    "attends stays as it is. The authors re-implemented BoTNet-S1, with which details could not be read."
)


def botnet_s1_50() -> Design:
    """Return BoTNet-S1-50 at 224 x 224."""
    return resnet("BoTNet-S1-50", DEPTHS, _stage)


def ssb_botnet_s1_50() -> Design:
    """Return the reconstruction of SSB-BoTNet-S1-50 at 224 x 224."""
    return resnet("SSB-BoTNet-S1-50", DEPTHS, _sampled_stage)


def _stage(number: int, width: int, depth: int) -> Iterator[Node]:
    if number < LAST_STAGE:
        yield from bottleneck_stage(number, width, depth)
        return
    group = f"stage{number}"
    yield card(
        f"{group}_mhsa", "botnet_mhsa_bottleneck", group, repeat=depth,
        mid_channels=width, out_channels=EXPANSION * width,
    )  # fmt: skip


def _sampled_stage(number: int, width: int, depth: int) -> Iterator[Node]:
    first, *later = _stage(number, width, depth)
    yield first
    for node in later:
        yield card(
            node.id, "ssb_bottleneck", node.group, repeat=node.repeat,
            mid_channels=width, out_channels=EXPANSION * width, se=False,
        )  # fmt: skip


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="botnet_s1_50",
        system="BoTNet",
        title="BoTNet-S1-50",
        paper=PAPER,
        url="https://arxiv.org/abs/2101.11605",
        build=botnet_s1_50,
        published=(Published("keras_cv_attention_models, BotNet50 with strides=1 at 224 x 224", 21, None, 77.604),),
        note=f"The baseline of SSB-BoTNet-S1-50. {NOTE}",
    ),
    PresetInfo(
        name="ssb_botnet_s1_50",
        system="SSB-BoTNet",
        title="SSB-BoTNet-S1-50 (reconstruction)",
        paper="SSBNet: Improving Visual Recognition Efficiency by Adaptive Sampling",
        url="https://arxiv.org/abs/2207.11511",
        build=ssb_botnet_s1_50,
        note=SSB_NOTE,
        reconstruction=(
            "Only the paper's abstract and introduction could be read, and no code is known: the sampler, its inverse, "
            "the converted blocks and the sampled sizes are ours. No published number belongs to this network."
        ),
    ),
)
