"""The recorder against torch: shapes, MACs by torch's own counter, and nothing missed in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from designer.cost.record import Record, record
from profiles.work import Op
from tests.oracles.timm_oracle import create, torch_macs


class Does(nn.Module):
    """A module that computes one function."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.zeros(8, 8))

    def forward(self, *inputs: Tensor) -> object:
        return self.function(*inputs)


def macs(done: Record) -> int:
    return sum(op.macs for op in done.ops)


def kinds(done: Record) -> list[str]:
    return [op.op_class for op in done.ops]


@pytest.mark.parametrize(
    "name",
    ["mobilenetv3_small_050", "vit_tiny_patch16_224", "convnext_atto", "swin_tiny_patch4_window7_224", "regnety_002",
     "mobileone_s0", "densenet121"],
)  # fmt: skip
def test_macs_and_shape_equal_torchs_for_networks_of_every_kind(name: str) -> None:
    network = create(name)
    done = record(network, [(1, 3, 224, 224)])
    assert macs(done) == torch_macs(network)
    assert done.outputs[0].shape == (1, 1000)
    assert not [op.name for op in done.ops if op.op_class == "other"]


FUNCTIONS: list[Callable[[Tensor], object]] = [
    lambda x: x.reshape(2, 4, -1).transpose(1, 2).flatten(1),
    lambda x: x.chunk(3, 1),
    lambda x: torch.split(x, [1, 2, 5], dim=1),
    lambda x: x[:, ::2, 1:-1, None],
    lambda x: x[..., -1],
    lambda x: x[:, [0, 2, 1]],
    lambda x: x[[0, 1, 0]],
    lambda x: x[0, torch.tensor([1, 2, 3])],
    lambda x: x[x.new_zeros(3, dtype=torch.int64)],
    lambda x: x.permute(0, 2, 3, 1).contiguous().view(2, -1, 8),
    lambda x: torch.cat([x, x.mean((2, 3), keepdim=True).expand_as(x)], 1),
    lambda x: torch.stack([x, x], -1).unbind(-1)[0],
    lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"),
    lambda x: F.interpolate(x, size=(3, 5)),
    lambda x: F.pad(x, (1, 2, 0, 1)),
    lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True),
    lambda x: F.avg_pool2d(x, 2, ceil_mode=True),
    lambda x: F.adaptive_avg_pool2d(x, (3, 1)),
    lambda x: F.normalize(x, dim=1),
    lambda x: x.softmax(-1).amax(1, keepdim=True),
    lambda x: x.max(dim=1),
    lambda x: x.unfold(2, 3, 2),
    lambda x: F.unfold(x, 3, padding=1, stride=2),
    lambda x: x.roll((1, 1), (2, 3)) + torch.arange(7),
    lambda x: 2 / (1 + x.exp()) - x.pow(2).sum(1, keepdim=True).rsqrt(),
    lambda x: torch.einsum("bchw,bdhw->bcd", x, x),
    lambda x: F.glu(x, 1),
    lambda x: F.pixel_shuffle(x, 2),
    lambda x: x.squeeze().unsqueeze(-1).movedim(1, 2),
    lambda x: torch.where(x > 0, x, x.new_zeros(1)),
    lambda x: x.repeat(1, 2, 1, 1).repeat_interleave(2, dim=1),
    lambda x: F.scaled_dot_product_attention(x, x, x),
    lambda x: torch.fft.rfft2(x),
]


