"""Where branches meet and part: add, multiply, concat, split, channel shuffle. No parameters.

Shapes: any of (N, C, H, W), (N, L, C), (N, C); each class says how they combine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Kind, Port, Shape, channels_of, role
from blocks.fitting import expect_groups, expect_inputs, expect_same_channels, one_of
from blocks.unfolded import Unfolded

Side = Literal["in", "out"]

ANY: tuple[Kind, ...] = ("map", "tokens", "vector")
FAMILY = "Join and split"
BRANCHES_HELP = "Number of branches that meet here."
MOST_BRANCHES = 8


class AddConfig(BlockConfig):
    """Sum of equal shapes."""

    name: ClassVar[str] = "add"
    title: ClassVar[str] = "Add"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Adds branches of one shape, as a residual connection does."
    formula: ClassVar[str] = "y = x0 + x1 + ..."
    repeatable: ClassVar[bool] = False
    count_fields: ClassVar[dict[Side, str]] = {"in": "branches"}
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY), Port("in1", ANY))
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    branches: int = role("count", 2, ge=2, le=MOST_BRANCHES, help=BRANCHES_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> Add:
        """Return the module. Raises BlockError where shapes differ (`choices`: the widths, if only those do)."""
        expect_inputs(self, in_shapes)
        expect_same_channels(self.title, in_shapes)
        different = [shape for shape in in_shapes if tuple(shape) != tuple(in_shapes[0])]
        if different:
            raise BlockError(
                f"Add needs inputs of one shape, got {in_shapes[0]} and {different[0]}. Give both branches the same "
                "stride."
            )
        return Add()


class MultiplyConfig(BlockConfig):
    """Product of equal shapes, or of a map with gates."""

    name: ClassVar[str] = "multiply"
    title: ClassVar[str] = "Multiply"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Multiplies branches element by element. A vector or a 1 x 1 map gates every pixel of a map."
    formula: ClassVar[str] = "y = x0 * x1 * ..."
    repeatable: ClassVar[bool] = False
    count_fields: ClassVar[dict[Side, str]] = {"in": "branches"}
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY), Port("in1", ANY))
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    branches: int = role("count", 2, ge=2, le=MOST_BRANCHES, help=BRANCHES_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> Multiply:
        """Return the module. Raises BlockError where an input neither equals in0 nor gates it."""
        expect_inputs(self, in_shapes)
        expect_same_channels(self.title, in_shapes)
        first = tuple(in_shapes[0])
        gates = {(*first[:2], 1, 1), first[:2]} if len(first) == 4 else set()
        for place, shape in enumerate(in_shapes):
            if tuple(shape) != first and tuple(shape) not in gates:
                raise BlockError(
                    f"Multiply needs at in{place} the shape of in0, {first}, or a gate for it, got {tuple(shape)}. "
                    "Give both branches the same stride, put the larger map at in0, or pool the gate to 1 x 1."
                )
        return Multiply()


class ConcatConfig(BlockConfig):
    """Concatenation along channels."""

    name: ClassVar[str] = "concat"
    title: ClassVar[str] = "Concat"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Puts the channels of all branches one after another, in port order."
    formula: ClassVar[str] = "y = [x0; x1; ...]"
    repeatable: ClassVar[bool] = False
    count_fields: ClassVar[dict[Side, str]] = {"in": "branches"}
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY), Port("in1", ANY))
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    branches: int = role("count", 2, ge=2, le=MOST_BRANCHES, help=BRANCHES_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> Concat:
        """Return the module. Raises BlockError where inputs differ in anything but channels, or add up to too many."""
        expect_inputs(self, in_shapes)
        dim = channel_dim(in_shapes[0])
        for place, shape in enumerate(in_shapes):
            if without_channels(shape) != without_channels(in_shapes[0]):
                raise BlockError(
                    f"Concat needs inputs that differ in channels only, got {in_shapes[0]} at in0 and {shape} at "
                    f"in{place}. Give both branches the same stride."
                )
        total = sum(channels_of(shape) for shape in in_shapes)
        if total > MAX_CHANNELS:
            raise BlockError(f"Concat gives at most {MAX_CHANNELS} channels, got {total}. Use narrower branches.")
        return Concat(dim)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the first shape with the channels of all."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        return (with_channels(shape, sum(channels_of(s) for s in in_shapes) or channels_of(shape)),)


class SplitConfig(BlockConfig):
    """Channels in parts."""

    name: ClassVar[str] = "split"
    title: ClassVar[str] = "Split"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Cuts the channels into equal parts, first part first; the last is narrower if it must be."
    formula: ClassVar[str] = "x = [y0; y1; ...]"
    repeatable: ClassVar[bool] = False
    count_fields: ClassVar[dict[Side, str]] = {"out": "parts"}
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)), Port("out1", ("same",)))

    parts: int = role("count", 2, ge=2, le=MOST_BRANCHES, help="Number of parts; each gets its own output.")

    def build(self, in_shapes: Sequence[Shape]) -> Split:
        """Return the module. Raises BlockError where the channels do not make that many parts."""
        expect_inputs(self, in_shapes)
        channels = channels_of(in_shapes[0])
        sizes = chunk_sizes(channels, self.parts)
        if len(sizes) != self.parts:
            fit = tuple(n for n in range(2, MOST_BRANCHES + 1) if len(chunk_sizes(channels, n)) == n)
            advice = f"Use {one_of(fit)} parts, or more channels." if fit else "Use more channels."
            raise BlockError(
                f"{channels} channels cannot be cut into {self.parts} parts of {-(-channels // self.parts)}: only "
                f"{len(sizes)} come out. {advice}",
                field="parts",
                choices=fit,
            )
        return Split(sizes, channel_dim(in_shapes[0]))

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return one shape per part; parts that would get no channels are shown with one."""
        shape = in_shapes[0] if in_shapes else (1, self.parts, 1, 1)
        sizes = chunk_sizes(channels_of(shape), self.parts)
        sizes += (1,) * (self.parts - len(sizes))
        return tuple(with_channels(shape, size) for size in sizes)


