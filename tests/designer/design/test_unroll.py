"""Repeats written out: order, wiring, configs and limits."""

from __future__ import annotations

import tracemalloc

import pytest

from designer.design.issue import DesignError
from designer.design.model import MAX_STEPS, Design
from designer.design.unroll import output_steps, step_count, unroll
from tests.designer.design.sketch import sketch

STRIDED = {"a": {"stride": 2}, "b": {"stride": 2}}


def told(design: Design) -> list[str]:
    """Return each step as `node.copy/stride <- sources`."""
    steps = unroll(design)
    lines = []
    for step in steps:
        names = [f"{steps[s[0]].node.id}.{steps[s[0]].copy}" if s else "nothing" for s in step.sources]
        lines.append(f"{step.node.id}.{step.copy}/{step.config.get('stride', '-')} <- {' '.join(names)}".rstrip())
    return lines


def test_a_repeated_node_feeds_itself_and_strides_once() -> None:
    design = sketch("i:in a:rb*3 o:out", "i > a > o", config=STRIDED)
    assert told(design) == ["i.0/- <-", "a.0/2 <- i.0", "a.1/1 <- a.0", "a.2/1 <- a.1", "o.0/- <- a.2"]
    assert output_steps(design, unroll(design)) == {"o": (4, "out0")}


def test_a_repeated_group_feeds_itself_and_counts_copies_through() -> None:
    design = sketch("i:in a:rb*2@g b:gb@g o:out", "i > a > b > o", "g*2", config=STRIDED)
    assert told(design) == [
        "i.0/- <-",
        "a.0/2 <- i.0",
        "a.1/1 <- a.0",
        "b.0/2 <- a.1",
        "a.2/1 <- b.0",
        "a.3/1 <- a.2",
        "b.1/1 <- a.3",
        "o.0/- <- b.1",
    ]


def test_nested_repeated_groups() -> None:
    design = sketch("i:in a:rb@g b:gb@h o:out", "i > b > a > o", "g*2 h<g*2")
    assert [line.split("/")[0] + line.split("<-")[1] for line in told(design)] == [
        "i.0",
        "b.0 i.0",
        "b.1 b.0",
        "a.0 b.1",
        "b.2 a.0",
        "b.3 b.2",
        "a.1 b.3",
        "o.0 a.1",
    ]


def test_a_shortcut_inside_a_repeated_group_starts_from_the_copy_before() -> None:
    design = sketch("i:in a:rb@g s:add@g o:out", "i > a > s > o; i > s.in1", "g*2")
    assert [line.split(" <- ")[-1] for line in told(design)][1:] == ["i.0", "a.0 i.0", "s.0", "a.1 s.0", "s.1"]


def test_a_group_stays_together_even_where_the_document_mixes_it() -> None:
    design = sketch("i:in x:rb a:gb@g b:gb@g y:rb s:add", "i > a > b > s; i > x > y > s.in1", "g*2")
    order = [line.split("/")[0] for line in told(design)]
    assert order == ["i.0", "x.0", "a.0", "b.0", "a.1", "b.1", "y.0", "s.0"]


def test_order_follows_wires_first_and_the_document_second() -> None:
    design = sketch("o:out b:rb a:rb i:in c:rb s:add", "i > a > s > o; i > b > s.in1; i > c")
    assert [step.node.id for step in unroll(design)] == ["i", "b", "a", "c", "s", "o"]


def test_port_order_is_the_block_s_not_the_wires() -> None:
    design = sketch("i:in a:rb b:rb s:concat o:out", "i > a > s.in1; i > b > s.in0; s > o")
    assert "s.0/- <- b.0 a.0" in told(design)


def test_every_output_port_keeps_its_name() -> None:
    design = sketch("i:in p:split a:rb b:rb", "i > p.out1 > a; p.out0 > b", outputs={"x": ["p", "out1"]})
    steps = unroll(design)
    by_id = {step.node.id: step for step in steps}
    assert by_id["a"].sources == ((1, "out1"),)
    assert by_id["b"].sources == ((1, "out0"),)
    assert output_steps(design, steps) == {"x": (1, "out1")}


def test_broken_parts_are_left_out_and_the_rest_is_there() -> None:
    design = sketch(
        "i:in a:rb b:rb u:unknown c:rb d:rb s:add", "i > a > b > a; b > c; u > d; d > s; d > ghost; gone > s.in1"
    )
    assert told(design) == ["i.0/- <-", "c.0/1 <- nothing", "d.0/1 <- nothing", "s.0/- <- d.0 nothing"]
    assert output_steps(design, unroll(design)) == {}


def test_a_node_into_itself_and_a_group_into_itself_do_not_hang() -> None:
    assert [step.node.id for step in unroll(sketch("a:rb b:rb@g", "a > a; a > b", "g<h*2 h<g*2"))] == ["b"] * 4


def test_too_many_steps_are_refused_before_they_are_made() -> None:
    design = sketch("i:in a:rb*200@h o:out", "i > a > o", "g*200 h<g*200")
    assert step_count(design) == 200**3 + 2
    tracemalloc.start()
    with pytest.raises(DesignError, match=f"8000002 layers once repeats are written out; at most {MAX_STEPS}"):
        unroll(design)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000, "eight million steps would take gigabytes"
