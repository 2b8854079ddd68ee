"""A network's structure in one small picture: a bar per stage, tall as its map is large, wide as it has blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from designer.design.blockinfo import palette
from designer.presets.gallery import Stage

WIDTH, HEIGHT, GAP = 260, 62, 3
HUES = ("#0072b2", "#d55e00", "#009e73", "#a4508b", "#b58900", "#56b4e9", "#7b5cc8", "#8c564b", "#5f9e1f", "#e377a2")
PLAIN = "#8490a3"
"""The editor's colours (`frontend/src/components/family.ts`): plain building material is grey."""


def outline_image(stages: Sequence[Stage]) -> str:
    """Return the picture as an HTML image with the stages in words beside it, for readers and for the pointer."""
    said = escape("; ".join(_said(stage) for stage in stages), quote=True)
    return (
        f'<img src="data:image/svg+xml,{quote(outline_svg(stages))}" alt="{said}" title="{said}" '
        f'style="width: 100%; height: {HEIGHT}px; display: block;">'
    )


def outline_svg(stages: Sequence[Stage]) -> str:
    """Return the picture as SVG text."""
    weights = [1.0 + math.sqrt(stage.blocks) for stage in stages]
    unit = (WIDTH - GAP * (len(stages) - 1)) / sum(weights)
    tallest = max(math.log2(stage.side + 1) for stage in stages)
    bars, x = [], 0.0
    for stage, weight in zip(stages, weights, strict=True):
        width, height = weight * unit, max(6.0, HEIGHT * math.log2(stage.side + 1) / tallest)
        bars.append(
            f'<rect x="{x:.1f}" y="{(HEIGHT - height) / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3" '
            f'fill="{colour(stage.family)}"/>'
        )
        x += width + GAP
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(bars)}</svg>'


def _said(stage: Stage) -> str:
    size = f"{stage.channels} x {stage.side} x {stage.side}" if stage.side > 1 else f"{stage.channels} channels"
    return f"{stage.blocks} {'block' if stage.blocks == 1 else 'blocks'} of {stage.family}, gives {size}"


def colour(family: str) -> str:
    """Return a family's colour: the papers in order of the palette."""
    plain = {block.family for block in palette().values() if block.citation is None}
    papers = [name for name in dict.fromkeys(block.family for block in palette().values()) if name not in plain]
    return PLAIN if family in plain else HUES[papers.index(family) % len(HUES)]
