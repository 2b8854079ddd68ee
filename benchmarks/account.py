"""How quick the account is: cold against fvcore, and after an edit of a large design.

    python -m benchmarks.account                     # the smallest preset of each family
    python -m benchmarks.account ghostnet_100 --rounds 9 --form train

Cold: all caches empty, torch imported, against `fvcore.nn.FlopCountAnalysis(...).total()` on the same network, built
and in the same form, the two taken in turns in one run. The ratio of the medians is what the README claims.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn

from benchmarks.designs import large_design
from designer.builder import build
from designer.cost.accounting import account, clear_caches
from designer.deploy.network import to_deploy
from designer.design.edit import apply
from designer.presets import load_preset
from tests.helpers.families import SMALLEST


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def count_with_fvcore(network: nn.Module, x: torch.Tensor) -> int:
    """Return fvcore's count, its warnings silenced."""
    analysis = FlopCountAnalysis(network, x).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return int(analysis.total())


def compare_with_fvcore(name: str, form: str, rounds: int) -> float:
    """Print one preset's row and return the ratio of the median times."""
    design = load_preset(name)
    network = build(design).eval()
    if form == "deploy":
        network = to_deploy(network)
    x = torch.zeros(network.input_shapes[0]) if network.input_shapes else torch.zeros(1, 3, 224, 224)
    theirs, ours, warm = [], [], []
    for _ in range(rounds):
        theirs.append(milliseconds(lambda: count_with_fvcore(network, x)))
        clear_caches()
        ours.append(milliseconds(lambda: account(design, form=form)))  # type: ignore[arg-type]
        warm.append(milliseconds(lambda: account(design, form=form)))  # type: ignore[arg-type]
    a, b, c = (statistics.median(times) for times in (theirs, ours, warm))
    print(f"{name:22} {form:7} fvcore {a:8.1f} ms   cold {b:7.1f} ms   {a / b:6.1f} x   again {c:6.2f} ms", flush=True)
    return a / b


def time_edits(rounds: int) -> None:
    """Print the time of an account right after an edit in the middle of a 150-node design, every edit a new one."""
    base = large_design()
    middle = next(node.id for node in base.nodes if node.id.startswith("deep_2_"))
    cases: dict[str, Callable[[int], dict[str, object]]] = {
        "shapes stay (a dilation)": lambda i: {"op": "set_config", "id": middle, "field": "dilation", "value": 2 + i},
        "a width, all downstream": lambda i: {
            "op": "set_config",
            "id": "down_1",
            "field": "out_channels",
            "value": 72 + 8 * i,
        },
        "a stride, all downstream": lambda i: {"op": "set_input", "id": "input", "height": 256 + 32 * i},
        "a node inserted": lambda i: {
            "op": "add",
            "block": "depthwise_conv",
            "after": middle,
            "config": {"dilation": 2 + i},
        },
    }
    print(f"account right after an edit of {len(base.nodes)} nodes:")
    for what, command in cases.items():
        account(base)
        times = []
        for index in range(rounds):
            edited = apply(base, command(index))
            times.append(milliseconds(lambda design=edited: account(design)))  # type: ignore[misc]
        print(f"{what:38} median {statistics.median(times):6.1f} ms   worst {max(times):6.1f} ms")
    print(f"{'nothing changed':38}        {milliseconds(lambda: account(base)):6.1f} ms")


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("presets", nargs="*", default=list(SMALLEST), help="default: the smallest of each family")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--form", choices=("train", "deploy", "both"), default="both")
    parser.add_argument("--no-edits", action="store_true", help="only the comparison with fvcore")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    account(large_design())
    forms = ("train", "deploy") if options.form == "both" else (options.form,)
    ratios = [compare_with_fvcore(name, form, options.rounds) for name in options.presets for form in forms]
    if ratios:
        print(f"smallest ratio to fvcore: {min(ratios):.1f} x over {len(ratios)} rows")
    if not options.no_edits:
        time_edits(options.rounds)


if __name__ == "__main__":
    main()
