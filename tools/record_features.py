"""Record the networks that were measured on a device into the compact files its profile is fitted from.

    python -m tools.record_features MEASUREMENTS.csv i9-10940x-cpu --rules torch-inductor-cpu

Rebuilds every measured timm network without weights, records its operations, fuses them by the runtime's rules, and
writes into `profiles/data/` the sums of features, the ranges of single kernels, and a list of what was left out and
why. A few minutes for a thousand networks. Refitting (`python -m tools.fit_profile`) then needs none of this.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from designer.cost.record import record
from profiles.features import CLASSES, FEATURES, kernel_features
from profiles.fusion import fuse
from profiles.profile import DATA_FOLDER, Range
from profiles.recorded import RANGED, Row, save_ranges, save_recorded
from profiles.work import Kernel, OpClass
from tests.oracles import timm_oracle

Measured = dict[str, str]
MIN_FAMILIES = 3
"""A class of kernels counts as seen when networks of so many families have it."""


class Ranges:
    """Collects the smallest and largest single kernels of each class."""

    def __init__(self) -> None:
        self._spans: dict[OpClass, dict[str, tuple[float, float]]] = defaultdict(dict)
        self._families: dict[OpClass, set[str]] = defaultdict(set)

    def add(self, classes: NDArray[np.intp], rows: NDArray[np.float64], family: str) -> None:
        """Take in one network's kernels."""
        for index in np.unique(classes):
            name = CLASSES[index]
            self._families[name].add(family)
            for feature in RANGED:
                values = rows[classes == index, list(FEATURES).index(feature)]
                low, high = self._spans[name].get(feature, (np.inf, 0.0))
                self._spans[name][feature] = (min(low, float(values.min())), max(high, float(values.max())))

    def result(self) -> dict[OpClass, dict[str, Range]]:
        """Return the ranges of the classes that count as seen; an op without a rule never does."""
        return {
            name: {feature: Range(low=low, high=high) for feature, (low, high) in spans.items()}
            for name, spans in self._spans.items()
            if name != "other" and len(self._families[name]) >= MIN_FAMILIES
        }


def families() -> dict[str, str]:
    """Return the fixed table: timm's source file -> family. Files that define the same networks are one family."""
    with (DATA_FOLDER / "families.csv").open(encoding="utf-8", newline="") as lines:
        return {row["timm_file"]: row["family"] for row in csv.DictReader(lines)}


def timm_file(name: str) -> str:
    """Return the source file of timm that defines this network."""
    from timm.models import model_entrypoint  # only after the oracle has made timm importable

    return model_entrypoint(name).__module__.rpartition(".")[2]


def built(name: str, size: int) -> nn.Module:
    """Return timm's network on the meta device, made for this input size where its weights depend on it."""
    with torch.device("meta"):
        module = timm_oracle.create(name)
        config = module.default_cfg
        if config.get("fixed_input_size") and config["input_size"][-1] != size:  # type: ignore[union-attr,operator,index]
            module = timm_oracle.create(name, img_size=size)
    return module


Left = list[tuple[str, str, str]]
"""(network, size, reason) of what was left out."""


def kernels_of(rows: list[Measured], rules: str, skipped: Left) -> Iterator[tuple[Measured, tuple[Kernel, ...]]]:
    """Yield each row with its network's kernels; list those that cannot be rebuilt."""
    for number, row in enumerate(rows):
        library, _, name = row["arch_ref"].partition(":")
        size = int(float(row["input_size"]))
        print(f"\r{number + 1} of {len(rows)}", end="", file=sys.stderr)
        try:
            if library != "timm":
                raise ValueError("only timm's networks are rebuilt here")
            made = record(built(name, size), [(int(row["batch"]), 3, size, size)])
        except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
            skipped.append((row["arch_ref"], row["input_size"], str(error).splitlines()[0]))
            continue
        yield row, fuse(made.ops, rules, [tensor.id for tensor in made.outputs])
    print(file=sys.stderr)


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measurements", type=Path)
    parser.add_argument("device")
    parser.add_argument("--rules", required=True)
    parser.add_argument("--out", type=Path, default=DATA_FOLDER)
    options = parser.parse_args()
    with options.measurements.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["device_id"] == options.device]
    if not rows:
        parser.error(f"{options.measurements} has no rows of {options.device}")

    table, ranges, totals = families(), Ranges(), []
    skipped: Left = []
    heads: list[Row] = []
    for row, kernels in kernels_of(rows, options.rules, skipped):
        family = table[timm_file(row["arch_ref"].partition(":")[2])]
        classes, features = kernel_features(kernels)
        total = np.zeros((len(CLASSES), len(FEATURES)))
        np.add.at(total, classes, features)
        ranges.add(classes, features, family)
        totals.append(total)
        heads.append((row["arch_ref"], int(float(row["input_size"])), family, row["latency_ms"]))
    save_recorded(options.device, heads, np.array(totals), options.out)
    save_ranges(options.device, ranges.result(), options.out)
    with (options.out / f"{options.device}.skipped.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("network", "size", "reason"), *skipped])
    print(f"{len(heads)} networks recorded, {len(skipped)} left out")


if __name__ == "__main__":
    main()
