"""What differs between two designs."""

from __future__ import annotations

from designer.design.diff import descends, diff
from designer.design.edit import apply
from designer.design.model import Design
from designer.presets import load_preset
from tests.designer.design.sketch import sketch

BASE = sketch("i:in a:rb b:gb*2 c:rb o:out", "i > a > b > c > o")


def told(left: Design, right: Design) -> list[tuple[str, str | None, str | None, dict[str, tuple[object, object]]]]:
    return [(entry.status, entry.left, entry.right, entry.fields) for entry in diff(left, right)]


def test_a_design_is_the_same_as_itself_and_as_its_renamed_self() -> None:
    renamed = apply(BASE, {"op": "rename", "id": "a", "label": "Other"})
    for other in (BASE, renamed):
        assert told(BASE, other) == [("same", id, id, {}) for id in ("i", "a", "b", "c", "o")]


def test_edits_show_by_id() -> None:
    edited = apply(BASE, {"op": "set_config", "id": "a", "field": "stride", "value": 2})
    edited = apply(edited, {"op": "set_repeat", "id": "b", "repeat": 3})
    edited = apply(edited, {"op": "replace_block", "id": "c", "block": "identity"})
    edited = apply(edited, {"op": "add", "block": "identity", "after": "a"})
    assert told(BASE, edited) == [
        ("same", "i", "i", {}),
        ("changed", "a", "a", {"stride": (1, 2)}),
        ("only_right", None, "identity_1", {}),
        ("changed", "b", "b", {"repeat": (2, 3)}),
        ("changed", "c", "c", {"block": ("repghost_bottleneck", "identity")}),
        ("same", "o", "o", {}),
    ]
    assert told(edited, BASE)[2] == ("only_left", "identity_1", None, {})


def test_strangers_are_aligned_by_block_and_width() -> None:
    left = sketch("i:in a:rb b:rb c:gb o:out", "i > a > b > c > o", config={"b": {"out_channels": 24}})
    right = sketch("x:in p:rb q:gb r:identity y:out", "x > p > q > r > y", config={"p": {"out_channels": 24}})
    assert told(left, right) == [
        ("same", "i", "x", {}),
        ("only_left", "a", None, {}),
        ("same", "b", "p", {}),
        ("same", "c", "q", {}),
        ("only_right", None, "r", {}),
        ("same", "o", "y", {}),
    ]


def test_strangers_with_other_widths_are_aligned_by_block() -> None:
    left = sketch("i:in a:rb o:out", "i > a > o", config={"a": {"mid_channels": 8}})
    right = sketch("x:in p:rb y:out", "x > p > y", config={"p": {"mid_channels": 16}})
    assert told(left, right)[1] == ("changed", "a", "p", {"mid_channels": (8, 16)})


def test_shapes_keep_the_alignment_within_a_stride() -> None:
    left = sketch("i:in a:rb b:rb", "i > a > b", outputs={"o": ["b", "out0"]})
    right = sketch("x:in p:rb", "x > p", outputs={"y": ["p", "out0"]})
    sizes = {"i": (1, 3, 32, 32), "a": (1, 8, 16, 16), "b": (1, 8, 8, 8)}, {"x": (1, 3, 32, 32), "p": (1, 8, 8, 8)}
    rows = diff(left, right, *sizes)
    assert [(row.left, row.right) for row in rows] == [("i", "x"), ("a", None), ("b", "p")]
    assert [(row.left, row.right) for row in diff(left, right)] == [("i", "x"), ("a", "p"), ("b", None)]


def test_published_cousins_are_told_apart_by_width_only() -> None:
    left, right = load_preset("repghostnet_100"), load_preset("repghostnet_050")
    assert descends(left, right)
    rows = diff(left, right)
    assert {row.status for row in rows} == {"same", "changed"}
    assert {name for row in rows for name in row.fields} == {"mid_channels", "out_channels"}


def test_a_moved_node_appears_once() -> None:
    moved = sketch("i:in a:rb b:gb*2 c:rb o:out", "i > b > c > a > o")
    rows = diff(BASE, moved)
    assert sorted(row.left or "" for row in rows) == ["a", "b", "c", "i", "o"]
    assert {row.status for row in rows} == {"same"}
