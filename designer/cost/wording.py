"""Operations in plain words: what a person reads where the recorder saw `conv2d` or `hardtanh`. No torch."""

from __future__ import annotations

from profiles.work import Op

NAMES = {
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "div": "Divide",
    "pow": "Power",
    "cat": "Concatenate",
    "stack": "Stack",
    "matmul": "Matrix product",
    "baddbmm": "Matrix product and add",
    "einsum": "Tensor product",
    "linear": "Linear",
    "attention_scores": "Attention scores",
    "attention_values": "Attention values",
    "softmax": "Softmax",
    "log_softmax": "Log-softmax",
    "batch_norm": "Batch norm",
    "layer_norm": "Layer norm",
    "group_norm": "Group norm",
    "instance_norm": "Instance norm",
    "rms_norm": "RMS norm",
    "normalize": "Normalise length",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "prelu": "PReLU",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "hardsigmoid": "Hard sigmoid",
    "hardswish": "Hard swish",
    "hardtanh": "Clip",
    "clamp": "Clip",
    "glu": "Gated linear unit",
    "interpolate": "Resize",
    "mean": "Mean",
    "sum": "Sum",
    "amax": "Maximum",
    "max": "Maximum",
    "reshape": "Reshape",
    "permute": "Transpose",
    "slice": "Slice",
    "split": "Split",
    "unbind": "Split",
    "expand": "Expand",
    "squeeze": "Squeeze",
    "unsqueeze": "Unsqueeze",
    "pad": "Pad",
    "roll": "Shift",
    "windows": "Windows",
    "gather": "Look up",
    "setitem": "Write into",
}
"""Names that say more than the function's own; any other is shown with spaces for underscores."""

CONVOLUTIONS = {"conv": "convolution", "depthwise": "depthwise convolution", "grouped": "grouped convolution"}


def title_of(op: Op) -> str:
    """Return what an operation is: `3x3 depthwise convolution`, `Batch norm`, `Max pool 3x3`."""
    detail = dict(op.detail)
    if op.op_class == "pointwise":
        return "1x1 convolution"
    if op.op_class in CONVOLUTIONS:
        return f"{_window(detail)} {CONVOLUTIONS[op.op_class]}"
    if op.op_class == "pool" and "kernel" in detail:
        kind = "Max pool" if "max" in op.name else "Average pool"
        whole = (detail["kernel"], detail["kernel"]) == (detail["height"], detail["width"])
        if len(op.outputs[0].shape) == 3:  # over a sequence: the window has one side
            return f"{kind} {detail['kernel']}"
        return f"{kind} of the whole map" if whole else f"{kind} {_window(detail)}"
    return NAMES.get(op.name) or op.name.strip("_").replace("_", " ").capitalize()


def detail_of(op: Op) -> str:
    """Return what else one wants to know of it: stride, groups, widths; empty where the title says all."""
    detail = dict(op.detail)
    words = []
    if detail.get("stride", 1) > 1:
        words.append(f"stride {detail['stride']}")
    if detail.get("dilation", 1) > 1:
        words.append(f"dilation {detail['dilation']}")
    if op.op_class == "grouped":
        words.append(f"{detail['groups']} groups")
    if op.op_class in ("conv", "pointwise", "grouped", "linear") and "out_channels" in detail:
        words.append(f"{detail['in_channels']} → {detail['out_channels']}")
    if op.op_class == "depthwise":
        words.append(f"{detail['out_channels']} channels")
    if op.op_class == "matmul" and "rows" in detail:
        times = f"{detail['batch']} x " if detail["batch"] > 1 else ""
        words.append(f"{times}({detail['rows']} x {detail['inner']}) ({detail['inner']} x {detail['columns']})")
    return ", ".join(words)


def _window(detail: dict[str, int]) -> str:
    return f"{detail['kernel']}x{detail.get('kernel_width', detail['kernel'])}"
