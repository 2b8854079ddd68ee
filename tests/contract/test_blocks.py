"""What every block's module promises, on every sample: shapes, gradients, deploy form, export.

Each check on numbers first makes everything in the block visible: see `blocks.randomise`.
"""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from blocks.config import kind_of
from blocks.randomise import randomise
from tests.contract.onnx_parity import onnx_bytes, onnx_outputs, relative_error
from tests.contract.samples import Sample, all_samples, leaves, main_samples, same_outputs, samples_of

SAMPLES = pytest.mark.parametrize("sample", all_samples(), ids=str)

DEPLOY_TOLERANCE = 1e-10
ONNX_TOLERANCE = 1e-4

GUESSED_SHAPES = {
    "conv_norm_act": "padding none gives fewer pixels; the guess is for padded convolutions",
    "max_pool": "an even window without ceil_mode drops the last row of an odd map",
    "avg_pool": "an even window without ceil_mode drops the last row of an odd map",
}
"""Blocks whose declared shape, a guess for configs that do not build, may differ from the real one; not by default."""

BEFORE_A_NORM = ("shortcut.0.norm.bias", "down.norm.bias")
WITHOUT_GRADIENT: dict[str, tuple[str, ...]] = {
    # Depthwise-BN, then 1x1-BN with nothing between: the second norm takes the first one's shift out.
    "ghost_bottleneck": BEFORE_A_NORM,
    "repghost_bottleneck": BEFORE_A_NORM,
    # Batch norms take the shifts of the cascade's last convolution and of the attention's projection out.
    "edgenext_bn_sdta_encoder": ("convs.0.bias", "convs.1.bias", "xca.proj.bias"),
    # Adds the same number to all scores of a query, which softmax does not see.
    "nextvit_ntb": ("mhsa.k.bias",),
    # The same, with a grouped or a dense 1x1.
    "shufflenet_v1_unit": ("depthwise.norm.bias",),
    "shufflenet_v2_unit": ("side.0.norm.bias", "main.1.norm.bias"),
    "esnet_block": ("side.0.norm.bias",),
    # A batch norm takes the shift of the convolution before it out.
    "efficientformer_mb4d": ("expand.conv.bias", "project.conv.bias"),
    # The mean of pixels less the pixel takes the shift of the norm before it out.
    "poolformer_block": ("norm_pool.bias",),
    # A 1x1 convolution and a batch norm follow: the second norm takes the first one's shift out.
    "mobilevit_block": ("norm_tokens.bias",),
}
"""Parameters whose gradient is zero by the paper's own mathematics, by block: the ends of their names."""


@SAMPLES
def test_shapes_are_as_declared_at_any_batch(sample: Sample) -> None:
    module = sample.settled(torch.float32)
    ports = sample.config.outputs()
    for batch in (1, 3):
        outputs = same_outputs(module(*sample.inputs(batch, seed=3)))
        assert len(outputs) == len(ports)
        for output, port in zip(outputs, ports, strict=True):
            kinds = (kind_of(sample.in_shapes[0]),) if "same" in port.kinds else port.kinds
            assert output.shape[0] == batch and kind_of(tuple(output.shape)) in kinds
        if sample.block not in GUESSED_SHAPES or sample.words == "default":
            in_shapes = [(batch, *shape[1:]) for shape in sample.in_shapes]
            assert [tuple(y.shape) for y in outputs] == list(sample.config.declared_shapes(in_shapes))


@SAMPLES
def test_runs_on_the_meta_device(sample: Sample) -> None:
    with torch.device("meta"):
        module = sample.build().eval()
    outputs = same_outputs(module(*(torch.empty(shape, device="meta") for shape in sample.in_shapes)))
    real = same_outputs(sample.settled(torch.float32)(*sample.inputs(1, seed=3)))
    assert [(y.shape, y.dtype) for y in outputs] == [(y.shape, y.dtype) for y in real]
    assert all(y.is_meta for y in outputs)


@SAMPLES
def test_a_backward_pass_reaches_every_parameter(sample: Sample) -> None:
    excused = WITHOUT_GRADIENT.get(sample.block, ())
    assert [name for name in without_gradient(sample) if not name.endswith(excused)] == []


@pytest.mark.parametrize("block", list(WITHOUT_GRADIENT))
def test_every_excuse_from_the_gradient_is_needed(block: str) -> None:
    found = [name for sample in samples_of(block) for name in without_gradient(sample)]
    for end in WITHOUT_GRADIENT[block]:
        assert any(name.endswith(end) for name in found)


def without_gradient(sample: Sample) -> list[str]:
    """Return the parameters that one backward pass in train mode, everything random, leaves at zero."""
    module = sample.build().double().train()
    randomise(module, torch.Generator().manual_seed(1))
    outputs = same_outputs(module(*sample.inputs(3, seed=4, dtype=torch.float64)))
    generator = torch.Generator().manual_seed(5)
    loss = sum(((y * torch.randn(y.shape, generator=generator, dtype=y.dtype)).sum() for y in outputs), torch.zeros(()))
    if loss.requires_grad:
        torch.autograd.backward(loss)
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    # float64: what the mathematics makes zero comes out near 1e-14
    return [name for name, p in module.named_parameters() if p.grad is not None and p.grad.abs().max() < 1e-9]


