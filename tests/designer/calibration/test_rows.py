"""Which node is which kernel: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import itertools

import pytest

from designer.calibration.graphs import graph_of, kernels_of
from designer.calibration.rows import REST, kernel_key, node_key, rows_of
from designer.loading import load_design
from profiles.session import NodeTime, OnnxModel
from tests.designer.calibration.synthetic import kernel_us, node_of

SIZE = (3, 64, 64)

Shapes = tuple[tuple[int, ...], ...]


@pytest.mark.parametrize(
    "preset", ["mobilenetv3_small_100", "ghostnet_050", "edgenext_xx_small", "mgic_resnet_2222_s32"]
)
def test_rows_hold_every_kernel_once_and_sum_to_the_networks_time(preset: str) -> None:
    kernels = kernels_of(load_design(preset), SIZE)
    nodes = [node_of(kernel, us) for kernel, us in zip(kernels, kernel_us(kernels), strict=True)]
    reorder = NodeTime("r", "ReorderInput", ((1, 16, 8, 8),), ((1, 16, 8, 8),), 7.0)
    rows = rows_of([*nodes, reorder], kernels, whole_us=1000.0)
    places = sorted(itertools.chain.from_iterable(row.kernels for row in rows))
    assert places == list(range(len(kernels)))
    assert sum(row.us for row in rows) == pytest.approx(1000)
    assert sum(row.share for row in rows) == pytest.approx(1)


def test_a_key_with_more_nodes_than_kernels_goes_to_the_rest() -> None:
    kernels = kernels_of(load_design("mobilenetv1_025"), SIZE)
    nodes = [node_of(kernel, 1.0) for kernel in kernels]
    key = kernel_key(kernels[0])
    doubled = rows_of([nodes[0], *nodes], kernels, whole_us=100.0)
    assert key not in [row.key for row in doubled]
    (rest,) = (row for row in doubled if row.key == REST)
    assert 0 in rest.kernels
    assert rest.us >= 2 * 100 / (len(nodes) + 1)


@pytest.mark.parametrize(
    ("node", "key"),
    [
        (("Conv", ((1, 3, 32, 32), (16, 3, 3, 3)), ((1, 16, 16, 16),)), ("conv", 3, 3, 16, 16, 256)),
        (("Conv", ((1, 80, 7, 7), (48, 80, 1, 1)), ((1, 48, 7, 7),)), ("pointwise", 1, 1, 80, 48, 49)),
        (("Conv", ((1, 32, 9, 9), (32, 1, 5, 5)), ((1, 32, 9, 9),)), ("depthwise", 5, 5, 32, 32, 81)),
        (("FusedConv", ((1, 40, 4, 4), (80, 20, 1, 1)), ((1, 80, 4, 4),)), ("grouped", 1, 1, 48, 80, 16)),
        (("Gemm", ((1, 1280), (1000,)), ((1, 1000),)), ("matrix", 1_280_000)),
        (("MatMul", ((1, 49, 64),), ((1, 49, 192),)), ("matrix", 49 * 64 * 192)),
        (("MatMul", ((1, 3, 49, 16), (1, 3, 16, 49)), ((1, 3, 49, 49),)), ("matrix", 3 * 49 * 49 * 16)),
        (("FusedMatMul", ((3, 16, 49), (3, 16, 49)), ((3, 49, 49),)), ("matrix", 3 * 49 * 49 * 16)),
        (("Softmax", ((1, 3, 49, 49),), ((1, 3, 49, 49),)), ("softmax", 7203)),
        (("MaxPool", ((1, 16, 8, 8),), ((1, 16, 4, 4),)), ("pool",)),
    ],
)
def test_nodes_are_known_by_what_they_do(
    node: tuple[str, tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]], key: tuple[object, ...]
) -> None:
    assert node_key(NodeTime("n", *node, us=1.0)) == key


@pytest.mark.parametrize("op", ["ReorderOutput", "Mul", "Concat", "Transpose"])
def test_layout_changes_and_copies_have_no_key(op: str) -> None:
    assert node_key(NodeTime("n", op, ((1, 16, 8, 8),), ((1, 16, 8, 8),), 1.0)) is None


@pytest.mark.parametrize("preset", ["mobilenetv2_035", "shufflenet_v2_x0_5", "repghostnet_050"])
def test_the_runtimes_own_convolutions_and_products_are_all_found(preset: str) -> None:
    design = load_design(preset)
    kernels = kernels_of(design, SIZE)
    rows = rows_of(OnnxModel(graph_of(design, SIZE), 1).nodes(1), kernels, whole_us=1e3)
    rest = {kernels[place].op_class for row in rows if row.key == REST for place in row.kernels}
    assert not rest & {"conv", "pointwise", "depthwise", "grouped", "linear"}
