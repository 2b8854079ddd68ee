"""The terms that the devices of a group are fitted with (`group` in `devices.toml`), chosen once per group.

Few terms on purpose: with a dozen networks more of them fit better and predict worse. They were chosen from some sixty
candidates (each feature, over all classes or a group of classes), added greedily while the error on held-out families
fell, so scores flatter a little; the networks that nobody here has seen are the real test.
"""

from __future__ import annotations

from profiles.fit import CONVOLUTIONS, EVERYTHING, LIBRARY, LOOPS, MOVED, Template, Term
from profiles.work import OpClass

TRAFFIC = ("inputs", "outputs")
ROOF_10 = ("roof10_compute", "roof10_memory")
"""One cost for both sides: whichever of computing and moving data takes longer is what a kernel takes."""
ROOF_30 = ("roof30_compute", "roof30_memory")
FLAT_30 = ("flat30_compute", "flat30_memory")
DENSE: tuple[OpClass, ...] = ("conv", "pointwise", "linear", "matmul")
TOKENS: tuple[OpClass, ...] = ("linear", "matmul")
WINDOWED: tuple[OpClass, ...] = ("grouped", "depthwise")
NORMALISED: tuple[OpClass, ...] = ("layernorm", "softmax")
ARITHMETIC: tuple[OpClass, ...] = ("norm", "activation", "elementwise")

TEMPLATES: dict[str, Template] = {
    "i9-10940x": Template(
        (
            Term(("macs",), EVERYTHING),
            Term(MOVED, LIBRARY),
            Term(("spilled",), EVERYTHING),
            Term(("copied",), EVERYTHING),
            Term(("exponential_ops",), EVERYTHING),
            # Convolutions: a call, a reordering of weights on every run (they are not frozen), poor use of the cores
            # where there are few output positions or a window that oneDNN has no fast path for.
            Term(("launches",), CONVOLUTIONS),
            Term(("weights",), ("conv",)),
            Term(("spilled",), ("conv",)),
            Term(("small_macs",), ("conv",)),
            Term(("small_weights",), ("grouped",)),
            Term(("wide_launches",), ("depthwise",)),
            # Generated loops: per operation and per channel vector rather than per byte, for activations stay in cache.
            Term(("ops",), LOOPS),
            Term(("weights",), LOOPS),
            Term(("launches",), ("layernorm",)),
            Term(("weights",), ("layernorm",)),
            Term(("exponential_ops",), ("layernorm",)),
            Term(("outputs",), ("activation",)),
            Term(("outputs",), ("pool",)),
            Term(("launches",), ("resize",)),
        )
    ),
    "rtx-3090": Template(
        (
            Term(ROOF_10, EVERYTHING),
            Term(TRAFFIC, EVERYTHING),
            # What this many images cannot hide: softmax and resizing read more often than they are counted.
            Term(ROOF_10, ("softmax",)),
            Term(TRAFFIC, ("resize",)),
            Term(("inputs",), ("copy",)),
            Term(("outputs",), ("conv",)),
            Term(("outputs",), ("grouped",)),
            Term(("window_roots",), WINDOWED),
            Term(("wide_launches",), ("depthwise",)),
            # Matrix units want channels in multiples of 8, and many of them.
            Term(("odd_macs",), CONVOLUTIONS),
            Term(("narrow_macs",), TOKENS),
            Term(("launches",), ("elementwise",)),
            Term(("launches",), ("layernorm",)),
        ),
        overhead=False,
    ),
    "rtx-4090": Template(
        (
            Term(ROOF_30, EVERYTHING),
            Term(TRAFFIC, EVERYTHING),
            Term(TRAFFIC, ("depthwise",)),
            Term(("outputs",), ("depthwise",)),
            Term(("spilled",), ("depthwise",)),
            Term(("spilled",), ("linear",)),
            Term(("inputs",), ARITHMETIC),
            Term(("weights",), ("grouped",)),
            # Matrix units want channels in multiples of 8, and many of them.
            Term(("narrow_macs",), EVERYTHING),
            Term(("odd_macs",), CONVOLUTIONS),
            Term(("odd_macs",), ("depthwise",)),
            Term(("odd_macs",), ("linear",)),
            # Generated loops: what is copied inside them, and functions that take more than a multiplication.
            Term(("copied",), ("norm",)),
            Term(("copied",), ("softmax",)),
            Term(("copied",), ("reduce",)),
            Term(("exponential_ops",), ("norm",)),
            Term(("exponential_ops",), ("activation",)),
        ),
    ),
    "arm-cpu": Template(
        (
            Term(("macs",), EVERYTHING),
            Term(("macs",), ("depthwise",)),
            Term(TRAFFIC, EVERYTHING),
            # A convolution writes all it makes; what reads it next often finds it in a cache.
            Term(("outputs",), CONVOLUTIONS),
            Term(("tile_macs",), DENSE),
            Term(("windows",), ("grouped",)),
            Term(("strided_inputs",), ("depthwise",)),
            Term(("octaves",), EVERYTHING),
        ),
        overhead=False,
    ),
    "qualcomm-npu": Template(
        (Term(("launches",), EVERYTHING), Term(ROOF_30, EVERYTHING), Term(TRAFFIC, NORMALISED)),
    ),
    "apple-neural-engine": Template(
        (Term(FLAT_30, EVERYTHING), Term(("launches",), NORMALISED), Term(("macs",), TOKENS)),
    ),
    "iphone-11-pro": Template(
        (Term(("macs",), EVERYTHING), Term(TRAFFIC, EVERYTHING), Term(("launches",), EVERYTHING)),
    ),
    "tensorrt": Template(
        (
            Term(ROOF_10, EVERYTHING),
            Term(TRAFFIC, EVERYTHING),
            Term(TRAFFIC, ("conv", "pointwise")),
            Term(("launches",), EVERYTHING),
            Term(("launches",), ("grouped",)),
            Term(("launches",), TOKENS),
            Term(("soft_activations",), CONVOLUTIONS),
        ),
        overhead=False,
    ),
    "tensorrt-v100": Template(
        (
            Term(("macs",), EVERYTHING),
            Term(("macs",), ("grouped",)),
            Term(TRAFFIC, EVERYTHING),
            Term(("octaves",), EVERYTHING),
            Term(("launches",), TOKENS),
            Term(("reduction",), DENSE),
            # Vectors are loaded whole: a matrix product over an odd number of channels takes a slower path.
            Term(("odd_macs",), ("pointwise",)),
        ),
    ),
    "phone-gpu": Template(
        (
            Term(ROOF_10, EVERYTHING),
            Term(("launches",), EVERYTHING),
            # Channels are packed by four or eight: those that do not fit, as of an image, go one by one.
            Term(("odd_macs",), ("conv",)),
            # A depthwise convolution does little with what it reads, and a large map fits no cache.
            Term(("beyond_l2",), WINDOWED),
        ),
    ),
}
"""By name of the group."""
