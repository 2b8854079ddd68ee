"""What each runtime's rule set makes of small graphs, spelt as the recorder and as an ONNX file spell them."""

from __future__ import annotations

import pytest

from profiles.fusion import fuse, load_rules, rule_names
from profiles.work import OpClass, Tensor
from tests.profiles.graph import Graph

RUNTIMES = ("coreml", "ncnn", "onnxruntime-cpu", "onnxruntime-cpu-arm", "paddle-lite-arm", "qnn-htp", "tensorrt")
EAGER = "torch-eager-cuda"


def kernels(g: Graph, rules: str, keep: tuple[int, ...] = ()) -> str:
    """Return the kernels as text: names joined by `+`, kernels apart."""
    return " ".join("+".join(op.name for op in kernel.ops) for kernel in fuse(g.ops, rules, keep))


def chain(*ops: tuple[OpClass, str]) -> Graph:
    """Return a network of one op after the other."""
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    for op_class, name in ops:
        x = g.op(op_class, x, name=name, weights=(16,) if op_class in ("conv", "linear", "norm") else ())
    return g


def after_conv(rules: str, activation: str, op_class: OpClass = "activation", conv: OpClass = "conv") -> bool:
    """Return whether the activation joins the convolution and its batch norm."""
    return len(fuse(chain((conv, "conv"), ("norm", "bn"), (op_class, activation)).ops, rules)) == 1


def residual(activation: str = "relu") -> Graph:
    """Return relu(bn(conv(y)) + y) with y = relu(conv(x)), as a network within a network."""
    g = Graph()
    y = g.op("activation", g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,)), name="relu")
    z = g.op("norm", g.op("conv", y, name="conv", weights=(9,)), name="bn", weights=(16,))
    g.op("activation", g.op("elementwise", z, y, name="add"), name=activation)
    return g


def gated(gate: str = "sigmoid") -> Graph:
    """Return a squeeze-excite block: conv(x * gate(conv(relu(conv(mean(x))))))."""
    g = Graph()
    x = g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,))
    s = g.op("reduce", x, name="mean", shape=(1, 16, 1, 1))
    s = g.op("activation", g.op("pointwise", s, name="squeeze", weights=(64,), shape=(1, 4, 1, 1)), name="relu")
    s = g.op("activation", g.op("pointwise", s, name="excite", weights=(64,), shape=(1, 16, 1, 1)), name=gate)
    g.op("pointwise", g.op("elementwise", x, s, name="mul", shape=x.shape), name="project", weights=(64,))
    return g


@pytest.mark.parametrize("rules", RUNTIMES)
@pytest.mark.parametrize("name", ["relu", "Relu"])
def test_every_deployment_runtime_folds_batch_norm_and_takes_relu(rules: str, name: str) -> None:
    assert after_conv(rules, name)


@pytest.mark.parametrize("rules", RUNTIMES)
@pytest.mark.parametrize("op", [("activation", "relu6"), ("elementwise", "Clip"), ("elementwise", "clamp")])
def test_every_deployment_runtime_takes_a_clip_in(rules: str, op: tuple[OpClass, str]) -> None:
    assert after_conv(rules, op[1], op[0])


JOIN = {
    "hardswish": {"ncnn", "onnxruntime-cpu", "paddle-lite-arm"},
    "leaky_relu": {"coreml", "ncnn", "onnxruntime-cpu", "onnxruntime-cpu-arm", "paddle-lite-arm", "tensorrt"},
    "sigmoid": {"coreml", "ncnn", "onnxruntime-cpu", "onnxruntime-cpu-arm"},
    "hardsigmoid": {"coreml", "onnxruntime-cpu", "onnxruntime-cpu-arm"},
    "prelu": {"coreml"},
    "mish": {"ncnn"},
    "gelu": {"tensorrt"},
    "silu": set(),
}


