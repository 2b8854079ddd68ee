"""RMNet: RMNeXt and RM-RepVGG, and ResNet and MobileNetV2 deployed without their residual connections.

Paper: Meng et al., "RMNet: Equivalently Removing Residual Connection from Networks", 2021,
https://arxiv.org/abs/2111.00687; depths, widths and ratios as in the authors' code.

Reserve-and-merge alone makes a network larger (ResNet-50: 46 GMACs). The authors use it for the blocks that are made
for it (RMNeXt, RM-RepVGG), or before pruning. The published numbers are those of the deploy form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from designer.design.model import Design, Group, Node
from designer.presets import mobilenetv2, resnet
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

WIDTHS = (64, 128, 256, 512)

GROUPS = stage_groups(4)

README = "RMNet README (top-1); its code, instantiated and counted"
AUTHORS_CODE = "RMNet code, instantiated and counted"
DEPLOY = "MACs of convolutions and linear layers; params and MACs of the deploy form"
TRAIN = "MACs of convolutions and linear layers; params and MACs of the train form"

Counts = tuple[float, float]
"""Params and MACs in millions."""

RMNEXT: tuple[tuple[str, str, tuple[int, ...], int, int, Counts, Counts, float], ...] = (
    ("rmnext41_64x5_g16", "RMNeXt-41 64x5 g16", (2, 3, 5, 3), 5, 16, (20.017, 3165), (23.976, 3777.8), 78.498),
    ("rmnext50_64x5_g32", "RMNeXt-50 64x5 g32", (3, 4, 6, 3), 5, 32, (32.804, 5670), (39.568, 6865), 79.076),
    ("rmnext50_64x6_g32", "RMNeXt-50 64x6 g32", (3, 4, 6, 3), 6, 32, (40.821, 7044), (47.577, 8240), 79.57),
    ("rmnext101_64x6_g16", "RMNeXt-101 64x6 g16", (3, 4, 23, 3), 6, 16, (50.445, 9373), (59.455, 11077), 80.07),
    ("rmnext152_64x6_g32", "RMNeXt-152 64x6 g32", (3, 8, 36, 3), 6, 32, (107.029, 21238), (126.916, 25272), 80.356),
)
"""Name, title, depths, e, q of stage 1; train form and deploy form in millions; top-1."""

PLAIN: tuple[tuple[int, int, float, Counts, Counts, float], ...] = (
    (21, 2, 0.0, (16.23, 2400.9), (14.639, 2160.9), 72.508),
    (37, 4, 0.0, (30.179, 4456), (27.176, 4010.6), 74.408),
    (69, 8, 0.0, (58.078, 8567), (52.251, 7710), 74.526),
    (133, 16, 0.0, (113.876, 16787), (102.402, 15109), 70.912),
    (21, 2, 0.25, (14.486, 2144.0), (14.639, 2160.9), 72.590),
    (37, 4, 0.25, (26.692, 3942), (27.176, 4010.6), 74.478),
    (69, 8, 0.5, (44.129, 6511), (52.251, 7710), 75.088),
    (133, 16, 0.75, (72.027, 10622), (102.402, 15109), 74.560),
)
"""3x3 convolutions, pairs of blocks per stage, ratio; train form and deploy form in millions; top-1."""

CONVERTED: tuple[tuple[str, str, Counts], ...] = (
    ("rmnet_resnet18", "resnet18", (20.18, 3211)),
    ("rmnet_resnet50", "resnet50", (277, 46067)),
    ("rmnet_mobilenetv2", "mobilenetv2_100", (7.510, 848.3)),
)
"""Name, the ordinary network, deploy form in millions."""


def without_residuals(title: str, build: Callable[[], Design]) -> Design:
    """Return a network with all its blocks deployed without their residual connection."""
    design = build()
    nodes = tuple(_with_reserve_merge(node) if "reserve_merge" in node.config else node for node in design.nodes)
    return design.replace(name=title, nodes=nodes)


def rmnext(title: str, depths: tuple[int, ...], expand: int, group_width: int) -> Design:
    """Return an RMNeXt. The width of the groups doubles with each stage, as the stage's own does."""
    cards = [node for stage, depth in enumerate(depths, 1) for node in _rmnext_stage(stage, depth, expand, group_width)]
    return _network(title, cards)


