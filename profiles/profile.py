"""A device profile: who was measured, how, what its kernels cost, and how far off that has been. Data, never code.

One JSON file per device under `profiles/data/`. A bad profile is refused field by field, before any of it is used.
"""

from __future__ import annotations

import itertools
import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from profiles.features import FEATURES
from profiles.fusion import rule_names
from profiles.work import OpClass

DATA_FOLDER = Path(__file__).parent / "data"
MAX_BYTES = 1_000_000

Name = Annotated[str, Field(min_length=1, max_length=200)]
Cost = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Kind = Literal["latency", "throughput"]


class ProfileError(ValueError):
    """A profile that cannot be used; the message says which field, what it holds and what it takes."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MacsOnly(_Part):
    """How far a log-log line through the MACs gets on the same held-out networks."""

    median_ape: Annotated[float, Field(ge=0)]
    within10: Percent
    spearman: Annotated[float, Field(ge=-1, le=1)]


class Naive(MacsOnly):
    """The same of a plain non-negative sum over kernel classes: MACs, elements moved and a launch of each class."""

    within20: Percent


class Scores(_Part):
    """Errors on networks of families left out of the fit. Percentages 0 to 100; `spearman` -1 to 1."""

    n: Annotated[int, Field(ge=1)]
    families: Annotated[int, Field(ge=2)]
    median_ape: Annotated[float, Field(ge=0)]
    within10: Percent
    within20: Percent
    spearman: Annotated[float, Field(ge=-1, le=1)]
    band_coverage: Percent
    band_interval: tuple[Percent, Percent]
    """The 95 % binomial interval of `band_coverage`."""
    band_n: Annotated[int, Field(ge=1)]
    """On how many held-out networks: those of all devices of the group where this one has few."""
    noise: str = ""
    """What is known of the measurements' own noise: no estimate can be nearer than that."""
    macs_only: MacsOnly
    naive: Naive


class Band(_Part):
    """The 80 % band: log(measured / estimated) lies between these two in 8 of 10 held-out networks."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
        return self


Certainty = Annotated[float, Field(ge=0.5, le=1)]


class Pairs(_Part):
    """How often the order of two held-out networks was right, by how far apart their estimates were.

    Each step (ratio, certainty): estimates that differ by at least `ratio` (of the logarithm) and less than the next
    step's. `alike`: both spend their time in the same kinds of kernels, as two versions of one design do.
    """

    alike: tuple[tuple[Cost, Certainty], ...] = Field(min_length=1)
    different: tuple[tuple[Cost, Certainty], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for name in ("alike", "different"):
            steps = getattr(self, name)
            if steps[0][0] != 0 or any(a[0] >= b[0] or a[1] > b[1] for a, b in itertools.pairwise(steps)):
                raise ValueError(f"{name} must start at ratio 0, and ratios and certainties must rise")
        return self


class Range(_Part):
    """The smallest and the largest value of one kernel's feature in the networks that were fitted."""

    low: Annotated[float, Field(ge=0)]
    high: Annotated[float, Field(ge=0)]


class Domain(_Part):
    """What the profile has seen: sizes of single kernels by class, and whole networks' time."""

    kernels: dict[OpClass, dict[str, Range]]
    ms: Range


class DeviceProfile(_Part):
    """What one device, unit, runtime, thread count, precision and batch costs, kernel by kernel.

    `board` is what the picker groups by; `group` are the devices that it was fitted together with.
    `residuals` are 19 quantiles (5 %, 10 %, ... 95 %) of log(measured / estimated) of held-out networks.

    `coefficients[op_class][feature]` is in microseconds per unit of the feature (`profiles.features` has the units);
    `overhead_us` is added once per network. `threads` is None where the source does not say.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=100)]
    device: Name
    board: Name
    group: Name
    compute_unit: Literal["cpu", "gpu", "npu"]
    runtime: Name
    runtime_version: Name
    threads: Annotated[int, Field(ge=1)] | None
    precision: Literal["fp32", "fp16", "int8"]
    batch: Annotated[int, Field(ge=1)]
    kind: Kind
    source: Name
    licence: Name
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    rules: Name
    overhead_us: Cost
    coefficients: dict[OpClass, dict[str, Cost]] = Field(min_length=1)
    band: Band
    residuals: tuple[float, ...] = Field(min_length=19, max_length=19)
    pairs: Pairs
    scores: Scores
    domain: Domain
    provenance: str

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        if self.rules not in rule_names():
            raise ValueError(
                f'rules: there is no fusion rule set "{self.rules}", choose one of {", ".join(rule_names())}'
            )
        for where, table in (("coefficients", self.coefficients), ("domain.kernels", self.domain.kernels)):
            for op_class, row in table.items():
                for feature in row:
                    if feature not in FEATURES:
                        raise ValueError(
                            f'{where}.{op_class}: "{feature}" is no feature, choose of {", ".join(FEATURES)}'
                        )
        if any(a > b for a, b in itertools.pairwise(self.residuals)):
            raise ValueError("residuals: quantiles must not fall")
        if not self.overhead_us and not any(cost for row in self.coefficients.values() for cost in row.values()):
            raise ValueError("coefficients: all are zero, so every network would take no time")
        return self


def parse_profile(text: str | bytes, where: str = "Profile") -> DeviceProfile:
    """Return the profile in this JSON text. Raises ProfileError with one sentence for each field that is wrong."""
    if len(text) > MAX_BYTES:
        raise ProfileError(f"{where}: the file has {len(text)} bytes, a profile has at most {MAX_BYTES}.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"{where}: this is not JSON ({error}).") from None
    if not isinstance(data, dict):
        raise ProfileError(f"{where}: a profile is a JSON object, got {type(data).__name__}.")
    try:
        return DeviceProfile.model_validate(data)
    except ValidationError as error:
        raise ProfileError(" ".join(f"{where}: {line}" for line in _sentences(error))) from None


def _sentences(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        at = ".".join(str(part) for part in problem["loc"] if part != "[key]")
        message = problem["msg"].removeprefix("Value error, ")
        got = problem["input"]
        shown = "" if isinstance(got, dict) or problem["type"] == "missing" else f", got {got!r}"
        lines.append(f"{at}: {message}{shown}." if at else f"{message}.")
    return lines


def load_profiles(extra: Path | None = None) -> dict[str, DeviceProfile]:
    """Return the profiles that come with the product, by name, and those of the folder `extra` before them.

    Raises ProfileError for a file that is wrong, or takes the name of one of the product's.
    """
    ours = _shipped()
    own = {}
    for path in sorted(extra.glob("*.json")) if extra and extra.is_dir() else ():
        profile = _read(path, path.stat().st_mtime_ns)
        if profile.name in ours:
            raise ProfileError(f'{path.name}: the name "{profile.name}" is taken by a profile of the product.')
        own[profile.name] = profile
    return own | ours


@lru_cache(maxsize=1)
def _shipped() -> dict[str, DeviceProfile]:
    found = (parse_profile(path.read_bytes(), path.name) for path in sorted(DATA_FOLDER.glob("*.json")))
    return {profile.name: profile for profile in found}


@lru_cache(maxsize=32)
def _read(path: Path, _written: int) -> DeviceProfile:
    return parse_profile(path.read_bytes(), path.name)


def as_json(profile: DeviceProfile) -> str:
    """Return the profile as the text of its file."""
    return json.dumps(profile.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"
