"""How long the command line takes to list the presets and to show a saved design, each in a fresh process.

    python -m benchmarks.startup
    python -m benchmarks.startup --runs 21

Times are of the whole process, interpreter start included, in seconds. The target is a median under 0.5 s without
importing torch, which alone takes longer; the last column says whether the command imported it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import facts
from designer.presets import load_preset

WATCHED = "torch"
PROBE = f"""
import sys
from designer.cli import main
status = main(sys.argv[1:])
print({WATCHED!r} in sys.modules, file=sys.stderr)
sys.exit(status)
"""


def seconds(command: Sequence[str]) -> float:
    """Return how long one process takes, from its start to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def imports_torch(arguments: Sequence[str]) -> bool:
    """Return whether the command has imported torch by the time it ends."""
    command = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stderr.split()[-1] == "True"


def row(what: str, times: Sequence[float], note: str) -> str:
    """Return one line of the table."""
    return f"{what:24} min {min(times):.3f} s   median {statistics.median(times):.3f} s   {note}"


def main() -> None:
    """Time every command in turns and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--preset", default="repghostnet_100", help="the design that is saved and shown")
    options = parser.parse_args()
    print(facts("pydantic", "networkx"))
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "design.json"
        saved.write_text(load_preset(options.preset).to_json(), encoding="utf-8")
        commands = {
            "presets": ["presets"],
            "presets --json": ["presets", "--json"],
            "show a saved design": ["show", str(saved)],
            "show a preset": ["show", options.preset],
        }
        times: dict[str, list[float]] = {what: [] for what in commands}
        empty: list[float] = []
        for _ in range(options.runs):
            empty.append(seconds(["-c", "pass"]))
            for what, arguments in commands.items():
                times[what].append(seconds(["-m", "designer", *arguments]))
        print(row("(an empty interpreter)", empty, ""))
        for what, arguments in commands.items():
            imported = "imported" if imports_torch(arguments) else "not imported"
            print(row(what, times[what], f"{WATCHED} {imported}   (target < 0.5 s)"))


if __name__ == "__main__":
    main()
