"""What a kernel's time in onnxruntime on a CPU is made of, as the terms that a calibration fits.

Beside each term stands what it costs about on one AVX-512 core at 3 GHz, in microseconds per unit, read off such a
machine. Only the ratios matter, and only for a term that the measured networks hardly have: a fit scales them to the
machine's own speed, so such a term costs something plausible and not nothing.
"""

from __future__ import annotations

from profiles.fit import CONVOLUTIONS, LOOPS, Term
from profiles.work import OpClass

_BLOCKED: tuple[OpClass, ...] = ("conv", "pointwise", "grouped")

_ROUGH: tuple[tuple[Term, float], ...] = (
    # Convolutions. In blocks of whole channel vectors the multiplications run at one rate, but for the columns at a
    # row's ends; without blocks the windows are copied out first.
    (Term(("launches",), CONVOLUTIONS), 3),
    (Term(("padded_macs",), _BLOCKED), 1.7e-5),
    (Term(("edge_macs",), _BLOCKED), 2.5e-6),
    (Term(("thin_macs",), _BLOCKED), 2.4e-5),
    (Term(("thin_macs",), ("pointwise",)), 2.5e-5),  # on top: it has no window whose values it could use again
    (Term(("inputs",), _BLOCKED), 1e-5),
    (Term(("weights",), _BLOCKED), 1.5e-4),
    (Term(("outputs",), _BLOCKED), 8e-5),
    (Term(("beyond_l2",), _BLOCKED), 3e-5),
    (Term(("unblocked_macs",), CONVOLUTIONS), 2.1e-5),
    (Term(("gathered",), CONVOLUTIONS), 2e-4),
    # Depthwise: hardly any arithmetic per element, so where the elements come from decides.
    (Term(("padded_macs",), ("depthwise",)), 2.4e-5),
    (Term(("edge_macs",), ("depthwise",)), 1e-6),
    (Term(("inputs",), ("depthwise",)), 3e-5),
    (Term(("weights",), ("depthwise",)), 3e-4),
    (Term(("outputs",), ("depthwise",)), 1.2e-4),
    (Term(("beyond_l2",), ("depthwise",)), 5e-5),
    # Matrix products; a classifier's weights come from memory on every run.
    (Term(("launches",), ("linear", "matmul")), 2),
    (Term(("macs",), ("linear",)), 1.8e-5),
    (Term(("weights",), ("linear",)), 1.7e-4),
    (Term(("inputs", "outputs"), ("linear",)), 1.3e-4),
    (Term(("macs",), ("matmul",)), 1.4e-5),
    (Term(("inputs", "outputs"), ("matmul",)), 2.2e-4),
    # Loops over elements; elementwise operations and copies carry the layout changes around them.
    (Term(("launches",), (*LOOPS, "other")), 3),
    (Term(("launches",), ("copy",)), 2),
    (Term(("launches",), ("reduce",)), 2),
    (Term(("inputs", "outputs"), ("elementwise",)), 2.8e-4),
    (Term(("inputs", "outputs"), ("copy",)), 1.2e-4),
    (Term(("inputs", "outputs"), ("activation",)), 2e-4),
    (Term(("exponential_ops",), ("activation",)), 2),
    (Term(("beyond_l2",), ("elementwise", "copy", "activation")), 6e-5),
    (Term(("inputs", "outputs"), ("pool", "resize")), 1.2e-4),
    (Term(("outputs",), ("resize",)), 4e-4),
    (Term(("inputs",), ("reduce",)), 1e-4),
    (Term(("outputs",), ("softmax",)), 3.5e-4),
    (Term(("outputs",), ("layernorm",)), 9e-4),
    (Term(("weights",), ("layernorm",)), 1e-3),
    (Term(("inputs", "outputs"), ("norm", "other")), 2e-4),
)

TERMS: tuple[Term, ...] = tuple(term for term, _ in _ROUGH)
EXPECTED: tuple[float, ...] = (*(cost for _, cost in _ROUGH), 5.0)
"""Of each term, and of a run as a whole."""
