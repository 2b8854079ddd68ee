"""What each ONNX operator is: its class, or how its arguments become a rule. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from designer.cost import rules
from designer.cost.rules import Shape, Work
from profiles.work import OpClass

Attributes = Mapping[str, Any]
Rule = Callable[[Sequence[Shape], Shape, Attributes], Work]
"""From the shapes of the inputs (weights included), the output's shape and the attributes."""

CLASSES: dict[OpClass, str] = {
    "activation": "Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Tanh Gelu Mish Softplus Softsign "
    "ThresholdedRelu Swish QuickGelu FastGelu",
    "elementwise": "Add Sub Mul Div Pow Mod Max Min Sum Mean Where Clip Sqrt Exp Log Abs Neg Reciprocal Erf Floor Ceil "
    "Round Sign Sin Cos Equal Less LessOrEqual Greater GreaterOrEqual And Or Not Xor CumSum QuantizeLinear "
    "DequantizeLinear DynamicQuantizeLinear IsNaN IsInf",
    "norm": "BatchNormalization",
    "layernorm": "LayerNormalization GroupNormalization InstanceNormalization RMSNormalization LRN LpNormalization "
    "SimplifiedLayerNormalization MeanVarianceNormalization",
    "softmax": "Softmax LogSoftmax Hardmax",
    "pool": "MaxPool AveragePool LpPool",
    "reduce": "GlobalAveragePool GlobalMaxPool GlobalLpPool ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 "
    "ReduceProd ReduceSumSquare ReduceLogSumExp ArgMax ArgMin",
    "resize": "Resize Upsample",
    "copy": "Concat Pad Gather GatherND GatherElements ScatterND ScatterElements Tile DepthToSpace SpaceToDepth",
    "view": "Reshape Flatten Squeeze Unsqueeze Identity Dropout Cast CastLike Expand Split Slice Transpose",
}
CLASS_OF: dict[str, OpClass] = {name: cls for cls, names in CLASSES.items() for name in names.split()}


def _conv(shapes: Sequence[Shape], out: Shape, attributes: Attributes) -> Work:
    rank = len(shapes[1]) - 2
    stride = tuple(attributes.get("strides", (1,) * rank))
    dilation = tuple(attributes.get("dilations", (1,) * rank))
    return rules.conv_onto(shapes[0], shapes[1], out, stride, dilation, attributes.get("group", 1))


def _conv_transpose(shapes: Sequence[Shape], out: Shape, attributes: Attributes) -> Work:
    rank = len(shapes[1]) - 2
    stride = tuple(attributes.get("strides", (1,) * rank))
    work = rules.conv_transpose(shapes[0], shapes[1], stride, groups=attributes.get("group", 1))
    return work._replace(shape=out)


def _gemm(shapes: Sequence[Shape], out: Shape, attributes: Attributes) -> Work:
    x = shapes[0][::-1] if attributes.get("transA") else shapes[0]
    weight = shapes[1] if attributes.get("transB") else shapes[1][::-1]
    return rules.linear(x, weight)


def _matmul(shapes: Sequence[Shape], out: Shape, attributes: Attributes) -> Work:
    return rules.matmul(shapes[0], shapes[1])


def _einsum(shapes: Sequence[Shape], out: Shape, attributes: Attributes) -> Work:
    return rules.einsum(attributes["equation"].decode(), shapes[0], shapes[1])


RULES: dict[str, Rule] = {
    "Conv": _conv,
    "FusedConv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Einsum": _einsum,
}


def work_of(op_type: str, shapes: Sequence[Shape], weights: int, out: Shape, attributes: Attributes) -> Work:
    """Return what one ONNX operator does; class `other` where there is no rule for it.

    shapes: of all inputs. weights: how many of them are constants. A MatMul by a constant matrix is `linear`.
    """
    if op_type == "MatMul" and weights and len(shapes[1]) == 2:
        return rules.linear(shapes[0], shapes[1][::-1])
    rule = RULES.get(op_type)
    if rule is not None and (op_type != "Einsum" or len(shapes) == 2):
        return rule(shapes, out, attributes)
    op_class = CLASS_OF.get(op_type, "other")
    if op_class == "pool":
        kernel = attributes.get("kernel_shape", (1,))
        stride = attributes.get("strides", (1,))
        terms = (("kernel", kernel[0]), ("stride", stride[0]), ("in_channels", shapes[0][1]))
        return Work("pool", 0, out, (*terms, ("height", shapes[0][-2]), ("width", shapes[0][-1])))
    return Work(op_class, 0, out)


def elements(shape: Shape) -> int:
    """Return the number of elements."""
    return math.prod(shape)
