"""Where the time goes: rows, nodes and classes sum to the estimate, parts are the profile's, and the roof follows."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from profiles.estimate import estimate
from profiles.explain import Explanation, bound_of, explain, launch_share
from profiles.fusion import fuse
from profiles.profile import DeviceProfile, load_profiles
from profiles.roof import roof
from profiles.words import kernel_words
from profiles.work import Op
from tests.profiles.graph import Graph, small_network

COSTS = {
    "pointwise": {"launches": 10.0, "macs": 1e-3, "inputs": 2e-3, "outputs": 4e-3},
    "linear": {"launches": 5.0, "macs": 2e-3},
    "elementwise": {"launches": 3.0, "outputs": 1e-3},
    "copy": {"launches": 7.0, "outputs": 5e-3},
}


def made_profile(**changes: object) -> DeviceProfile:
    """A device with costs that a person can multiply out, under the rules `generic`."""
    base = load_profiles()["i9-10940x-cpu"]
    update = {"name": "by-hand", "rules": "generic", "coefficients": COSTS, "overhead_us": 20.0, "precision": "fp32"}
    return base.model_copy(update=update | changes)


def explained(ops: list[Op], profile: DeviceProfile) -> Explanation:
    kernels = fuse(ops, profile.rules)
    return explain(profile, kernels, estimate(profile, kernels), "by hand")


def two_nodes() -> list[Op]:
    """Node `a`: 1x1 convolution; node `b`: its activation and a concatenation with the input."""
    g = Graph()
    x = g.tensor(1, 8, 4, 4)
    y = g.op("activation", g.conv(x, 16), name="relu")
    g.op("copy", y, x, shape=(1, 24, 4, 4), name="cat")
    return [replace(op, node="a" if op.op_class == "pointwise" else "b") for op in g.ops]


def test_a_row_is_launch_compute_and_memory_of_the_kernel() -> None:
    first, second = explained(two_nodes(), made_profile()).rows
    assert (first.node, first.fused, first.words) == ("a", ("b",), "1x1 convolutions")
    assert (first.macs, first.elements, first.bytes) == (2048, 128 + 256 + 128, 4 * 512)
    assert first.intensity == 1.0
    assert first.launch_ms == pytest.approx(0.010)
    assert first.compute_ms == pytest.approx(2048e-6)
    assert first.memory_ms == pytest.approx((128 * 2e-3 + 256 * 4e-3) / 1e3)
    assert first.ms == pytest.approx(first.launch_ms + first.compute_ms + first.memory_ms, rel=1e-12)
    assert (second.node, second.fused, second.words, second.intensity) == ("b", (), "concatenations", 0.0)


def test_rows_nodes_and_classes_sum_to_the_estimate() -> None:
    for found in (explained(two_nodes(), made_profile()), explained(small_network(), made_profile())):
        total = found.estimate.ms - found.overhead_ms
        for parts in ([row.ms for row in found.rows], found.nodes.values(), [kind.ms for kind in found.classes]):
            assert math.fsum(parts) == pytest.approx(total, rel=1e-12)
        for kind in found.classes:
            assert kind.launch_ms + kind.compute_ms + kind.memory_ms == pytest.approx(kind.ms, rel=1e-12)
        assert [kind.ms for kind in found.classes] == sorted((kind.ms for kind in found.classes), reverse=True)


def test_a_node_is_fused_into_its_host_only_without_a_kernel_of_its_own() -> None:
    found = explained(two_nodes(), made_profile())
    assert found.nodes.keys() == {"a", "b"} and found.fused == {}
    alone = explained([replace(op, node=f"{op.op_class}") for op in two_nodes()], made_profile())
    assert alone.fused == {"activation": "pointwise"}
    assert alone.nodes.keys() == {"pointwise", "copy"}


@pytest.mark.parametrize(
    ("costs", "overhead_us", "bound"),
    [
        ({"pointwise": {"launches": 1.0, "macs": 1.0}}, 0.0, "compute"),
        ({"pointwise": {"launches": 1.0, "inputs": 1.0}}, 0.0, "memory"),
        ({"pointwise": {"launches": 900.0, "macs": 0.1}}, 0.0, "overhead"),
        ({"pointwise": {"launches": 1.0, "macs": 0.1}}, 900.0, "overhead"),
    ],
)
def test_the_bound_is_what_holds_most_of_the_time(
    costs: dict[str, dict[str, float]], overhead_us: float, bound: str
) -> None:
    found = explained(two_nodes(), made_profile(coefficients=costs, overhead_us=overhead_us))
    assert (found.bound, bound_of(found.estimate)) == (bound, bound)
    launch = overhead_us + costs["pointwise"]["launches"]
    assert found.launch_share == launch_share(found.estimate) == pytest.approx(launch / 1e3 / found.estimate.ms)


def test_a_batch_reads_its_weights_once() -> None:
    each = explained(two_nodes(), made_profile()).rows[0]
    many = explained(two_nodes(), made_profile(kind="throughput", batch=64)).rows[0]
    assert each.elements - many.elements == 128 * 63 / 64
    assert many.launch_ms == pytest.approx(each.launch_ms / 64)


def test_a_loop_that_joins_maps_is_a_concatenation() -> None:
    g = Graph()
    x = g.tensor(1, 8, 4, 4)
    g.op("elementwise", g.op("copy", x, x, shape=(1, 16, 4, 4), name="cat"), name="add")
    (kernel,) = fuse(g.ops, "torch-inductor-cpu")
    assert (kernel.op_class, kernel_words(kernel)) == ("elementwise", "concatenations")
    (plain, _) = fuse(two_nodes(), "generic")
    assert kernel_words(plain) == "1x1 convolutions"


def test_the_roof_is_the_best_rate_that_the_coefficients_allow() -> None:
    found = roof(made_profile())
    assert found.macs_per_s == pytest.approx(1e9)  # the 1x1 convolutions' 1e-3 us, not the linear layers' 2e-3
    assert found.bytes_per_s == pytest.approx(4e6 / 3e-3)
    assert found.ridge == pytest.approx(0.75)
    assert found.reach(0.3) == pytest.approx(0.4e9) and found.reach(100) == found.macs_per_s


def test_a_balanced_term_counts_in_both_lines_of_the_roof() -> None:
    costs = {"conv": {"roof10_compute": 1e-5, "roof10_memory": 1e-5}}
    found = roof(made_profile(coefficients=costs, precision="fp16"))
    assert (found.macs_per_s, found.bytes_per_s) == pytest.approx((1e11, 2e6 / 1e-4))


def test_a_cost_that_the_profile_does_not_see_is_no_limit() -> None:
    found = roof(made_profile(coefficients={"conv": {"launches": 1.0}}))
    assert found.macs_per_s == found.bytes_per_s == found.ridge == math.inf
    spilling = roof(made_profile(coefficients={"conv": {"macs": 1e-6, "spilled": 1e-4}}))
    assert spilling.bytes_per_s == pytest.approx(4e10)


@pytest.mark.parametrize("name", ["t4-tensorrt-fp16", "snapdragon-855-cpu-t1", "rtx-3090-throughput"])
def test_no_kernel_computes_above_the_roof(name: str) -> None:
    profile = load_profiles()[name]
    limit = roof(profile)
    for row in explained(small_network(width=128, size=56), profile).rows:
        assert 1e3 * row.macs <= limit.macs_per_s * row.ms * (1 + 1e-9)