@pytest.mark.parametrize("rules", [*RUNTIMES, EAGER])
@pytest.mark.parametrize("activation", list(JOIN))
def test_other_activations_join_a_convolution_where_the_runtime_has_them(rules: str, activation: str) -> None:
    assert after_conv(rules, activation) == (rules in JOIN[activation])


def test_paddle_lite_has_no_depthwise_convolution_with_hard_swish() -> None:
    assert after_conv("paddle-lite-arm", "relu6", conv="depthwise")
    assert not after_conv("paddle-lite-arm", "hard_swish", conv="depthwise")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("onnxruntime-cpu", "conv+relu conv+bn+add+relu"),
        ("tensorrt", "conv+relu conv+bn+add+relu"),
        ("paddle-lite-arm", "conv+relu conv+bn add+relu"),
        ("onnxruntime-cpu-arm", "conv+relu conv+bn add relu"),
        ("coreml", "conv+relu conv+bn add relu"),
        ("qnn-htp", "conv+relu conv+bn add relu"),
        ("ncnn", "conv+relu conv+bn add relu"),
        ("torch-eager-cuda", "conv relu conv bn add relu"),
        ("torch-inductor-cuda", "conv relu conv bn+add+relu"),
    ],
)
def test_the_addition_of_a_residual(rules: str, expected: str) -> None:
    assert kernels(residual(), rules) == expected


def test_onnxruntime_takes_a_clip_without_an_addition_only() -> None:
    assert kernels(residual("relu6"), "onnxruntime-cpu") == "conv+relu conv+bn+add relu6"
    assert kernels(residual("relu6"), "tensorrt") == "conv+relu conv+bn+add+relu6"


def test_a_clip_between_keeps_the_addition_out() -> None:
    g = Graph()
    y = g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,))
    z = g.op("activation", g.op("conv", y, name="conv", weights=(9,)), name="relu6")
    g.op("elementwise", z, y, name="add")
    assert kernels(g, "onnxruntime-cpu") == "conv conv+relu6 add"
    assert kernels(g, "tensorrt") == "conv conv+relu6 add"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("onnxruntime-cpu", "conv mean squeeze+relu excite+sigmoid mul project"),
        ("onnxruntime-cpu-arm", "conv mean squeeze+relu excite+sigmoid mul project"),
        ("tensorrt", "conv mean squeeze+relu excite sigmoid+mul project"),
        ("coreml", "conv mean squeeze+relu excite+sigmoid mul project"),
        ("ncnn", "conv mean squeeze+relu excite+sigmoid mul project"),
        ("paddle-lite-arm", "conv mean squeeze+relu excite sigmoid mul project"),
        ("qnn-htp", "conv mean squeeze+relu excite sigmoid mul project"),
        ("torch-eager-cuda", "conv mean squeeze relu excite sigmoid mul project"),
        ("torch-inductor-cuda", "conv mean squeeze relu excite sigmoid+mul project"),
    ],
)
def test_squeeze_excite(rules: str, expected: str) -> None:
    assert kernels(gated(), rules) == expected


@pytest.mark.parametrize("rules", ["onnxruntime-cpu", "onnxruntime-cpu-arm", "tensorrt"])
def test_silu_in_an_onnx_file_is_one_kernel(rules: str) -> None:
    g = Graph()
    x = g.op("conv", g.tensor(1, 16, 8, 8), name="Conv", weights=(9,))
    g.op("elementwise", x, g.op("activation", x, name="Sigmoid"), name="Mul")
    assert kernels(g, rules) == "Conv Sigmoid+Mul"


def erf(g: Graph, x: Tensor, last: bool = True) -> Tensor:
    """Write GELU as the exporter does: 0.5 * x * (1 + erf(x / sqrt 2))."""
    y = g.op("elementwise", x, name="Div", weights=(1,))
    y = g.op("elementwise", g.op("elementwise", y, name="Erf"), name="Add", weights=(1,))
    y = g.op("elementwise", x, y, name="Mul")
    return g.op("elementwise", y, name="Mul", weights=(1,)) if last else y


