"""Fusion rule sets: what each runtime launches as one kernel, as data, one JSON file each (`profiles/rules/`)."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from profiles.work import OpClass

RULES_FOLDER = Path(__file__).parent / "rules"

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+$")]
"""An op's name without capitals and underscores, so that `leaky_relu` and `LeakyRelu` are one."""

Kind = tuple[OpClass, str, bool]
"""What the rules look at in an op: its class, its name, and whether it reads one activation at most."""


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return an op's name as rule sets spell it."""
    return name.replace("_", "").lower()


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Part):
    """The ops that may follow at one point of a pattern; every stage is optional."""

    classes: tuple[OpClass, ...] = Field(min_length=1)
    names: tuple[Name, ...] = ()
    """Only ops of these names; empty: every op of the classes."""
    repeat: bool = False
    """True: any number of them; False: at most one."""
    constant: bool = False
    """True: only arithmetic with a constant or a parameter, such as a bias or a layer scale."""
    ends: bool = False
    """True: nothing joins after it."""

    def takes(self, kind: Kind) -> bool:
        """Return whether ops of this kind may follow here."""
        op_class, name, alone = kind
        named = not self.names or plain(name) in self.names
        return op_class in self.classes and named and (alone or not self.constant)


class Pattern(_Part):
    """How one kind of kernel grows."""

    main: tuple[OpClass, ...] = Field(min_length=1)
    names: tuple[Name, ...] = ()
    """Only ops of these names start it, and they start no other pattern; empty: every op of the classes."""
    then: tuple[Stage, ...] = ()
    joins: bool = False
    """True: an op that reads two such kernels makes them one (`relu(a) + relu(b)` is one loop)."""
    complete: bool = False
    """True: a kernel that has not passed every stage is launched op by op (for a function spelt out in several ops)."""
    keeps_size: bool = False
    """True: only ops that leave as many elements as the kernel had (a gate times a map does not go into the gate)."""

    def starts_with(self, kind: Kind) -> bool:
        """Return whether an op of this kind starts such a kernel."""
        return kind[0] in self.main and (not self.names or plain(kind[1]) in self.names)


class Row(dict[Kind, "Row | None"]):
    """The state of a kernel: for each kind of op, the state after taking it in, or None where it may not.

    Filled as kinds are met, so that looking one up again is one step.
    """

    __slots__ = ("passed", "pattern", "rows")

    def __init__(self, pattern: Pattern, passed: int, rows: list[Row]) -> None:
        super().__init__()
        self.pattern, self.passed, self.rows = pattern, passed, rows

    @property
    def broken(self) -> bool:
        """Whether the pattern is one function of which a part is missing."""
        return self.pattern.complete and self is not self.rows[-1]

    def __missing__(self, kind: Kind) -> Row | None:
        found = None
        for at, stage in enumerate(self.pattern.then[self.passed :], start=self.passed):
            if stage.takes(kind):
                found = self.rows[-1 if stage.ends else at if stage.repeat else at + 1]
                break
            if self.pattern.complete:
                break
        self[kind] = found
        return found


class Starts(dict[Kind, Row]):
    """For each kind of op, the state of a kernel that it starts."""

    __slots__ = ("firsts",)

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        super().__init__()
        named_first = sorted(patterns, key=lambda pattern: not pattern.names)
        alone = Pattern(main=("other",))
        self.firsts: list[Row] = []
        for pattern in (*named_first, alone):
            rows: list[Row] = []
            rows += [Row(pattern, passed, rows) for passed in range(len(pattern.then) + 1)]
            self.firsts.append(rows[0])

    def __missing__(self, kind: Kind) -> Row:
        *rows, alone = self.firsts
        self[kind] = next((row for row in rows if row.pattern.starts_with(kind)), alone)
        return self[kind]


class Rules(_Part):
    """A runtime's fusion rules."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    about: str
    source: str
    patterns: tuple[Pattern, ...]
    launched: tuple[Name, ...] = ()
    """Views that this runtime copies: each is a kernel of class `copy`."""
    free: tuple[Name, ...] = ()
    """Copies that this runtime does not make; they are looked through like views."""
    folds: bool = False
    """True: a run pays nothing for what depends on no input, computed when the network is loaded or once a batch."""
    in_place: tuple[Name, ...] = ()
    """Concatenations that cost nothing where each input is made whole by one kernel and goes into no other one."""

    @model_validator(mode="after")
    def _each_op_starts_one_pattern(self) -> Rules:
        starts = [(c, n) for pattern in self.patterns for c in pattern.main for n in pattern.names or ("",)]
        twice = sorted({start for start in starts if starts.count(start) > 1})
        if twice:
            op_class, name = twice[0]
            named = f' named "{name}"' if name else ""
            raise ValueError(f'op class "{op_class}"{named} starts two patterns; list it in one "main" only')
        return self

    @cached_property
    def spells_out(self) -> bool:
        """Whether a kernel may turn out to be none after all (`complete`)."""
        return any(pattern.complete for pattern in self.patterns)

    @cached_property
    def starts(self) -> Starts:
        """The compiled patterns."""
        return Starts(self.patterns)


def rule_names() -> tuple[str, ...]:
    """Return the names of the rule sets that come with the product, sorted."""
    return tuple(sorted(path.stem for path in RULES_FOLDER.glob("*.json")))


@lru_cache(maxsize=32)
def load_rules(name: str) -> Rules:
    """Return the rule set `name`. Raises ValueError for a name that is not there or a file that is not a rule set."""
    if name not in rule_names():
        raise ValueError(f'Fusion rules: there is no set "{name}"; choose one of {", ".join(rule_names())}.')
    try:
        return Rules.model_validate_json((RULES_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f'Fusion rules "{name}": {where}: {first["msg"]}.') from None
