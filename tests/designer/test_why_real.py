"""Known surprises, explained by the committed profiles: MACs say one thing and the device another."""

from __future__ import annotations

import pytest

from designer.comparing import Why, compare


def why(first: str, second: str, device: str) -> Why:
    (found,) = compare([first, second], devices=[device]).why
    return found


@pytest.mark.parametrize(
    ("device", "cause"),
    [
        ("t4-tensorrt-fp16", "fewer kernels to launch"),
        ("snapdragon-855-cpu-t1", "no work in concatenations"),
        ("raspberry-pi-4-cpu-onnxruntime", "no work in concatenations"),
        ("rtx-3090-throughput", "no work in concatenations"),
    ],
)
def test_repghostnet_is_faster_at_equal_macs_for_want_of_concatenations(device: str, cause: str) -> None:
    found = why("ghostnet_100", "repghostnet_100", device)
    first, second, _ = found.sentences
    assert first.startswith("RepGhostNet 1.0x is ") and " faster than GhostNet 1.0x on " in first
    assert first.endswith("though it has the same MACs (+1 %).")
    assert f"{cause}" in second and "(-" in second
    assert found.verdict.sure is not None and not found.verdict.too_close


def test_resnet_is_faster_than_ghostnet_on_a_gpu_with_many_times_its_macs() -> None:
    found = why("ghostnet_100", "resnet18", "t4-tensorrt-fp16")
    first, second, third = found.sentences
    assert first.startswith("ResNet-18 is ") and first.endswith("though it has 12.9 times the MACs.")
    assert "fewer kernels to launch" in second and "more time computing in convolutions (+" in second
    assert "overhead-bound" in third


def test_ghostnet_is_faster_than_resnet_on_a_phone_as_its_macs_say() -> None:
    first, second, third = why("ghostnet_100", "resnet18", "snapdragon-855-cpu-t1").sentences
    assert first.startswith("GhostNet 1.0x is ") and first.endswith("and it has 92 % fewer MACs.")
    assert "less time computing in convolutions (-" in second
    assert "compute-bound" in third


def test_edgenext_with_fewer_macs_is_slower_than_mobilenetv2_on_a_gpu() -> None:
    found = why("edgenext_xx_small", "mobilenetv2_100", "t4-tensorrt-fp16")
    first, second, _ = found.sentences
    assert first.startswith("MobileNetV2 1.0x is ") and "% more MACs" in first
    assert "fewer kernels to launch" in second
    assert (found.verdict.sure is None) == ("no guarantee: EdgeNeXt XX-Small is outside" in first)
