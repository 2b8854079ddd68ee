"""An opened block says what the account counts: the same params and MACs, branch by branch, in both forms."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from designer.cost.accounting import account
from designer.cost.opened import opened_block
from designer.cost.result import Form
from designer.design.edit import apply
from designer.presets import PRESETS, load_preset

SMALLEST = {info.system: info.name for info in reversed(PRESETS.values())}
FORMS: tuple[Form, ...] = get_args(Form)


def kinds(form: dict[str, Any]) -> list[str]:
    return [op["kind"] for op in form["ops"] if op["kind"] != "end"]


def feeding(form: dict[str, Any], op: str) -> set[str]:
    return {source for source, target in form["wires"] if target == op}


@pytest.mark.parametrize("name", SMALLEST.values())
def test_the_operations_add_up_to_the_account(name: str) -> None:
    design = load_preset(name)
    for form in FORMS:
        counted = {node.id: node for node in account(design, form=form).nodes}
        for node in design.nodes:
            opened = opened_block(design, node.id)[form]
            assert sum(op["macs"] for op in opened["ops"]) == opened["macs"]
            assert sum(op["params"] for op in opened["ops"]) == opened["params"]
            if opened["copies"] == 1 and node.id in counted and node.shares is None:
                assert opened["macs"] == counted[node.id].macs
                assert opened["params"] == counted[node.id].params


@pytest.mark.parametrize("form", FORMS)
def test_every_wire_joins_two_operations_and_the_output_is_reached(form: Form) -> None:
    opened = opened_block(load_preset("nextvit_small"), "stage2_ntb")[form]
    ids = [op["id"] for op in opened["ops"]]
    assert len(ids) == len(set(ids))
    assert {end for wire in opened["wires"] for end in wire} <= set(ids)
    reached, ahead = set(), ["in0"]
    while ahead:
        at = ahead.pop()
        reached.add(at)
        ahead += [target for source, target in opened["wires"] if source == at and target not in reached]
    assert reached == set(ids)


def test_two_branches_in_train_form_are_one_convolution_in_deploy_form() -> None:
    opened = opened_block(load_preset("repghostnet_100"), "stage4_b2")
    train, deploy = opened["train"], opened["deploy"]
    sums = [op["id"] for op in train["ops"] if op["title"] == "Add"]
    assert feeding(train, sums[0]) == {"norm2", "norm3"}
    assert feeding(train, "norm3") == {"activation1"} == feeding(train, "depthwise1")
    assert kinds(train).count("norm") == 6 and "norm" not in kinds(deploy)
    assert kinds(train).count("depthwise") == kinds(deploy).count("depthwise") == 2


def test_operations_are_said_in_plain_words() -> None:
    ops = {op["id"]: op for op in opened_block(load_preset("repghostnet_100"), "stage4_b1")["deploy"]["ops"]}
    assert (ops["pointwise1"]["title"], ops["pointwise1"]["detail"]) == ("1x1 convolution", "40 → 120")
    assert ops["depthwise2"]["title"] == "3x3 depthwise convolution"
    assert ops["depthwise2"]["detail"] == "stride 2, 120 channels"
    assert ops["depthwise2"]["shape"] == [1, 120, 14, 14]
    attention = {op["title"] for op in opened_block(load_preset("nextvit_small"), "stage2_ntb")["deploy"]["ops"]}
    assert {"Softmax", "Matrix product", "Linear", "Concatenate", "Reshape, transpose"} <= attention


def test_the_first_copy_of_a_repeated_block_is_shown() -> None:
    design = load_preset("repghostnet_100")
    repeated = next(node for node in design.nodes if node.repeat > 1)
    assert opened_block(design, repeated.id)["deploy"]["copies"] == repeated.repeat


def test_a_block_that_cannot_be_built_says_why() -> None:
    design = load_preset("nextvit_small")
    broken = apply(design, {"op": "set_config", "id": "stage2_ntb", "field": "out_channels", "value": 240})
    for form in FORMS:
        opened = opened_block(broken, "stage2_ntb")[form]
        assert opened["ops"] == []
        assert "must be a multiple of 32" in opened["note"]


def test_a_block_after_a_problem_is_shown_on_assumed_shapes() -> None:
    design = load_preset("nextvit_small")
    broken = apply(design, {"op": "set_config", "id": "stage2_ntb", "field": "out_channels", "value": 240})
    after = opened_block(broken, "stage4_ncb")["deploy"]
    assert after["ops"]
    assert "assumed" in after["note"]


def test_a_block_without_a_wire_says_so_and_shows_what_it_would_do() -> None:
    design = load_preset("repghostnet_100")
    cut = apply(design, {"op": "disconnect", "target": "stage4_b1", "target_port": "in0"})
    opened = opened_block(cut, "stage4_b1")["deploy"]
    assert "nothing is connected" in opened["note"]
    assert opened["ops"]


def test_a_node_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        opened_block(load_preset("repghostnet_100"), "nowhere")
