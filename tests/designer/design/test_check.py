"""Structural problems: all of them, at the right node, in one sentence, with commands that mend them."""

from __future__ import annotations

import pytest

from designer.design.check import check
from designer.design.edit import apply
from designer.design.issue import Issue
from designer.design.load import parse_design
from designer.design.model import Design
from tests.designer.design.sketch import document, sketch


def errors(design: Design) -> list[tuple[str | None, str | None, str]]:
    return [(issue.node, issue.field, issue.message) for issue in check(design) if issue.kind == "error"]


@pytest.mark.parametrize(
    ("design", "node", "field", "message"),
    [
        (
            sketch("i:in a:rb o:out", "i > a > o", config={"a": {"stride": 3}}),
            "a",
            "stride",
            'RepGhost bottleneck "a": stride must be 1 or 2, got 3.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", config={"a": {"mid_channels": 10**9}}),
            "a",
            "mid_channels",
            'RepGhost bottleneck "a": mid_channels must be a whole number between 1 and 16384, got 1000000000.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", config={"a": {"out_channels": "8"}}),
            "a",
            "out_channels",
            'RepGhost bottleneck "a": out_channels must be a whole number between 1 and 16384 or empty, got "8".',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", config={"a": {"se": 1}}),
            "a",
            "se",
            'RepGhost bottleneck "a": se must be true or false, got 1.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", config={"a": {"strid": 2}}),
            "a",
            "strid",
            '"a": RepGhost bottleneck has no field "strid". Did you mean "stride"?',
        ),
        (
            sketch("i:in a:repghost_botleneck o:out", "i > a > o"),
            "a",
            None,
            '"a": there is no block "repghost_botleneck". Did you mean "repghost_bottleneck"?',
        ),
        (
            sketch("i:in a:rb b:rb c:rb o:out", "i > a > o; b > c > b"),
            "b",
            None,
            "The wires form a cycle: b -> c -> b. A network only runs forward; remove one of them.",
        ),
        (
            sketch("i:in a:rb o:out", "a > o; gone > a"),
            "a",
            None,
            'A wire connects "a" to node "gone", which does not exist.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o; i > a.in1"),
            "a",
            "in1",
            'RepGhost bottleneck "a": a wire uses port in1, but it has in0.',
        ),
        (
            sketch("i:in a:rb b:rb o:out", "i > a > o; i > b > o"),
            "o",
            "in0",
            '"o": 2 wires lead into in0, from "a", "b". Keep one of them.',
        ),
        (
            sketch("i:in s:add o:out", "i > s > o"),
            "s",
            "in1",
            'Add "s": nothing is connected to in1. Connect the block before it.',
        ),
        (
            sketch("i:in a:linear b:rb o:out", "i > a > b > o"),
            "b",
            "in0",
            'RepGhost bottleneck "b": in0 takes a map, but "a" gives tokens or a vector. '
            "Connect another block, or replace one of the two.",
        ),
        (
            sketch("i:in s:add*2 o:out", "i > s > o; i > s.in1"),
            "s",
            "repeat",
            'Add "s": it cannot repeat 2 times: Add takes several inputs and a copy feeds one. '
            "Repeat a group around it instead.",
        ),
        (
            sketch("i:in a:rb@g b:rb@g s:add o:out", "i > a > b > s > o; a > s.in1", "g*2"),
            "g",
            "repeat",
            'Group "g" cannot repeat 2 times: one value must leave it, 2 do, from "b", "a". '
            "Group only the part to repeat.",
        ),
        (
            sketch("i:in a:rb@g o:out", "i > a > o", "g<nowhere"),
            "g",
            None,
            'Group "g" is inside group "nowhere", which does not exist.',
        ),
        (sketch("i:in a:rb@g o:out", "i > a > o", "g<g"), "g", None, 'Group "g" is inside itself: g in g.'),
        (
            sketch("i:in a:rb@lost o:out", "i > a > o"),
            "a",
            None,
            'RepGhost bottleneck "a": it is in group "lost", which does not exist.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", inputs={}),
            "i",
            None,
            'Input "i": it has no size. Set its channels, height and width.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", inputs={"i": {}, "j": {}}),
            None,
            None,
            'The design gives a size for input "j", but no input node has this id.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", outputs={"o": ["o", "out0"], "p": ["gone", "out0"]}),
            None,
            None,
            'Output "p" comes from node "gone", which does not exist.',
        ),
        (
            sketch("i:in a:rb o:out", "i > a > o", outputs={"o": ["o", "out0"], "p": ["a", "out1"]}),
            "a",
            "out1",
            'RepGhost bottleneck "a": output "p" uses port out1, but it has out0.',
        ),
        (
            sketch("i:in a:rb o:out p:out", "i > a > o; a > p", outputs={"o": ["o", "out0"]}),
            "p",
            None,
            'Output "p": it is drawn but not in the design\'s outputs.',
        ),
        (
            sketch("i:in a:rb", "i > a"),
            None,
            None,
            "The design has no output. Add an output after its last block.",
        ),
        (
            sketch("i:in a:rb*200@h o:out", "i > a > o", "g*200 h<g*200"),
            None,
            None,
            "The design has 8000002 layers once repeats are written out; at most 10000 are built. "
            "Lower a repeat count.",
        ),
        (Design(), None, None, "The design is empty. Add a block from the palette, or open a preset."),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_one_problem_gives_its_sentence_at_its_node(
    design: Design, node: str | None, field: str | None, message: str
) -> None:
    assert errors(design) == [(node, field, message)]


def test_duplicate_ids_missing_fields_and_foreign_weights() -> None:
    made = document("i:in a:rb o:out", "i > a > o")
    made["nodes"][1]["shares"] = "gone"
    del made["nodes"][1]["config"]["se"]
    made["nodes"].append({"id": "o", "block": "output"})
    assert errors(parse_design(made)) == [
        ("o", None, '2 nodes have the id "o". Give each its own id.'),
        ("a", "se", 'RepGhost bottleneck "a": se is missing; it takes true or false.'),
        ("a", None, 'RepGhost bottleneck "a": it shares the weights of node "gone", which does not exist.'),
    ]


def test_a_design_without_an_input_says_so() -> None:
    found = errors(sketch("a:rb o:out", "a > o"))
    assert (None, None, "The design has no input. Add an input and connect it to the first block.") in found


def test_what_leads_nowhere_is_a_warning() -> None:
    issues = check(sketch("i:in a:rb b:rb c:rb o:out", "i > a > o; a > b > c"))
    assert [(issue.kind, issue.node) for issue in issues] == [("warning", "b"), ("warning", "c")]
    assert issues[0].message == 'RepGhost bottleneck "b" leads to no output, so it is not part of the network.'


def test_all_problems_show_at_once() -> None:
    design = sketch("i:in a:rb*3 s:add*2 u:nope o:out", "i > a > s > u > o", config={"a": {"stride": 9, "kernel": 4}})
    assert {(issue.node, issue.field) for issue in check(design)} == {
        ("a", "stride"),
        ("a", "kernel"),
        ("s", "repeat"),
        ("s", "in1"),
        ("u", None),
    }


def test_a_billion_ports_are_one_problem_and_take_no_time() -> None:
    issues = check(sketch("i:in s:concat o:out", "i > s > o; i > s.in1", config={"s": {"branches": 10**9}}))
    assert [issue.message for issue in issues] == [
        'Concat "s": branches must be a whole number between 2 and 8, got 1000000000.'
    ]


BROKEN = (
    sketch("i:in a:rb o:out", "i > a > o", config={"a": {"stride": 3, "mid_channels": 10**9, "se": "yes", "x": 1}}),
    sketch("i:in a:repghost_botleneck b:zzz o:out", "i > a > b > o"),
    sketch("i:in a:rb b:rb c:rb o:out", "i > a > b > c > o; c > b"),
    sketch("i:in a:rb b:rb s:add o:out", "i > a; i > b > o; s > o; gone > a"),
    sketch("i:in a:linear b:rb o:out", "i > a > b > o"),
    sketch("i:in a:rb@g s:add*9@g o:out x:rb", "i > a > s > o", "g<g*3", inputs={}),
    sketch("i:in a:rb@lost b:rb*200@g", "i > a > b", "g*200"),
)


@pytest.mark.parametrize("design", BROKEN)
def test_every_fix_can_be_applied_and_mends_its_problem(design: Design) -> None:
    tried = 0
    for issue in check(design):
        for fix in issue.fixes:
            mended = apply(design, fix.command)
            assert _key(issue) not in [_key(other) for other in check(mended)], fix.label
            tried += 1
    assert tried


def _key(issue: Issue) -> tuple[str | None, str | None, str]:
    return issue.node, issue.field, issue.message


def test_issues_are_plain_data() -> None:
    (issue,) = check(sketch("i:in a:rb o:out", "i > a > o", config={"a": {"stride": 3}}))
    assert issue.to_dict() == {
        "node": "a",
        "field": "stride",
        "message": 'RepGhost bottleneck "a": stride must be 1 or 2, got 3.',
        "cause": None,
        "fixes": (
            {
                "label": "Set stride to 2",
                "command": {"op": "set_config", "id": "a", "field": "stride", "value": 2},
                "params_delta": None,
                "macs_delta": None,
            },
        ),
        "kind": "error",
    }
