"""The report: the numbers of the account in their units, under the conditions that were asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from designer.cost.accounting import account
from designer.design.issue import DesignError
from designer.latency import latency_of, profiles_named
from designer.loading import ForeignModel
from designer.presets import load_preset
from designer.reporting import report
from tests.designer.design.sketch import document, sketch
from tests.helpers.designs import chain, tiny
from tests.helpers.onnx_files import CONV_MACS, FC_MACS, foreign

DEVICE = "i9-10940x-cpu"


def test_a_report_is_the_account_in_bytes() -> None:
    found, row = account(tiny()), report(tiny()).to_dict()
    assert (row["params"], row["macs"], row["flops"]) == (found.params, found.macs, 2 * found.macs)
    assert row["memory_access_bytes"] == 4 * found.memory_access
    assert row["peak_memory_bytes"] == 4 * (found.weight_elements + found.peak_activations)
    assert row["weight_bytes"] == 4 * found.weight_elements
    assert row["input"] == "3x32x32"
    assert [node["id"] for node in row["nodes"]] == [node.id for node in found.nodes]
    assert row["nodes"][-1]["out_shapes"] == [[1, 10]]


@pytest.mark.parametrize("key", ["params", "macs", "memory_access_bytes"])
def test_the_nodes_add_up_to_the_total(key: str) -> None:
    row = report("repghostnet_050").to_dict()
    assert sum(node[key] for node in row["nodes"]) == row[key] > 0


def test_nodes_without_weights_have_memory_access_too() -> None:
    design = chain(("max_pool", {"kernel": 2, "stride": 2}))
    row = report(design).to_dict()
    assert row["memory_access_bytes"] == 4 * (3 * 32 * 32 + 3 * 16 * 16)
    assert sum(node["memory_access_bytes"] for node in row["nodes"]) == row["memory_access_bytes"]


def test_precision_scales_bytes_and_nothing_else() -> None:
    full, half, small = (report(tiny(), precision=p).to_dict() for p in ("fp32", "fp16", "int8"))
    for key in ("memory_access_bytes", "peak_memory_bytes", "weight_bytes"):
        assert full[key] == 2 * half[key] == 4 * small[key]
    assert full["nodes"][1]["memory_access_bytes"] == 4 * small["nodes"][1]["memory_access_bytes"]
    assert (full["params"], full["macs"], full["latency"]) == (half["params"], half["macs"], half["latency"])


def test_a_larger_batch_scales_macs_but_no_latency_follows_from_it() -> None:
    one, eight = report(tiny(), batch=1).to_dict(), report(tiny(), batch=8).to_dict()
    assert (eight["batch"], eight["macs"], eight["params"]) == (8, 8 * one["macs"], one["params"])
    assert eight["latency"] == one["latency"]
    assert eight["latency"][DEVICE]["batch"] == 1


def test_the_input_can_be_another_and_is_said() -> None:
    row = report(tiny(), size=(3, 64, 64)).to_dict()
    assert row["input"] == "3x64x64"
    assert row["macs"] == account(tiny(), size=(3, 64, 64)).macs != account(tiny()).macs


def test_the_train_form_counts_what_training_holds() -> None:
    deploy, train = report(tiny()), report(tiny(), form="train")
    assert train.to_dict()["form"] == "train"
    assert train.account.params > deploy.account.params


def test_latency_is_the_profile_s_estimate_of_the_same_account() -> None:
    design = load_preset("repghostnet_050")
    (profile,) = profiles_named([DEVICE])
    figure = report(design, devices=[DEVICE]).latency[DEVICE]
    assert figure.ms == latency_of(account(design), profile).ms
    assert figure.low_ms < figure.ms < figure.high_ms
    assert sum(figure.nodes.values()) == pytest.approx(figure.ms)


def test_an_unknown_device_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=f'no device profile "abacus"; choose of .*{DEVICE}'):
        report(tiny(), devices=["abacus"])


def test_a_network_that_computes_nothing_has_no_latency_and_says_why() -> None:
    made = report(chain(("identity", {})))
    assert made.to_dict()["latency"] == {}
    assert "nothing to time" in made.to_dict()["no_latency"][DEVICE]
    assert f"no latency on {DEVICE}" in made.to_text()


@pytest.mark.parametrize(
    ("design", "sentence"),
    [
        (sketch("i:in a:rb", "i > a"), "The design has no output"),
        (sketch("a:rb o:out", "a > o"), "The design has no input"),
        (sketch("i:in a:rb a:rb o:out", "i > a > o"), '2 nodes have the id "a"'),
        (sketch("i:in a:linear o:out", "i > a > o"), 'Linear "a"'),
        (sketch("i:in a:rb o:out", "i > a > o", outputs={"o": ["o", "out3"]}), "uses port out3"),
    ],
)
def test_a_design_with_problems_is_refused_with_the_first_of_them(design: object, sentence: str) -> None:
    with pytest.raises(DesignError, match=sentence) as caught:
        report(design)  # type: ignore[arg-type]
    assert all(issue.kind == "error" for issue in caught.value.issues)


def test_a_warning_does_not_stop_a_report() -> None:
    assert report(sketch("i:in a:rb b:rb o:out", "i > a > o; i > b")).account.params > 0


def test_the_text_shows_the_totals_and_a_row_for_each_node() -> None:
    lines = report("repghostnet_050").to_text().splitlines()
    assert lines[0] == "RepGhostNet 0.5x: deploy form, input 3x224x224, batch 1, fp32"
    assert any(line.split()[:3] == ["params", "2.303", "M"] for line in lines)
    assert any("FLOPs = 2 x MACs" in line for line in lines)
    assert any("latency estimate, Intel Core i9-10940X" in line and "80 % between" in line for line in lines)
    assert any(line.split()[:2] == ["classifier", "linear"] for line in lines)


def test_hostile_names_cannot_write_over_the_terminal() -> None:
    text = report(tiny().replace(name="a\x1b[2Jb\nc\u202ed")).to_text()
    assert text.startswith("a?[2Jb?c?d: deploy form")
    assert "\x1b" not in text


def test_a_foreign_file_gets_the_same_report(tmp_path: Path) -> None:
    row = report(ForeignModel(foreign(tmp_path / "other.onnx"))).to_dict()
    assert (row["name"], row["input"], row["form"]) == ("other", "3x32x32", "deploy")
    assert (row["params"], row["macs"], row["coverage"]) == (216 + 80, CONV_MACS + FC_MACS, 1.0)
    assert row["latency"][DEVICE]["in_domain"] is False
    assert row["latency"][DEVICE]["why"]


def test_a_foreign_file_at_another_batch(tmp_path: Path) -> None:
    path = foreign(tmp_path / "other.onnx")
    one, eight = report(str(path)).to_dict(), report(str(path), batch=8).to_dict()
    assert (eight["macs"], eight["params"]) == (8 * one["macs"], one["params"])
    assert eight["latency"] == one["latency"]


def test_a_foreign_file_with_its_batch_written_out_is_not_counted_wrongly(tmp_path: Path) -> None:
    path = str(foreign(tmp_path / "fixed.onnx", fixed_batch=True))
    assert report(path).account.macs == CONV_MACS + FC_MACS
    with pytest.raises(DesignError, match=r'Reshape "flat" turns \(8, 8, 1, 1\) into \(1, 8\).*dynamic batch'):
        report(path, batch=8)


def test_an_operator_without_a_rule_is_listed_and_lowers_the_coverage(tmp_path: Path) -> None:
    row = report(str(foreign(tmp_path / "odd.onnx", activation="Zorp"))).to_dict()
    assert {"op": "Zorp", "node": "act", "elements": 0} in row["uncounted"]
    assert row["coverage"] == pytest.approx(1 / 5)
    json.dumps(row, allow_nan=False)


def test_a_foreign_file_takes_its_own_channels_only(tmp_path: Path) -> None:
    path = str(foreign(tmp_path / "other.onnx"))
    assert report(path, size=(3, 64, 64)).account.macs == 4 * CONV_MACS + FC_MACS
    with pytest.raises(DesignError, match='its input "x" takes 3 channels, got 4'):
        report(path, size=(4, 32, 32))


def test_the_audit_needs_a_network_that_can_be_built(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="a foreign ONNX file has none"):
        report(str(foreign(tmp_path / "other.onnx")), audit=True)


def test_every_problem_travels_with_the_error() -> None:
    bad = document("i:in a:rb b:rb o:out", "i > a > b > o", config={"a": {"stride": 7}, "b": {"kernel": 4}})
    from designer.design.load import parse_design

    with pytest.raises(DesignError) as caught:
        report(parse_design(bad))
    assert {(issue.node, issue.field) for issue in caught.value.issues} >= {("a", "stride"), ("b", "kernel")}


def test_a_latency_says_where_the_time_goes_and_what_is_unseen() -> None:
    made = report("ghostnet_100")
    for name, row in made.to_dict()["latency"].items():
        parts = made.latency[name].estimate.parts.sum(axis=0)
        launching = parts[0] + made.latency[name].estimate.overhead_ms
        assert row["launch_share"] == pytest.approx(launching / row["ms"])
        assert (row["bound"] == "overhead") == (launching > max(parts[1], parts[2]))
        assert row["flag"] in ("in", "edge", "out") and 0 <= row["unseen_share"] <= 1
        assert row["in_domain"] == (row["flag"] == "in") == (not row["why"])


def test_text_puts_no_throughput_among_the_latencies() -> None:
    lines = [line for line in report("ghostnet_100").to_text().splitlines() if " estimate, " in line]
    kinds = [line.split()[0] for line in lines]
    assert kinds == sorted(kinds) and set(kinds) == {"latency", "throughput"}
    assert all(("ms per image" in line) == (kind == "throughput") for line, kind in zip(lines, kinds, strict=True))
    assert all("-bound (" in line and "% of the time is launching kernels)" in line for line in lines)
