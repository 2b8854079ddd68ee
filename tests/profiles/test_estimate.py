"""An estimate adds up, carries its band, and says when it does not know."""

from __future__ import annotations

import math

import pytest

from profiles.estimate import Estimate, estimate
from profiles.fusion import fuse
from profiles.profile import DeviceProfile, load_profiles
from profiles.work import Op
from tests.profiles.graph import Graph, small_network

PROFILE = load_profiles()["i9-10940x-cpu"]


def timed(ops: list[Op], profile: DeviceProfile = PROFILE) -> Estimate:
    return estimate(profile, fuse(ops, profile.rules))


def test_rows_sum_to_the_total_overhead_included() -> None:
    profile = PROFILE.model_copy(update={"overhead_us": 250.0})
    found = timed(small_network(), profile)
    assert found.overhead_ms == 0.25
    assert math.fsum(found.per_kernel) + found.overhead_ms == pytest.approx(found.ms, rel=1e-12)
    assert len(found.per_kernel) == len(fuse(small_network(), profile.rules))


def test_a_time_is_coefficient_times_feature() -> None:
    profile = PROFILE.model_copy(
        update={"overhead_us": 0.0, "coefficients": {"linear": {"macs": 1e-6, "launches": 20.0}}}
    )
    found = timed(small_network(width=64), profile)
    assert found.per_kernel[-1] == pytest.approx((64_000 * 1e-6 + 20) / 1e3)
    assert sum(found.per_kernel[:-1]) == 0


def test_the_band_is_the_profiles() -> None:
    found = timed(small_network())
    assert found.low_ms < found.ms < found.high_ms
    assert math.log(found.high_ms / found.ms) == pytest.approx(PROFILE.band.high)
    assert (found.kind, found.precision, found.batch) == (PROFILE.kind, PROFILE.precision, PROFILE.batch)


def test_more_work_takes_more_time() -> None:
    assert timed(small_network(layers=16)).ms > timed(small_network(layers=8)).ms
    assert timed(small_network(width=128)).ms > timed(small_network(width=64)).ms


def test_a_common_network_is_in_domain() -> None:
    found = timed(small_network(width=128, layers=12, size=56))
    assert found.in_domain, found.why
    assert found.why == ""


def test_operations_without_a_rule_are_out_of_domain() -> None:
    g = Graph()
    g.ops = small_network(layers=12, size=56)
    g.op("other", g.tensor(1, 64, 56, 56))
    found = timed(g.ops)
    assert not found.in_domain
    assert found.flag == "out"
    assert "1 operations without a rule (not in the time): the profile was fitted to none" in found.why


def test_rows_are_launching_computing_and_moving_data() -> None:
    found = timed(small_network())
    assert found.parts.shape == (len(found.per_kernel), 3)
    assert found.parts.sum(axis=1).tolist() == pytest.approx(list(found.per_kernel))
    assert (found.parts.sum(axis=0) > 0).all()
    assert sum(found.per_kernel) + found.overhead_ms == pytest.approx(found.ms)
    assert float(found.shares.sum()) == pytest.approx(1)


def test_throughput_is_told_per_image_and_shares_launches_and_weights() -> None:
    profile = PROFILE.model_copy(update={"kind": "throughput", "batch": 100, "overhead_us": 500.0})
    kernels = fuse(small_network(), profile.rules)
    one, many = estimate(PROFILE, kernels), estimate(profile, kernels)
    assert many.overhead_ms == pytest.approx(0.005)
    assert many.parts[:, 0] == pytest.approx(one.parts[:, 0] / 100)
    assert many.parts[:, 1] == pytest.approx(one.parts[:, 1])
    assert estimate(profile, kernels, batch=1) == many
    with pytest.raises(ValueError, match="was measured at batch 1, got 100"):
        estimate(profile, kernels, batch=100)


def test_a_window_larger_than_any_seen_is_out_of_domain() -> None:
    found = timed(small_network(width=128, layers=12, size=56, kernel=51))
    assert not found.in_domain
    assert "12 depthwise convolutions (" in found.why and "of a size the profile has not seen" in found.why


def test_a_network_faster_than_any_seen_is_out_of_domain() -> None:
    found = timed(small_network(width=8, layers=1, size=8))
    assert " ms, those it was fitted to 1.41 to 4,556 ms" in found.why


@pytest.mark.parametrize(
    ("asked", "sentence"), [({"batch": 8}, "at batch 1, got 8"), ({"precision": "fp16"}, "fp32, got fp16")]
)
def test_another_batch_or_precision_is_refused(asked: dict[str, object], sentence: str) -> None:
    kernels = fuse(small_network(), PROFILE.rules)
    with pytest.raises(ValueError, match=sentence):
        estimate(PROFILE, kernels, **asked)  # type: ignore[arg-type]
    assert estimate(PROFILE, kernels, batch=1, precision="fp32") == estimate(PROFILE, kernels)


def test_a_network_without_kernels_is_refused() -> None:
    with pytest.raises(ValueError, match="there is nothing to time"):
        estimate(PROFILE, ())
