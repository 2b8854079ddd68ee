"""What EdgeNeXt and HorNet share with ConvNeXt: patch stem, downsampling between stages, normalised head."""

from __future__ import annotations

from designer.design.model import Node
from designer.presets.chain import card

NORM_EPS = 1e-6

GROUPS = {
    "stem": "Stem",
    "stage1": "Stage 1",
    "stage2": "Stage 2",
    "stage3": "Stage 3",
    "stage4": "Stage 4",
    "head": "Head",
}


def patch_stem(width: int) -> tuple[Node, ...]:
    """Return the 4x4 convolution of stride 4 with its layer norm."""
    return (
        card(
            "stem_conv", "conv_norm_act", "stem", "Patches 4x4",
            out_channels=width, kernel=4, stride=4, padding="none", norm="layer", act="none", bias=True,
            norm_eps=NORM_EPS,
        ),
    )  # fmt: skip


def downsampling(stage: str, width: int) -> tuple[Node, ...]:
    """Return layer norm and 2x2 convolution of stride 2, the first cards of a stage."""
    return (
        card(f"{stage}_norm", "layer_norm", stage, eps=NORM_EPS),
        card(
            f"{stage}_down", "conv_norm_act", stage, "Downsampling 2x2",
            out_channels=width, kernel=2, stride=2, padding="none", norm="none", act="none", bias=True,
        ),
    )  # fmt: skip


def norm_head() -> tuple[Node, ...]:
    """Return global mean, layer norm and a classifier of 1000 classes."""
    return (
        card("pool", "global_avg_pool", "head"),
        card("head_norm", "layer_norm", "head", eps=NORM_EPS),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )
