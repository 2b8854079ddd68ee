"""The terms that a runtime's profile is fitted with, chosen once per rule set.

torch-inductor-cpu: from about 200 candidates (each feature, over all classes, a group of classes or one class), added
greedily while the error on ten held-out groups of families fell. Costs that physics shares between classes are one
term: the multiply-accumulate rate, the bytes of library calls, what no cache holds.
"""

from __future__ import annotations

from profiles.fit import CONVOLUTIONS, EVERYTHING, LIBRARY, LOOPS, MOVED, Term

TERMS: dict[str, tuple[Term, ...]] = {
    "torch-inductor-cpu": (
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
    ),
}
"""By name of the rule set."""
