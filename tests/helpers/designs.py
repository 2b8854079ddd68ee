"""Small designs that build in milliseconds."""

from __future__ import annotations

from typing import Any

from designer.design.blockinfo import palette
from designer.design.model import Design, Edge, InputSpec, Node


def chain(*blocks: tuple[str, dict[str, Any]], size: tuple[int, int, int] = (3, 32, 32), name: str = "Tiny") -> Design:
    """Return input -> blocks in series -> output; a block's id is its name and place (`identity_2`)."""
    ids = ["input", *(f"{block}_{place}" for place, (block, _) in enumerate(blocks, 1)), "output"]
    nodes = [
        Node(id="input", block="input"),
        *(
            Node(id=ids[place], block=block, config=palette()[block].defaults() | config)
            for place, (block, config) in enumerate(blocks, 1)
        ),
        Node(id="output", block="output"),
    ]
    edges = [Edge(source=a, target=b) for a, b in zip(ids, ids[1:], strict=False)]
    channels, height, width = size
    return Design(
        name=name,
        inputs={"input": InputSpec(channels=channels, height=height, width=width)},
        outputs={"output": ("output", "out0")},
        nodes=tuple(nodes),
        edges=tuple(edges),
    )


def tiny() -> Design:
    """Return a stem, a strided RepGhost bottleneck, a lone batch norm, and a head: every kind of fold once."""
    return chain(
        ("conv_norm_act", {"out_channels": 8, "stride": 2}),
        ("repghost_bottleneck", {"mid_channels": 12, "out_channels": 16, "stride": 2, "se": True}),
        ("batch_norm", {}),
        ("global_avg_pool", {}),
        ("linear", {"out_features": 10}),
    )
