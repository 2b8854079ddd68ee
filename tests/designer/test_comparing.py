"""Designs side by side: differences to the first, what is not like for like, cost by output stride."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from designer.comparing import compare
from designer.design.edit import apply
from designer.design.issue import DesignError
from designer.presets import load_preset
from designer.reporting import report
from designer.strides import STRIDES, cost_by_stride, stride_of
from tests.helpers.designs import chain, tiny
from tests.helpers.onnx_files import CONV_MACS, FC_MACS, foreign

DEVICE = "i9-10940x-cpu"
PAIR = ("repghostnet_050", "ghostnet_050")


def test_each_column_is_the_design_s_own_report() -> None:
    made = compare(PAIR)
    assert [one.to_dict() for one in made.reports] == [report(name).to_dict() for name in PAIR]
    macs = next(row for row in made.rows if row.key == "macs")
    first, second = (one.account.macs / 1e6 for one in made.reports)
    assert [cell.value for cell in macs.cells] == [first, second]
    assert [cell.difference for cell in macs.cells] == [0.0, second - first]
    assert macs.cells[1].relative == pytest.approx(second / first - 1)
    assert [cell.best for cell in macs.cells] == [first <= second, second <= first]


def test_the_latency_row_has_each_device_and_the_lower_one_is_best() -> None:
    made = compare(PAIR, devices=[DEVICE])
    row = next(row for row in made.rows if row.key == DEVICE)
    times = [one.latency[DEVICE].ms for one in made.reports]
    assert [cell.value for cell in row.cells] == times
    assert [cell.best for cell in row.cells] == [ms == min(times) for ms in times]


def test_what_differs_in_the_conditions_is_named() -> None:
    assert compare(PAIR).mismatches == ()
    other = apply(tiny(), {"op": "set_input", "id": "input", "height": 64, "width": 64})
    assert compare([tiny(), other]).mismatches == ("input",)
    assert compare([tiny(), other], size=(3, 48, 48)).mismatches == ()
    wider = apply(tiny(), {"op": "set_config", "id": "linear_5", "field": "out_features", "value": 100})
    made = compare([tiny(), wider])
    assert (made.mismatches, made.conditions["classes"]) == (("classes",), ("10", "100"))
    assert "not like for like: classes differs (10, 100)" in made.to_text()


def test_equal_designs_are_equal_everywhere() -> None:
    made = compare([tiny(), tiny()])
    assert made.mismatches == () and made.sentences == ()
    assert all(cell.difference == 0 and cell.best for row in made.rows for cell in row.cells)
    assert {entry.status for entry in made.diffs[0]} == {"same"}


def test_strides_add_up_to_the_totals() -> None:
    made = report("repghostnet_100")
    table = cost_by_stride(made)
    assert tuple(table) == STRIDES
    assert sum(row.get("macs", 0) for row in table.values()) == made.account.macs
    assert sum(row.get(DEVICE, 0) for row in table.values()) == pytest.approx(made.latency[DEVICE].ms)


def test_a_node_stands_at_the_stride_of_what_it_gives() -> None:
    conv = ("conv_norm_act", {"out_channels": 8, "stride": 2})
    made = report(chain(conv, conv, conv, ("global_avg_pool", {}), ("linear", {"out_features": 10})))
    macs = {node.id: node.macs for node in made.account.nodes}
    table = {stride: row.get("macs", 0) for stride, row in cost_by_stride(made).items()}
    expected = {"/2": "conv_norm_act_1", "/4": "conv_norm_act_2", "/8": "conv_norm_act_3", "head": "linear_5"}
    assert {stride: value for stride, value in table.items() if value} == {s: macs[id] for s, id in expected.items()}


def test_a_network_without_a_map_at_its_input_is_all_head() -> None:
    found = report(tiny()).account
    assert stride_of(found.nodes[1], found) == "/2"
    assert stride_of(found.nodes[1], replace(found, inputs=((1, 8),))) == "head"
    assert stride_of(replace(found.nodes[1], out_shapes=()), found) == "head"


def test_one_edit_is_one_changed_node() -> None:
    design = load_preset("repghostnet_050")
    node = next(node for node in design.nodes if node.block == "repghost_bottleneck")
    edited = apply(design, {"op": "set_config", "id": node.id, "field": "kernel", "value": 5})
    changed = [entry for entry in compare([design, edited]).diffs[0] if entry.status != "same"]
    assert [(entry.left, entry.right, entry.fields) for entry in changed] == [(node.id, node.id, {"kernel": (3, 5)})]


def test_the_sentences_say_which_is_faster_by_how_much_on_each_device() -> None:
    made = compare(PAIR, devices=[DEVICE, "t4-tensorrt-fp16"])
    assert [(why.device, why.other) for why in made.why] == [(DEVICE, 1), ("t4-tensorrt-fp16", 1)]
    times = {one.account.name: one.latency[DEVICE].ms for one in made.reports}
    fast, slow = sorted(times, key=times.__getitem__)
    first = made.why[0].sentences[0]
    assert first.startswith(f"{fast} is {times[slow] - times[fast]:.2f} ms (")
    assert f"faster than {slow} on Intel Core i9-10940X" in first
    assert made.sentences == made.why[0].sentences + made.why[1].sentences
    assert compare(PAIR[::-1], devices=[DEVICE]).why[0].sentences == made.why[0].sentences
    assert first in made.to_text()


def test_designs_of_one_name_are_told_apart() -> None:
    design = load_preset("repghostnet_050")
    node = next(node for node in design.nodes if node.config.get("stride") == 2 and "bottleneck" in node.block)
    edited = apply(design, {"op": "set_config", "id": node.id, "field": "kernel", "value": 5})
    device = "snapdragon-855-cpu-t1"
    sentence = compare([design, edited], devices=[device]).sentences[0]
    assert "RepGhostNet 0.5x (1)" in sentence and "RepGhostNet 0.5x (2)" in sentence
    named = compare([design, edited], devices=[device], names=["as published", "edited"]).sentences[0]
    assert named == sentence.replace("RepGhostNet 0.5x (1)", "as published").replace("RepGhostNet 0.5x (2)", "edited")


def test_latency_and_throughput_share_no_row_and_no_sentence() -> None:
    made = compare(PAIR, devices=["rtx-3090-throughput", DEVICE])
    rows = {row.key: row for row in made.rows}
    assert rows["rtx-3090-throughput"].unit == "ms per image" and rows[DEVICE].unit == "ms"
    assert [row.key for row in made.rows][-2:] == [DEVICE, "rtx-3090-throughput"]
    for why in made.why:
        assert all(("per image" in text) == (why.device == "rtx-3090-throughput") for text in why.sentences[:1])


def test_budgets_of_each_design_are_held_against_its_own_figures() -> None:
    design = tiny()
    macs = report(design).account.macs
    ms = report("repghostnet_050", devices=[DEVICE]).latency[DEVICE].ms
    limited = design.model_copy(update={"meta": {"budgets": {"macs": macs - 1, "params": 1e9, "sum": 1, "peak": True}}})
    timed = load_preset("repghostnet_050").model_copy(update={"meta": {"budgets": {f"latency-{DEVICE}": ms}}})
    made = compare([limited, timed], devices=[DEVICE])
    assert [(held.figure, held.state, held.probability) for held in made.budgets[0]] == [
        ("macs", "over", None),
        ("params", "inside", None),
    ]
    (held,) = made.budgets[1]
    assert held.state == "undecided" and held.probability == pytest.approx(0.5, abs=0.2)
    assert "% likely to fit" in held.to_text()
    assert "budget of RepGhostNet 0.5x: Intel Core i9" in made.to_text()


def test_a_foreign_file_stands_beside_a_design(tmp_path: Path) -> None:
    made = compare([tiny(), str(foreign(tmp_path / "other.onnx"))])
    assert made.reports[1].account.macs == CONV_MACS + FC_MACS
    assert made.conditions["classes"] == ("10", "10")
    assert made.diffs == ((),)
    assert "nodes the same" not in made.to_text()
    assert made.strides[1]["/2"]["macs"] == CONV_MACS
    assert made.strides[1]["head"]["macs"] == FC_MACS


def test_a_network_without_a_latency_leaves_the_row_out() -> None:
    made = compare([tiny(), chain(("identity", {}))])
    assert DEVICE not in {row.key for row in made.rows}
    assert made.sentences == ()


def test_the_json_is_plain_and_complete() -> None:
    row = compare(PAIR).to_dict()
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert [one["name"] for one in row["designs"]] == ["RepGhostNet 0.5x", "GhostNet 0.5x"]
    assert all(len(metric["cells"]) == 2 for metric in row["metrics"])


@pytest.mark.parametrize("names", [[], ["repghostnet_050"]])
def test_fewer_than_two_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match=f"needs two designs or more, got {len(names)}"):
        compare(names)


def test_a_design_with_problems_is_refused() -> None:
    with pytest.raises(DesignError, match='Linear "linear_1"'):
        compare([tiny(), chain(("linear", {}))])
