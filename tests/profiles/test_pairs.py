"""How sure an order is: from held-out pairs, rising with the distance, more for networks that are alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from profiles.estimate import estimate
from profiles.fusion import fuse
from profiles.pairs import ALIKE, Judged, certainty, overlap, pairs_of
from profiles.profile import Pairs, load_profiles
from profiles.work import Op, Tensor

KINDS = 17


def shares(n: int, kind: int) -> np.ndarray:
    return np.tile(np.eye(KINDS)[kind], (n, 1))


def test_certainty_rises_with_the_distance_and_ends_near_one() -> None:
    draw = np.random.default_rng(0)
    measured = draw.lognormal(3, 1, 300)
    found = pairs_of([Judged(measured * np.exp(draw.normal(0, 0.1, 300)), measured, shares(300, 0))]).different
    sure = [certain for _, certain in found]
    assert sure == sorted(sure)
    assert sure[0] < 0.7
    assert sure[-1] > 0.99


def test_the_share_of_right_orders_is_what_is_said() -> None:
    """Two equal clouds of error: at a distance of d sigmas of the difference, Phi(d) of the orders are right."""
    draw = np.random.default_rng(1)
    measured = np.exp(draw.normal(0, 3, 400))
    found = dict(pairs_of([Judged(measured * np.exp(draw.normal(0, 0.2, 400)), measured, shares(400, 0))]).different)
    assert found[0.3] == pytest.approx(0.92, abs=0.04)


def test_a_shared_error_is_no_doubt_about_the_order() -> None:
    """Networks that are alike are misjudged together: their bands overlap, and yet their order is sure."""
    draw = np.random.default_rng(2)
    measured = draw.lognormal(3, 1, 200)
    family = np.repeat([0, 1], 100)
    estimated = measured * np.exp(np.where(family == 0, 0.4, -0.4) + draw.normal(0, 0.005, 200))
    found = pairs_of([Judged(estimated, measured, np.eye(KINDS)[family])])
    assert dict(found.alike)[0.05] > 0.98 > dict(found.different)[0.0] + 0.1


def test_what_was_never_seen_is_a_coin_toss() -> None:
    found = pairs_of([Judged(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.eye(KINDS)[:2])])
    assert found.alike == ((0.0, 0.5),)


def test_no_order_is_sure_at_no_distance() -> None:
    """Few near pairs, all of them right: that says little of two estimates that hardly differ."""
    measured = np.geomspace(1, 10, 12)
    found = pairs_of([Judged(measured, measured, shares(12, 0))]).different
    assert found[0] == (0.0, 0.5)
    assert max(sure for ratio, sure in found if ratio < 0.02) < 0.7
    assert found[-1][1] > 0.95


def test_devices_are_pooled_but_never_paired() -> None:
    """One device ten times slower: a pair across them would say nothing of an order on either."""
    draw = np.random.default_rng(3)
    measured = np.exp(draw.normal(0, 1, 60))
    one = Judged(measured * np.exp(draw.normal(0, 0.3, 60)), measured, shares(60, 0))
    slow = Judged(10 * one.estimated, 10 * measured, shares(60, 1))
    assert pairs_of([one, slow]).different == pairs_of([one, one]).different


def chain(macs: int) -> list[Op]:
    x, y = Tensor(0, (1, 8, 8, 8), 512), Tensor(1, (1, 8, 8, 8), 512)
    detail = {"kernel": 1, "kernel_width": 1, "groups": 1, "in_channels": 8, "out_channels": 8, "stride": 1}
    return [Op("conv2d", "pointwise", macs, (x,), (), (y,), tuple((detail | {"height": 8, "width": 8}).items()))]


def test_certainty_is_looked_up_by_likeness_and_distance() -> None:
    profile = load_profiles()["i9-10940x-cpu"].model_copy(
        update={"pairs": Pairs(alike=((0.0, 0.6), (0.1, 0.9)), different=((0.0, 0.5), (0.1, 0.7)))}
    )
    one = estimate(profile, fuse(chain(10**9), profile.rules))
    near, far = replace(one, ms=one.ms * 1.05), replace(one, ms=one.ms * 1.2)
    other = replace(far, shares=np.roll(one.shares, 1))
    assert overlap(one.shares, far.shares) > ALIKE > overlap(one.shares, other.shares)
    assert [certainty(profile, one, b) for b in (near, far, other)] == [0.6, 0.9, 0.7]
    assert certainty(profile, far, one) == 0.9
