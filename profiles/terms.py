"""The terms that the devices of a group are fitted with (`group` in `devices.toml`).

Where there are a thousand networks every cost that the features can express is a term, held back by a pull towards zero
(profiles/fit.py), so that no term was chosen for its score. With a dozen networks few terms fit: they were chosen from
some sixty candidates, added greedily while the error on held-out families fell, so those scores flatter a little.
"""

from __future__ import annotations

from collections.abc import Mapping

from profiles.features import SHARED
from profiles.fit import CONVOLUTIONS, EVERYTHING, LIBRARY, LOOPS, Template, Term
from profiles.work import OpClass

TRAFFIC = ("inputs", "outputs")
ROOF_10 = ("roof10_compute", "roof10_memory")
"""One cost for both sides: whichever of computing and moving data takes longer is what a kernel takes."""
ROOF_30 = ("roof30_compute", "roof30_memory")
FLAT_30 = ("flat30_compute", "flat30_memory")
SUMS = {"traffic": TRAFFIC, "roof 10": ROOF_10, "roof 30": ROOF_30}
"""What several features cost alike, by the name used below."""
KNOWN: tuple[OpClass, ...] = tuple(name for name in EVERYTHING if name != "other")
DENSE: tuple[OpClass, ...] = ("conv", "pointwise", "linear", "matmul")
TOKENS: tuple[OpClass, ...] = ("linear", "matmul")
WINDOWED: tuple[OpClass, ...] = ("grouped", "depthwise")
NORMALISED: tuple[OpClass, ...] = ("layernorm", "softmax")


def each_class(counted: Mapping[str, tuple[OpClass, ...]]) -> tuple[Term, ...]:
    """Return, for each name, a cost that all classes share and what each class costs beyond it."""
    terms = []
    for name, classes in counted.items():
        features = SUMS.get(name, (name,))
        terms += [Term(features, one) for one in (classes, *((each,) for each in classes)) if one]
    return tuple(dict.fromkeys(terms))


EVERY_COST = each_class(
    {
        "launches": KNOWN,
        "ops": LOOPS,
        "macs": LIBRARY,
        "traffic": KNOWN,
        "weights": KNOWN,
        "roof 10": KNOWN,
        "roof 30": KNOWN,
        "spilled": KNOWN,
        "exponential_ops": KNOWN,
        "exponential_elements": (*LOOPS, "matmul"),
        "copied": LOOPS,
        "loop_elements": LOOPS,
        "loop_reads": LOOPS,
        "reductions": LOOPS,
        "pooled": ("pool",),
        "operands": KNOWN,
        "matrices": ("matmul",),
        "odd_macs": LIBRARY,
        "narrow_macs": LIBRARY,
        "short_macs": LIBRARY,
        "tile_macs": DENSE,
        "windows": WINDOWED,
        "taps": CONVOLUTIONS,
        "wide_launches": CONVOLUTIONS,
        "wide_macs": CONVOLUTIONS,
        "direct_macs": ("conv",),
        "work_roots": LIBRARY,
        "moved_roots": KNOWN,
    }
)
"""What a device with a thousand networks is fitted with: everything that can cost time, nothing chosen by its score."""

EVERY_IMAGE = tuple(term for term in EVERY_COST if not any(SHARED[feature] for feature in term.features))
"""The same without what a large batch shares: launches and weights."""

TEMPLATES: dict[str, Template] = {
    "i9-10940x": Template(
        EVERY_COST
        + each_class(
            {
                "packed_weights": CONVOLUTIONS,
                "plain_macs": ("conv", "pointwise"),
                "plain_weights": ("conv", "pointwise"),
            }
        )
    ),
    "rtx-3090": Template(EVERY_IMAGE, overhead=False),
    "rtx-4090": Template(EVERY_IMAGE, overhead=False),
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
        (
            Term(("launches",), EVERYTHING),
            Term(ROOF_30, EVERYTHING),
            # The memory beside the units holds 8 MB, 4 million numbers in half precision: more comes and goes.
            Term(("beyond_l2",), LIBRARY),
            Term(("spilled",), TOKENS),
            # The matrix unit works on whole tiles: tokens and heads of odd size are padded.
            Term(("odd_macs",), TOKENS),
        ),
    ),
    "apple-neural-engine": Template(
        (Term(FLAT_30, EVERYTHING), Term(("launches",), NORMALISED), Term(("macs",), TOKENS)),
    ),
    "iphone-11-pro": Template(
        (Term(("macs",), EVERYTHING), Term(TRAFFIC, EVERYTHING), Term(("launches",), EVERYTHING)),
    ),
    "jetson": Template(
        # Every cost whatever the class, and what their library is known to do badly: nothing was chosen by its score.
        (
            Term(("macs",), EVERYTHING),
            Term(TRAFFIC, EVERYTHING),
            Term(("weights",), EVERYTHING),
            Term(("launches",), EVERYTHING),
            Term(("ops",), EVERYTHING),
            Term(("operands",), EVERYTHING),
            Term(ROOF_10, EVERYTHING),
            Term(ROOF_30, EVERYTHING),
            Term(("work_roots",), EVERYTHING),
            Term(("moved_roots",), EVERYTHING),
            Term(("spilled",), EVERYTHING),
            Term(("copied",), EVERYTHING),
            Term(("loop_elements",), EVERYTHING),
            Term(("wide_macs",), EVERYTHING),
            Term(("direct_macs",), DENSE),
            Term(("tile_macs",), DENSE),
            Term(("macs",), WINDOWED),
            Term(("launches",), ("grouped",)),
            Term(("launches",), TOKENS),
            Term(("odd_macs",), CONVOLUTIONS),
            Term(("narrow_macs",), CONVOLUTIONS),
            Term(("taps",), CONVOLUTIONS),
        ),
        overhead=False,
    ),
    "tensorrt": Template(
        (
            Term(ROOF_10, EVERYTHING),
            Term(TRAFFIC, EVERYTHING),
            Term(TRAFFIC, ("conv", "pointwise")),
            Term(("launches",), EVERYTHING),
            Term(("launches",), ("grouped",)),
            Term(("launches",), TOKENS),
            Term(("launches",), ("pointwise",)),
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
