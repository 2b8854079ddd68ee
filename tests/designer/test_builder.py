from __future__ import annotations

from typing import Any

import pytest
import torch

from designer.builder import build
from designer.design.issue import DesignError
from designer.design.model import Edge
from tests.helpers.designs import chain, tiny


def test_the_same_seed_gives_the_same_weights() -> None:
    one, again, other = build(tiny(), seed=1), build(tiny(), seed=1), build(tiny(), seed=2)
    key = "linear_5.0.linear.weight"
    assert torch.equal(one.weights()[key], again.weights()[key])
    assert not torch.equal(one.weights()[key], other.weights()[key])


def test_a_repeated_node_is_built_that_often_and_strides_once() -> None:
    design = chain(("conv_norm_act", {"out_channels": 4, "stride": 2}))
    nodes = tuple(n.model_copy(update={"repeat": 3}) if n.block == "conv_norm_act" else n for n in design.nodes)
    network = build(design.replace(nodes=nodes)).eval()
    assert {key.split(".")[1] for key in network.weights()} == {"0", "1", "2"}
    assert network(torch.randn(1, 3, 32, 32)).shape == (1, 4, 16, 16)


def test_drop_path_grows_over_the_blocks_that_take_it() -> None:
    block: tuple[str, dict[str, Any]] = ("edgenext_conv_encoder", {})
    stem: tuple[str, dict[str, Any]] = ("conv_norm_act", {"out_channels": 8})
    network = build(chain(stem, block, block, block), drop_path=0.3)
    rates = [m.rate for m in network.modules() if type(m).__name__ == "DropPath"]
    assert rates == pytest.approx([0.0, 0.15, 0.3])


def test_a_design_with_problems_is_refused_with_a_sentence() -> None:
    design = tiny()
    with pytest.raises(DesignError, match="nothing is connected"):
        build(design.replace(edges=design.edges[1:]))


def test_a_network_too_large_is_refused_before_it_is_built() -> None:
    wide = ("conv_norm_act", {"out_channels": 16384, "kernel": 3})
    with pytest.raises(DesignError, match="M params; at most 1000 M"):
        build(chain(wide, wide, wide, size=(3, 8, 8)))


def test_two_outputs_come_as_a_tuple() -> None:
    design = tiny()
    second = Edge(source="conv_norm_act_1", target="output_2")
    node = next(n for n in design.nodes if n.block == "output").model_copy(update={"id": "output_2"})
    both = design.replace(
        nodes=(*design.nodes, node),
        edges=(*design.edges, second),
        outputs=design.outputs | {"output_2": ("output_2", "out0")},
    )
    logits, features = build(both).eval()(torch.randn(2, 3, 32, 32))
    assert logits.shape == (2, 10)
    assert features.shape == (2, 8, 16, 16)
