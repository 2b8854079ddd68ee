"""The cases that the browser's own commands are held to as well (`tests/shared_cases/edit_cases.json`).

Each has a design before, a command, and the design after or a part of the refusal. Node, edge and group order do not
count, and neither does the order of names in an object.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from designer.design.edit import COMMANDS, apply, label_of
from designer.design.issue import EditError
from designer.design.load import parse_design
from designer.design.model import Design

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "shared_cases" / "edit_cases.json").read_text(encoding="utf-8")
)


def plain(design: Design) -> dict[str, Any]:
    document: dict[str, Any] = design.model_dump(mode="json")
    for part in ("nodes", "groups"):
        document[part].sort(key=lambda row: row["id"])
    document["edges"].sort(key=lambda row: (row["target"], row["target_port"], row["source"], row["source_port"]))
    return document


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_command_does_what_the_shared_case_says(case: dict[str, Any]) -> None:
    before = parse_design(case["before"])
    kept = before.to_json()
    if "error" in case:
        with pytest.raises(EditError) as caught:
            apply(before, case["command"])
        assert case["error"] in str(caught.value)
    else:
        assert plain(apply(before, case["command"])) == plain(parse_design(case["after"]))
        assert label_of(case["command"], before)
    assert before.to_json() == kept


def test_every_command_has_a_case_that_works() -> None:
    assert {case["command"]["op"] for case in CASES if "after" in case} == set(COMMANDS)
