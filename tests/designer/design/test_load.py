"""Designs from outside: every refusal is one clear sentence about the right thing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer.design import migrate
from designer.design.check import check
from designer.design.issue import DesignError
from designer.design.load import MAX_BYTES, parse_design
from designer.design.model import SCHEMA_VERSION
from designer.presets import PRESETS, load_preset
from tests.designer.design.sketch import document, sketch

MUSEUM = Path(__file__).parents[2] / "old_designs"

PLAIN = document("i:in a:rb o:out", "i > a > o")


def changed(part: str, index: int, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(PLAIN))
    made[part][index].update(changes)
    return made


def refusal(data: Any) -> str | None:
    """Return the sentence with which a document is refused, None where it is taken; anything else is raised."""
    try:
        parse_design(data)
    except DesignError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (changed("nodes", 1, repeat=1_000_000), 'Node "a": repeat must be between 1 and 200, got 1000000.'),
        (changed("nodes", 1, repeat="3"), 'Node "a": repeat must be a whole number, got "3".'),
        (changed("nodes", 1, repeat=True), 'Node "a": repeat must be a whole number, got true.'),
        (changed("nodes", 1, repeat=1.5), 'Node "a": repeat must be a whole number, got 1.5.'),
        (changed("nodes", 1, reapeat=2), 'Node "a": there is no field "reapeat". Did you mean "repeat"?'),
        (changed("nodes", 1, label="x" * 201), 'Node "a": label must have 0 to 200 characters, got 201.'),
        (changed("nodes", 1, position=[1]), 'Node "a": position must be a list of two numbers.'),
        (changed("nodes", 1, config=[]), 'Node "a": config must be an object, got a list.'),
        (changed("edges", 0, source_port="x"), 'Edge from "i" to "a": source_port must be a port such as in0 or out0'),
        (PLAIN | {"nodes": [{"block": "add"}]}, "Node number 1: id is missing."),
        (PLAIN | {"nodes": [7]}, "Node number 1 must be an object, got 7."),
        (PLAIN | {"nodes": {"a": 1}}, "The design: nodes must be a list, got an object."),
        (
            PLAIN | {"nodes": [{}] * 2001},
            "The design has 2001 nodes; at most 2000 are allowed.",
        ),
        (PLAIN | {"inputs": {"i": {"height": 10**9}}}, 'Input "i": height must be between 1 and 4096, got 1000000000.'),
        (PLAIN | {"inputs": {"A b": {}}}, 'Input "A b": its name must be lower-case letters'),
        (PLAIN | {"outputs": {"o": ["o"]}}, 'Output "o" must be a list of a node id and a port such as out0'),
        (PLAIN | {"name": ""}, "The design: name must have 1 to 200 characters, got 0."),
        (PLAIN | {"colour": 1}, 'The design: there is no field "colour".'),
        (PLAIN | {"schema_version": 99}, "newer version of Blockwright .schema version 99, this one reads up to 1."),
        (PLAIN | {"schema_version": "1"}, "schema_version must be a whole number"),
        (PLAIN | {"meta": {"x": float("nan")}}, "nan, which is not a number that JSON knows"),
        (PLAIN | {"meta": {"x": 10**40}}, "whole number above 2\\^53"),
        (PLAIN | {"meta": {"x": "\ud800"}}, "text that cannot be saved"),
        (PLAIN | {"meta": {"x": object()}}, "holds JSON values only"),
        (PLAIN | {"meta": {"x": [0] * 300_000}}, "holds more than 300000 values"),
        (PLAIN | {"meta": {1: 2}}, "Names in a design must be text"),
        ("[1, 2]", "A design is a JSON object with nodes and edges, got a list."),
        ("", "not valid JSON: Expecting value at line 1, column 1"),
        ('{"meta": {"x": NaN}}', "contains NaN"),
        ('{"meta": {"x": 1e999}}', "contains inf"),
        ("[" * 100_000, "nested more than 32 levels deep"),
        ('{"meta":' * 40 + "1" + "}" * 40, "nested more than 32 levels deep"),
        ('{"meta": ' + "9" * 5000 + "}", "whole number above 2\\^53"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
    ],
)
def test_a_wrong_document_is_refused_in_one_sentence(data: Any, sentence: str) -> None:
    if not any(mark in sentence for mark in ("\\^", ".schema")):
        sentence = sentence.replace(".", "\\.").replace("(", "\\(").replace("?", "\\?")
    with pytest.raises(DesignError, match=sentence) as caught:
        parse_design(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_every_problem_is_listed_at_its_node() -> None:
    bad = changed("nodes", 1, repeat=0, label=5)
    bad["nodes"][2]["id"] = "Not an id"
    with pytest.raises(DesignError) as caught:
        parse_design(bad)
    assert [(issue.node, issue.field) for issue in caught.value.issues] == [
        ("a", "repeat"),
        ("a", "label"),
        ("Not an id", "id"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        "x" * 50_000_000,
        b" " * (MAX_BYTES + 1),
        json.dumps({"meta": {str(i): i for i in range(400_000)}}),
        json.dumps({str(i): i for i in range(400_000)}),
        json.dumps({"nodes": [{"id": "a", "block": "b", **{str(i): 1 for i in range(100)}}] * 2000}),
        json.dumps({"edges": [[]] * 1_000_000}),
    ],
    ids=["50 MB", "one byte too many", "large meta", "unknown fields", "unknown node fields", "edges"],
)
def test_a_huge_document_gets_one_short_sentence(data: str | bytes) -> None:
    sentence = refusal(data)
    assert sentence is None or 0 < len(sentence) < 300


def test_hostile_names_are_shortened_and_harmless_in_messages() -> None:
    with pytest.raises(DesignError) as caught:
        parse_design(PLAIN | {"nodes": [{"id": "x\n" * 5000, "block": "add"}]})
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_saving_and_loading(name: str) -> None:
    preset = load_preset(name)
    again = parse_design(preset.to_json())
    assert again == preset
    assert again.digest() == preset.digest()
    assert check(again) == []


def test_the_digest_is_the_same_after_a_browser_wrote_the_document() -> None:
    design = load_preset("repghostnet_100")
    as_javascript = json.dumps(design.model_dump(mode="json")).replace("0.0,", "0,").replace("0.0}", "0}")
    assert as_javascript != design.to_json()
    assert parse_design(as_javascript).digest() == design.digest()


def test_the_digest_ignores_looks_and_sees_what_is_computed() -> None:
    design = sketch("i:in a:rb@s o:out", "i > a > o", "s")
    moved = parse_design(
        document("o:out a:rb@s i:in", "a > o; i > a", "s", name="Other", meta={"notes": "hello"})
        | {"groups": [{"id": "s", "label": "Stage", "collapsed": True}]}
    )
    assert moved.digest() == design.digest()
    assert sketch("i:in a:rb@s o:out", "i > a > o", "s*2").digest() != design.digest()
    assert sketch("i:in a:rb@s o:out", "i > a > o", "s", config={"a": {"se": True}}).digest() != design.digest()


@pytest.mark.parametrize("path", sorted(MUSEUM.glob("v*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_design_ever_released_still_opens(path: Path) -> None:
    design = parse_design(path.read_bytes())
    assert design.schema_version == SCHEMA_VERSION
    assert [issue for issue in check(design) if issue.kind == "error"] == []


def test_the_museum_has_files_of_every_version() -> None:
    assert {path.name for path in MUSEUM.iterdir()} == {f"v{n}" for n in range(1, SCHEMA_VERSION + 1)}


def test_migrations_run_one_after_another() -> None:
    steps = {
        1: lambda document: document | {"trail": [*document.get("trail", []), 1]},
        2: lambda document: document | {"trail": [*document["trail"], 2]},
    }
    assert migrate.migrate({"schema_version": 1}, steps) == {"schema_version": 3, "trail": [1, 2]}
    assert migrate.migrate({"schema_version": 2, "trail": []}, steps) == {"schema_version": 3, "trail": [2]}


def test_there_is_a_migration_from_every_older_version() -> None:
    assert set(migrate.MIGRATIONS) == set(range(1, SCHEMA_VERSION))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(part=st.sampled_from([*PLAIN, "schema_version", "meta"]), value=JSON_VALUES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_json_gives_a_design_or_a_sentence(part: str, value: Any) -> None:
    text = json.dumps(PLAIN | {part: value})
    if refusal(text) is None:
        design = parse_design(text)
        check(design)
        assert parse_design(design.to_json()) == design


@given(index=st.integers(0, 2), field=st.sampled_from([*PLAIN["nodes"][0], "shares", "label", "x"]), value=JSON_VALUES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_nodes_give_a_design_or_a_sentence(index: int, field: str, value: Any) -> None:
    text = json.dumps(changed("nodes", index, **{field: value}))
    if refusal(text) is None:
        check(parse_design(text))


def test_opening_a_design_is_light() -> None:
    program = (
        "import sys, designer.design.load, designer.design.edit, designer.design.check\n"
        "assert not {'torch', 'networkx', 'streamlit'} & set(sys.modules), 'heavy import'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
