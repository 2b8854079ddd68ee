"""The command line: `python -m designer COMMAND`. Scripts rely on it.

With `--json` one JSON value goes to stdout and nothing else; messages go to stderr. Exit status: 0 fine, 1 the
user's mistake with one clear sentence, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORMS = ("deploy", "train")
PRECISIONS = ("fp32", "fp16", "int8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser with every command that is built."""
    top = argparse.ArgumentParser(prog="python -m designer", description="Design efficient vision networks.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    presets = commands.add_parser("presets", help="list the published networks")
    presets.set_defaults(run=run_presets)

    show = commands.add_parser("show", help="print a design as JSON")
    show.add_argument("design", help="a preset's name, a design JSON file or an ONNX file")
    show.set_defaults(run=run_show)

    report = commands.add_parser("report", help="params, MACs, memory and latency of a design")
    report.add_argument("design", help="a preset's name, a design JSON file or an ONNX file")
    _add_conditions(report)
    report.add_argument("--audit", action="store_true", help="run fvcore too and explain where it differs")
    report.set_defaults(run=run_report)

    compare = commands.add_parser("compare", help="two or more designs side by side")
    compare.add_argument("first", metavar="DESIGN", help="what the others are measured against")
    compare.add_argument("others", nargs="+", metavar="DESIGN")
    _add_conditions(compare)
    compare.set_defaults(run=run_compare)

    export = commands.add_parser("export", help="write a checked file")
    export.add_argument("design", help="a preset's name, a design JSON file or one of our ONNX files")
    export.add_argument("--to", required=True, choices=("onnx", "pt2", "safetensors"))
    export.add_argument("--out", required=True, type=Path)
    export.add_argument("--form", choices=FORMS, default="deploy")
    export.add_argument("--precision", choices=("fp32", "fp16"), default="fp32")
    export.add_argument("--opset", type=int, default=18, choices=range(18, 24), metavar="18..23")
    export.add_argument("--batch", type=_batch, default=1, help="a number, or dynamic")
    export.add_argument("--input", type=_size, help="for example 3x224x224")
    _add_weights(export, "--weights")
    export.add_argument("--seed", type=_seed, default=0, help="seed of random weights (default 0)")
    export.set_defaults(run=run_export)

    weights = commands.add_parser("weights", help="say how a checkpoint fits a design, name by name")
    weights.add_argument("design", help="a preset's name, a design JSON file or one of our ONNX files")
    _add_weights(weights, "file")
    weights.set_defaults(run=run_weights)

    devices = commands.add_parser("devices", help="list the device profiles with their scores")
    devices.set_defaults(run=run_devices)

    calibrate = commands.add_parser("calibrate", help="measure this machine and write its device profile")
    calibrate.add_argument("--out", required=True, type=Path, help="the profile's file")
    calibrate.add_argument("--threads", type=_threads, default=1, help="threads of onnxruntime (default 1)")
    calibrate.add_argument("--quick", action="store_true", help="under a minute instead of under five; less exact")
    calibrate.set_defaults(run=run_calibrate)

    for command in (presets, report, compare, export, weights, devices, calibrate):
        command.add_argument("--json", action="store_true", help="print JSON on stdout")
    return top


def _add_conditions(command: argparse.ArgumentParser) -> None:
    command.add_argument("--form", choices=FORMS, default="deploy")
    command.add_argument("--device", nargs="+", action="extend", metavar="NAME", help="device profiles (default: all)")
    command.add_argument("--input", type=_size, help="for example 3x224x224 (default: the design's own)")
    command.add_argument("--batch", type=_count, default=1, help="1 to 4096 (default 1)")
    command.add_argument("--precision", choices=PRECISIONS, default="fp32")


def _add_weights(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument(
        name, type=Path, help="a checkpoint of this design or of the timm or torchvision network it started from"
    )
    command.add_argument(
        "--weights-kind", choices=("auto", "raw", "ema"), default="auto", help="which set, where a file has two"
    )
    command.add_argument("--all-but-head", action="store_true", help="leave the weights of the head as drawn")


def _size(text: str) -> tuple[int, int, int]:
    from designer.design.model import MAX_CHANNELS, MAX_SIZE

    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})x([0-9]{1,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"got {text!r:.60}; write channels x height x width, for example 3x224x224")
    channels, height, width = (int(part) for part in match.groups())
    if not (1 <= channels <= MAX_CHANNELS and 1 <= height <= MAX_SIZE and 1 <= width <= MAX_SIZE):
        raise argparse.ArgumentTypeError(
            f"got {text}; channels go from 1 to {MAX_CHANNELS}, sides from 1 to {MAX_SIZE}"
        )
    return channels, height, width


def _count(text: str) -> int:
    return _whole(text, 1, 4096)


def _threads(text: str) -> int:
    return _whole(text, 1, 256)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _batch(text: str) -> int | str:
    return text if text == "dynamic" else _whole(text, 1, 4096, ", or dynamic")


def _whole(text: str, least: int, most: int, other: str = "") -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"got {text!r:.60}; give a whole number from {least} to {most}{other}")
    return int(text)


