"""What kinds of kernels are called on the screen."""

from __future__ import annotations

from profiles.work import Kernel, OpClass

CLASS_WORDS: dict[OpClass, str] = {
    "conv": "convolutions",
    "pointwise": "1x1 convolutions",
    "grouped": "grouped convolutions",
    "depthwise": "depthwise convolutions",
    "linear": "linear layers",
    "matmul": "matrix products",
    "norm": "batch norms",
    "layernorm": "layer norms",
    "softmax": "softmaxes",
    "activation": "activations",
    "elementwise": "elementwise operations",
    "pool": "poolings",
    "reduce": "reductions",
    "resize": "resizings",
    "copy": "copies",
    "view": "views",
    "other": "operations without a rule",
}

CONCATENATIONS = "concatenations"
_JOINS = frozenset({"cat", "concat"})
_LOOPS = frozenset({"copy", "activation", "elementwise", "norm"})


def kernel_words(kernel: Kernel) -> str:
    """Return what such kernels are called: their class, but a loop that joins maps is a concatenation."""
    if kernel.op_class in _LOOPS and any(op.name.lower() in _JOINS for op in kernel.ops):
        return CONCATENATIONS
    return CLASS_WORDS[kernel.op_class]
