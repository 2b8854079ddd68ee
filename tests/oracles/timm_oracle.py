"""timm's networks with random weights, and torch's own counter of multiply-accumulates.

torchvision has no CPU build for this torch: its Python part imports once the two operators that its compiled part
would bring have been declared. No network calls them.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from designer.deploy.network import outputs_of
from designer.presets import PresetInfo


def _declare_torchvision_operators() -> None:
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


_declare_torchvision_operators()

import timm  # noqa: E402  (needs the operators above)
import torchvision  # noqa: E402

AS_TRAINED: dict[str, dict[str, Any]] = {"fbnetc_100": {"bn_eps": 1e-3}}
"""What timm sets itself where it loads its weights, and only then."""


def create(name: str, **options: Any) -> nn.Module:
    """Return timm's network of this name in eval mode, with random weights (nothing is downloaded)."""
    model: nn.Module = timm.create_model(name, pretrained=False, **AS_TRAINED.get(name, {}), **options)
    return model.eval()


def reference_of(info: PresetInfo) -> nn.Module:
    """Return the network that others wrote of a preset, in eval mode, with random weights."""
    if info.timm:
        return create(info.timm)
    assert info.torchvision, info.name
    return create_torchvision(info.torchvision)


def create_torchvision(name: str) -> nn.Module:
    """Return torchvision's network of this name in eval mode, with random weights (nothing is downloaded)."""
    backbone = {"weights_backbone": None} if name.startswith("lraspp") else {}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **backbone)
    return model.eval()


def reference_outputs(network: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
    """Return a network's outputs as a tuple; torchvision's segmentation networks give a dict."""
    result = network(images)
    return tuple(result.values()) if isinstance(result, dict) else outputs_of(result)


def torch_macs(module: nn.Module, size: tuple[int, int, int] = (3, 224, 224)) -> int:
    """Return the MACs of one image of `size` (C, H, W) by torch's counter: convolutions, linear layers and matmuls.

    torch counts FLOPs = 2 x MACs. Runs a copy on the meta device in eval mode; attention takes the math kernel, so
    that its two matrix products are seen.
    """
    shadow = copy.deepcopy(module).to("meta").eval()
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        shadow(torch.empty(1, *size, device="meta"))
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    return flops // 2
