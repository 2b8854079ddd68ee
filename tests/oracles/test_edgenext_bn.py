"""EdgeNeXt's batch-norm twins, which timm does not have: the authors' counts, and both encoders written out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.edgenext_bn import BNConvEncoder, BNSDTAEncoder
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.cost.accounting import account
from designer.cost.audit import audit
from designer.deploy.network import to_deploy
from designer.presets import PRESETS, load_preset
from tests.contract.onnx_parity import relative_error

TWINS = [name for name, info in PRESETS.items() if info.system == "EdgeNeXt" and not info.timm]


def test_the_authors_have_three_twins() -> None:
    assert TWINS == ["edgenext_xx_small_bn_hs", "edgenext_x_small_bn_hs", "edgenext_small_bn_hs"]


@pytest.mark.parametrize("name", TWINS)
def test_fvcore_counts_what_it_counted_for_the_authors(name: str) -> None:
    """Their numbers are fvcore's, norms included, with five or six digits: all of them are met."""
    published = PRESETS[name].published[0]
    audited = audit(load_preset(name), form="train")
    assert audited.unexplained == 0
    assert round(audited.fvcore / 1e6, 2) == published.macs_m
    assert round(account(load_preset(name), form="train").params / 1e6, 2) == published.params_m


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_does_the_macs_of_its_layer_norm_network(name: str) -> None:
    twin, original = load_preset(name), load_preset(name.removesuffix("_bn_hs"))
    for form in ("train", "deploy"):
        assert account(twin, form=form).macs == account(original, form=form).macs


def batch_norm(weights: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    mean, variance, scale, shift = (
        weights[f"{name}.{key}"].reshape(1, -1, 1, 1) for key in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (variance + 1e-5).sqrt() * scale + shift


def mlp(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    y = torch.einsum("oc,nchw->nohw", weights["mlp.expand.weight"], x) + weights["mlp.expand.bias"][:, None, None]
    y = y * (y + 3).clamp(0, 6) / 6
    y = torch.einsum("oc,nchw->nohw", weights["mlp.project.weight"], y) + weights["mlp.project.bias"][:, None, None]
    return y * weights["mlp.gamma"][:, None, None]


def conv_encoder(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    kernel = weights["depthwise.conv.weight"]
    y = F.conv2d(x, kernel, padding=kernel.shape[-1] // 2, groups=x.shape[1])
    return x + mlp(weights, batch_norm(weights, "depthwise.norm", y))


def sdta_encoder(weights: dict[str, Tensor], x: Tensor, scales: int, heads: int, position: bool) -> Tensor:
    """Return the encoder on whole maps, its norm before the residual of the attention."""
    width = math.ceil(x.shape[1] / scales)
    before, made = torch.zeros_like(x[:, :width]), []
    for index in range(scales - 1):
        kernel, bias = weights[f"convs.{index}.weight"], weights[f"convs.{index}.bias"]
        before = F.conv2d(before + x[:, index * width : (index + 1) * width], kernel, bias, padding=1, groups=width)
        made.append(before)
    z = batch_norm(weights, "norm_xca", torch.cat([*made, x[:, (scales - 1) * width :]], dim=1))
    if position:
        z = z + encoding(weights, *x.shape[2:])
    z = z + weights["xca.gamma"][:, None, None] * attention(weights, z, heads)
    return x + mlp(weights, batch_norm(weights, "norm_mlp", z))


def attention(weights: dict[str, Tensor], z: Tensor, heads: int) -> Tensor:
    qkv = torch.einsum("oc,nchw->nohw", weights["xca.qkv.weight"], z) + weights["xca.qkv.bias"][:, None, None]
    q, k, v = qkv.flatten(2).chunk(3, dim=1)
    results = []
    for head, (qh, kh, vh) in enumerate(zip(*(t.chunk(heads, dim=1) for t in (q, k, v)), strict=True)):
        scores = torch.einsum("ncl,ndl->ncd", qh / qh.norm(dim=2, keepdim=True), kh / kh.norm(dim=2, keepdim=True))
        results.append((scores * weights["xca.temperature"][head, 0, 0]).softmax(-1) @ vh)
    y = torch.cat(results, dim=1).reshape(z.shape)
    return torch.einsum("oc,nchw->nohw", weights["xca.proj.weight"], y) + weights["xca.proj.bias"][:, None, None]


def encoding(weights: dict[str, Tensor], height: int, width: int) -> Tensor:
    features = torch.zeros(1, 64, height, width, dtype=torch.float32)
    for axis, length in enumerate((height, width)):
        for place in range(length):
            for m in range(32):
                angle = 2 * math.pi * (place + 1) / (length + 1e-6) / 10000 ** (m // 2 / 16)
                line = features[0, 32 * axis + m]
                (line[place] if axis == 0 else line[:, place]).fill_(math.cos(angle) if m % 2 else math.sin(angle))
    return F.conv2d(features.double(), weights["position.project.weight"], weights["position.project.bias"])


def settled(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    randomise(module, torch.Generator().manual_seed(1))
    settle_norms(module, [x])
    return dict(module.state_dict())


@pytest.mark.parametrize("kernel", [3, 9])
def test_the_conv_encoder_is_the_authors_written_out(kernel: int) -> None:
    x = torch.randn(3, 24, 7, 9, generator=torch.Generator().manual_seed(kernel), dtype=torch.float64)
    module = BNConvEncoder(24, kernel).double()
    weights = settled(module, x)
    with torch.inference_mode():
        expected = conv_encoder(weights, x)
        assert relative_error(module(x), expected) <= 1e-12
        assert relative_error(module.to_deploy()(x), expected) <= 1e-12
        assert relative_error(x, expected) > 0.1


@pytest.mark.parametrize(
    ("channels", "scales", "heads", "position"), [(48, 2, 4, True), (88, 3, 4, False), (76, 4, 2, True)]
)
def test_the_sdta_encoder_is_the_authors_written_out(channels: int, scales: int, heads: int, position: bool) -> None:
    x = torch.randn(3, channels, 7, 9, generator=torch.Generator().manual_seed(scales), dtype=torch.float64)
    module = BNSDTAEncoder(channels, scales, heads, position).double()
    weights = settled(module, x)
    with torch.inference_mode():
        expected = sdta_encoder(weights, x, scales, heads, position)
        # the product computes the encoding of positions in float32
        limit = 1e-6 if position else 1e-12
        assert relative_error(module(x), expected) <= limit
        assert relative_error(module.to_deploy()(x), expected) <= limit
        assert relative_error(x, expected) > 0.1


def test_the_deploy_form_of_the_network_gives_the_same_outputs_without_norms() -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(load_preset("edgenext_xx_small_bn_hs")).double().eval()
    x = torch.randn(3, 3, 96, 64, generator=generator, dtype=torch.float64)
    randomise(network, generator)
    settle_norms(network, [x])
    deployed = to_deploy(network)
    assert not [m for m in deployed.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.inference_mode():
        expected, got = network(x), deployed(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
