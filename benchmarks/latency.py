"""How good the latency estimates are on families of networks left out of the fit: `python -m benchmarks.latency`.

Refits every profile from its committed features, so the figures are made here, not read from the profiles. Beside
ours stands a log-log line through the MACs, fitted and held out in the same way. Also prints what an estimate costs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from profiles.estimate import estimate
from profiles.fusion import fuse
from profiles.make import make_profile
from profiles.profile import DeviceProfile, load_profiles
from profiles.work import Op, Tensor

HEAD = (
    "profile",
    "n",
    "families",
    "model",
    "median error",
    "within 10 %",
    "within 20 %",
    "Spearman",
    "80 % band covers",
)


def wilson(percent: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the binomial 95 % interval of a share, in percent."""
    p = percent / 100
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * (centre - half) / (1 + z * z / n), 100 * (centre + half) / (1 + z * z / n)


def rows(profile: DeviceProfile) -> list[tuple[str, ...]]:
    """Return the table's two lines for one profile."""
    s, m = profile.scores, profile.scores.macs_only
    low, high = wilson(s.band_coverage, s.n)
    return [
        (
            profile.name,
            f"{s.n:,}",
            f"{s.families}",
            "ours",
            f"{s.median_ape:.1f} %",
            f"{s.within10:.0f} %",
            f"{s.within20:.0f} %",
            f"{s.spearman:.3f}",
            f"{s.band_coverage:.1f} % ({low:.1f} to {high:.1f})",
        ),
        ("", "", "", "MACs only", f"{m.median_ape:.1f} %", f"{m.within10:.0f} %", "", f"{m.spearman:.3f}", ""),
    ]


def chain(length: int) -> list[Op]:
    """Return `length` times conv, batch norm, ReLU: a network of 3 x length ops."""
    detail = (("kernel", 1), ("kernel_width", 1), ("groups", 1), ("in_channels", 64), ("out_channels", 64))
    ops, x = [], Tensor(0, (1, 64, 28, 28), 50_176)
    for i in range(length):
        weights = Tensor(-5 * i - 1, (64, 64, 1, 1), 4096)
        vectors = tuple(Tensor(-5 * i - 2 - k, (64,), 64) for k in range(4))
        y, z, w = (Tensor(3 * i + k, x.shape, x.elements) for k in (1, 2, 3))
        ops.append(Op("conv2d", "pointwise", 3_211_264, (x,), (weights,), (y,), detail))
        ops.append(Op("batch_norm", "norm", 0, (y,), vectors, (z,)))
        ops.append(Op("relu", "activation", 0, (z,), (), (w,)))
        x = w
    return ops


def best_ms(run: Callable[[], object], repeats: int = 30) -> float:
    """Return the shortest of several runs, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def main() -> None:
    """Print the tables."""
    names = list(load_profiles())
    start = time.perf_counter()
    made = [make_profile(name)[0] for name in names]
    seconds = time.perf_counter() - start
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for profile in made:
        for row in rows(profile):
            print("| " + " | ".join(row) + " |")
    print(f"\nRefitted and held out in {seconds:.1f} s.")
    ops, profile = chain(500), made[0]
    kernels = fuse(ops, profile.rules)
    print(f"fuse, {len(ops)} ops: {best_ms(lambda: fuse(ops, profile.rules)):.1f} ms")
    print(f"estimate, {len(kernels)} kernels: {best_ms(lambda: estimate(profile, kernels)):.1f} ms")


if __name__ == "__main__":
    main()