class ChannelShuffleConfig(BlockConfig):
    """Interleave the channels of groups."""

    name: ClassVar[str] = "channel_shuffle"
    title: ClassVar[str] = "Channel shuffle"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Interleaves the channels of groups, so that the next grouped convolution sees all of them."
    formula: ClassVar[str] = "y[c g + i] = x[i (C / g) + c]"
    citation: ClassVar[Citation] = Citation(
        "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices",
        "https://arxiv.org/abs/1707.01083",
        2018,
        "Fig. 1",
    )

    groups: int = role("groups", 2, ge=1, le=MAX_CHANNELS, help="Number of groups to interleave.")

    def build(self, in_shapes: Sequence[Shape]) -> ChannelShuffle:
        """Return the module. Raises BlockError where groups do not divide the channels."""
        expect_inputs(self, in_shapes)
        channels = in_shapes[0][1]
        expect_groups(self.groups, channels, channels)
        return ChannelShuffle(self.groups)


def channel_dim(shape: Shape) -> int:
    """Return the dimension that holds channels: 2 for tokens, else 1."""
    return 2 if len(shape) == 3 else 1


def with_channels(shape: Shape, channels: int) -> Shape:
    """Return `shape` with another number of channels."""
    dim = channel_dim(shape)
    return (*shape[:dim], channels, *shape[dim + 1 :])


def without_channels(shape: Shape) -> Shape:
    """Return everything but the channels, the rank kept."""
    return with_channels(shape, 0)


def chunk_sizes(channels: int, parts: int) -> tuple[int, ...]:
    """Return the widths of `parts` chunks, each ceil(channels / parts) but the last; fewer where channels run out."""
    size = -(-channels // parts)
    return tuple(min(size, channels - start) for start in range(0, channels, size))


class Add(Unfolded):
    """Sum. Inputs of one shape -> that shape."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Add all."""
        for other in others:
            first = first + other
        return first


class Multiply(Unfolded):
    """Product. Inputs of one shape, or in0 (N, C, H, W) and gates (N, C, 1, 1) or (N, C) -> the shape of in0."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Multiply all."""
        for other in others:
            gate = other[:, :, None, None] if other.ndim < first.ndim else other
            first = first * gate
        return first


class Concat(Unfolded):
    """Concatenation along channels. (N, C_i, H, W) each -> (N, sum of C_i, H, W)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        """Concatenate in port order."""
        return torch.cat(inputs, self.dim)


class Split(Unfolded):
    """Channels in parts. (N, sum of C_i, H, W) -> (N, C_i, H, W) each."""

    def __init__(self, sizes: Sequence[int], dim: int) -> None:
        super().__init__()
        self.sizes = list(sizes)
        self.dim = dim

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Cut, first part first."""
        return tuple(torch.split(x, self.sizes, self.dim))


class ChannelShuffle(Unfolded):
    """Interleave groups. (N, C, H, W) -> same."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """See channels as (groups, C / groups) and transpose."""
        n, c, h, w = x.shape
        x = x.reshape(n, self.groups, c // self.groups, h, w)
        return x.transpose(1, 2).reshape(n, c, h, w)
