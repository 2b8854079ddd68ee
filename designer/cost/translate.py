"""From a torch function's arguments to the rules: one small function per torch function, keyed by its name.

`x.add_(y)`, `torch.add(x, y)` and `x + y` arrive here as `add`; the recorder strips underscores and handles
in-place forms. Arguments that are tensors arrive as stand-ins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from designer.cost.translate_layers import LAYERS
from designer.cost.translate_made import MADE
from designer.cost.translate_moves import MOVES
from designer.cost.translate_pointwise import POINTWISE

TRANSLATIONS: dict[str, Callable[..., Any]] = {**POINTWISE, **LAYERS, **MOVES, **MADE}

IN_PLACE_KEYWORD = "inplace"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN = _names(
    "dim size numel stride is_floating_point is_complex is_contiguous element_size get_device storage_offset __len__ "
    "is_same_size __repr__ __format__ __hash__ data_ptr __set__ is_tensor requires_grad_ get_default_dtype "
    "is_grad_enabled is_storage broadcast_shapes finfo iinfo promote_types result_type can_cast"
)
"""Functions that ask about a real tensor, or about none: run as they are."""
