"""docs/zoo.md belongs to the sources of today, has every preset, and every check on it passed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from designer.presets import PRESETS
from tools import zoo, zoo_digest, zoo_page

STALE = "docs/zoo.md is older than the blocks, the presets or the export; run `make zoo` and commit the result"


def test_the_page_is_not_stale() -> None:
    digest = zoo_digest.source_digest()
    written = zoo.PAGE_FILE.read_text(encoding="utf-8")
    assert digest in written, STALE
    assert written == zoo_page.page(zoo.load_rows(), digest), STALE


def test_every_preset_has_a_row_that_was_measured_on_todays_sources() -> None:
    rows = zoo.load_rows()
    assert list(rows) == list(PRESETS), STALE
    assert [name for name, row in rows.items() if row["key"] != zoo_digest.row_key(name)] == [], STALE


@pytest.mark.parametrize("name", PRESETS)
def test_every_row_is_green(name: str) -> None:
    row = zoo.load_rows()[name]
    assert zoo.failures_of(row) == row["failures"] == []
    assert (row["params_reference"] is None) == (not (PRESETS[name].timm or PRESETS[name].torchvision))
    assert PRESETS[name].published or PRESETS[name].reconstruction or "o published number" in PRESETS[name].note


@pytest.mark.parametrize(
    ("spoiled", "sentence"),
    [
        ({"params_reference": 1}, r"params and the reference's differ: \d+ and 1\."),
        ({"params_built": 1}, "built network differ"),
        ({"macs_torch_train": 1}, "train form differ"),
        ({"macs_torch_deploy": 1}, "deploy form differ"),
        ({"macs_torch_reference": 1}, "the reference differ"),
        (
            {"same_function": {"against": "timm x", "train": 1e-9, "deploy": 0.0, "float32": 0.0}},
            "weights of timm x the",
        ),
        ({"coverage": 0.5}, r"covers 50\.0% of"),
        ({"spread": 1e-5}, "hardly follow"),
        ({"deploy_equal": False}, "The deploy form differs"),
        ({"onnx_error": float("nan")}, "differs from torch by nan"),
        ({"export_refused": "No."}, r"refused: No\."),
    ],
)
def test_a_check_that_fails_is_said_and_shown(spoiled: dict[str, object], sentence: str) -> None:
    row = zoo.load_rows()["ghostnet_100"] | spoiled
    (failure,) = zoo.failures_of(row)
    assert re.search(sentence, failure)
    assert failure in zoo_page.page({"ghostnet_100": row | {"failures": [failure]}}, "digest")


def test_the_digest_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("blocks", "designer"):
        shutil.copytree(zoo_digest.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("ui", "__pycache__"))
    before, keys = zoo_digest.source_digest(), {name: zoo_digest.row_key(name) for name in PRESETS}
    monkeypatch.setattr(zoo_digest, "ROOT", tmp_path)
    assert (zoo_digest.source_digest(), {name: zoo_digest.row_key(name) for name in PRESETS}) == (before, keys)
    with (tmp_path / "blocks" / "hornet.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert zoo_digest.source_digest() != before
    changed = {name for name in PRESETS if zoo_digest.row_key(name) != keys[name]}
    assert changed == {name for name, info in PRESETS.items() if info.system == "HorNet"}