def rm_repvgg(title: str, depth: int, ratio: float) -> Design:
    """Return an RM-RepVGG of `depth` pairs of blocks per stage; with ratio 0 nothing is copied, as in RepVGG."""
    design = _network(title, [node for stage in range(1, 5) for node in _plain_stage(stage, depth, ratio)])
    pairs = (
        Group(id=_pairs(stage), label=f"(RM + Rep) x {depth}", parent=f"stage{stage}", repeat=depth)
        for stage in range(1, 5)
    )
    return design.replace(groups=(*design.groups, *pairs)) if ratio else design


def _network(title: str, stages: list[Node]) -> Design:
    stem = (card(f"stem_b{i}", "repvgg_block", "stem", f"Stem {i}", out_channels=64, stride=2) for i in (1, 2))
    head = (*classifier_head(),)
    return chain(title, 224, (*stem, *stages, *head), GROUPS)


def _rmnext_stage(stage: int, depth: int, expand: int, group_width: int) -> Iterator[Node]:
    group, scale = f"stage{stage}", 2 ** (stage - 1)
    yield card(
        f"{group}_b1", "rm_block", group, repeat=depth, out_channels=WIDTHS[stage - 1], expand=expand,
        group_width=group_width * scale, stride=1 if stage == 1 else 2, reserve_merge=True,
    )  # fmt: skip


def _plain_stage(stage: int, depth: int, ratio: float) -> Iterator[Node]:
    """Yield a stage: a strided block where it is not the first, then a pair of a copying and a RepVGG block."""
    group = f"stage{stage}"
    if stage > 1:
        yield card(f"{group}_down", "repvgg_block", group, out_channels=WIDTHS[stage - 1], stride=2)
    if ratio:
        yield card(f"{group}_rm", "rm_repvgg_block", _pairs(stage), ratio=ratio)
        yield card(f"{group}_rep", "repvgg_block", _pairs(stage))
    else:
        yield card(f"{group}_rep", "repvgg_block", group, repeat=2 * depth)


def _pairs(stage: int) -> str:
    return f"stage{stage}_pairs"


def _with_reserve_merge(node: Node) -> Node:
    return node.model_copy(update={"config": node.config | {"reserve_merge": True}})


def _info(name: str, title: str, build: Callable[[], Design], **more: Any) -> PresetInfo:
    return PresetInfo(
        name=name,
        system="RMNet",
        title=title,
        paper="RMNet: Equivalently Removing Residual Connection from Networks",
        url="https://arxiv.org/abs/2111.00687",
        build=build,
        **more,
    )


def _trained(train: Counts, deploy: Counts, top1: float) -> tuple[Published, ...]:
    return Published(README, *deploy, top1, DEPLOY), Published(AUTHORS_CODE, *train, None, TRAIN)


def _rmnext_infos() -> Iterator[PresetInfo]:
    for name, title, depths, expand, group_width, train, deploy, top1 in RMNEXT:
        build = partial(rmnext, title, depths, expand, group_width)
        yield _info(name, title, build, published=_trained(train, deploy, top1))


def _rm_repvgg_infos() -> Iterator[PresetInfo]:
    for layers, depth, ratio, train, deploy, top1 in PLAIN:
        prefix, title = ("rm_repvgg", "RM-RepVGG") if ratio else ("repvgg", "RepVGG")
        title = f"{title}-{layers}" + (f" r={ratio:g}" if ratio else " (RMNet's depth)")
        build = partial(rm_repvgg, title, depth, ratio)
        yield _info(f"{prefix}_{layers}", title, build, published=_trained(train, deploy, top1))


def _converted_infos() -> Iterator[PresetInfo]:
    ordinary = {info.name: info for info in (*resnet.PRESETS, *mobilenetv2.PRESETS)}
    for name, source, deploy in CONVERTED:
        info = ordinary[source]
        title = f"{info.title} without residuals (RMNet)"
        yield _info(
            name,
            title,
            partial(without_residuals, title, info.build),
            published=(Published(AUTHORS_CODE, *deploy, None, DEPLOY),),
            timm=info.timm,
            note="The train form is the ordinary network; only the deploy form has no residual connection.",
        )


PRESETS: tuple[PresetInfo, ...] = (*_rmnext_infos(), *_rm_repvgg_infos(), *_converted_infos())
