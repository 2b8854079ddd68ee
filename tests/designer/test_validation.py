"""Problems found by shapes: each at its node, with the sentence, the cause and fixes that mend it."""

from __future__ import annotations

import pytest

from designer.cost.accounting import account
from designer.design.edit import apply
from designer.design.issue import Cause, Issue
from designer.design.model import Design, Edge
from designer.presets import load_preset
from designer.presets.chain import card, chain
from designer.validation import validate
from tests.designer.cost.test_accounting import residual


def mended(design: Design, issue: Issue) -> list[list[Issue]]:
    """Return what is left to say after each fix."""
    return [validate(apply(design, fix.command)) for fix in issue.fixes]


def wider(channels: int = 16, stride: int = 1) -> Design:
    """The residual graph with another width or stride on one branch."""
    design = apply(residual(), {"op": "set_config", "id": "b", "field": "out_channels", "value": channels})
    return apply(design, {"op": "set_config", "id": "b", "field": "stride", "value": stride})


@pytest.mark.parametrize("name", ["ghostnet_100", "repghostnet_100", "edgenext_small", "nextvit_small"])
def test_presets_have_no_problems(name: str) -> None:
    assert validate(load_preset(name)) == []


def test_unlike_widths_name_the_branch_and_offer_both_widths_then_a_projection() -> None:
    (issue,) = validate(wider())
    assert issue.node == "add" and issue.cause == Cause("b", "out_channels")
    assert issue.message.startswith('Add "add" needs the same number of channels at every input')
    assert "(1, 8, 8, 8) and (1, 16, 8, 8)" in issue.message
    labels = [fix.label for fix in issue.fixes]
    assert labels[0].startswith("Set out_channels") and labels[0].endswith("to 8")
    assert labels[1].endswith("to 16") and labels[2] == "Project the shortcut with a 1x1 convolution"
    assert mended(wider(), issue) == [[], [], []]


def test_of_two_branches_the_later_width_is_the_cause() -> None:
    design = wider()
    swapped = tuple(
        edge.model_copy(update={"target_port": {"in0": "in1", "in1": "in0"}[edge.target_port]})
        if edge.target == "add"
        else edge
        for edge in design.edges
    )
    (issue,) = validate(design.replace(edges=swapped))
    assert issue.cause == Cause("b", "out_channels")
    assert issue.fixes[0].label == 'Set out_channels of "b" to 8'


def test_fixes_say_what_they_cost() -> None:
    (issue,) = validate(wider())
    narrow, _, project = issue.fixes
    # b has 8 filters less: 8 inputs and a bias each, on 64 positions.
    assert (narrow.params_delta, narrow.macs_delta) == (-8 * 9, -8 * 8 * 64)
    after = account(apply(wider(), project.command))
    branches = account(apply(wider(), {"op": "disconnect", "target": "add", "target_port": "in1"}))
    assert project.macs_delta == after.macs - branches.macs and project.macs_delta == 64 * 8 * 16


def test_unlike_sizes_offer_to_take_the_stride_out() -> None:
    design = wider(channels=8, stride=2)
    (issue,) = validate(design)
    assert issue.node == "add" and issue.message.endswith("Give both branches the same stride.")
    assert issue.fixes[0].command == {"op": "set_config", "id": "b", "field": "stride", "value": 1}
    assert mended(design, issue) == [[] for _ in issue.fixes]


def test_a_strided_branch_of_another_width_can_be_projected() -> None:
    design = wider(channels=16, stride=2)
    (issue,) = validate(design)
    project = next(fix for fix in issue.fixes if fix.label.startswith("Project"))
    assert validate(apply(design, project.command)) == []


def test_groups_that_do_not_divide_offer_those_that_do() -> None:
    design = apply(residual(), {"op": "set_config", "id": "b", "field": "groups", "value": 3})
    (issue,) = validate(design)
    assert (issue.node, issue.field, issue.cause) == ("b", "groups", Cause("b", "groups"))
    assert issue.fixes and all(left == [] for left in mended(design, issue))


def test_a_width_from_further_up_is_named_as_the_cause() -> None:
    nodes = (
        card("stem", "conv_norm_act", out_channels=60, stride=2),
        card("act", "activation"),
        card("encoder", "edgenext_sdta_encoder", heads=7),
    )
    design = chain("cause", 32, nodes, {})
    (issue,) = validate(design)
    assert issue.node == "encoder" and issue.field == "heads"
    assert "60 channels" in issue.message


def test_two_mistakes_are_reported_at_once() -> None:
    nodes = (
        card("one", "conv_norm_act", out_channels=60, groups=7),
        card("two", "conv_norm_act", out_channels=64, groups=7),
    )
    issues = validate(chain("two", 32, nodes, {}))
    assert [issue.node for issue in issues] == ["one", "two"]


def test_a_missing_connection_is_told_once_and_nothing_is_guessed_after_it() -> None:
    design = apply(residual(), {"op": "disconnect", "target": "b", "target_port": "in0"})
    issues = [issue for issue in validate(design) if issue.node in ("b", "add", "output")]
    assert [issue.node for issue in issues] == ["b"]
    assert issues[0].fixes and validate(apply(design, issues[0].fixes[0].command)) == []
    assert not account(design).complete


def test_a_cycle_does_not_stop_the_rest() -> None:
    design = residual()
    kept = [edge for edge in design.edges if edge.target != "a"]
    looped = design.replace(edges=(*kept, Edge(source="b", target="a")))
    assert any("cycle" in issue.message for issue in validate(looped))
    assert any("cycle" in issue.message for issue in account(looped).issues)


def test_a_linear_layer_on_a_map_offers_a_pool() -> None:
    design = chain("head", 32, (card("head", "linear", out_features=10),), {})
    (issue,) = validate(design)
    assert [fix.command["block"] for fix in issue.fixes] == ["global_avg_pool"]
    assert mended(design, issue) == [[]]


def test_a_field_of_the_wrong_type_is_one_problem() -> None:
    design = residual()
    broken = design.nodes[2].model_copy(update={"config": design.nodes[2].config | {"out_channels": "many"}})
    nodes = tuple(broken if node.id == "b" else node for node in design.nodes)
    (issue,) = [issue for issue in validate(design.replace(nodes=nodes)) if issue.node == "b"]
    assert issue.field == "out_channels" and "many" in issue.message
