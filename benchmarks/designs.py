"""Designs that benchmarks measure and nobody published."""

from __future__ import annotations

from designer.design.model import Design, Edge, Group, InputSpec, Node
from designer.presets.chain import card


def large_design(nodes: int = 150) -> Design:
    """Return a chain of residual blocks drawn layer by layer: `nodes` nodes, four stages, no repeats."""
    rows: list[Node] = [card("input", "input")]
    edges: list[Edge] = []

    def append(node: Node) -> str:
        edges.append(Edge(source=rows[-1].id, target=node.id))
        rows.append(node)
        return node.id

    widths, per_stage = (32, 64, 128, 256), (nodes - 4) // 4
    append(card("stem", "conv_norm_act", out_channels=32, stride=2))
    for stage, width in enumerate(widths):
        append(card(f"down_{stage}", "conv_norm_act", f"stage{stage}", out_channels=width, stride=2))
        at = 1
        while at + 4 <= per_stage:
            start = rows[-1].id
            key = f"{stage}_{at}"
            append(card(f"wide_{key}", "pointwise_conv", f"stage{stage}", out_channels=None))
            append(card(f"deep_{key}", "depthwise_conv", f"stage{stage}"))
            append(card(f"thin_{key}", "pointwise_conv", f"stage{stage}", out_channels=None, act="none"))
            joined = append(card(f"add_{key}", "add", f"stage{stage}"))
            edges.append(Edge(source=start, target=joined, target_port="in1"))
            at += 4
    while len(rows) < nodes - 2:
        append(card(f"tail_{len(rows)}", "activation", "stage3"))
    append(card("pool", "global_avg_pool"))
    append(card("output", "output"))
    groups = tuple(Group(id=f"stage{i}") for i in range(4))
    inputs = {"input": InputSpec(channels=3, height=224, width=224)}
    return Design(
        name="large",
        inputs=inputs,
        outputs={"output": ("output", "out0")},
        nodes=tuple(rows),
        edges=tuple(edges),
        groups=groups,
    )