@pytest.mark.parametrize("rules", ["onnxruntime-cpu", "onnxruntime-cpu-arm", "coreml", "tensorrt"])
def test_gelu_spelt_out_is_one_kernel(rules: str) -> None:
    g = Graph()
    erf(g, g.op("linear", g.tensor(1, 16), name="MatMul", weights=(9,)))
    assert kernels(g, rules) == "MatMul Div+Erf+Add+Mul+Mul"


def test_what_only_begins_like_gelu_is_launched_op_by_op() -> None:
    g = Graph()
    erf(g, g.op("linear", g.tensor(1, 16), name="MatMul", weights=(9,)), last=False)
    assert kernels(g, "onnxruntime-cpu") == "MatMul Div Erf Add Mul"


@pytest.mark.parametrize("rules", RUNTIMES)
def test_a_bias_joins_its_matrix_product_and_a_residual_does_not(rules: str) -> None:
    g = Graph()
    x = g.tensor(1, 4, 16)
    y = g.op("elementwise", g.op("linear", x, name="MatMul", weights=(256,)), name="Add", weights=(16,))
    g.op("elementwise", x, y, name="Add")
    assert kernels(g, rules) == "MatMul+Add Add"


@pytest.mark.parametrize("rules", ["coreml", "ncnn", "onnxruntime-cpu", "onnxruntime-cpu-arm", "tensorrt"])
def test_a_layer_scale_folds_into_a_convolution(rules: str) -> None:
    g = Graph()
    x = g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,))
    g.op("activation", g.op("elementwise", x, name="mul", weights=(16,)), name="relu")
    assert kernels(g, rules) == "conv+mul+relu"


def test_arithmetic_of_two_tensors_does_not_fold() -> None:
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    g.op("elementwise", g.op("conv", x, name="conv", weights=(9,)), x, name="mul")
    assert kernels(g, "onnxruntime-cpu") == "conv mul"


@pytest.mark.parametrize("rules", RUNTIMES)
def test_a_channel_shuffle_is_one_copy_in_either_spelling(rules: str) -> None:
    recorded = chain(("conv", "conv"), ("view", "reshape"), ("view", "permute"), ("copy", "reshape"), ("conv", "conv"))
    onnx = chain(("conv", "Conv"), ("view", "Reshape"), ("view", "Transpose"), ("view", "Reshape"), ("conv", "Conv"))
    assert kernels(recorded, rules) == "conv permute conv"
    assert kernels(onnx, rules) == "Conv Transpose Conv"
    copy = fuse(recorded.ops, rules)[1]
    assert copy.op_class == "copy"
    assert (copy.input_elements, copy.output_elements) == (1024, 1024)


def test_eager_torch_moves_data_where_torch_does() -> None:
    g = chain(("conv", "conv"), ("view", "reshape"), ("view", "permute"), ("copy", "reshape"), ("conv", "conv"))
    assert kernels(g, EAGER) == "conv reshape conv"


@pytest.mark.parametrize("rules", RUNTIMES)
def test_a_split_that_is_launched_writes_what_it_hands_on(rules: str) -> None:
    g = Graph()
    x = g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,))
    half = g.op("view", x, name="slice", shape=(1, 8, 8, 8))
    g.op("conv", half, name="conv", weights=(9,))
    copy = fuse(g.ops, rules)[1]
    assert (copy.op_class, copy.input_elements, copy.output_elements) == ("copy", 512, 512)


def ghost(other: bool = False) -> Graph:
    """Return cat(y, depthwise(y)) with y = relu(conv(x)); `other`: y goes into a second concatenation."""
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    y = g.op("activation", g.op("conv", x, name="conv", weights=(9,)), name="relu")
    z = g.op("depthwise", y, name="cheap", weights=(9,))
    both = g.op("copy", y, z, name="cat", shape=(1, 32, 8, 8))
    g.op("conv", both, name="conv", weights=(9,))
    if other:
        g.op("copy", y, g.op("conv", x, name="conv", weights=(9,)), name="cat", shape=(1, 32, 8, 8))
    return g


