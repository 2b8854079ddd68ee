"""From a refusal at a step to an issue at its node: the sentence, where the cause lies, and commands that mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.config import Shape, channels_of
from designer.cost.measure import Refusal, shapes_text
from designer.design.blockinfo import palette
from designer.design.issue import Cause, Fix, Issue, quoted
from designer.design.model import Design
from designer.design.unroll import Source, Step

MOST_FIXES = 4


@dataclass(frozen=True)
class Place:
    """A step that was refused: where it stands and what had arrived."""

    design: Design
    steps: Sequence[Step]
    index: int
    in_shapes: tuple[Shape, ...]

    @property
    def step(self) -> Step:
        """The step that was refused."""
        return self.steps[self.index]

    def name(self) -> str:
        """Return `Add "add_1"`: the block's title and the node's label, or its id where it has none."""
        return node_name(self.step)


def node_name(step: Step) -> str:
    """Return a node as messages name it: its block's title, then its own name."""
    return f"{palette()[step.node.block].title} {own_name(step)}"


def own_name(step: Step) -> str:
    """Return a node's label in quotes; its id where it has no label, or none but its block's title."""
    title = palette()[step.node.block].title
    return quoted(step.node.label if step.node.label not in ("", title) else step.node.id)


def issue_of(place: Place, refusal: Refusal) -> Issue:
    """Return the issue: `NTB "stage3_b2": out_channels must be a multiple of 32, got 112.`, its cause and fixes."""
    title = palette()[place.step.node.block].title
    message = refusal.message
    if message.startswith(title + " "):
        message = f"{place.name()} {message[len(title) + 1 :]}"
    else:
        message = f"{place.name()}: {message}"
    if place.in_shapes and not refusal.config_error and not any(str(s) in message for s in place.in_shapes):
        message += f" It gets {shapes_text(place.in_shapes)}."
    return Issue(place.step.node.id, refusal.field, message, _cause(place, refusal), _fixes(place, refusal))


def _cause(place: Place, refusal: Refusal) -> Cause | None:
    """Return where the guilty value was set: the field itself, or the width that arrives."""
    node = place.step.node
    if refusal.field in node.config:
        return Cause(node.id, refusal.field)
    if not place.in_shapes or (refusal.field or "").startswith("in"):
        return None
    found = [_width_of(place, s[0]) for s in _differing(place) if s is not None]
    causes = [cause for cause in found if cause is not None]
    # Of two branches, the width that was set later in the network is the likelier mistake.
    return max(causes, key=lambda cause: _first_index(place, cause.node), default=None)


def _differing(place: Place) -> tuple[Source | None, ...]:
    """Return where the inputs that do not match come from: in0 and the first unlike it, or in0 alone."""
    odd = _odd_one_out(place.in_shapes)
    return tuple(place.step.sources[port] for port in sorted({0, odd}))


def _first_index(place: Place, node: str) -> int:
    return next(index for index, step in enumerate(place.steps) if step.node.id == node)


def _odd_one_out(shapes: Sequence[Shape]) -> int:
    """Return the first input whose shape differs from in0's, else 0."""
    return next((i for i, shape in enumerate(shapes) if shape != shapes[0]), 0)


def _width_of(place: Place, index: int) -> Cause | None:
    """Walk up the wires from a step to the first node with a width of its own, or to the input."""
    for step in _upwards(place.steps, index):
        if step.node.block == "input":
            return Cause(step.node.id, "channels")
        for field in palette()[step.node.block].with_role("width"):
            if step.config.get(field.name) is not None:
                return Cause(step.node.id, field.name)
    return None


def _upwards(steps: Sequence[Step], index: int) -> Iterator[Step]:
    """Yield the step and what its first input comes from, up to the network's input."""
    while True:
        yield steps[index]
        source = next((s for s in steps[index].sources if s is not None), None)
        if source is None:
            return
        index = source[0]


def _fixes(place: Place, refusal: Refusal) -> tuple[Fix, ...]:
    fixes: list[Fix] = []
    if refusal.field in place.step.node.config:
        fixes += [_set(place, place.step, str(refusal.field), value) for value in refusal.choices]
    elif len(place.in_shapes) > 1:
        fixes += _unlike_channels(place) + _unlike_sizes(place)
    elif (refusal.field or "").startswith("in") and refusal.field != "in":
        fixes += _connections(place, str(refusal.field))
    elif place.in_shapes:
        fixes += _arriving_width(place, refusal) + _pool_first(place)
    return tuple(fixes[:MOST_FIXES])


def _set(place: Place, step: Step, field: str, value: Any) -> Fix:
    label = f"Set {field} of {own_name(step)} to {quoted(value)}"
    return Fix(label, {"op": "set_config", "id": step.node.id, "field": field, "value": value})


