"""What one block does on inputs of given shapes, remembered: an edit measures only what it changed.

Modules are remembered by (block, config, in channels), because building one costs more than recording it; the
result by full shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from torch import nn

from blocks.catalog import CATALOG
from blocks.config import BlockConfig, BlockError, Shape, channels_of
from blocks.unfolded import Unfolded
from designer.cost.cache import Cache
from designer.cost.record import Record, record
from designer.cost.result import Form
from designer.cost.skeleton import Skeleton
from designer.design import fields
from designer.design.blockinfo import BlockInfo, palette
from designer.design.issue import quoted


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a block cannot be measured. `field` and `choices` as in BlockError; `config_error`: a field is wrong."""

    message: str
    field: str | None = None
    choices: tuple[Any, ...] = ()
    config_error: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """One block in one form on inputs of given shapes; `record` and `params` are None and 0 where it was refused."""

    block: BlockConfig | None
    out_shapes: tuple[Shape, ...]
    record: Record | None
    params: int
    refusals: tuple[Refusal, ...] = ()


_configs: Cache[Any, BlockConfig | tuple[Refusal, ...]] = Cache(8192)
_modules: Cache[Any, tuple[nn.Module, int]] = Cache(2048)
_measures: Cache[Any, Measure] = Cache(16384)


def clear_measures() -> None:
    """Forget every config, module and measure."""
    for cache in (_configs, _modules, _measures):
        cache.clear()


def config_key(block: str, config: dict[str, Any]) -> Any:
    """Return a hashable key of a block and its config. Types belong to it: True is not 1."""
    try:
        key = (block, *[(name, value, value.__class__) for name, value in config.items()])
        hash(key)
    except TypeError:
        key = (block, repr(config))
    return key


def measure(block: str, config: dict[str, Any], in_shapes: tuple[Shape, ...], form: Form) -> Measure:
    """Return what this block does in `form`, eval mode. Never raises for the user's mistakes: they are refusals."""
    key = config_key(block, config)
    full_key = (key, form, in_shapes)
    known = _measures.get(full_key)
    if known is not None:
        return known
    checked = _configs.get(key) or _configs.put(key, parse_config(block, config))
    if isinstance(checked, tuple):
        return _measures.put(full_key, Measure(None, (), None, 0, checked))
    return _measures.put(full_key, _measured(checked, key, in_shapes, form))


def parse_config(block: str, config: dict[str, Any]) -> BlockConfig | tuple[Refusal, ...]:
    """Return the typed config, or one refusal for each field that is wrong."""
    try:
        return CATALOG[block].model_validate(config)
    except ValidationError as error:
        return tuple(_refused_field(palette()[block], row) for row in error.errors(include_url=False))


def _refused_field(info: BlockInfo, row: Any) -> Refusal:
    """Return the refusal of one field, in the words of the structural check."""
    name = str(row["loc"][0]) if row["loc"] else None
    if name is None:  # fields that do not go together: the config's own sentence
        return Refusal(str(row["msg"]).removeprefix("Value error, "), config_error=True)
    if row["type"] == "extra_forbidden":
        return Refusal(fields.unknown_field(info, name), name, config_error=True)
    field = info.field(name)
    return Refusal(f"{name} must be {fields.allowed(field)}, got {quoted(row['input'])}.", name, config_error=True)


def _measured(config: BlockConfig, key: Any, in_shapes: tuple[Shape, ...], form: Form) -> Measure:
    try:
        module, params = _module(config, key, in_shapes, form)
        try:
            done = record(module, in_shapes)
        except ValueError:
            # The remembered module was built for other sizes; building it for these gives the block's own sentence.
            config.build(in_shapes)
            raise
    except BlockError as error:
        return _refused(config, in_shapes, Refusal(str(error), error.field, error.choices))
    except ZeroDivisionError:
        narrow = f"a width inside it comes out as 0 for inputs of {shapes_text(in_shapes)}. Use more channels."
        return _refused(config, in_shapes, Refusal(narrow))
    except (ValueError, RuntimeError, IndexError, TypeError) as error:
        return _refused(config, in_shapes, Refusal(f"it cannot take inputs of {shapes_text(in_shapes)}: {error}"))
    return Measure(config, tuple(out.shape for out in done.outputs), done, params)


def _refused(config: BlockConfig, in_shapes: tuple[Shape, ...], refusal: Refusal) -> Measure:
    return Measure(config, tuple(config.declared_shapes(in_shapes)), None, 0, (refusal,))


def _module(config: BlockConfig, key: Any, in_shapes: tuple[Shape, ...], form: Form) -> tuple[nn.Module, int]:
    whole = config.depends_on_size or len(in_shapes) != 1
    module_key = (key, form, in_shapes if whole else (len(in_shapes[0]), channels_of(in_shapes[0])))
    known = _modules.get(module_key)
    if known is not None:
        return known
    with Skeleton():
        module: nn.Module = config.build(in_shapes)
        if form == "deploy" and not isinstance(module, Unfolded):
            module = module.deploy_structure()  # type: ignore[operator]
    return _modules.put(module_key, (module, sum(p.numel() for p in module.parameters())))


def shapes_text(shapes: Sequence[Shape]) -> str:
    """Return shapes for a message: `(1, 64, 28, 28) and (1, 64, 14, 14)`."""
    return " and ".join(str(tuple(shape)) for shape in shapes) or "no shape"
