"""Our quick constructors make the same layers as torch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blocks.layers import BatchNorm2d, Conv2d


def _facts(layer: nn.Module) -> dict[str, Any]:
    state = {name: (tuple(t.shape), t.dtype) for name, t in layer.state_dict().items()}
    own = {name: value for name, value in vars(layer).items() if name not in ("_parameters", "_buffers")}
    return own | {"state": state, "parameters": list(layer._parameters), "buffers": list(layer._buffers)}


@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 3},
        {"kernel_size": 3, "stride": 2, "padding": 1, "groups": 4, "bias": False},
        {"kernel_size": (1, 5), "stride": (2, 1), "padding": (0, 2), "dilation": 2},
    ],
)
def test_conv_has_everything_torchs_has(arguments: dict[str, Any]) -> None:
    ours, theirs = Conv2d(8, 16, **arguments), nn.Conv2d(8, 16, **arguments)
    assert _facts(ours) == _facts(theirs)
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 8, 13, 11)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)


def test_conv_refuses_groups_that_do_not_divide() -> None:
    with pytest.raises(ValueError, match="groups must divide 8 and 16 channels, got 3"):
        Conv2d(8, 16, 3, groups=3)


def test_batch_norm_has_everything_torchs_has() -> None:
    ours, theirs = BatchNorm2d(8, eps=1e-3, momentum=0.01), nn.BatchNorm2d(8, eps=1e-3, momentum=0.01)
    assert _facts(ours) == _facts(theirs)
    assert repr(ours) == repr(theirs)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=0, atol=0)
    x = torch.randn(4, 8, 5, 5)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)
    torch.testing.assert_close(ours.running_var, theirs.running_var, rtol=0, atol=0)
