"""What every block's config declares: ports, field roles, citation. Pydantic only, no torch.

A config is a frozen value with the paper's field names. It never holds in_channels, height or width: those come
from the edges. Every field declares a role, and scaling, replacing and multi-edit read roles, never names.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from blocks.rounding import Rounding

if TYPE_CHECKING:
    from blocks.module import Block

Kind = Literal["map", "tokens", "vector"]
"""`map`: NCHW, `tokens`: NLC, `vector`: NC."""

Role = Literal["width", "hidden_width", "depth", "stride", "kernel", "groups", "expansion", "switch", "count"]
"""`width` is what leaves the block, `hidden_width` what stays inside; `count` is a number of ports or classes."""

Shape = tuple[int, ...]
"""Full tensor shape, batch first: (N, C, H, W), (N, L, C) or (N, C)."""

MAX_CHANNELS = 16384
MAX_KERNEL = 31


def kind_of(shape: Shape) -> Kind:
    """Return the port kind that a tensor of this shape travels under, by its rank (4, 3 or 2)."""
    kinds: dict[int, Kind] = {4: "map", 3: "tokens", 2: "vector"}
    if len(shape) not in kinds:
        raise ValueError(f"A tensor between blocks has 2, 3 or 4 dimensions, got shape {shape}.")
    return kinds[len(shape)]


def channels_of(shape: Shape) -> int:
    """Return the number of channels: dimension 1 of a map or vector, dimension 2 of tokens."""
    return shape[2] if len(shape) == 3 else shape[1]


@dataclass(frozen=True)
class Port:
    """One input or output. `kinds` lists what it takes or gives; an output may say `same` (as in0)."""

    name: str
    kinds: tuple[Kind | Literal["same"], ...] = ("map",)


@dataclass(frozen=True)
class Citation:
    """Where a block comes from. `figure` names the figure, table or section that the module follows."""

    title: str
    url: str
    year: int
    figure: str


class BlockError(ValueError):
    """A config that does not fit what arrives. `field` is the guilty field, `choices` values that would fit."""

    def __init__(self, message: str, *, field: str | None = None, choices: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.choices = tuple(choices)


def role(
    name: Role, default: Any = ..., *, divisor: int = 1, rounding: Rounding = "keep90", help: str, **bounds: Any
) -> Any:
    """Declare a config field with its role, its help sentence and its bounds (`ge`, `le`, ...).

    A width also says the divisor and rounding rule that the paper's code scales it with.
    """
    extra: dict[str, Any] = {"role": name}
    if name in ("width", "hidden_width"):
        extra |= {"divisor": divisor, "rounding": rounding}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


class BlockConfig(BaseModel):
    """Base of all block configs: what the palette, the inspector and the saved JSON are made from."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    name: ClassVar[str]
    """The key in the catalog and in saved designs."""
    title: ClassVar[str]
    """The name on the card."""
    family: ClassVar[str]
    """The palette section."""
    about: ClassVar[str]
    """One or two sentences in our own words, for the inspector."""
    formula: ClassVar[str] = ""
    citation: ClassVar[Citation | None] = None
    """None for primitives only."""
    reconstruction: ClassVar[str] = ""
    """Why this block is a reconstruction and not verified against its paper; empty where it is exact."""
    repeatable: ClassVar[bool] = True
    depends_on_size: ClassVar[bool] = False
    """True where parameters or buffers depend on height and width."""
    count_fields: ClassVar[dict[Literal["in", "out"], str]] = {}
    """The config fields that say how many inputs or outputs there are, for blocks such as add or split."""
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0"),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0"),)

    @abstractmethod
    def build(self, in_shapes: Sequence[Shape]) -> Block:
        """Return the train-form module for inputs of these shapes, parameters uninitialised.

        Raises BlockError where the config does not fit the shapes.
        """

    def inputs(self) -> tuple[Port, ...]:
        """Return the input ports of this config, in concat order."""
        return self._counted("in", self.in_ports)

    def outputs(self) -> tuple[Port, ...]:
        """Return the output ports of this config."""
        return self._counted("out", self.out_ports)

    def later_copy(self) -> BlockConfig:
        """Return the config of the second and later copies of a repeated node: every stride is 1."""
        strides = dict.fromkeys(self.fields_with_role("stride"), 1)
        return self.model_copy(update=strides) if strides else self

    @classmethod
    def fields_with_role(cls, *roles: Role) -> tuple[str, ...]:
        """Return the names of the fields that declare one of these roles, in order."""
        return tuple(name for name, extra in cls._extras().items() if extra["role"] in roles)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the shapes this config declares when it cannot be built, so that later errors show too.

        A guess from roles (width and stride); it is marked as assumed wherever it is shown.
        """
        first = in_shapes[0] if in_shapes else (1, 1)
        widths = [getattr(self, name) for name in self.fields_with_role("width")]
        width = next((w for w in widths if w is not None), channels_of(first))
        stride = 1
        for name in self.fields_with_role("stride"):
            stride *= getattr(self, name)
        if len(first) == 4:
            shape: Shape = (first[0], width, -(-first[2] // stride), -(-first[3] // stride))
        elif len(first) == 3:
            shape = (first[0], first[1], width)
        else:
            shape = (first[0], width)
        return (shape,) * len(self.outputs())

    @classmethod
    def _extras(cls) -> dict[str, dict[str, Any]]:
        extras: dict[str, dict[str, Any]] = {}
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            assert isinstance(extra, dict) and "role" in extra, f"{cls.__name__}.{name} declares no role"
            extras[name] = extra
        return extras

    def _counted(self, side: Literal["in", "out"], ports: tuple[Port, ...]) -> tuple[Port, ...]:
        if side not in self.count_fields:
            return ports
        count = getattr(self, self.count_fields[side])
        return tuple(Port(f"{side}{i}", ports[0].kinds) for i in range(count))
