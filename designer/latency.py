"""Latency estimates of an account, one per device profile, with their time by node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from designer.cost.accounting import Account
from profiles.estimate import estimate
from profiles.fusion import fuse
from profiles.profile import DeviceProfile, load_profiles


@dataclass(frozen=True)
class Latency:
    """An estimate with its 80 % band, at the profile's own precision and batch, in ms per run.

    `nodes` is the time by design node; a fused kernel's time is at the node of its main operation, and what the
    profile adds once per network is under the empty id.
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
    why: str
    nodes: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON values, without the time by node."""
        return {key: value for key, value in vars(self).items() if key not in ("device", "title", "nodes")}


def profiles_named(names: Iterable[str] | None) -> list[DeviceProfile]:
    """Return the profiles of these names, all of them for None. Raises ValueError naming one that does not exist."""
    known = load_profiles()
    wanted = list(known) if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise ValueError(f'There is no device profile "{name}"; choose of {", ".join(known)}.')
    return [known[name] for name in wanted]


def title_of(profile: DeviceProfile) -> str:
    """Return what a latency must always be shown with: device, runtime, threads where known, precision."""
    threads = f", {profile.threads} threads" if profile.threads else ""
    return f"{profile.device}, {profile.runtime}{threads}, {profile.precision}, batch {profile.batch}"


def latency_of(found: Account, profile: DeviceProfile) -> Latency:
    """Return the estimate of an account made at the profile's batch. Raises ValueError at another batch."""
    if found.batch != profile.batch:
        raise ValueError(
            f"{profile.name} was measured at batch {profile.batch}, the account is at batch {found.batch}."
        )
    kernels = fuse(found.ops, profile.rules, keep=found.outputs)
    guess = estimate(profile, kernels)
    nodes: dict[str, float] = {}
    for kernel, ms in zip(kernels, guess.per_kernel, strict=True):
        nodes[kernel.main.node] = nodes.get(kernel.main.node, 0.0) + float(ms)
    rest = float(guess.ms) - sum(nodes.values())
    nodes[""] = nodes.get("", 0.0) + rest
    return Latency(
        device=profile.name,
        title=title_of(profile),
        ms=float(guess.ms),
        low_ms=float(guess.low_ms),
        high_ms=float(guess.high_ms),
        kind=profile.kind,
        precision=profile.precision,
        batch=profile.batch,
        in_domain=bool(guess.in_domain),
        why=str(guess.why),
        nodes=nodes,
    )
