"""What a block's `build` asks of the shapes that arrive, and the sentences it refuses them with. No torch.

The caller knows the node and puts its label before these sentences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from blocks.config import BlockConfig, BlockError, Shape, channels_of, kind_of

KIND_SHAPES = {"map": "a map (N, C, H, W)", "tokens": "tokens (N, L, C)", "vector": "a vector (N, C)"}


def expect_inputs(config: BlockConfig, in_shapes: Sequence[Shape]) -> None:
    """Raise BlockError where the number of inputs or the kind of one is not what the ports take."""
    ports = config.inputs()
    if len(in_shapes) != len(ports):
        raise BlockError(
            f"{config.title} takes {len(ports)} inputs, got {len(in_shapes)}.",
            field=config.count_fields.get("in"),
            choices=(len(in_shapes),) if "in" in config.count_fields and 2 <= len(in_shapes) <= 8 else (),
        )
    for port, shape in zip(ports, in_shapes, strict=True):
        kind = kind_of(shape)
        if kind not in port.kinds:
            wanted = " or ".join(KIND_SHAPES[k] for k in port.kinds if k in KIND_SHAPES)
            raise BlockError(f"{config.title} takes {wanted} at {port.name}, got {KIND_SHAPES[kind]} of shape {shape}.")


def expect_groups(groups: int, in_channels: int, out_channels: int) -> None:
    """Raise BlockError where `groups` does not divide both channel counts."""
    common = math.gcd(in_channels, out_channels)
    if common % groups:
        counts = f"{in_channels} input and {out_channels} output channels"
        if in_channels == out_channels:
            counts = f"{in_channels} channels"
        fit = nearest_divisors(common, groups)
        raise BlockError(
            f"groups must divide {counts}, got {groups}. Use {one_of(fit)}.",
            field="groups",
            choices=fit,
        )


def nearest_divisors(number: int, wanted: int, most: int = 4) -> tuple[int, ...]:
    """Return the divisors of `number` closest to `wanted`, in order."""
    divisors = {d for low in range(1, math.isqrt(number) + 1) if number % low == 0 for d in (low, number // low)}
    return tuple(sorted(sorted(divisors, key=lambda d: abs(d - wanted))[:most]))


def one_of(values: Sequence[object]) -> str:
    """Return "1, 2 or 4"."""
    words = [str(value) for value in values]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def expect_window(shape: Shape, kernel: int, padding: int, dilation: int = 1, spare: int = 0) -> None:
    """Raise BlockError where a window does not fit the padded map, so that nothing would come out.

    spare: pixels that it may stand over, for a pool that rounds its output size up (its stride - 1).
    """
    reach = dilation * (kernel - 1) + 1
    room = min(shape[2:]) + 2 * padding + spare
    if reach > room:
        fit = max(1, (room - 1) // dilation + 1)
        least = reach - 2 * padding - spare
        raise BlockError(
            f"A kernel of {kernel} (dilation {dilation}, padding {padding}) needs a map of at least "
            f"{least} pixels each way, got {shape[2]} x {shape[3]}. Use a kernel of {fit} or less.",
            field="kernel",
            choices=(fit,),
        )


def expect_same_channels(title: str, in_shapes: Sequence[Shape]) -> None:
    """Raise BlockError where channel counts differ. Its `choices` are the counts that arrive, first input first."""
    counts = tuple(dict.fromkeys(channels_of(shape) for shape in in_shapes))
    if len(counts) > 1:
        raise BlockError(
            f"{title} needs the same number of channels at every input, got {' and '.join(map(str, in_shapes))}. Set "
            "both branches to one width, or project the shortcut with a 1x1 convolution.",
            choices=counts,
        )