@SAMPLES
def test_init_weights_fills_everything_from_the_generator(sample: Sample) -> None:
    def initialised(seed: int) -> dict[str, Tensor]:
        module = sample.build()
        with torch.no_grad():
            for value in filled(module):
                value.fill_(torch.nan)
        module.init_weights(torch.Generator().manual_seed(seed))
        return module.state_dict()

    first, again = initialised(0), initialised(0)
    assert all(value.isfinite().all() for value in first.values())
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    drawn = [key for key, value in initialised(1).items() if not torch.equal(value, first[key])]
    assert bool(drawn) == any(isinstance(m, nn.Conv2d | nn.Linear) for m in sample.build().modules())


def filled(module: nn.Module) -> list[Tensor]:
    """Return what `init_weights` must fill: parameters and floating buffers that are saved."""
    return [value for value in module.state_dict(keep_vars=True).values() if value.is_floating_point()]


@SAMPLES
def test_deploy_form_gives_the_same_outputs(sample: Sample) -> None:
    train = sample.settled()
    before = copy.deepcopy(train.state_dict())
    deploy = train.to_deploy().eval()
    inputs = sample.inputs(3, seed=6, dtype=torch.float64)
    with torch.no_grad():
        for folded, reference in zip(same_outputs(deploy(*inputs)), same_outputs(train(*inputs)), strict=True):
            assert folded.dtype == torch.float64
            assert relative_error(folded, reference) <= DEPLOY_TOLERANCE
    torch.testing.assert_close(train.state_dict(), before, rtol=0, atol=0)
    assert not {p.data_ptr() for p in train.parameters()} & {p.data_ptr() for p in deploy.parameters()}


@SAMPLES
def test_deploy_structure_is_the_deploy_form_without_weights(sample: Sample) -> None:
    module = sample.settled()
    with torch.device("meta"):
        structure = sample.build().deploy_structure()
    expected = {key: value.shape for key, value in module.to_deploy().state_dict().items()}
    assert {key: value.shape for key, value in structure.state_dict().items()} == expected


@SAMPLES
def test_the_deploy_form_has_no_batch_norm_but_a_lone_one(sample: Sample) -> None:
    norms = [m for m in sample.settled().to_deploy().modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    assert len(norms) == (1 if sample.block == "batch_norm" else 0)


@SAMPLES
def test_outputs_follow_the_inputs(sample: Sample) -> None:
    module = sample.settled()
    with torch.no_grad():
        for output in same_outputs(module(*sample.inputs(3, seed=7, dtype=torch.float64))):
            spread = (output.amax(0) - output.amin(0)).max() / output.abs().max()
            assert spread > 1e-2


@SAMPLES
def test_every_layer_matters_to_the_outputs(sample: Sample) -> None:
    """Replace one layer's weights by others: the comparison of forms above would see it."""
    module = sample.settled()
    inputs = sample.inputs(3, seed=8, dtype=torch.float64)
    with torch.no_grad():
        reference = same_outputs(module(*inputs))
        for name, part in leaves(module).items():
            kept = copy.deepcopy(part.state_dict())
            randomise(part, torch.Generator().manual_seed(9))
            moved = [relative_error(y, r) for y, r in zip(same_outputs(module(*inputs)), reference, strict=True)]
            assert max(moved) > 100 * ONNX_TOLERANCE, name
            part.load_state_dict(kept)


@SAMPLES
def test_onnxruntime_gives_the_same_outputs(sample: Sample) -> None:
    deploy = sample.settled(torch.float32).to_deploy().eval()
    model = onnx_bytes(deploy, sample.inputs(2, seed=10))
    for batch in (1, 3):
        inputs = sample.inputs(batch, seed=11)
        with torch.no_grad():
            expected = same_outputs(deploy(*inputs))
        actual = onnx_outputs(model, inputs)
        assert [y.shape for y in actual] == [y.shape for y in expected]
        for output, reference in zip(actual, expected, strict=True):
            assert relative_error(output, reference) <= ONNX_TOLERANCE


@pytest.mark.parametrize("form", ["train", "deploy"])
@pytest.mark.parametrize("sample", main_samples(), ids=str)
def test_torch_export_works(sample: Sample, form: str) -> None:
    module: nn.Module = sample.settled(torch.float32)
    if form == "deploy":
        module = module.to_deploy().eval()  # type: ignore[operator]
    inputs = tuple(sample.inputs(2, seed=12))
    program = torch.export.export(module, inputs)
    with torch.no_grad():
        pairs = zip(same_outputs(program.module()(*inputs)), same_outputs(module(*inputs)), strict=True)
        for output, reference in pairs:
            torch.testing.assert_close(output, reference, rtol=1e-5, atol=1e-5)