def _shapes(result: object) -> list[tuple[int, ...]]:
    tensors = [result] if isinstance(result, Tensor) else list(result)  # type: ignore[call-overload]
    return [tuple(t.shape) for t in tensors if t.dtype != torch.int64 or isinstance(result, Tensor)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_shapes_are_torchs(function: Callable[[Tensor], object]) -> None:
    shape = (2, 8, 7, 7)
    done = record(Does(function), [shape])
    wanted = _shapes(function(torch.zeros(shape)))
    assert [out.shape for out in done.outputs][: len(wanted)] == wanted


def test_a_function_without_a_rule_is_recorded_as_other() -> None:
    done = record(Does(torch.fft.rfft2), [(1, 4, 8, 8)])
    assert [(op.name, op.op_class, op.outputs[0].elements) for op in done.ops] == [("fft_rfft2", "other", 4 * 8 * 5)]


def test_fused_attention_is_two_matrix_products_and_a_softmax() -> None:
    done = record(Does(lambda q: F.scaled_dot_product_attention(q, q, q)), [(2, 3, 10, 16)])
    assert kinds(done) == ["matmul", "softmax", "matmul"]
    assert macs(done) == 2 * (2 * 3 * 10 * 10 * 16)


def test_multi_head_attention_counts_projections_and_products() -> None:
    layer = nn.MultiheadAttention(32, 4, batch_first=True)
    done = record(Does(lambda x: layer(x, x, x, need_weights=False)[0]), [(2, 10, 32)])
    assert macs(done) == 2 * 10 * 32 * 96 + 2 * 2 * 4 * 10 * 10 * 8 + 2 * 10 * 32 * 32
    assert done.outputs[0].shape == (2, 10, 32)


def test_batch_norm_in_eval_mode_reads_four_vectors() -> None:
    (op,) = record(nn.BatchNorm2d(16), [(1, 16, 4, 4)]).ops
    assert (op.op_class, op.macs, [w.shape for w in op.weights]) == ("norm", 0, [(16,)] * 4)


def test_views_are_free_and_a_reshape_of_permuted_data_is_a_copy() -> None:
    done = record(Does(lambda x: x.flatten(2).permute(0, 2, 1).reshape(-1)), [(1, 4, 3, 3)])
    assert kinds(done) == ["view", "view", "copy"]


def test_tensors_made_inside_forward_are_recorded() -> None:
    done = record(Does(lambda x: x + torch.linspace(0, 1, 4).reshape(4, 1, 1)), [(1, 4, 3, 3)])
    assert [op.name for op in done.ops] == ["linspace", "reshape", "add"]
    assert len(done.ops[-1].inputs) == 2


def test_an_in_place_operation_changes_what_others_see() -> None:
    def add_twice(x: Tensor) -> Tensor:
        kept = x * 1
        kept.add_(x)
        return kept.relu_()

    done = record(Does(add_twice), [(1, 4)])
    assert done.outputs[0].id == done.ops[-1].outputs[0].id
    assert [op.inputs[0].id for op in done.ops[1:]] == [op.outputs[0].id for op in done.ops[:-1]]


def test_a_parameter_is_a_weight_also_through_a_view() -> None:
    module = Does(lambda x: x @ module.weight.t() + module.weight[0])
    product, addition = record(module, [(5, 8)]).ops
    assert (product.op_class, product.macs) == ("linear", 5 * 8 * 8)
    assert product.weights[0].id == addition.weights[0].id


def test_an_identity_returns_its_input() -> None:
    done = record(nn.Sequential(nn.Identity(), nn.Dropout(0.5)), [(1, 4)])
    assert done.ops == () and done.outputs == done.inputs


def test_training_mode_is_put_back() -> None:
    module = nn.Sequential(nn.BatchNorm2d(4), nn.Dropout(0.5).eval())
    module[0].train()
    record(module, [(1, 4, 2, 2)])
    assert module[0].training and not module[1].training


def test_what_a_module_keeps_from_one_recording_is_not_found_by_the_next() -> None:
    kept: dict[str, Tensor] = {}

    def keeps(x: Tensor) -> Tensor:
        return x + kept.setdefault(str(x.device), torch.ones(4, device=x.device))

    module = Does(keeps)
    first, second = record(module, [(1, 4)]), record(module, [(1, 4)])
    assert first == second
    assert module(torch.zeros(1, 4)).sum() == 4


def test_deciding_on_values_is_refused() -> None:
    with pytest.raises(ValueError, match="decides on a tensor's value"):
        record(Does(lambda x: x if x.sum() > 0 else -x), [(1, 4)])


def test_details_of_a_convolution() -> None:
    (op,) = record(nn.Conv2d(8, 16, 3, 2, 1, groups=4), [(1, 8, 9, 11)]).ops
    assert isinstance(op, Op)
    wanted = {"kernel": 3, "stride": 2, "groups": 4, "in_channels": 8, "out_channels": 16, "height": 9, "width": 11}
    assert dict(op.detail).items() >= wanted.items()
