"""How a checkpoint fits, said before anything is loaded: values for the page, lines for the terminal."""

from __future__ import annotations

from pathlib import Path

import torch

from designer.builder import build
from designer.design.edit import apply
from designer.export.checkpoint import write_weights
from designer.weights.check import SHOWN, check_file
from tests.helpers.designs import tiny


def test_a_file_that_fits_has_no_rows(tmp_path: Path) -> None:
    torch.save({"state_dict": build(tiny()).weights()}, tmp_path / "fits.pth")
    found = check_file(tiny(), tmp_path / "fits.pth")
    assert (found.refusal, found.rows, found.changes, found.has_both) == ("", (), (), False)
    assert found.to_text() == f"fits.pth: {found.fitting} weights fit by the names of this studio (raw weights)"


def test_another_head_is_offered_to_be_left_out(tmp_path: Path) -> None:
    design = apply(tiny(), {"op": "group", "ids": ["linear_5"], "label": "Head"})
    design = design.replace(
        nodes=tuple(n.model_copy(update={"group": "head"}) if n.id == "linear_5" else n for n in design.nodes),
        groups=tuple(g.model_copy(update={"id": "head"}) for g in design.groups),
    )
    write_weights(build(design), design, tmp_path / "ten.safetensors", {})
    other = apply(design, {"op": "set_config", "id": "linear_5", "field": "out_features", "value": 3})
    found = check_file(other, tmp_path / "ten.safetensors")
    assert found.refusal and found.all_but_head_helps
    assert [row["design"].split()[0] for row in found.rows] == ["linear_5.0.linear.weight", "linear_5.0.linear.bias"]
    assert found.saved_design == design.to_json() and len(found.changes) == 1
    assert check_file(other, tmp_path / "ten.safetensors", all_but_head=True).refusal == ""


def test_the_text_stops_and_the_values_do_not(tmp_path: Path) -> None:
    torch.save({f"k{i}": torch.zeros(1) for i in range(SHOWN)}, tmp_path / "odd.pth")
    found = check_file(tiny(), tmp_path / "odd.pth")
    missing = sum(not key.endswith("num_batches_tracked") for key in build(tiny()).weights())
    assert len(found.rows) == SHOWN + missing
    assert found.to_text().endswith(f"and {missing} more (--json has all)")
    assert not found.all_but_head_helps
