"""What a kernel's time in onnxruntime on a CPU is made of, as the terms that a calibration fits."""

from __future__ import annotations

from profiles.fit import CONVOLUTIONS, LOOPS, Term
from profiles.work import OpClass

_BLOCKED: tuple[OpClass, ...] = ("conv", "pointwise", "grouped")

TERMS: tuple[Term, ...] = (
    # Convolutions. In blocks of whole channel vectors the multiplications run at one rate, but for the columns at a
    # row's ends; without blocks the windows are copied out first.
    Term(("launches",), CONVOLUTIONS),
    Term(("padded_macs",), _BLOCKED),
    Term(("edge_macs",), _BLOCKED),
    Term(("thin_macs",), _BLOCKED),
    Term(("inputs",), _BLOCKED),
    Term(("weights",), _BLOCKED),
    Term(("outputs",), _BLOCKED),
    Term(("beyond_l2",), _BLOCKED),
    Term(("unblocked_macs",), CONVOLUTIONS),
    Term(("gathered",), CONVOLUTIONS),
    Term(("gathered",), ("pointwise",)),
    # Depthwise: hardly any arithmetic per element, so where the elements come from decides.
    Term(("padded_macs",), ("depthwise",)),
    Term(("edge_macs",), ("depthwise",)),
    Term(("inputs",), ("depthwise",)),
    Term(("weights",), ("depthwise",)),
    Term(("outputs",), ("depthwise",)),
    Term(("beyond_l2",), ("depthwise",)),
    # Matrix products; a classifier's weights come from memory on every run.
    Term(("launches",), ("linear", "matmul")),
    Term(("macs",), ("linear",)),
    Term(("weights",), ("linear",)),
    Term(("inputs", "outputs"), ("linear",)),
    Term(("macs",), ("matmul",)),
    Term(("inputs", "outputs"), ("matmul",)),
    # Loops over elements; elementwise operations and copies carry the layout changes around them.
    Term(("launches",), (*LOOPS, "other")),
    Term(("launches",), ("copy",)),
    Term(("launches",), ("reduce",)),
    Term(("inputs", "outputs"), ("elementwise",)),
    Term(("inputs", "outputs"), ("copy",)),
    Term(("inputs", "outputs"), ("activation",)),
    Term(("exponential_ops",), ("activation",)),
    Term(("beyond_l2",), ("elementwise", "copy", "activation")),
    Term(("inputs", "outputs"), ("pool", "resize")),
    Term(("outputs",), ("resize",)),
    Term(("inputs",), ("reduce",)),
    Term(("outputs",), ("softmax",)),
    Term(("outputs",), ("layernorm",)),
    Term(("weights",), ("layernorm",)),
    Term(("inputs", "outputs"), ("norm", "other")),
)
