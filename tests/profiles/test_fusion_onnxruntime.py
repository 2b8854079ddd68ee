"""The rules of ONNX Runtime against the graph that it writes itself, for ops recorded from torch and read from ONNX.

Left out on its side: ReorderInput and ReorderOutput (to and from the blocked NCHWc layout), which the rules do not
count, and Reshape, Flatten, Squeeze and the like, which move nothing.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from torch import nn
from torch.nn import functional

from designer.cost.onnx_reader import account_onnx
from designer.cost.record import record
from profiles.fusion import fuse
from profiles.work import Op

INPUT = (1, 16, 8, 8)
WIDTH = 32  # a multiple of every block size of NCHWc

FREE = frozenset({"ReorderInput", "ReorderOutput", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"})
KINDS = {
    "conv": "Conv FusedConv",
    "linear": "Gemm FusedGemm",
    "matmul": "MatMul FusedMatMul",
    "pointwise": "Add Mul Relu Clip LeakyRelu Sigmoid Tanh HardSigmoid Elu Softplus Gelu QuickGelu",
    "norm": "BatchNormalization",
    "layernorm": "LayerNormalization",
    "softmax": "Softmax",
    "pool": "MaxPool AveragePool",
    "reduce": "GlobalAveragePool ReduceMean",
    "resize": "Resize Upsample",
    "copy": "Concat Split Slice Transpose DepthToSpace Gather",
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names.split()}
OURS = {"pointwise": "conv", "grouped": "conv", "depthwise": "conv", "activation": "pointwise"} | {
    "elementwise": "pointwise"
}


def conv(
    width: int, out: int, kernel: int = 3, act: Callable[[], nn.Module] | None = nn.ReLU, groups: int = 1
) -> nn.Sequential:
    layers = [nn.Conv2d(width, out, kernel, padding=kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Residual(nn.Module):
    """A convolution whose output is added to its input, between two others."""

    def __init__(self, after: nn.Module, shortcut: bool = False) -> None:
        super().__init__()
        self.stem, self.head, self.after = conv(16, WIDTH), conv(WIDTH, WIDTH), after
        self.inner = nn.Sequential(conv(WIDTH, WIDTH), conv(WIDTH, WIDTH, act=None))
        self.shortcut = conv(WIDTH, WIDTH, 1, None) if shortcut else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        return self.head(self.after(self.inner(x) + self.shortcut(x)))


class Gated(nn.Module):
    """A convolution with squeeze-excite."""

    def __init__(self, gate: nn.Module) -> None:
        super().__init__()
        self.stem, self.project, self.gate = conv(16, WIDTH), conv(WIDTH, WIDTH, 1, None), gate
        self.squeeze, self.excite = nn.Conv2d(WIDTH, 8, 1), nn.Conv2d(8, WIDTH, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        means = x.mean((2, 3), keepdim=True)
        return self.project(x * self.gate(self.excite(torch.relu(self.squeeze(means)))))


class Mlp(nn.Module):
    """Tokens through a layer norm, two linear layers with GELU and a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.wide, self.narrow = nn.LayerNorm(16), nn.Linear(16, 64), nn.Linear(64, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(1, 16, 64).transpose(1, 2)
        return x + self.narrow(functional.gelu(self.wide(self.norm(x))))


class Attention(nn.Module):
    """One head of attention over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(16, 16) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(1, 64, 16)
        weights = torch.softmax(self.query(x) @ self.key(x).reshape(1, 16, 64), dim=-1)
        return self.out(weights @ self.value(x))


class Ghost(nn.Module):
    """A Ghost module: half of the channels made from the other half, and concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.primary, self.out = conv(16, WIDTH), conv(WIDTH, WIDTH, 1), conv(2 * WIDTH, WIDTH, 1, None)
        self.cheap = conv(WIDTH, WIDTH, groups=WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        y = self.primary(x)
        return self.out(torch.cat([y, self.cheap(y)], 1)) + x


class Shuffle(nn.Module):
    """A ShuffleNet V2 unit: split, one half through convolutions, concatenation, channel shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(16, 2 * WIDTH)
        self.branch = nn.Sequential(conv(WIDTH, WIDTH, 1), conv(WIDTH, WIDTH, 3, None, WIDTH), conv(WIDTH, WIDTH, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = self.stem(x).split(WIDTH, 1)
        y = torch.cat([left, self.branch(right)], 1)
        return y.reshape(1, 2, WIDTH, 8, 8).transpose(1, 2).reshape(1, 2 * WIDTH, 8, 8)


class Scaled(nn.Module):
    """A convolution with a layer scale."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = conv(16, WIDTH, act=None), conv(WIDTH, WIDTH)
        self.scale = nn.Parameter(torch.ones(WIDTH, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x) * self.scale)


def activated(act: Callable[[], nn.Module]) -> nn.Module:
    return nn.Sequential(conv(16, WIDTH, act=act), conv(WIDTH, WIDTH))


def headed(act: Callable[[], nn.Module]) -> nn.Module:
    pooled = (conv(16, WIDTH), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*pooled, nn.Linear(WIDTH, 16), act(), nn.Linear(16, 8))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "conv, bn, relu": partial(activated, nn.ReLU),
    "relu6": partial(activated, nn.ReLU6),
    "leaky relu": partial(activated, nn.LeakyReLU),
    "sigmoid": partial(activated, nn.Sigmoid),
    "hard sigmoid": partial(activated, nn.Hardsigmoid),
    "tanh": partial(activated, nn.Tanh),
    "silu": partial(activated, nn.SiLU),
    "gelu": partial(activated, nn.GELU),
    "elu": partial(activated, nn.ELU),
    "residual": lambda: Residual(nn.Identity()),
    "residual, relu": lambda: Residual(nn.ReLU()),
    "residual, relu6": lambda: Residual(nn.ReLU6()),
    "residual, leaky relu": lambda: Residual(nn.LeakyReLU()),
    "residual, sigmoid": lambda: Residual(nn.Sigmoid()),
    "residual with a convolution": lambda: Residual(nn.ReLU(), shortcut=True),
    "squeeze-excite": lambda: Gated(nn.Sigmoid()),
    "squeeze-excite, hard": lambda: Gated(nn.Hardsigmoid()),
    "gelu mlp": Mlp,
    "attention": Attention,
    "depthwise separable": lambda: nn.Sequential(
        conv(16, WIDTH), conv(WIDTH, WIDTH, 3, nn.ReLU6, WIDTH), conv(WIDTH, 64, 1)
    ),
    "grouped": lambda: nn.Sequential(conv(16, WIDTH, groups=4), conv(WIDTH, WIDTH, groups=8)),
    "concat": Ghost,
    "shuffle": Shuffle,
    "layer scale": Scaled,
    "pools": lambda: nn.Sequential(conv(16, WIDTH), nn.MaxPool2d(2), conv(WIDTH, WIDTH), nn.AvgPool2d(2)),
    "resize": lambda: nn.Sequential(conv(16, WIDTH), nn.Upsample(scale_factor=2), conv(WIDTH, WIDTH)),
    "pixel shuffle": lambda: nn.Sequential(conv(16, WIDTH), nn.PixelShuffle(2), conv(8, 16)),
    "head, relu": partial(headed, nn.ReLU),
    "head, relu6": partial(headed, nn.ReLU6),
    "head, sigmoid": partial(headed, nn.Sigmoid),
    "head, gelu": partial(headed, nn.GELU),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[nn.Module, Path]]:
    """Return a function that gives a network of the table and its ONNX file, exported once."""
    folder = tmp_path_factory.mktemp("networks")
    made: dict[str, tuple[nn.Module, Path]] = {}

    def make(name: str, build: Callable[[], nn.Module] | None = None) -> tuple[nn.Module, Path]:
        if name not in made:
            torch.manual_seed(0)
            network = (build or NETWORKS[name])().eval()
            made[name] = network, exported(network, folder / f"{len(made)}.onnx")
        return made[name]

    return make


def exported(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about itself
        torch.onnx.export(network, (torch.zeros(INPUT),), str(path), dynamo=False, opset_version=18)
    return path


def optimised(path: Path, level: str) -> onnx.GraphProto:
    """Return the graph that onnxruntime runs at this level."""
    target = path.with_suffix(f".{level}")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_ENABLE_{level}")
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3  # it warns that such a file is for this machine
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return onnx.load(str(target)).graph


def theirs(graph: onnx.GraphProto) -> Counter[str]:
    constants = {initializer.name for initializer in graph.initializer}
    kinds = Counter(KIND_OF[node.op_type] for node in graph.node if node.op_type not in FREE)
    by_weights = sum(node.op_type == "MatMul" and node.input[1] in constants for node in graph.node)
    kinds["matmul"] -= by_weights
    kinds["linear"] += by_weights
    return +kinds


def ours(ops: Sequence[Op], outputs: Sequence[int], rules: str) -> Counter[str]:
    kernels = fuse(ops, rules, outputs)
    return Counter(OURS.get(kernel.op_class, str(kernel.op_class)) for kernel in kernels)


def both(network: nn.Module, path: Path, rules: str) -> tuple[Counter[str], Counter[str]]:
    """Return our kernels of the recorded network and of its ONNX file."""
    recorded, read = record(network, [INPUT]), account_onnx(path)
    return ours(recorded.ops, [out.id for out in recorded.outputs], rules), ours(read.ops, read.outputs, rules)


def rules_at(level: str, graph: onnx.GraphProto) -> str:
    """Return the rule set of this level here: without NCHWc kernels for this processor, level all adds nothing."""
    blocked = any(node.domain == "com.microsoft.nchwc" for node in graph.node)
    return "onnxruntime-cpu" if level == "ALL" and blocked else "onnxruntime-cpu-arm"


@pytest.mark.parametrize("level", ["ALL", "EXTENDED"])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_rules_launch_what_onnxruntime_launches(
    name: str, level: str, files: Callable[[str], tuple[nn.Module, Path]]
) -> None:
    network, path = files(name)
    plain = optimised(files("conv, bn, relu")[1], level)
    expected = theirs(optimised(path, level))
    recorded, read = both(network, path, rules_at(level, plain))
    assert recorded == expected
    assert read == expected


def test_hard_swish_joins_in_the_blocked_layout_and_else_is_one_kernel_too_few(
    files: Callable[[str, Callable[[], nn.Module]], tuple[nn.Module, Path]],
) -> None:
    network, path = files("hard swish", partial(activated, nn.Hardswish))
    recorded, read = both(network, path, "onnxruntime-cpu-arm")
    assert recorded == read == {"conv": 2, "pointwise": 1}
    assert theirs(optimised(path, "EXTENDED")) == {"conv": 2, "pointwise": 2}  # HardSigmoid and Mul
    at_all = optimised(path, "ALL")
    if rules_at("ALL", at_all) == "onnxruntime-cpu":
        recorded, read = both(network, path, "onnxruntime-cpu")
        assert recorded == read == theirs(at_all) == {"conv": 2}


def test_a_batch_norm_alone_is_a_kernel_with_its_relu_in_the_blocked_layout(
    files: Callable[[str, Callable[[], nn.Module]], tuple[nn.Module, Path]],
) -> None:
    def pre_activated() -> nn.Module:
        return nn.Sequential(conv(16, WIDTH), nn.BatchNorm2d(WIDTH), nn.ReLU(), conv(WIDTH, WIDTH))

    network, path = files("batch norm", pre_activated)
    assert both(network, path, "onnxruntime-cpu-arm")[0] == theirs(optimised(path, "EXTENDED"))
    at_all = optimised(path, "ALL")
    if rules_at("ALL", at_all) == "onnxruntime-cpu":
        recorded, read = both(network, path, "onnxruntime-cpu")
        assert recorded == read == {"conv": 2, "norm": 1}
        assert theirs(at_all) == {"conv": 3}  # it runs the batch norm as a depthwise convolution
