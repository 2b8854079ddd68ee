"""What the latency estimates are meant to reach on families left out of the fit, set before anything was fitted."""

from __future__ import annotations

from dataclasses import dataclass

from profiles.profile import Scores


@dataclass(frozen=True, slots=True)
class Target:
    """What a group of profiles is meant to reach; errors and shares in percent."""

    devices: tuple[str, ...]
    median: float
    within10: float
    within20: float
    spearman: float


TARGETS = (
    Target(("i9-10940x-cpu",), 7, 65, 88, 0.98),
    Target(("rtx-3090-throughput", "rtx-4090-throughput"), 5, 75, 93, 0.985),
    Target(("t4-tensorrt-fp32", "t4-tensorrt-fp16"), 11, 45, 75, 0.97),
    Target(("v100-tensorrt-fp32",), 9, 55, 80, 0.965),
    Target(("galaxy-s24-npu-fp16", "snapdragon-x-elite-npu-fp16", "qcs8550-npu-fp16"), 11, 45, 75, 0.97),
    Target(
        (
            "snapdragon-855-cpu-t1",
            "snapdragon-855-cpu-t4",
            "raspberry-pi-4-cpu-onnxruntime",
            "raspberry-pi-4-cpu-ncnn-t4",
            "raspberry-pi-3-cpu-ncnn-t4",
        ),
        6,
        65,
        90,
        0.98,
    ),
    Target(("iphone-12-coreml",), 10, 50, 78, 0.975),
    Target(("jetson-orin-nano-tensorrt", "jetson-agx-xavier-tensorrt-fp16"), 9, 55, 80, 0.95),
    Target(("adreno-640-gpu-ncnn-vulkan", "mali-g720-gpu-ncnn-vulkan"), 12, 45, 75, 0.95),
)
"""Profiles that are not here have no target: too little is known of them, and they are shown as they are."""

EARLIER = {
    "i9-10940x-cpu": 8.9,
    "rtx-3090-throughput": 5.9,
    "t4-tensorrt-fp32": 19,
    "t4-tensorrt-fp16": 19,
    "v100-tensorrt-fp32": 13,
    "galaxy-s24-npu-fp16": 16,
    "snapdragon-x-elite-npu-fp16": 17,
    "qcs8550-npu-fp16": 18,
    "snapdragon-855-cpu-t1": 8.9,
    "raspberry-pi-4-cpu-onnxruntime": 7.8,
    "iphone-12-coreml": 14,
    "jetson-orin-nano-tensorrt": 11,
    "iphone-11-pro-cpu": 60,
}
"""Median error, in percent, of the plain sum as it was measured when the targets were set: operations not fused, a
family table of its own, and rows that are not among ours."""


def met(scores: Scores, target: Target) -> int:
    """Return how many of the four figures reach the target."""
    return sum(
        [
            scores.median_ape <= target.median,
            scores.within10 >= target.within10,
            scores.within20 >= target.within20,
            scores.spearman >= target.spearman,
        ]
    )
