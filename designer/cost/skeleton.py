"""Build modules without memory and without initial values: only shapes matter while counting.

`torch.device("meta")` alone still runs a meta kernel for every fill, which is most of the time of building a block.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

META = torch.device("meta")
_FACTORIES = frozenset({"empty", "zeros", "ones", "full", "rand", "randn"})
_FILLS = frozenset({"fill_", "zero_", "normal_", "uniform_", "copy_", "trunc_normal_", "clamp_", "mul_", "add_"})


class Skeleton(TorchFunctionMode):
    """While active, new tensors live on the meta device and filling them is skipped."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Make or skip; anything else runs on the meta device."""
        name = func.__name__
        if name in _FILLS:
            return args[0]
        kwargs = kwargs or {}
        if name in _FACTORIES:
            shape = args[:1] if name == "full" else args
            return torch.empty(*shape, dtype=kwargs.get("dtype"), device=META)
        if func in _WITH_DEVICE:
            kwargs["device"] = META
        return func(*args, **kwargs)


_WITH_DEVICE = frozenset({torch.tensor, torch.arange, torch.linspace, torch.eye, torch.as_tensor})
