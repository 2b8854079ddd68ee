"""Features of kernels, counted by hand."""

from __future__ import annotations

import numpy as np

from profiles.features import CLASSES, FEATURES, kernel_features, network_features
from profiles.fusion import fuse
from tests.profiles.graph import Graph, small_network


def by_name(graph: Graph) -> list[dict[str, int]]:
    _, rows = kernel_features(fuse(graph.ops, "torch-inductor-cpu"))
    return [dict(zip(FEATURES, row.astype(int).tolist(), strict=True)) for row in rows]


def test_a_depthwise_convolution_with_a_wide_window_on_few_positions() -> None:
    g = Graph()
    g.conv(g.tensor(1, 16, 8, 8), 16, kernel=7, groups=16)
    (row,) = by_name(g)
    assert row == {
        "launches": 1,
        "macs": 16 * 49 * 64,
        "inputs": 1024,
        "weights": 784,
        "outputs": 1024,
        "spilled": 0,
        "small_macs": 16 * 49 * 64,
        "small_weights": 784,
        "taps": 49,
        "wide_launches": 1,
        "ops": 1,
        "copied": 0,
        "exponential_ops": 0,
    }


def test_more_positions_are_not_small_and_three_taps_are_not_wide() -> None:
    g = Graph()
    g.conv(g.tensor(1, 16, 9, 8), 16, kernel=3)
    (row,) = by_name(g)
    assert row["small_macs"] == row["small_weights"] == row["wide_launches"] == 0
    assert row["taps"] == 9


def test_what_no_cache_holds_is_spilled() -> None:
    g = Graph()
    g.op("activation", g.tensor(1, 5, 1000, 1000))
    assert by_name(g)[0]["spilled"] == 10_000_000 - 4_000_000


def test_a_loop_counts_its_ops_copies_and_exponentials() -> None:
    g = Graph()
    x = g.op("activation", g.tensor(1, 8), name="gelu")
    g.op("copy", g.op("elementwise", x, name="add"), shape=(1, 24), name="cat")
    (row,) = by_name(g)
    assert (row["ops"], row["copied"], row["exponential_ops"]) == (3, 24, 1)


def test_a_network_is_the_sum_of_its_kernels() -> None:
    kernels = fuse(small_network(), "torch-inductor-cpu")
    totals = network_features(kernels)
    assert totals.shape == (len(CLASSES), len(FEATURES))
    assert totals[:, list(FEATURES).index("launches")].sum() == len(kernels)
    assert totals[:, list(FEATURES).index("macs")].sum() == sum(kernel.macs for kernel in kernels)
    assert np.all(totals[CLASSES.index("matmul")] == 0)
