"""Whatever is done to a design, it stays a design: random commands, and commands that undo each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from designer.design.check import check
from designer.design.edit import COMMANDS, apply, label_of
from designer.design.issue import DesignError, EditError
from designer.design.keymap import key_map
from designer.design.load import parse_design
from designer.design.model import MAX_STEPS, Design
from designer.design.unroll import step_count, unroll
from designer.presets import load_preset
from tests.designer.design.sketch import sketch

STARTS = (
    sketch("i:in a:rb*3@s b:gb@s c:rb*2@t s1:add o:out", "i > a > b > c > s1 > o; b > s1.in1", "s t<u u*2"),
    sketch("i:in a:rb@g s1:add@g b:gb*2@h o:out", "i > a > s1 > b > o; i > s1.in1", "g<r*3 h<r*2 r"),
    sketch("i:in p:split a:rb b:identity c:concat o:out", "i > p > a > c > o; p.out1 > b > c.in1"),
    load_preset("repghostnet_050"),
    load_preset("nextvit_small"),
)
BLOCKS = ("repghost_bottleneck", "ghost_bottleneck", "identity", "add", "split", "concat", "input", "output", "nope")
FIELDS = ("stride", "out_channels", "mid_channels", "kernel", "se", "branches", "parts", "nope")
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 70), st.floats(), st.text(max_size=3))


OTHER_BLOCK = {"op": "replace_block", "id": "repghost_bottleneck_1", "block": "ghost_bottleneck"}


def attempt(design: Design, command: dict[str, Any]) -> Design | str:
    """Return the design after a command, or the sentence with which it is refused; anything else is raised."""
    try:
        return apply(design, command)
    except EditError as error:
        return str(error)


@st.composite
def commands(draw: st.DrawFn, design: Design) -> dict[str, Any]:
    """Draw a command whose arguments mostly fit the design; now and then one is nonsense."""
    nodes = st.sampled_from([*(node.id for node in design.nodes), "ghost"])
    groups = st.sampled_from([*(group.id for group in design.groups), "ghost"])
    ids = st.lists(nodes, min_size=0, max_size=4)
    port = st.sampled_from(["out0", "out1", "in0", "in1", "in2", "x"])
    edge = draw(st.sampled_from([e.model_dump() for e in design.edges] or [{"source": "ghost"}]))
    factor = st.floats(0.2, 2.5) | st.floats()
    label = st.text(max_size=5)
    place = st.none() | st.lists(st.floats(), max_size=3)
    arguments: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "add": {
            "block": st.sampled_from(BLOCKS),
            "after": nodes,
            "position": place,
        },
        "insert_on_edge": {"block": st.sampled_from(BLOCKS), **{key: st.just(value) for key, value in edge.items()}},
        "remove": {"ids": ids, "heal": st.booleans()},
        "connect": {"source": nodes, "source_port": port, "target": nodes, "target_port": port},
        "disconnect": {"target": nodes, "target_port": port},
        "duplicate": {"ids": ids},
        "set_config": {"id": nodes, "field": st.sampled_from(FIELDS), "value": VALUES},
        "set_many": {"ids": ids, "field": st.sampled_from(FIELDS), "value": VALUES},
        "replace_block": {"id": nodes, "block": st.sampled_from(BLOCKS)},
        "set_input": {"id": nodes, "height": st.integers(-1, 5000)},
        "scale_width": {"factor": factor, "group": st.none() | groups},
        "scale_depth": {"factor": factor, "ids": st.none() | ids},
        "set_repeat": {"id": nodes, "repeat": st.integers(-1, 6) | VALUES},
        "set_group_repeat": {"id": groups, "repeat": st.integers(1, 3)},
        "split_repeat": {"id": nodes, "at": st.integers(0, 4)},
        "merge_repeat": {"ids": ids},
        "group": {"ids": ids, "label": label},
        "ungroup": {"id": groups},
        "rename": {"id": nodes | groups, "label": label},
        "rename_design": {"name": label},
    }
    assert arguments.keys() == COMMANDS.keys()
    op = draw(st.sampled_from(sorted(COMMANDS)))
    return {"op": op} | {name: draw(strategy) for name, strategy in arguments[op].items()}


@given(data=st.data(), start=st.sampled_from(STARTS))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_sequence_of_commands_leaves_a_design(data: st.DataObject, start: Design) -> None:
    design = start
    for _ in range(data.draw(st.integers(1, 12))):
        command = data.draw(commands(design))
        before = design.to_json()
        after = attempt(design, command)
        if isinstance(after, str):
            assert after
            assert "\n" not in after
        else:
            assert label_of(command, design)
        assert design.to_json() == before
        design = design if isinstance(after, str) else after
    assert parse_design(design.to_json()) == design
    ids = [node.id for node in design.nodes] + [group.id for group in design.groups]
    assert len(ids) == len(set(ids))
    assert {(e.source, e.target) for e in design.edges} <= {(a, b) for a in ids for b in ids}
    check(design)
    if step_count(design) <= MAX_STEPS:
        prefixes = {f"{step.node.id}.{step.copy}" for step in unroll(design)}
        assert key_map(design).keys() <= prefixes


@given(op=st.text(max_size=6) | st.sampled_from(sorted(COMMANDS)), rest=st.dictionaries(st.text(max_size=6), VALUES))
@settings(max_examples=150, deadline=None)
def test_a_nonsense_command_is_refused_in_words(op: str, rest: dict[str, Any]) -> None:
    after = attempt(STARTS[0], rest | {"op": op})
    assert after
    if isinstance(after, Design):
        parse_design(after.to_json())


@given(data=st.data(), start=st.sampled_from(STARTS))
@settings(max_examples=60, deadline=None)
def test_the_digest_does_not_see_order_labels_or_places(data: st.DataObject, start: Design) -> None:
    nodes = data.draw(st.permutations(start.nodes))
    looks = [node.model_copy(update={"label": "x", "position": (1.0, 2.0)}) for node in nodes]
    edges = data.draw(st.permutations(start.edges))
    other = start.replace(nodes=tuple(looks), edges=tuple(edges), name="Other", meta={"notes": "n"})
    assert other.digest() == start.digest()


@given(data=st.data(), start=st.sampled_from(STARTS))
@settings(max_examples=80, deadline=None)
def test_ungroup_undoes_group(data: st.DataObject, start: Design) -> None:
    ids = data.draw(st.lists(st.sampled_from([node.id for node in start.nodes]), min_size=1, max_size=5))
    grouped = attempt(start, {"op": "group", "ids": ids, "label": "New", "id": "fresh"})
    assume(isinstance(grouped, Design))
    assert isinstance(grouped, Design)
    assert apply(grouped, {"op": "ungroup", "id": "fresh"}) == start


def executed(design: Design) -> list[tuple[Any, ...]]:
    """Return what is computed, without the names of nodes: block, config and sources of each step."""
    return [(step.node.block, step.config, step.sources) for step in unroll(design)]


def weights(design: Design) -> list[str]:
    """Return for each step the key prefix of its weights in a checkpoint made before the edits."""
    moved = key_map(design)
    return [moved.get(key, key) for key in (f"{step.node.id}.{step.copy}" for step in unroll(design))]


@given(data=st.data(), start=st.sampled_from(STARTS))
@settings(max_examples=60, deadline=None)
def test_split_keeps_the_network_and_its_weights_and_merge_undoes_it(data: st.DataObject, start: Design) -> None:
    repeated = [node for node in start.nodes if node.repeat > 1]
    if not repeated:
        return
    node = data.draw(st.sampled_from(repeated))
    at = data.draw(st.integers(1, node.repeat - 1))
    split = apply(start, {"op": "split_repeat", "id": node.id, "at": at})
    assert executed(split) == executed(start)
    assert weights(split) == weights(start)
    new = split.nodes[-1].id
    merged = apply(split, {"op": "merge_repeat", "ids": [node.id, new]})
    assert merged.digest() == start.digest()
    assert merged.meta == start.meta


def test_writing_out_a_repeated_group_keeps_the_network_and_its_weights() -> None:
    written = 0
    for start in STARTS:
        for group in start.groups:
            if group.repeat > 1:
                out = apply(start, {"op": "ungroup", "id": group.id})
                assert [row[:2] for row in executed(out)] == [row[:2] for row in executed(start)]
                assert executed(out) == executed(start)
                assert weights(out) == weights(start)
                written += 1
    assert written >= 3


def test_writing_out_nested_groups_one_after_another_keeps_the_weights() -> None:
    start = sketch("i:in a:rb*2@g b:gb@h o:out", "i > b > a > o", "g*2 h<g*3", config={"a": {"stride": 2}})
    inner_first = apply(apply(start, {"op": "ungroup", "id": "h"}), {"op": "ungroup", "id": "g"})
    outer_first = apply(start, {"op": "ungroup", "id": "g"})
    for group in [group.id for group in outer_first.groups]:
        outer_first = apply(outer_first, {"op": "ungroup", "id": group})
    for out in (inner_first, outer_first):
        assert out.groups == ()
        assert executed(out) == executed(start)
        assert weights(out) == weights(start)


def test_edits_never_share_the_old_config() -> None:
    start = STARTS[0]
    edited = apply(start, {"op": "set_config", "id": "a", "field": "se", "value": True})
    edited.node("b").config["se"] = True
    try:
        assert not start.node("a").config["se"]
    finally:
        edited.node("b").config["se"] = False


def test_an_error_is_a_value_error_with_an_issue() -> None:
    with pytest.raises(ValueError, match='There is no node "ghost"') as caught:
        apply(STARTS[0], {"op": "remove", "ids": ["ghost"]})
    assert isinstance(caught.value, DesignError)
    assert caught.value.issues[0].message == str(caught.value)


def test_a_key_map_forgets_copies_that_are_gone() -> None:
    split = apply(STARTS[0], {"op": "split_repeat", "id": "a", "at": 1})
    assert set(key_map(split)) == {"repghost_bottleneck_1.0", "repghost_bottleneck_1.1"}
    fewer = apply(split, {"op": "set_repeat", "id": "repghost_bottleneck_1", "repeat": 1})
    assert key_map(fewer) == {"repghost_bottleneck_1.0": "a.1"}
    for gone in ({"op": "remove", "ids": ["repghost_bottleneck_1"]}, OTHER_BLOCK):
        assert "key_map" not in apply(split, gone).meta
