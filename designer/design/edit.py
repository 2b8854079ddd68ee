"""Every edit command by name: pure functions from a design to a new design.

A command is plain data, `{"op": "set_config", "id": "conv_1", "field": "stride", "value": 2}`, so that the browser,
the CLI, fixes, advice and search speak one language. A command that does not fit raises EditError with one sentence
and changes nothing.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ConfigDict, ValidationError, validate_call

from designer.design import grouping, repeat, scale, values, wiring
from designer.design.blockinfo import palette
from designer.design.complaint import WANTED
from designer.design.issue import EditError, quoted
from designer.design.keymap import with_keys_pruned
from designer.design.model import Design

COMMANDS: dict[str, Callable[..., Design]] = {
    command.__name__: command
    for command in (
        wiring.add,
        wiring.insert_on_edge,
        wiring.remove,
        wiring.connect,
        wiring.disconnect,
        wiring.duplicate,
        values.set_config,
        values.set_many,
        values.replace_block,
        values.set_input,
        scale.scale_width,
        scale.scale_depth,
        repeat.set_repeat,
        repeat.set_group_repeat,
        repeat.split_repeat,
        repeat.merge_repeat,
        grouping.group,
        grouping.ungroup,
        grouping.rename,
        grouping.rename_design,
    )
}


def apply(design: Design, command: Mapping[str, Any]) -> Design:
    """Return the design after a command. Raises EditError where it is malformed or does not fit."""
    op = command.get("op")
    if not isinstance(op, str) or op not in COMMANDS:
        match = difflib.get_close_matches(str(op)[:40], COMMANDS, n=1)
        hint = f' Did you mean "{match[0]}"?' if match else f" Known: {', '.join(COMMANDS)}."
        raise EditError.saying(f"There is no edit command {quoted(op)}.{hint}")
    arguments = {str(name): value for name, value in command.items() if name != "op"}
    if "design" in arguments:
        raise EditError.saying(f'{op}: there is no argument "design".')
    try:
        return with_keys_pruned(_checked(op)(design, **arguments))
    except ValidationError as error:
        raise EditError.saying(_sentence(op, error)) from None


def label_of(command: Mapping[str, Any], design: Design) -> str:
    """Return what a command does in words, for the history: `Set stride of Stage 2 block 1 to 2`.

    `design` is the design before the command. Never raises for a command that `apply` accepts.
    """
    write = _LABELS[str(command["op"])]
    return write(_Arguments(command, design))


class _Arguments:
    """A command's arguments as words."""

    def __init__(self, command: Mapping[str, Any], design: Design) -> None:
        self.command = command
        self.nodes = design.by_id()
        self.groups = design.group_by_id()

    def __getitem__(self, key: str) -> Any:
        return self.command.get(key)

    def name(self, key: str = "id") -> str:
        return self.called(str(self.command.get(key)))

    def called(self, id: str) -> str:
        thing = self.nodes.get(id) or self.groups.get(id)
        return (thing.label if thing else "") or id

    def many(self) -> str:
        ids = self.command.get("ids") or []
        return self.called(ids[0]) if len(ids) == 1 else f"{len(ids)} nodes"

    def scope(self) -> str:
        if self.command.get("ids") is not None:
            return self.many()
        return self.name("group") if self.command.get("group") is not None else "everything but the head"

    def block(self) -> str:
        info = palette().get(str(self.command.get("block")))
        return info.title if info else str(self.command.get("block"))

    def sizes(self) -> str:
        parts = ((name, self.command.get(name)) for name in ("channels", "height", "width"))
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None)


_LABELS: dict[str, Callable[[_Arguments], str]] = {
    "add": lambda a: f"Add {a.block()} after {a.name('after')}" if a["after"] else f"Add {a.block()}",
    "insert_on_edge": lambda a: f"Insert {a.block()} between {a.name('source')} and {a.name('target')}",
    "remove": lambda a: f"Remove {a.many()}",
    "connect": lambda a: f"Connect {a.name('source')} to {a.name('target')}",
    "disconnect": lambda a: f"Disconnect {a['target_port']} of {a.name('target')}",
    "duplicate": lambda a: f"Duplicate {a.many()}",
    "set_config": lambda a: f"Set {a['field']} of {a.name()} to {_plain(a['value'])}",
    "set_many": lambda a: f"Set {a['field'] or a['role']} of {a.many()} to {_plain(a['value'])}",
    "replace_block": lambda a: f"Replace {a.name()} by {a.block()}",
    "set_input": lambda a: f"Set input {a.name()} to {a.sizes()}",
    "scale_width": lambda a: f"Scale width of {a.scope()} by {a['factor']:g}",
    "scale_depth": lambda a: f"Scale depth of {a.scope()} by {a['factor']:g}",
    "set_repeat": lambda a: f"Repeat {a.name()} {a['repeat']} times",
    "set_group_repeat": lambda a: f"Repeat {a.name()} {a['repeat']} times",
    "split_repeat": lambda a: f"Split {a.name()} after {a['at']}",
    "merge_repeat": lambda a: f"Merge {' and '.join(a.called(id) for id in a['ids'])}",
    "group": lambda a: f"Group {a.many()} as {a['label'] or 'a stage'}",
    "ungroup": lambda a: f"Ungroup {a.name()}",
    "rename": lambda a: f"Rename {a.name()} to {a['label']}",
    "rename_design": lambda a: f"Rename the design to {a['name']}",
}


def _plain(value: Any) -> str:
    return value[:40] if isinstance(value, str) else "empty" if value is None else quoted(value)


@functools.cache
def _checked(op: str) -> Callable[..., Design]:
    return validate_call(config=ConfigDict(strict=True, arbitrary_types_allowed=True))(COMMANDS[op])


def _sentence(op: str, error: ValidationError) -> str:
    row = error.errors(include_url=False)[0]
    name, kind = str(row["loc"][0]), row["type"]
    if kind in ("missing_argument", "missing"):
        return f"{op}: {name} is missing."
    if kind == "unexpected_keyword_argument":
        return f"{op}: there is no argument {quoted(name)}."
    if kind == "string_pattern_mismatch":
        return f"{op}: {name} must have lower-case letters and digits, a letter first, got {quoted(row['input'])}."
    if kind == "string_too_long":
        return f"{op}: {name} may have at most {row['ctx']['max_length']} characters."
    wanted = WANTED.get(kind.split("_")[0], "a value of another type")
    return f"{op}: {name} must be {wanted}, got {quoted(row['input'])}."