def _set_width(place: Place, cause: Cause | None, value: int) -> list[Fix]:
    if cause is None or cause.field in (None, "channels"):
        return []
    step = next(s for s in place.steps if s.node.id == cause.node)
    return [_set(place, step, str(cause.field), value)]


def _arriving_width(place: Place, refusal: Refusal) -> list[Fix]:
    source = place.step.sources[0]
    cause = _width_of(place, source[0]) if source else None
    whole = [value for value in refusal.choices if isinstance(value, int)]
    return [fix for value in whole for fix in _set_width(place, cause, value)]


def _unlike_channels(place: Place) -> list[Fix]:
    """Set the width of one branch to that of the other, or project the shortcut."""
    odd = _odd_one_out(place.in_shapes)
    widths = channels_of(place.in_shapes[0]), channels_of(place.in_shapes[odd])
    first, other = place.step.sources[0], place.step.sources[odd]
    if widths[0] == widths[1] or first is None or other is None or place.step.node.block == "concat":
        return []
    causes = _width_of(place, first[0]), _width_of(place, other[0])
    fixes: list[Fix] = []
    if causes[0] != causes[1]:
        fixes = _set_width(place, causes[1], widths[0]) + _set_width(place, causes[0], widths[1])
        fixes.sort(key=lambda fix: -_first_index(place, fix.command["id"]))
    # The shortcut is the branch that left the other's path earlier.
    port, width = (0, widths[1]) if first[0] < other[0] else (odd, widths[0])
    project = _insert(place, port, "pointwise_conv", {"out_channels": width, "stride": _stride_between(place, odd)})
    return fixes + [Fix("Project the shortcut with a 1x1 convolution", command) for command in project]


def _stride_between(place: Place, odd: int) -> int:
    first, other = place.in_shapes[0], place.in_shapes[odd]
    if len(first) != 4 or len(other) != 4:
        return 1
    ratio = max(-(-first[2] // other[2]), -(-other[2] // first[2]))
    return ratio if ratio in (1, 2, 4) else 1


def _unlike_sizes(place: Place) -> list[Fix]:
    """Take the stride out of the smaller branch, or put one on the larger."""
    odd = _odd_one_out(place.in_shapes)
    first, other = place.in_shapes[0], place.in_shapes[odd]
    if len(first) != 4 or len(other) != 4 or first[2:] == other[2:]:
        return []
    small, large = (0, odd) if first[2] < other[2] else (odd, 0)
    fixes: list[Fix] = []
    small_source, large_source = place.step.sources[small], place.step.sources[large]
    if small_source and large_source:
        shared = {step.node.id for step in _upwards(place.steps, large_source[0])}
        for step in _upwards(place.steps, small_source[0]):
            if step.node.id in shared:
                break
            for field in palette()[step.node.block].with_role("stride"):
                if step.config.get(field.name, 1) != 1:
                    fixes.append(_set(place, step, field.name, 1))
    ratio = _stride_between(place, odd)
    if ratio > 1 and channels_of(first) == channels_of(other):
        command = _insert(place, large, "avg_pool", {"kernel": ratio, "stride": ratio})
        fixes += [Fix(f"Pool the larger branch by {ratio}", c) for c in command]
    return fixes


def _pool_first(place: Place) -> list[Fix]:
    kinds = palette()[place.step.node.block].in_ports[0].kinds
    if len(place.in_shapes[0]) != 4 or "vector" not in kinds or place.in_shapes[0][2:] == (1, 1):
        return []
    return [Fix("Put a global average pool before it", c) for c in _insert(place, 0, "global_avg_pool", {})]


def _insert(place: Place, port: int, block: str, config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the command that puts a block on the wire into a port, if that wire is drawn."""
    target, target_port = place.step.node.id, f"in{port}"
    for edge in place.design.edges:
        if (edge.target, edge.target_port) == (target, target_port):
            ends = {
                "source": edge.source,
                "source_port": edge.source_port,
                "target": target,
                "target_port": target_port,
            }
            return [{"op": "insert_on_edge", **ends, "block": block, "config": config}]
    return []


def _connections(place: Place, port: str) -> list[Fix]:
    """Offer the steps before it whose result nobody reads, nearest first, else the step right before it."""
    read = {source for step in place.steps for source in step.sources}
    taken = {place.steps[source[0]].node.id for source in place.step.sources if source is not None}
    before = list(enumerate(place.steps[: place.index]))
    able = [(i, s) for i, s in before if s.node.block != "output" and s.node.id not in taken]
    loose = [(i, s) for i, s in reversed(able) if (i, "out0") not in read]
    found = {s.node.id: own_name(s) for _, s in (loose or able[-1:])}
    ends = {"source_port": "out0", "target": place.step.node.id, "target_port": port}
    return [
        Fix(f"Connect {name} to {port}", {"op": "connect", "source": id, **ends}) for id, name in [*found.items()][:2]
    ]