@pytest.mark.parametrize("rules", RUNTIMES)
def test_only_tensorrt_writes_the_parts_of_a_concatenation_in_place(rules: str) -> None:
    expected = "conv+relu cheap conv" if rules == "tensorrt" else "conv+relu cheap cat conv"
    assert kernels(ghost(), rules) == expected


def test_a_part_of_two_concatenations_is_copied() -> None:
    assert kernels(ghost(other=True), "tensorrt") == "conv+relu cheap cat conv conv cat"


def test_an_input_of_the_network_or_a_slice_is_copied_into_a_concatenation() -> None:
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    y = g.op("conv", x, name="conv", weights=(9,))
    g.op("copy", x, y, name="cat", shape=(1, 32, 8, 8))
    assert kernels(g, "tensorrt") == "conv cat"
    g = Graph()
    half = g.op("view", g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,)), name="flip", shape=(1, 8, 8, 8))
    g.op("copy", half, g.op("activation", half, name="relu"), name="cat", shape=(1, 16, 8, 8))
    assert kernels(g, "tensorrt") == "conv relu cat"


def test_a_concatenation_of_concatenations_is_made_in_place_once() -> None:
    g = Graph()
    a, b, c = (g.op("conv", g.tensor(1, 16, 8, 8), name="conv", weights=(9,)) for _ in range(3))
    inner = g.op("copy", a, b, name="Concat", shape=(1, 32, 8, 8))
    g.op("copy", inner, c, name="Concat", shape=(1, 48, 8, 8))
    assert kernels(g, "tensorrt") == "conv conv conv Concat"


@pytest.mark.parametrize("rules", [EAGER, "torch-inductor-cuda"])
def test_attention_is_one_kernel_in_torch_on_a_gpu(rules: str) -> None:
    g = Graph()
    q, k, v = (g.op("linear", g.tensor(1, 4, 8), name="linear", weights=(64,)) for _ in range(3))
    scores = g.op("matmul", q, k, name="attention_scores", shape=(1, 4, 4))
    g.op("matmul", g.op("softmax", scores, name="softmax"), v, name="attention_values", shape=(1, 4, 8))
    assert kernels(g, rules) == "linear linear linear attention_scores+softmax+attention_values"
    assert kernels(g, "onnxruntime-cpu").endswith(" attention_scores softmax attention_values")


def test_eager_torch_launches_every_operation() -> None:
    g = residual()
    assert len(fuse(g.ops, EAGER)) == len(g.ops)


@pytest.mark.parametrize("name", rule_names())
def test_a_rule_set_says_what_it_is_and_where_that_is_from(name: str) -> None:
    rules = load_rules(name)
    assert rules.name == name
    assert len(rules.about) > 80 and len(rules.source) > 40


@pytest.mark.parametrize("rules", ["onnxruntime-cpu", "onnxruntime-cpu-arm"])
def test_a_gate_that_is_broadcast_is_multiplied_apart(rules: str) -> None:
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    gate = g.op("activation", g.op("reduce", x, name="mean", shape=(1, 16, 1, 1)), name="sigmoid")
    g.op("elementwise", x, gate, name="mul")
    assert kernels(g, rules) == "mean sigmoid mul"
    assert kernels(g, "tensorrt") == "mean sigmoid+mul"


@pytest.mark.parametrize("rules", ["onnxruntime-cpu", "tensorrt"])
def test_one_of_two_convolutions_takes_their_sum(rules: str) -> None:
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    a, b = (g.op("conv", x, name=name, weights=(9,)) for name in ("main", "shortcut"))
    g.op("activation", g.op("elementwise", a, b, name="add"), name="relu")
    assert kernels(g, rules) == "shortcut main+add+relu"


def test_pointwise_kernels_that_meet_are_one_in_tensorrt() -> None:
    g = Graph()
    a, b = (g.op("activation", g.tensor(1, 16, 8, 8), name=name) for name in ("tanh", "sigmoid"))
    g.op("elementwise", a, b, name="mul")
    assert kernels(g, "tensorrt") == "sigmoid+tanh+mul"
    assert kernels(g, "onnxruntime-cpu") == "tanh sigmoid+mul"


