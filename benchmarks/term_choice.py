"""Does choosing terms by their score on held-out families flatter? `python -m benchmarks.term_choice [DEVICE]`.

Three ways to fit a device with a thousand networks, each scored on families left out of the fit, in five folds:
terms chosen greedily by that score with all families in sight; the same with the fold's families out of sight while
terms are chosen, which is what a network of an unseen family meets; and every term, held back by a pull towards zero,
which is what the profile does. The last row leaves out networks instead of families. A minute for a device.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import facts
from benchmarks.summary import summary
from profiles.fit import NEARLY, PULL, Array, solve
from profiles.recorded import known_devices, load_recorded
from profiles.terms import TEMPLATES

FOLDS = 5
TRIED = 8
"""How many of the most promising candidates are fitted at each step."""
GAIN = 3e-4
Folds = NDArray[np.intp]


def folds_of(families: NDArray[np.str_], count: int = FOLDS) -> Folds:
    """Return a fold for each network: whole families, large ones first, into the emptiest fold."""
    names, sizes = np.unique(families, return_counts=True)
    filled, place = np.zeros(count), {}
    for name, size in sorted(zip(names.tolist(), sizes.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0])):
        place[name] = int(np.argmin(filled))
        filled[place[name]] += size
    return np.array([place[name] for name in families.tolist()])


def held_out(amounts: Array, measured: Array, folds: Folds, *, pull: float = 0.0) -> Array:
    """Return the estimate of each network from a fit without its fold."""
    found = np.zeros(len(measured))
    for fold in np.unique(folds):
        out = folds == fold
        costs = solve(amounts[~out], measured[~out], pull=pull, settled=NEARLY)
        found[out] = np.maximum(amounts[out] @ costs, 1e-3)
    return found


def error(estimated: Array, measured: Array) -> float:
    """Return what the choice goes by: half the median, half the mean of the error in ratio, absurd ones cut off."""
    ratio = np.minimum(np.abs(np.log(estimated / measured)), 0.6)
    return float(np.median(ratio) + ratio.mean()) / 2


def promising(amounts: Array, measured: Array, chosen: Sequence[int]) -> list[int]:
    """Return the candidates that go best with what the chosen terms leave."""
    shares = amounts / measured[:, None]
    left = 1 - shares[:, chosen] @ solve(amounts[:, chosen], measured, settled=NEARLY)
    others = shares - shares[:, chosen] @ np.linalg.lstsq(shares[:, chosen], shares, rcond=1e-8)[0]
    size = np.sqrt((others**2).sum(axis=0))
    fit = np.where(size > 1e-6 * np.sqrt((shares**2).sum(axis=0)), others.T @ left / np.maximum(size, 1e-12), -np.inf)
    fit[list(chosen)] = -np.inf
    return [int(index) for index in np.argsort(-fit)[:TRIED]]


def choose(amounts: Array, measured: Array, families: NDArray[np.str_]) -> list[int]:
    """Return the terms that a greedy search by held-out error picks."""
    folds, chosen = folds_of(families, 8), [0]
    best = error(held_out(amounts[:, chosen], measured, folds), measured)
    while True:
        tried = [
            (error(held_out(amounts[:, [*chosen, index]], measured, folds), measured), index)
            for index in promising(amounts, measured, chosen)
        ]
        score, index = min(tried)
        if score > best - GAIN:
            return chosen
        best, chosen = score, [*chosen, index]


def main() -> None:
    """Print the table of a device."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("device", nargs="?", default="i9-10940x-cpu", choices=["i9-10940x-cpu", "rtx-3090-throughput"])
    device = parser.parse_args().device
    recorded = load_recorded(device)
    template = TEMPLATES[known_devices()[device]["group"]].known_to(recorded)
    amounts, measured = template.amounts(recorded), recorded.measured_us
    families, folds = recorded.families, folds_of(recorded.families)
    print(facts("numpy", "scipy"))
    print(f"{device}, {amounts.shape[1]} candidates\n")
    print("| terms | how many | median error | within 10 % | within 20 % | Spearman |\n|---|---|---|---|---|---|")
    chosen = choose(amounts, measured, families)
    print(f"| chosen with all families in sight | {len(chosen)} | ", end="")
    print(f"{summary(held_out(amounts[:, chosen], measured, folds), measured)} |", flush=True)
    blind, counts = np.zeros(len(measured)), []
    for fold in np.unique(folds):
        out = folds == fold
        chosen = choose(amounts[~out], measured[~out], families[~out])
        counts.append(len(chosen))
        costs = solve(amounts[~out][:, chosen], measured[~out], settled=NEARLY)
        blind[out] = np.maximum(amounts[out][:, chosen] @ costs, 1e-3)
    few, many = min(counts), max(counts)
    print(f"| chosen without the fold's families | {few} to {many} | {summary(blind, measured)} |", flush=True)
    every = held_out(amounts, measured, folds, pull=PULL)
    print(f"| all, held back | {amounts.shape[1]} | {summary(every, measured)} |", flush=True)
    singly = held_out(amounts, measured, folds_of(np.array(recorded.networks)), pull=PULL)
    print(f"| the same, single networks left out, not families | {amounts.shape[1]} | {summary(singly, measured)} |")


if __name__ == "__main__":
    main()
