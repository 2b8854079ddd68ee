"""ncnn's networks from their layer tables: the published counts, the published shapes, the same ops as torch's."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from profiles.fusion import fuse
from profiles.tables import Table
from tools.ncnn_networks import COLUMNS, DATA, ncnn_ops

MODELS = Table(DATA / "ncnn_models.csv", ("model", "gmacs_conv_fc", "params_conv_fc_m", "conv_fc_layers"), more=True)
COUNTED = [row for row in MODELS.rows if row["gmacs_conv_fc"]]
COUNTED_OPS = ("conv2d", "linear")


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row["model"])
def test_convolutions_and_linear_layers_count_as_published(row: dict[str, str]) -> None:
    ops = [op for op in ncnn_ops(row["model"])[0] if op.name in COUNTED_OPS]
    assert len(ops) == float(row["conv_fc_layers"])
    assert round(sum(op.macs for op in ops) / 1e9, 4) == float(row["gmacs_conv_fc"])
    weights = sum(op.weights[0].elements for op in ops)  # the published figure leaves biases out
    assert round(weights / 1e6, 3) == float(row["params_conv_fc_m"])


def test_every_propagated_size_is_the_one_in_the_table() -> None:
    """Of each layer whose output size is published, some op leaves a tensor of so many elements."""
    published: dict[str, Counter[int]] = {}
    for row in Table(DATA / "ncnn_layers.csv.gz", COLUMNS, more=True).rows:
        sized = row["out_w"] and row["type"] in ("Convolution", "ConvolutionDepthWise", "Pooling", "Concat")
        if sized:
            elements = math.prod(int(row[side]) for side in ("out_w", "out_h", "out_c"))
            published.setdefault(row["model"], Counter())[elements] += 1
    assert len(published) > 20
    for model, sizes in published.items():
        ops = [
            op for op in ncnn_ops(model)[0] if op.name in ("conv2d", "max_pool", "avg_pool", "cat") or "pool" in op.name
        ]
        assert Counter(op.outputs[0].elements for op in ops) == sizes, model


def test_ops_read_the_picture_and_what_came_before_and_the_rest_leaves() -> None:
    for model in (row["model"] for row in COUNTED):
        ops, outputs = ncnn_ops(model)
        made: set[int] = set()
        read: set[int] = set()
        foreign: set[int] = set()
        for op in ops:
            reads = {tensor.id for tensor in op.inputs}
            foreign |= reads - made
            read |= reads
            made |= {tensor.id for tensor in op.outputs}
            assert made.isdisjoint(tensor.id for tensor in op.weights)
        assert len(foreign) == 1, model
        assert set(outputs) == made - read


def test_a_fused_activation_is_an_op_behind_its_layer() -> None:
    ops, _ = ncnn_ops("alexnet")
    assert [op.name for op in ops[:3]] == ["conv2d", "relu", "local_response_norm"]
    assert ops[1].inputs == ops[0].outputs
    kernels = fuse(ops, "ncnn")
    assert [op.name for op in kernels[0].ops] == ["conv2d", "relu"]


def test_classes_follow_groups_and_kernel() -> None:
    classes = Counter(op.op_class for op in ncnn_ops("shufflenet")[0] if op.name == "conv2d")
    assert classes == {"conv": 1, "pointwise": 1, "grouped": 31, "depthwise": 16}


def test_a_channel_shuffle_is_what_torch_does() -> None:
    ops, _ = ncnn_ops("shufflenet_v2")
    first = next(index for index, op in enumerate(ops) if op.name == "permute")
    names = [(op.name, op.op_class, op.outputs[0].shape) for op in ops[first - 1 : first + 3]]
    assert names == [
        ("reshape", "view", (1, 2, 58, 28, 28)),
        ("permute", "view", (1, 58, 2, 28, 28)),
        ("contiguous", "copy", (1, 58, 2, 28, 28)),
        ("reshape", "view", (1, 116, 28, 28)),
    ]


def test_squeeze_and_excite_scales_a_map_by_a_vector() -> None:
    ops, _ = ncnn_ops("efficientnet_b0")
    scale = next(op for op in ops if op.name == "mul")
    assert [tensor.shape for tensor in scale.inputs] == [(1, 32, 112, 112), (1, 32)]
    assert scale.outputs[0].shape == (1, 32, 112, 112)


def test_attention_is_four_linear_layers_and_two_products() -> None:
    names = Counter(op.name for op in ncnn_ops("vision_transformer")[0])
    assert names["attention_scores"] == names["attention_values"] == 12
    assert names["linear"] == 12 * 6 + 1
    scores = next(op for op in ncnn_ops("vision_transformer")[0] if op.name == "attention_scores")
    assert scores.macs == 145 * 145 * 768 and scores.outputs[0].shape == (12, 145, 145)


def test_box_decoding_has_no_rule_and_says_so() -> None:
    assert [op.op_class for op in ncnn_ops("mobilenet_ssd")[0] if op.name == "DetectionOutput"] == ["other"]


def test_a_quantised_network_has_the_layers_of_the_float_one() -> None:
    assert ncnn_ops("resnet50_int8") == ncnn_ops("resnet50")


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match='there is no layer table of "resnet51"'):
        ncnn_ops("resnet51")