def run_presets(options: argparse.Namespace) -> None:
    """List the presets with their published numbers."""
    from designer.presets.listing import preset_rows

    rows = preset_rows()
    if options.json:
        _print_json(rows)
        return
    for row in rows:
        published = row["published"]
        facts = [f"{published['params_m']} M params"] if published.get("params_m") else []
        facts += [f"{published['macs_m']} M MACs"] if published.get("macs_m") else []
        facts += [f"top-1 {published['top1']} %"] if published.get("top1") else []
        mark = "  (reconstruction)" if row["reconstruction"] else ""
        print(f"{row['name']:24} {row['system']:14} {', '.join(facts)}{mark}")


def run_show(options: argparse.Namespace) -> None:
    """Print a design's JSON."""
    from designer.loading import load_design

    print(load_design(options.design).to_json(indent=1))


def run_report(options: argparse.Namespace) -> None:
    """Print the report of one design."""
    from designer.loading import load_source
    from designer.reporting import report

    made = report(load_source(options.design), **_conditions(options), audit=options.audit)
    _print_json(made.to_dict()) if options.json else print(made.to_text())


def run_compare(options: argparse.Namespace) -> None:
    """Print several designs side by side."""
    from designer.comparing import compare
    from designer.loading import load_source

    made = compare([load_source(name) for name in (options.first, *options.others)], **_conditions(options))
    _print_json(made.to_dict()) if options.json else print(made.to_text())


def run_export(options: argparse.Namespace) -> None:
    """Write a checked file and say what was checked."""
    from designer.export.files import export_file
    from designer.export.options import ExportOptions
    from designer.loading import load_design

    names = ("to", "form", "precision", "opset", "batch", "weights", "weights_kind", "all_but_head", "seed")
    chosen = ExportOptions(**{name: getattr(options, name) for name in names}, size=options.input)
    done = export_file(load_design(options.design), options.out, chosen)
    _print_json(done.to_dict()) if options.json else print(done.to_text())


def run_weights(options: argparse.Namespace) -> None:
    """Print how the names and shapes in a checkpoint fit a design; exit 1 where a weight would stay unfilled."""
    from designer.loading import load_design
    from designer.weights.check import check_file

    found = check_file(load_design(options.design), options.file, options.weights_kind, options.all_but_head)
    _print_json(found.to_dict()) if options.json else print(found.to_text())
    if found.refusal:
        raise ValueError(found.refusal)


def run_devices(options: argparse.Namespace) -> None:
    """List the device profiles, the user's own first."""
    from designer.devices import by_board, known_profiles
    from profiles.listing import device_rows, device_text

    found = [profile for group in by_board(known_profiles().values()).values() for profile in group]
    if options.json:
        _print_json(device_rows(found))
    else:
        print(device_text(found))


def run_calibrate(options: argparse.Namespace) -> None:
    """Measure this machine and write its profile; a calibration that is stopped leaves no file."""
    from designer.calibrate import run_calibration, write_profile

    if options.out.is_dir():
        raise ValueError(f'--out: "{options.out}" is a folder; give the name of a file.')
    if not options.out.parent.is_dir():
        raise ValueError(f'--out: there is no folder "{options.out.parent}"; make it first.')
    try:
        profile = run_calibration(options.threads, options.quick, _said).profile
    except KeyboardInterrupt:
        raise ValueError("The calibration was stopped; no profile was written.") from None
    write_profile(profile, options.out)
    row = profile.model_dump(mode="json")
    if options.json:
        _print_json({"path": str(options.out)} | {key: row[key] for key in ("name", "device", "threads", "scores")})
        return
    scores = profile.scores
    print(
        f"{options.out}: {profile.device}, {profile.runtime} {profile.runtime_version}, threads: {profile.threads}. On "
        f"families left out: median error {scores.median_ape:.1f} %, within 10 %: {scores.within10:.0f} %, "
        f"Spearman {scores.spearman:.3f} (n = {scores.n})"
    )


def _said(fraction: float, message: str) -> None:
    print(f"{fraction:4.0%} {message}", file=sys.stderr, flush=True)


def _conditions(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "form": options.form,
        "size": options.input,
        "batch": options.batch,
        "precision": options.precision,
        "devices": options.device,
    }


def _print_json(value: Any) -> None:
    print(json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