@pytest.mark.parametrize("rules", ["onnxruntime-cpu", "tensorrt"])
def test_a_batch_norm_alone_takes_its_activation(rules: str) -> None:
    assert kernels(chain(("copy", "pad"), ("norm", "bn"), ("activation", "relu")), rules) == "pad bn+relu"
    assert kernels(chain(("copy", "pad"), ("norm", "bn"), ("activation", "relu")), "coreml") == "pad bn relu"


@pytest.mark.parametrize("rules", RUNTIMES)
def test_a_linear_layer_takes_relu(rules: str) -> None:
    assert kernels(chain(("linear", "linear"), ("activation", "relu")), rules) == "linear+relu"


@pytest.mark.parametrize("rules", RUNTIMES)
def test_a_residual_right_after_a_matrix_product_is_no_bias(rules: str) -> None:
    g = Graph()
    x = g.tensor(1, 4, 16)
    g.op("elementwise", g.op("linear", x, name="MatMul", weights=(256,)), x, name="Add")
    assert kernels(g, rules) == "MatMul Add"


@pytest.mark.parametrize("rules", RUNTIMES)
@pytest.mark.parametrize("op_class", ["conv", "depthwise", "linear"])
def test_a_small_map_does_not_take_in_what_it_is_broadcast_onto(rules: str, op_class: OpClass) -> None:
    g = Graph()
    x = g.tensor(1, 16, 8, 8)
    small = g.op(op_class, g.op("reduce", x, name="mean", shape=(1, 16, 1, 1)), name="excite", weights=(9,))
    g.op("elementwise", x, small, name="add")
    assert kernels(g, rules) == "mean excite add"


@pytest.mark.parametrize("rules", ["coreml", "ncnn", "onnxruntime-cpu", "onnxruntime-cpu-arm", "tensorrt"])
def test_a_scale_and_a_shift_fold_into_a_convolution(rules: str) -> None:
    g = chain(("conv", "Conv"), ("elementwise", "Mul"), ("elementwise", "Add"), ("activation", "Relu"))
    assert kernels(g, rules) == "Conv+Mul+Add+Relu"


@pytest.mark.parametrize("conv", ["conv", "depthwise"])
def test_paddle_lite_folds_a_bias(conv: OpClass) -> None:
    assert kernels(chain((conv, "conv"), ("elementwise", "add")), "paddle-lite-arm") == "conv+add"
    assert kernels(chain((conv, "conv"), ("elementwise", "mul")), "paddle-lite-arm") == "conv mul"


@pytest.mark.parametrize("rules", ["torch-inductor-cpu", "torch-inductor-cuda"])
def test_inductor_makes_one_loop_of_what_lies_between_two_library_calls(rules: str) -> None:
    assert kernels(residual(), rules) == "conv relu conv bn+add+relu"
    g = Graph()
    a, b = (g.op("norm", g.op("conv", g.tensor(1, 16), name="conv"), name="bn", weights=(16,)) for _ in range(2))
    g.op("activation", g.op("elementwise", a, b, name="add"), name="relu")
    assert kernels(g, rules) == "conv conv bn+bn+add+relu"


@pytest.mark.parametrize("rules", [EAGER, "torch-inductor-cuda"])
def test_a_mask_goes_into_the_attention_kernel(rules: str) -> None:
    g = Graph()
    q, mask = g.tensor(1, 4, 8), g.tensor(1, 4, 4)
    scores = g.op("matmul", q, q, name="attention_scores", shape=(1, 4, 4))
    weights = g.op("softmax", g.op("elementwise", scores, mask, name="add"), name="softmax")
    g.op("matmul", weights, q, name="attention_values", shape=(1, 4, 8))
    assert kernels(g, rules) == "attention_scores+add+softmax+attention_values"
