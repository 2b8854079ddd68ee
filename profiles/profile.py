"""A device profile: who was measured, how, what its kernels cost, and how far off that has been. Data, never code.

One JSON file per device under `profiles/data/`. A bad profile is refused field by field, before any of it is used.
"""

from __future__ import annotations

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


class Scores(_Part):
    """Errors on networks of families left out of the fit. Percentages 0 to 100; `spearman` -1 to 1."""

    n: Annotated[int, Field(ge=1)]
    families: Annotated[int, Field(ge=2)]
    median_ape: Annotated[float, Field(ge=0)]
    within10: Percent
    within20: Percent
    spearman: Annotated[float, Field(ge=-1, le=1)]
    band_coverage: Percent
    macs_only: MacsOnly


class Band(_Part):
    """The 80 % band: log(measured / estimated) lies between these two in 8 of 10 held-out networks."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
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

    `coefficients[op_class][feature]` is in microseconds per unit of the feature (`profiles.features` has the units);
    `overhead_us` is added once per network. `threads` is None where the source does not say.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=100)]
    device: Name
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


@lru_cache(maxsize=1)
def load_profiles() -> dict[str, DeviceProfile]:
    """Return the profiles that come with the product, by name, sorted. Raises ProfileError for a file that is wrong."""
    found = {}
    for path in sorted(DATA_FOLDER.glob("*.json")):
        profile = parse_profile(path.read_bytes(), path.name)
        found[profile.name] = profile
    return found


def as_json(profile: DeviceProfile) -> str:
    """Return the profile as the text of its file."""
    return json.dumps(profile.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"
