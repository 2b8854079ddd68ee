"""Features of kernels, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.features import CLASSES, FEATURES, kernel_features, network_features, per_image
from profiles.fusion import fuse
from tests.profiles.graph import Graph, small_network


def by_name(graph: Graph) -> list[dict[str, int]]:
    _, rows = kernel_features(fuse(graph.ops, "torch-inductor-cpu"))
    return [dict(zip(FEATURES, row.astype(int).tolist(), strict=True)) for row in rows]


def test_a_depthwise_convolution_with_a_wide_window_on_few_positions() -> None:
    g = Graph()
    g.conv(g.tensor(1, 16, 8, 8), 16, kernel=7, groups=16)
    (row,) = by_name(g)
    windows, moved = 16 * 49 * 64, 1024 + 784 + 1024
    assert row == {
        "launches": 1,
        "macs": 16 * 49 * 64,
        "inputs": 1024,
        "weights": 784,
        "outputs": 1024,
        "spilled": 0,
        "plain_macs": 0,
        "plain_weights": 0,
        "packed_weights": 784,
        "taps": 49,
        "wide_launches": 1,
        "ops": 1,
        "copied": 0,
        "exponential_ops": 0,
        "padded_macs": 16 * 49 * 64,
        "thin_macs": 0,
        "edge_macs": 16 * 49 * 64 * 6 // 8,
        "unblocked_macs": 0,
        "gathered": 0,
        "beyond_l2": 0,
        "octaves": 15,
        "windows": windows,
        "tile_macs": 0,
        "strided_inputs": 0,
        "reduction": 0,
        "roof10_compute": 9 * windows,
        "roof10_memory": 0,
        "roof30_compute": 9 * windows,
        "roof30_memory": 0,
        "flat30_compute": 0,
        "flat30_memory": 30 * moved,
        "odd_macs": 0,
        "narrow_macs": windows,
        "short_macs": 0,
        "direct_macs": windows,
        "wide_macs": windows,
        "work_roots": 224,
        "moved_roots": 53,
        "operands": 1,
        "matrices": 0,
        "reductions": 0,
        "exponential_elements": 0,
        "loop_reads": 0,
        "loop_elements": 0,
        "pooled": 0,
    }


def test_a_dense_convolution_is_counted_in_tiles_and_by_the_side_of_the_roof_it_is_on() -> None:
    row = one_conv(40, 40, 3, 1)
    assert row["reduction"] == 360
    assert row["tile_macs"] == 64 * 64 * 360  # 64 positions and 40 channels fill 2 x 2 tiles of 32 x 32
    assert row["roof30_compute"] == row["flat30_compute"] == row["macs"] == 64 * 40 * 360
    assert one_conv(40, 40, 1, 1)["roof30_memory"] == 30 * (2 * 40 * 64 + 1600)
    assert one_conv(42, 40, 1, 1)["odd_macs"] == one_conv(42, 40, 1, 1)["macs"]
    assert one_conv(64, 64, 1, 1)["narrow_macs"] == 0


def test_a_batch_shares_its_launches_and_weights() -> None:
    g = Graph()
    g.conv(g.tensor(1, 16, 8, 8), 16)
    _, rows = kernel_features(fuse(g.ops, "torch-inductor-cpu"))
    each = per_image(rows, np.array([10.0]))
    assert {name for name, alone, one in zip(FEATURES, rows[0], each[0], strict=True) if alone > one} == {
        "launches", "weights", "plain_weights", "taps", "ops", "octaves", "operands",
    }  # fmt: skip


def one_conv(channels: int, out_channels: int, kernel: int, groups: int) -> dict[str, int]:
    g = Graph()
    g.conv(g.tensor(1, channels, 8, 8), out_channels, kernel=kernel, groups=groups)
    return by_name(g)[0]


def test_channels_of_a_blocked_convolution_are_rounded_up_to_vectors_of_sixteen() -> None:
    assert one_conv(20, 40, 1, 1)["padded_macs"] == 32 * 48 * 64
    assert one_conv(3, 20, 3, 1)["thin_macs"] == 3 * 32 * 9 * 64
    assert one_conv(3, 20, 3, 1)["padded_macs"] == 0


def test_channels_that_fit_no_blocked_layout_are_gathered_and_multiplied_as_they_are() -> None:
    for channels, out_channels, groups in ((18, 32, 1), (10, 10, 10), (40, 80, 2)):
        row = one_conv(channels, out_channels, 3, groups)
        assert row["padded_macs"] == row["thin_macs"] == row["edge_macs"] == 0
        assert row["unblocked_macs"] == row["macs"]
        assert row["gathered"] == channels * 9 * 64


@pytest.mark.parametrize(
    ("channels", "side", "kernel", "groups", "plain"),
    [(512, 6, 3, 1, True), (512, 7, 3, 1, False), (512, 6, 5, 1, False), (512, 6, 3, 512, False)],
)
def test_a_small_convolution_is_computed_by_pytorch_itself(
    channels: int, side: int, kernel: int, groups: int, plain: bool
) -> None:
    g = Graph()
    g.conv(g.tensor(1, channels, side, side), channels, kernel=kernel, groups=groups)
    (row,) = by_name(g)
    assert row["plain_macs"] == (row["macs"] if plain else 0)
    assert (row["plain_weights"], row["packed_weights"])[:: 1 if plain else -1] == (row["weights"], 0)
    assert row["wide_launches"] == 0
    assert row["taps"] == kernel**2


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
    assert row["exponential_elements"] == 8
    assert row["loop_elements"] == 8 + 8 + 24


def test_a_network_is_the_sum_of_its_kernels() -> None:
    kernels = fuse(small_network(), "torch-inductor-cpu")
    totals = network_features(kernels)
    assert totals.shape == (len(CLASSES), len(FEATURES))
    assert totals[:, list(FEATURES).index("launches")].sum() == len(kernels)
    assert totals[:, list(FEATURES).index("macs")].sum() == sum(kernel.macs for kernel in kernels)
    assert np.all(totals[CLASSES.index("matmul")] == 0)
