"""RepGhostNet 0.5x to 2.0x: the authors' network as cards, in train form.

Paper: Chen et al., "RepGhost: A Hardware-Efficient Ghost Module via Re-parameterization", 2022,
https://arxiv.org/abs/2211.06088; the numbers of the rows and the rounding as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable

from designer.design.model import Design
from designer.presets.ghost_chain import Row, ghost_chain
from designer.presets.info import PresetInfo, Published

ROWS = (
    Row(3, 8, 16, False, 1),
    Row(3, 24, 24, False, 2),
    Row(3, 36, 24, False, 1),
    Row(5, 36, 40, True, 2),
    Row(5, 60, 40, True, 1),
    Row(3, 120, 80, False, 2),
    Row(3, 100, 80, False, 1),
    Row(3, 120, 80, False, 1, repeat=2),
    Row(3, 240, 112, True, 1),
    Row(3, 336, 112, True, 1),
    Row(5, 336, 160, True, 2),
    Row(5, 480, 160, False, 1),
    Row(5, 480, 160, True, 1),
    Row(5, 480, 160, False, 1),
    Row(5, 480, 160, True, 1),
)
NECK = 960

README = "RepGhost readme.md, results table"
AUTHORS_COUNT = "MACs of convolutions and linear layers (the authors' modified thop), train and deploy form alike"
TIMM = "timm results-imagenet.csv"

RESULTS: tuple[tuple[float, float, float, float, float, float], ...] = (
    (0.5, 2.3, 43, 66.9, 2.31, 66.978),
    (0.58, 2.5, 60, 68.9, 2.55, 68.938),
    (0.8, 3.3, 96, 72.2, 3.28, 72.240),
    (1.0, 4.1, 142, 74.2, 4.07, 74.208),
    (1.11, 4.5, 170, 75.1, 4.54, 75.060),
    (1.3, 5.5, 231, 76.4, 5.48, 76.378),
    (1.5, 6.6, 301, 77.5, 6.58, 77.474),
    (2.0, 9.8, 516, 78.8, 9.80, 78.802),
)
"""Width factor; the readme's params (M), MACs (M) and top-1; timm's params (M, train form) and top-1."""


def _builder(title: str, factor: float) -> Callable[[], Design]:
    return lambda: ghost_chain(title, factor, ROWS, "repghost_bottleneck", "mid_channels", NECK)


def _info(
    factor: float, params_m: float, macs_m: float, top1: float, timm_params_m: float, timm_top1: float
) -> PresetInfo:
    name = f"repghostnet_{round(factor * 100):03d}"
    title = f"RepGhostNet {factor}x"
    return PresetInfo(
        name=name,
        system="RepGhostNet",
        title=title,
        paper="RepGhost: A Hardware-Efficient Ghost Module via Re-parameterization",
        url="https://arxiv.org/abs/2211.06088",
        build=_builder(title, factor),
        published=(
            Published(README, params_m, macs_m, top1, AUTHORS_COUNT),
            Published(f"{TIMM}, {name}.in1k", timm_params_m, None, timm_top1),
        ),
        timm=name,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(*row) for row in RESULTS)
