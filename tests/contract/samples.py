"""Configs and input shapes that the contract test runs each block with, derived from what its config declares."""

from __future__ import annotations

import functools
import itertools
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from blocks.catalog import CATALOG
from blocks.config import BlockConfig, BlockError, Shape
from blocks.module import Block
from blocks.randomise import randomise, settle_norms
from designer.cost.signs import RELU_BLOCKS

SIDES = ((15, 13), (7, 7), (1, 1), (32, 16))
"""Odd, and not square; square, 1 x 1 or a multiple of 16 where a block takes nothing else."""
CHANNELS = (32, 24, 64, 96, 256)
"""Tried in this order; the first that the default config accepts is used."""
OTHER_WIDTH = 64
"""For a width that is empty by default."""


@dataclass(frozen=True)
class Sample:
    """One config of one block with the shapes that arrive, batch 1."""

    block: str
    config: BlockConfig
    in_shapes: tuple[Shape, ...]
    words: str

    def __str__(self) -> str:
        return f"{self.block}-{self.words}"

    def build(self) -> Block:
        """Return the train-form module, parameters uninitialised."""
        return self.config.build(self.in_shapes)

    def inputs(self, batch: int, seed: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
        """Return random normal inputs, without the negative half where the block is for the output of a ReLU."""
        generator = torch.Generator().manual_seed(seed)
        inputs = [torch.randn(batch, *shape[1:], generator=generator, dtype=dtype) for shape in self.in_shapes]
        after_relu = self.block in RELU_BLOCKS and self.config.model_dump()["reserve_merge"]
        return [x.relu() for x in inputs] if after_relu else inputs

    def settled(self, dtype: torch.dtype = torch.float64) -> Block:
        """Return the train form in eval mode, everything random, with the statistics of its own activations."""
        module = self.build().to(dtype)
        randomise(module, torch.Generator().manual_seed(1))
        settle_norms(module, self.inputs(4, seed=2, dtype=dtype))
        return module


@dataclass(frozen=True)
class Extra:
    """A config worth a sample beyond what is derived; `in_shapes` where the derived shapes do not do."""

    config: dict[str, Any] = field(default_factory=dict)
    in_shapes: tuple[Shape, ...] | None = None


MAP: Shape = (1, 24, 15, 13)

EXTRA: dict[str, tuple[Extra, ...]] = {
    "conv_norm_act": (
        Extra({"kernel": 4, "stride": 4, "padding": "none", "norm": "layer", "bias": True, "act": "none"}),
        Extra({"kernel": 2, "stride": 2, "padding": "none", "norm": "none", "act": "gelu", "norm_eps": 1e-6}),
        Extra({"kernel": 5, "dilation": 2, "groups": 8, "out_channels": None}),
        Extra({"norm": "none", "bias": False}),
        Extra({"norm_eps": 0.05}),
    ),
    "depthwise_conv": (Extra({"kernel": 7, "dilation": 2, "norm": "none", "bias": True}),),
    "pointwise_conv": (Extra({"groups": 4, "stride": 2, "norm": "layer", "bias": True}),),
    "max_pool": (Extra({"kernel": 2, "ceil_mode": True}), Extra({"kernel": 2}), Extra({"kernel": 5, "stride": 1})),
    "avg_pool": (
        Extra({"kernel": 3}),
        Extra({"kernel": 3, "ceil_mode": False, "count_include_pad": True}),
        Extra({"kernel": 3, "stride": 1}),
    ),
    "add": (Extra({"branches": 3}),),
    "multiply": (
        Extra({"branches": 3}, (MAP, (1, 24, 1, 1), (1, 24))),
        Extra({}, (MAP, (1, 24))),
    ),
    "concat": (Extra({"branches": 3}, (MAP, (1, 8, 15, 13), (1, 5, 15, 13))),),
    "split": (Extra({"parts": 4}, ((1, 10, 15, 13),)), Extra({"parts": 3}, ((1, 9),))),
    "channel_shuffle": (Extra({"groups": 4}),),
    "squeeze_excite": (Extra({"ratio": 0.5, "divisor": 4}),),
    "linear": (Extra({"out_features": 10, "bias": False, "dropout": 0.2}),),
    "edgenext_sdta_encoder": (Extra({"scales": 3, "heads": 2, "use_pos_emb": True}, ((1, 22, 15, 13),)),),
    "g_ghost_stage": (Extra({"depth": 3, "ghost_ratio": 0.3, "stride": 1, "group_width": 40}),),
    "botnet_mhsa_bottleneck": (Extra({"heads": 2, "stride": 2, "out_channels": 48}, ((1, 24, 6, 9),)),),
    "edgenext_bn_sdta_encoder": (Extra({"scales": 3, "heads": 2, "use_pos_emb": True}, ((1, 22, 15, 13),)),),
    "tf_same_pad": (Extra({"kernel": 5, "stride": 1}), Extra({}, ((1, 24, 14, 12),))),
    "resize_like": (Extra({}, (MAP, (1, 3, 31, 22))), Extra({"mode": "nearest"}, (MAP, (1, 3, 9, 40)))),
    "mobilenetv3_block": (
        Extra({"padding": "tf_same", "stride": 2, "kernel": 5, "se": True}, ((1, 24, 14, 12),)),
        Extra({"expansion": 1.0, "se": True, "norm_eps": 0.05}),
    ),
    "inverted_residual": (Extra({"expansion": 1.0}), Extra({"act": "relu", "reserve_merge": True})),
    "lraspp_head": (Extra({"num_classes": 5}, (MAP, (1, 32, 8, 7))),),
    "rm_block": (Extra({"reserve_merge": True, "stride": 2, "out_channels": 24}),),
    "rm_repvgg_block": (Extra({"ratio": 0.0}), Extra({"ratio": 0.7})),
    "rm_inverted": (
        Extra({"reserved": 0, "stride": 2}),
        Extra({"expand": False, "project": False}),
        Extra({"reserved": 168, "act": "relu"}),
    ),
    "mgic_resnet_block": (
        Extra({"out_channels": 64, "stride": 2, "group_size": 8, "coarsest": 16}),
        Extra({"out_channels": 96, "bottleneck": True, "group_size": 4, "coarsest": 8}, ((1, 24, 15, 13),)),
    ),
    "mgic_mobilenetv3_block": (
        Extra({"out_channels": 40, "stride": 2, "group_size": 8, "coarsest": 16, "se": True}),
        Extra({"expansion": 1.0, "se": True}),
    ),
    "nextvit_ncb": (Extra({"out_channels": 32}, ((1, 32, 15, 13),)),),
    "nextvit_ntb": (Extra({"out_channels": 160, "stride": 2, "sr_ratio": 4}, ((1, 128, 15, 13),)),),
    "trtvit_mixblock_b": (Extra({"shrink_ratio": 0.25}, ((1, 96, 7, 9),)),),
    "trtvit_mixblock_c": (Extra({"shrink_ratio": 0.25}, ((1, 96, 7, 9),)),),
    "mobilevit_block": (Extra({"depth": 1, "heads": 2, "transformer_dim": 48}, ((1, 24, 16, 12),)),),
    "shufflenet_v1_unit": (
        Extra({"groups": 3, "stride": 2, "shuffle": "authors"}, ((1, 24, 15, 13),)),
        Extra({"groups": 8, "stride": 2, "out_channels": 128, "dense_first": True}, ((1, 24, 15, 13),)),
        Extra({"groups": 1}),
    ),
    "shufflenet_v2_unit": (Extra({"dialect": "authors", "stride": 2, "out_channels": 80}),),
    "fbnet_tbs": (
        Extra({"choice": "k5_e1_g2", "dialect": "mobile_vision"}),
        Extra({"choice": "skip", "stride": 2, "out_channels": 64}),
    ),
}


@functools.cache
def samples_of(block: str) -> tuple[Sample, ...]:
    """Return the samples of one block, the default config first."""
    config = CATALOG[block]
    default = config()
    first, *others = _shapes_by_kind(default)
    rows = [Sample(block, default, first, "default")]
    rows += [Sample(block, default, shapes, f"rank{len(shapes[0])}") for shapes in others]
    for words, changes in _variants(config):
        changed = config.model_validate(default.model_dump() | changes)
        rows.append(Sample(block, changed, first, words))
    for extra in EXTRA.get(block, ()):
        changed = config.model_validate(default.model_dump() | extra.config)
        count = max(len(changed.inputs()), 1)
        shapes = extra.in_shapes or (first[0],) * count
        rows.append(Sample(block, changed, shapes, f"extra-{_words(extra.config)}"))
    return tuple(rows)


def all_samples() -> list[Sample]:
    """Return every sample of every block, in palette order."""
    return [sample for block in CATALOG for sample in samples_of(block)]


def main_samples() -> list[Sample]:
    """Return the default config of every block."""
    return [samples_of(block)[0] for block in CATALOG]


def same_outputs(result: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return a block's outputs as a tuple, one per port."""
    return result if isinstance(result, tuple) else (result,)


def leaves(module: nn.Module) -> dict[str, nn.Module]:
    """Return the submodules that hold parameters of their own, by name."""
    return {
        name: part for name, part in module.named_modules() if next(part.parameters(recurse=False), None) is not None
    }


def _shapes_by_kind(config: BlockConfig) -> list[tuple[Shape, ...]]:
    """Return input shapes that the config accepts, for each kind its first port takes."""
    ports = config.inputs()
    kinds = ports[0].kinds if ports else ("map",)
    return [_accepted(config, kind, max(len(ports), 1)) for kind in kinds]


def _accepted(config: BlockConfig, kind: str, count: int) -> tuple[Shape, ...]:
    for (height, width), channels in itertools.product(SIDES, CHANNELS):
        shapes: dict[str, Shape] = {
            "map": (1, channels, height, width),
            "tokens": (1, height * width, channels),
            "vector": (1, channels),
        }
        try:
            with torch.device("meta"):
                config.build((shapes[kind],) * count)
        except BlockError:
            continue
        return (shapes[kind],) * count
    raise AssertionError(f"{config.name} accepts no {kind} of {CHANNELS} channels")


def _variants(config: type[BlockConfig]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every choice of every field one by one, and every stride with every kind of width."""
    wide = {name: _choices(config, name) for name in config.fields_with_role("stride", "width")}
    default = config().model_dump()
    for name in config.model_fields:
        if name not in wide:
            for choice in _choices(config, name):
                if choice != default[name]:
                    yield _words({name: choice}), {name: choice}
    for values in itertools.product(*wide.values()):
        changes = {name: value for name, value in zip(wide, values, strict=True) if value != default[name]}
        if changes:
            yield _words(changes), changes


def _choices(config: type[BlockConfig], name: str) -> tuple[Any, ...]:
    """Return the values to try of a field: literals, both switches, a width given and empty."""
    annotation = config.model_fields[name].annotation
    if typing.get_origin(annotation) is Literal:
        return typing.get_args(annotation)
    if annotation is bool:
        return (True, False)
    default = config.model_fields[name].default
    if name in config.fields_with_role("width") and _nullable(annotation):
        return (default, OTHER_WIDTH if default is None else None)
    return (default,)


def _nullable(annotation: Any) -> bool:
    return isinstance(annotation, types.UnionType) and type(None) in typing.get_args(annotation)


def _words(changes: dict[str, Any]) -> str:
    return ",".join(f"{name}={value}" for name, value in changes.items()) or "default"
