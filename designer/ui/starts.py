"""What an empty design can begin with."""

from __future__ import annotations

from collections.abc import Callable

from designer.design.model import Design
from designer.presets.chain import card, chain, classifier_head, stage_groups

WIDTHS = (24, 40, 80, 160)


def blank() -> Design:
    """Return an input and an output, nothing between them."""
    return chain("Untitled", 224, [], {})


def template() -> Design:
    """Return a stem, four stages that halve the map, and a head, ready to fill."""
    nodes = [
        card("stem_conv", "conv_norm_act", "stem", out_channels=16, stride=2),
        *(
            card(f"stage{n}_b1", "conv_norm_act", f"stage{n}", out_channels=width, stride=2)
            for n, width in enumerate(WIDTHS, 1)
        ),
        *classifier_head(),
    ]
    return chain("New network", 224, nodes, stage_groups(len(WIDTHS)))


STARTS: dict[str, Callable[[], Design]] = {"blank": blank, "template": template}
