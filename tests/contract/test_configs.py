"""What every block's config promises: fields with roles, bounds and help; strict parsing; a palette that is current."""

from __future__ import annotations

import json
import math
import re
import typing
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from blocks.catalog import CATALOG
from blocks.config import BlockConfig, Role
from designer.design.blockinfo import PALETTE_FILE, palette
from tests.contract.samples import Sample, all_samples
from tools.palette import palette_text

PRIMITIVES = [
    "input",
    "output",
    "conv_norm_act",
    "depthwise_conv",
    "pointwise_conv",
    "tf_same_pad",
    "max_pool",
    "avg_pool",
    "global_avg_pool",
    "global_max_pool",
    "upsample",
    "resize_like",
    "linear",
    "squeeze_excite",
    "batch_norm",
    "layer_norm",
    "activation",
    "add",
    "multiply",
    "concat",
    "split",
    "channel_shuffle",
    "dropout",
    "identity",
]

BLOCKS = pytest.mark.parametrize("block", list(CATALOG.values()), ids=list(CATALOG))
FIELDS = pytest.mark.parametrize(
    ("block", "name"), [pytest.param(b, f, id=f"{b.name}.{f}") for b in CATALOG.values() for f in b.model_fields]
)


def test_the_palette_file_is_up_to_date() -> None:
    assert PALETTE_FILE.read_text(encoding="utf-8") == palette_text(), "run python -m tools.palette"


def test_saved_names_are_unique_and_the_primitives_come_first() -> None:
    assert len(CATALOG) == len(palette())
    assert sorted(list(CATALOG)[: len(PRIMITIVES)]) == sorted(PRIMITIVES)


@BLOCKS
def test_every_block_but_a_primitive_cites_its_paper(block: type[BlockConfig]) -> None:
    cited = block.citation
    if cited is None:
        assert block.name in PRIMITIVES
        return
    assert cited.title and cited.figure and cited.url.startswith("https://") and 1990 < cited.year < 2030


@BLOCKS
def test_every_block_says_what_it_is(block: type[BlockConfig]) -> None:
    assert block.title and block.family and block.about.endswith(".")
    assert block.formula or not block.model_fields or block.citation is None


@BLOCKS
def test_an_unknown_field_is_refused_by_name(block: type[BlockConfig]) -> None:
    with pytest.raises(ValidationError, match=r"no_such_field\n  Extra inputs are not permitted"):
        block.model_validate({"no_such_field": 1})


@FIELDS
def test_every_field_declares_role_default_and_help(block: type[BlockConfig], name: str) -> None:
    field = block.model_fields[name]
    extra = field.json_schema_extra
    assert isinstance(extra, dict) and extra["role"] in typing.get_args(Role)
    assert not field.is_required()
    assert field.description and field.description.endswith(".")
    assert ("divisor" in extra) == (extra["role"] in ("width", "hidden_width"))


@FIELDS
def test_values_of_another_type_are_refused(block: type[BlockConfig], name: str) -> None:
    (row,) = (field for field in palette()[block.name].fields if field.name == name)
    wrong: dict[str, tuple[Any, ...]] = {
        "int": ("3", 3.5, True, math.nan, [3]),
        "float": ("0.1", True, math.nan, math.inf),
        "bool": ("yes", 1),
        "choice": ([], None),
        "text": (3,),
    }
    for value in wrong[row.type]:
        with pytest.raises(ValidationError, match=name):
            block.model_validate({name: value})


@FIELDS
def test_values_out_of_range_are_refused_with_the_range(block: type[BlockConfig], name: str) -> None:
    field = block.model_fields[name]
    refused = 0
    for value, words in out_of_range(block, name):
        with pytest.raises(ValidationError) as caught:
            block.model_validate({name: value})
        (error,) = caught.value.errors()
        assert error["loc"][0] == name and plain(words) in plain(error["msg"]), error
        refused += 1
    assert refused >= (2 if field.annotation is int else 1)


def plain(words: str) -> str:
    """Return a message with numbers written one way: pydantic prints 1e-12 as 0.000000000001."""
    return re.sub(r"[0-9.]+(e-?[0-9]+)?", lambda found: f"{float(found[0]):g}", words)


def out_of_range(block: type[BlockConfig], name: str) -> list[tuple[Any, str]]:
    """Return values that a field must refuse, each with what the message must say."""
    (row,) = (field for field in palette()[block.name].fields if field.name == name)
    if row.type == "choice":
        annotation = block.model_fields[name].annotation
        choices = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else row.choices
        return [("nonsense", repr(choices[-1])), (1e9, repr(choices[-1]))]
    if row.type in ("bool", "text"):
        return [(3, "valid boolean" if row.type == "bool" else "valid string")]
    assert row.minimum is not None and row.maximum is not None, "sizes are bounded in the types"
    low: Any = row.minimum - 1
    high: Any = row.maximum + 1
    if row.type == "int":
        low, high = int(low), int(high)
    return [(low, f"greater than or equal to {row.minimum:g}"), (high, f"less than or equal to {row.maximum:g}")]


@pytest.mark.parametrize("sample", all_samples(), ids=str)
def test_configs_survive_json(sample: Sample) -> None:
    text = sample.config.model_dump_json()
    assert type(sample.config).model_validate_json(text) == sample.config
    assert type(sample.config).model_validate(json.loads(text)) == sample.config


@pytest.mark.parametrize("sample", all_samples(), ids=str)
def test_palette_and_config_agree_on_ports_and_later_copies(sample: Sample) -> None:
    info, saved = palette()[sample.block], sample.config.model_dump()
    assert info.inputs(saved) == tuple(port.name for port in sample.config.inputs())
    assert info.outputs(saved) == tuple(port.name for port in sample.config.outputs())
    assert info.later_copy(saved) == sample.config.later_copy().model_dump()
    assert type(sample.config).model_validate(info.later_copy(saved)) == sample.config.later_copy()


@BLOCKS
def test_only_blocks_with_one_input_and_one_output_repeat(block: type[BlockConfig]) -> None:
    assert not block.repeatable or (len(block().inputs()) == 1 and len(block().outputs()) == 1)
