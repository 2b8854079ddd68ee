"""Latency estimates of an account, one per device profile, with their time by node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.cost.accounting import Account
from designer.devices import known_profiles
from profiles.estimate import Estimate, Flag, estimate_features
from profiles.features import kernel_features
from profiles.fusion import fuse_all
from profiles.profile import DeviceProfile
from profiles.work import Kernel, Op

KEPT = 16
"""Accounts whose kernels are remembered: a comparison of many designs, and the edits before the last."""


@dataclass(frozen=True)
class Latency:
    """An estimate with its 80 % band, at the profile's own precision and batch, in ms.

    Per run where `kind` is `latency`, per image at this batch where it is `throughput`. `nodes` is the time by design
    node; a fused kernel's time is at the node of its main operation, and what the profile adds once per network is
    under the empty id.
    """

    device: str
    title: str
    ms: float
    low_ms: float
    high_ms: float
    kind: str
    precision: str
    batch: int
    in_domain: bool
    flag: Flag
    unseen_share: float
    """The share of the time, 0 to 1, in kernels that the profile has not seen."""
    why: str
    nodes: dict[str, float]
    estimate: Estimate = field(repr=False, compare=False)
    kernels: tuple[Kernel, ...] = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON values, without the time by node."""
        left_out = ("device", "title", "nodes", "estimate", "kernels")
        return {key: value for key, value in vars(self).items() if key not in left_out}


def profiles_named(names: Iterable[str] | None) -> list[DeviceProfile]:
    """Return the profiles of these names, all of them for None. Raises ValueError naming one that does not exist."""
    known = known_profiles()
    wanted = list(known) if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise ValueError(f'There is no device profile "{name}"; choose of {", ".join(known)}.')
    return [known[name] for name in wanted]


def title_of(profile: DeviceProfile) -> str:
    """Return what a latency must always be shown with: device, runtime, threads where known, precision, batch, kind."""
    threads = f", {profile.threads} thread{'s' if profile.threads > 1 else ''}" if profile.threads else ""
    run = f"{profile.device}, {profile.runtime}{threads}, {profile.precision}, batch {profile.batch}"
    return f"{run}, throughput: per image" if profile.kind == "throughput" else run


def account_batch(profile: DeviceProfile) -> int:
    """Return the batch of the account that a profile estimates from: throughput is told per image."""
    return 1 if profile.kind == "throughput" else profile.batch


def latency_of(found: Account, profile: DeviceProfile) -> Latency:
    """Return the estimate of an account. Raises ValueError at another batch than `account_batch(profile)`."""
    return latencies_of(found, [profile])[0]


def latencies_of(found: Account, profiles: Sequence[DeviceProfile]) -> list[Latency]:
    """Return one estimate per profile; devices with the same fusion rules share the kernels.

    Raises ValueError where the account is at another batch than a profile takes, or launches no kernel.
    """
    fused = _fused(found, [profile.rules for profile in profiles])
    return [_latency(found, profile, fused[profile.rules]) for profile in profiles]


def forget() -> None:
    """Forget the kernels of all accounts, so that the next estimate fuses them again."""
    _KNOWN.clear()


@dataclass(frozen=True, slots=True)
class _Fused:
    kernels: tuple[Kernel, ...]
    classes: NDArray[np.intp]
    features: NDArray[np.float64]


_KNOWN: dict[int, tuple[tuple[Op, ...], dict[str, _Fused]]] = {}
"""Ops by identity -> the ops, which keeps them alive, and their kernels by rule set."""


def _fused(found: Account, rules: Iterable[str]) -> dict[str, _Fused]:
    entry = _KNOWN.pop(id(found.ops), None)
    if entry is None or entry[0] is not found.ops:
        entry = (found.ops, {})
    missing = [name for name in dict.fromkeys(rules) if name not in entry[1]]
    for name, kernels in zip(missing, fuse_all(found.ops, missing, found.outputs), strict=True):
        entry[1][name] = _Fused(kernels, *kernel_features(kernels))
    while len(_KNOWN) >= KEPT:
        _KNOWN.pop(next(iter(_KNOWN)), None)
    _KNOWN[id(found.ops)] = entry
    return entry[1]


def _latency(found: Account, profile: DeviceProfile, fused: _Fused) -> Latency:
    if found.batch != account_batch(profile):
        raise ValueError(
            f"{profile.name} was measured at batch {profile.batch}, the account is at batch {found.batch}; "
            f"take one at batch {account_batch(profile)}."
        )
    if not fused.kernels:
        raise ValueError(f'Profile "{profile.name}": there is nothing to time, the network launches no kernel.')
    guess = estimate_features(profile, fused.classes, fused.features)
    nodes: dict[str, float] = {}
    for kernel, ms in zip(fused.kernels, guess.per_kernel, strict=True):
        nodes[kernel.main.node] = nodes.get(kernel.main.node, 0.0) + ms
    nodes[""] = nodes.get("", 0.0) + guess.overhead_ms
    return Latency(
        device=profile.name,
        title=title_of(profile),
        ms=guess.ms,
        low_ms=guess.low_ms,
        high_ms=guess.high_ms,
        kind=profile.kind,
        precision=profile.precision,
        batch=profile.batch,
        in_domain=guess.in_domain,
        flag=guess.flag,
        unseen_share=guess.unseen_share,
        why=guess.why,
        nodes=nodes,
        estimate=guess,
        kernels=fused.kernels,
    )
