"""Small designs that build in milliseconds."""

from __future__ import annotations

from typing import Any

from designer.design.model import Design, InputSpec
from designer.presets import chain as preset_chain


def chain(*blocks: tuple[str, dict[str, Any]], size: tuple[int, int, int] = (3, 32, 32), name: str = "Tiny") -> Design:
    """Return input -> blocks in series -> output; a block's id is its name and place (`identity_2`)."""
    nodes = [preset_chain.card(f"{b}_{place}", b, **config) for place, (b, config) in enumerate(blocks, 1)]
    channels, height, width = size
    spec = InputSpec(channels=channels, height=height, width=width)
    return preset_chain.chain(name, height, nodes, {}).replace(inputs={"input": spec})


def tiny() -> Design:
    """Return a stem, a strided RepGhost bottleneck, a lone batch norm, and a head: every kind of fold once."""
    return chain(
        ("conv_norm_act", {"out_channels": 8, "stride": 2}),
        ("repghost_bottleneck", {"mid_channels": 12, "out_channels": 16, "stride": 2, "se": True}),
        ("batch_norm", {}),
        ("global_avg_pool", {}),
        ("linear", {"out_features": 10}),
    )
