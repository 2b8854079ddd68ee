"""A residual connection is removed only where what arrives is never negative; else one sentence and a fix."""

from __future__ import annotations

from typing import Any

import pytest

from designer.builder import build
from designer.cost.accounting import account
from designer.design.edit import apply
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.presets.chain import card
from designer.presets.wiring import Wiring
from designer.validation import validate
from tests.helpers.designs import chain
from tests.helpers.wording import clear

Row = tuple[str, dict[str, Any]]

RELU: Row = ("conv_norm_act", {"out_channels": 16})
LINEAR: Row = ("conv_norm_act", {"out_channels": 16, "act": "none"})
BLOCK: Row = ("resnet_basic_block", {"reserve_merge": True})

FINE = {
    "a ReLU": (RELU,),
    "a ReLU6": (RELU, ("depthwise_conv", {"act": "relu6"})),
    "a pool of it": (RELU, ("max_pool", {}), ("avg_pool", {}), ("dropout", {})),
    "a shuffle of it": (RELU, ("channel_shuffle", {"groups": 4})),
    "the same block before": (RELU, BLOCK, BLOCK),
    "another block that ends in a ReLU": (RELU, ("resnet_bottleneck", {"out_channels": 32})),
    "a gate on it": (RELU, ("squeeze_excite", {})),
}
REFUSED = {
    "the image": (),
    "a convolution alone": (LINEAR,),
    "h-swish": (("conv_norm_act", {"out_channels": 16, "act": "hard_swish"}),),
    "a batch norm after a ReLU": (RELU, ("batch_norm", {})),
    "an inverted residual": (RELU, ("inverted_residual", {})),
    "a pool of a convolution": (LINEAR, ("max_pool", {})),
}


@pytest.mark.parametrize("block", ["resnet_basic_block", "resnet_bottleneck", "rm_block"])
@pytest.mark.parametrize("before", FINE.values(), ids=FINE.keys())
def test_a_block_after_what_is_never_negative_can_lose_its_shortcut(before: tuple[Row, ...], block: str) -> None:
    design = chain(*before, (block, {"reserve_merge": True}))
    assert account(design).issues == account(design, form="train").issues == ()
    build(design)


@pytest.mark.parametrize("form", ["train", "deploy"])
@pytest.mark.parametrize("before", REFUSED.values(), ids=REFUSED.keys())
def test_a_block_after_what_may_be_negative_is_refused_with_a_fix(before: tuple[Row, ...], form: Any) -> None:
    design = chain(*before, BLOCK)
    (issue,) = (issue for issue in validate(design, form=form) if issue.kind == "error")
    source = design.nodes[-3].id
    assert (issue.node, issue.field) == (design.nodes[-2].id, "reserve_merge")
    assert clear(issue.message) and f'what comes from "{source}" may be negative' in issue.message
    assert [validate(apply(design, fix.command)) for fix in issue.fixes] == [[]]
    with pytest.raises(DesignError, match="never negative"):
        build(design)


@pytest.mark.parametrize("block", ["inverted_residual", "rm_repvgg_block"])
def test_blocks_that_take_any_sign_are_not_refused(block: str) -> None:
    config = {"reserve_merge": True} if block == "inverted_residual" else {}
    assert account(chain(LINEAR, (block, config))).issues == ()


def joined(kind: str, *branches: Row) -> Design:
    wiring = Wiring("Joined", 32)
    ends = [wiring.add(card(f"b{i}", block, **config), "input") for i, (block, config) in enumerate(branches)]
    join = wiring.add(card("join", kind, branches=len(branches)), *ends)
    return wiring.done({"output": wiring.add(card("block", *BLOCK[:1], **BLOCK[1]), join)}, {})


@pytest.mark.parametrize("kind", ["add", "concat", "multiply"])
def test_a_join_is_never_negative_only_if_no_branch_is(kind: str) -> None:
    assert account(joined(kind, RELU, RELU)).issues == ()
    assert [issue.node for issue in account(joined(kind, RELU, LINEAR)).issues] == ["block"]


def test_a_missing_connection_is_told_and_nothing_about_its_sign() -> None:
    design = apply(chain(RELU, BLOCK), {"op": "disconnect", "target": "conv_norm_act_1", "target_port": "in0"})
    assert [issue.node for issue in account(design).issues] == ["conv_norm_act_1"]
