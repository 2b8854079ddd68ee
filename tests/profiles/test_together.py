"""Devices fitted together: what they share is borrowed, what is their own is kept."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.together import NOISE, even_split, solve_together

COSTS = np.array([2.0, 0.3, 5.0])


def amounts(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(0, 1.5, (n, 3))


def test_devices_of_one_kind_are_recovered_whatever_their_speed() -> None:
    """Ratios that all devices share are what the group comes to expect, so nothing pulls them from the truth."""
    rows = [amounts(60, seed) for seed in range(4)]
    times = [row @ (COSTS * speed) for row, speed in zip(rows, (1, 10, 0.01, 3), strict=True)]
    for found, speed in zip(solve_together(rows, times), (1, 10, 0.01, 3), strict=True):
        np.testing.assert_allclose(found, COSTS * speed, rtol=0.02)


def test_a_device_of_four_networks_takes_the_ratios_of_its_group() -> None:
    rows = [amounts(200, 1), amounts(4, 2)]
    rows[1][:, 1:] = rows[1][:, :1] * [1, 1]  # its own networks cannot tell the terms apart
    found = solve_together(rows, [rows[0] @ COSTS, rows[1] @ (7 * COSTS)])[1]
    np.testing.assert_allclose(rows[1] @ found, rows[1] @ (7 * COSTS), rtol=1e-2)
    np.testing.assert_allclose(found / found[0], COSTS / COSTS[0], rtol=0.15)
    alone = solve_together(rows[1:], [rows[1] @ (7 * COSTS)])[0]
    assert abs(alone[2] / alone[0] - 2.5) > 1


def test_enough_networks_of_its_own_overrule_the_group() -> None:
    other = np.array([2.0, 3.0, 0.5])
    rows = [amounts(400, 1), amounts(400, 2)]
    found = solve_together(rows, [rows[0] @ COSTS, rows[1] @ other])
    np.testing.assert_allclose(found[0], COSTS, rtol=0.02)
    np.testing.assert_allclose(found[1], other, rtol=0.02)


def test_one_absurd_row_moves_nothing_much() -> None:
    rows = amounts(80, 3)
    times = rows @ COSTS
    times[0] *= 20
    np.testing.assert_allclose(solve_together([rows], [times])[0], COSTS, rtol=0.05)


def test_costs_are_above_zero_and_the_same_every_time() -> None:
    rows = amounts(30, 4)
    times = np.maximum(rows @ np.array([2.0, -0.5, 5.0]), 0.1) * (1 + NOISE)
    first, second = solve_together([rows], [times])[0], solve_together([rows], [times])[0]
    assert (first > 0).all()
    np.testing.assert_array_equal(first, second)


def test_before_any_fit_every_term_is_the_same_share_of_the_time() -> None:
    rows = np.array([[1.0, 100.0], [2.0, 200.0]])
    split = np.exp(even_split([rows], [np.array([10.0, 20.0])]))
    assert rows @ np.diag(split) == pytest.approx(np.array([[0.5, 0.5], [1.0, 1.0]]))
