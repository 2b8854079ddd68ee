"""What EdgeNeXt and HorNet share with ConvNeXt: patch stem, downsampling between stages, normalised head.

EdgeNeXt's twins (`batch_norm`) have batch norms in their place, and no bias in the convolutions beside them.
"""

from __future__ import annotations

from designer.design.model import Node
from designer.presets.chain import card, stage_groups

NORM_EPS = 1e-6

GROUPS = stage_groups(4)


def patch_stem(width: int, batch_norm: bool = False) -> tuple[Node, ...]:
    """Return the 4x4 convolution of stride 4 with its norm."""
    norm = {"norm": "batch"} if batch_norm else {"norm": "layer", "norm_eps": NORM_EPS}
    return (
        card(
            "stem_conv", "conv_norm_act", "stem", "Patches 4x4",
            out_channels=width, kernel=4, stride=4, padding="none", act="none", bias=not batch_norm, **norm,
        ),
    )  # fmt: skip


def downsampling(stage: str, width: int, batch_norm: bool = False) -> tuple[Node, ...]:
    """Return norm and 2x2 convolution of stride 2, the first cards of a stage."""
    return (
        _norm(f"{stage}_norm", stage, batch_norm),
        card(
            f"{stage}_down", "conv_norm_act", stage, "Downsampling 2x2",
            out_channels=width, kernel=2, stride=2, padding="none", norm="none", act="none", bias=not batch_norm,
        ),
    )  # fmt: skip


def norm_head(batch_norm: bool = False) -> tuple[Node, ...]:
    """Return global mean, layer norm and a classifier of 1000 classes; a batch norm stands before the mean."""
    pool, norm = card("pool", "global_avg_pool", "head"), _norm("head_norm", "head", batch_norm)
    classifier = card("classifier", "linear", "head", "Classifier", out_features=1000)
    return (norm, pool, classifier) if batch_norm else (pool, norm, classifier)


def _norm(node_id: str, group: str, batch_norm: bool) -> Node:
    return card(node_id, "batch_norm", group) if batch_norm else card(node_id, "layer_norm", group, eps=NORM_EPS)
