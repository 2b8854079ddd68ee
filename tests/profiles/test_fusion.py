"""Fusion on small graphs made by hand: what joins what, and what a kernel reads and writes."""

from __future__ import annotations

import pytest

from profiles.fusion import Pattern, Rules, Stage, fuse, fuse_all, load_rules, rule_names
from profiles.work import Kernel
from tests.profiles.graph import Graph


def counts(kernel: Kernel) -> tuple[int, int, int]:
    return kernel.input_elements, kernel.weight_elements, kernel.output_elements


def test_conv_bn_activation_is_one_generic_kernel() -> None:
    g = Graph()
    x = g.tensor(1, 3, 8, 8)
    y = g.op("conv", x, weights=(216,), shape=(1, 8, 8, 8), macs=10)
    g.op("activation", g.op("norm", y, weights=(8, 8, 8, 8)))
    (kernel,) = fuse(g.ops, "generic")
    assert kernel.op_class == "conv" and kernel.main is g.ops[0]
    assert counts(kernel) == (192, 216 + 32, 512)
    assert kernel.macs == 10


def test_generic_order_is_norm_then_activation_and_one_of_each() -> None:
    g = Graph()
    x = g.op("linear", g.tensor(1, 8), weights=(64,))
    x = g.op("activation", x)
    x = g.op("norm", x, weights=(8,))
    g.op("activation", x)
    assert g.classes() == [["linear", "activation"], ["norm"], ["activation"]]


def test_an_output_that_two_ops_read_stays() -> None:
    g = Graph()
    x = g.op("conv", g.tensor(1, 4, 4, 4), weights=(4,))
    y = g.op("activation", x)
    g.op("elementwise", x, y)
    assert g.classes() == [["conv"], ["activation"], ["elementwise"]]


def test_an_output_of_the_network_stays() -> None:
    g = Graph()
    x = g.op("conv", g.tensor(1, 4, 4, 4), weights=(4,))
    g.op("activation", x)
    assert g.classes() == [["conv", "activation"]]
    assert g.classes(keep=(x.id,)) == [["conv"], ["activation"]]


def test_a_view_launches_nothing_and_is_looked_through() -> None:
    g = Graph()
    x = g.op("linear", g.tensor(1, 4, 8), weights=(64,))
    v = g.op("view", x, shape=(4, 8))
    g.op("activation", g.op("view", v, shape=(32,)))
    (kernel,) = fuse(g.ops, "generic")
    assert [op.op_class for op in kernel.ops] == ["linear", "activation"]
    assert counts(kernel) == (32, 64, 32)


def test_a_view_that_leaves_the_network_counts_as_a_reader() -> None:
    g = Graph()
    x = g.op("linear", g.tensor(1, 8), weights=(64,))
    g.op("view", x, shape=(8,))
    g.op("activation", x)
    assert g.classes() == [["linear"], ["activation"]]


def test_a_slice_reads_what_it_shows_and_a_broadcast_what_exists() -> None:
    g = Graph()
    x = g.op("pool", g.tensor(1, 8, 2, 2))
    half = g.op("view", x, shape=(1, 4, 2, 2))
    g.op("elementwise", half, half)
    wide = g.op("view", g.op("pool", g.tensor(1, 2)), shape=(100, 2))
    g.op("activation", wide)
    kernels = {kernel.op_class: kernel for kernel in fuse(g.ops, "generic")}
    assert counts(kernels["elementwise"]) == (16, 0, 16)
    assert counts(kernels["activation"]) == (2, 0, 200)


def test_a_weight_or_input_read_twice_counts_once() -> None:
    g = Graph()
    x = g.tensor(1, 4)
    g.op("elementwise", x, x)
    assert counts(fuse(g.ops, "generic")[0]) == (4, 0, 4)


LOOPS = Rules(
    name="loops",
    about="pointwise loops",
    source="a test",
    patterns=(Pattern(main=("elementwise", "norm"), then=(Stage(classes=("elementwise",), repeat=True),), joins=True),),
)


def test_two_loops_that_meet_become_one() -> None:
    g = Graph()
    a = g.op("norm", g.tensor(1, 4), weights=(4,))
    b = g.op("elementwise", g.tensor(1, 4))
    g.op("elementwise", a, b)
    (kernel,) = fuse(g.ops, LOOPS)
    assert kernel.op_class == "norm"
    assert counts(kernel) == (8, 4, 4)


def test_kernels_come_in_an_order_that_can_be_executed() -> None:
    g = Graph()
    a = g.op("elementwise", g.tensor(1, 4))
    b = g.op("pool", g.tensor(1, 4))
    g.op("elementwise", a, b)
    assert g.classes(LOOPS) == [["pool"], ["elementwise", "elementwise"]]


@pytest.mark.parametrize("name", rule_names())
def test_every_op_lands_in_exactly_one_kernel(name: str) -> None:
    g = Graph()
    x = g.tensor(1, 8, 4, 4)
    for _ in range(3):
        y = g.op("activation", g.op("norm", g.op("pointwise", x, weights=(64,)), weights=(8,)))
        y = g.op("norm", g.op("depthwise", y, weights=(72,)), weights=(8,))
        s = g.op("activation", g.op("linear", g.op("reduce", y, shape=(1, 8)), weights=(64,)))
        x = g.op("copy", g.op("elementwise", g.op("elementwise", y, s), x), x)
    ops = [op for kernel in fuse(g.ops, name) for op in kernel.ops]
    assert sorted(map(id, ops)) == sorted(map(id, g.ops))


def test_unknown_rules_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r'no set "nope"; choose one of .*generic'):
        fuse((), "nope")


def test_a_class_may_start_one_pattern_only() -> None:
    one = Pattern(main=("conv",))
    with pytest.raises(ValueError, match='op class "conv" starts two patterns'):
        Rules(name="x", about="", source="", patterns=(one, one))


def test_rules_are_loaded_once() -> None:
    assert load_rules("generic") is load_rules("generic")


def test_a_pattern_for_some_names_comes_before_one_for_the_class() -> None:
    stage = Stage(classes=("activation",))
    rules = Rules(
        name="named",
        about="",
        source="",
        patterns=(Pattern(main=("norm",)), Pattern(main=("norm",), names=("batchnorm",), then=(stage,))),
    )
    for name, expected in (("batch_norm", [["norm", "activation"]]), ("other", [["norm"], ["activation"]])):
        g = Graph()
        g.op("activation", g.op("norm", g.tensor(1, 4), name=name))
        assert g.classes(rules) == expected


def test_a_name_may_start_one_pattern_only() -> None:
    one = Pattern(main=("conv",), names=("first",))
    with pytest.raises(ValueError, match='op class "conv" named "first" starts two patterns'):
        Rules(name="x", about="", source="", patterns=(one, one))


def test_several_rule_sets_at_once_give_what_each_gives_and_share_kernels() -> None:
    g = Graph()
    x = g.op("activation", g.op("conv", g.tensor(1, 8, 4, 4), weights=(9,), name="conv"), name="relu")
    x = g.op("view", x, name="permute")
    g.op("elementwise", g.op("copy", x, name="reshape"), x, name="add")
    together = fuse_all(g.ops, rule_names())
    assert together == tuple(fuse(g.ops, name) for name in rule_names())
    by_name = dict(zip(rule_names(), together, strict=True))
    assert by_name["coreml"][0] is by_name["qnn-htp"][0]
