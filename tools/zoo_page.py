"""The zoo's page, docs/zoo.md, from its rows and the presets' published numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from designer.presets import PRESETS, PresetInfo, Published
from tools.zoo_digest import SOURCES

HEAD = """# The zoo: every preset, checked

Written by `make zoo`; do not edit. Random weights throughout: what is checked is that the networks are the published
ones, that their deploy form computes what their train form computes, and that their ONNX files compute what torch
computes. A test fails when this page is older than the blocks, the presets or the code that builds, folds and
exports them.
"""

COUNTS = """## Parameters and MACs

Our account against the reference's network (timm's, or torchvision's where timm has none) and against torch's own
counter (`torch.utils.flop_counter`, halved: MACs), for one image. Parameters are weights, buffers not counted. MACs are
those of convolutions, linear layers and attention; norms, activations and pooling count none, so both forms have the
same number unless the table says otherwise. "Equal" means to the last one. Same outputs: the reference's weights, all
random, copied through the table of names that also reads checkpoints; relative error of our train form and of our
deploy form in float64, at most 1e-10 (at 96 or 128 pixels a side unless the weights depend on the size).
"""

DEPLOY = """## Deploy form and ONNX

Relative error = max|a - b| / max|b|. All weights are drawn at random, layer scales and norms too, and the norms'
statistics are those of one pass over 8 random images, so that no branch is hidden and the outputs follow the inputs
(spread: their standard deviation over 4 images, relative to the largest; at least 1e-2). Deploy against train form on
4 inputs: the limits are 1e-10 in float64 and, in float32, 5 x the train form's own rounding (its float32 against its
float64 outputs) or 1e-5. ONNX: deploy form, float32, batch 1 at the preset's input size, in onnxruntime against torch;
the limit is 1e-4, or 5 x the network's own rounding where random weights make that worse.
"""

PUBLISHED = """## Published numbers

What others printed, with their source and what they counted, and ours beside them: in train form, or in deploy form
where that is nearer, marked so, since papers with branches that fold print the deployed network. Ours differ where a
counter includes norms, or where a source rounds.
"""

RECONSTRUCTIONS = """## Reconstructions

Networks whose paper or code leaves something open. They are marked in the app too.
"""


def page(rows: Mapping[str, Mapping[str, Any]], digest: str) -> str:
    """Return the page's text."""
    rebuilt = [info for info in PRESETS.values() if info.reconstruction]
    parts = [
        HEAD,
        COUNTS,
        _table(
            [
                "Preset",
                "Input",
                "Params, train",
                "reference's",
                "Params, deploy",
                "MACs",
                "torch on ours",
                "torch on the reference",
                "Same outputs",
            ],
            [_count_cells(PRESETS[name], row) for name, row in rows.items()],
        ),
        DEPLOY,
        _table(
            [
                "Preset",
                "Spread",
                "float64",
                "float32",
                "Rounding",
                "ONNX",
                "Nodes",
                "MiB",
                "Opset",
                "Exporter",
                "Checks",
            ],
            [_export_cells(name, row) for name, row in rows.items()],
        ),
        PUBLISHED,
        _table(
            ["Preset", "Params (M)", "ours", "MACs (M)", "ours", "Top-1 (%)", "Source", "What their MACs count"],
            [cells for name, row in rows.items() for cells in _published_cells(PRESETS[name], row)],
        ),
    ]
    if rebuilt:
        lines = [f"- `{info.name}` ({info.title}): {info.reconstruction} {info.note}\n" for info in rebuilt]
        parts += [RECONSTRUCTIONS, "".join(lines)]
    sources = ", ".join(f"`{pattern}`" for pattern in SOURCES)
    parts.append(f"## Digest\n\nsha256 over the names and texts of {sources}:\n\n`{digest}`\n")
    return "\n".join(parts)


def verdict(row: Mapping[str, Any]) -> str:
    """Return `green`, or what failed."""
    return " ".join(row["failures"]) or "green"


def _count_cells(info: PresetInfo, row: Mapping[str, Any]) -> list[str]:
    macs = _number(row["macs_train"])
    if row["macs_deploy"] != row["macs_train"]:
        macs += f" train, {_number(row['macs_deploy'])} deploy"
    both = row["macs_torch_train"] == row["macs_train"] and row["macs_torch_deploy"] == row["macs_deploy"]
    absent = "reconstruction" if info.reconstruction else "no reference"
    return [
        f"`{info.name}`",
        "x".join(map(str, row["input"])),
        _number(row["params_train"]),
        _compared(row["params_reference"], row["params_train"], absent),
        _number(row["params_deploy"]),
        macs,
        "equal, both forms" if both else f"{row['macs_torch_train']:,} train, {row['macs_torch_deploy']:,} deploy",
        _compared(row["macs_torch_reference"], row["macs_train"], absent),
        _same(row["same_function"]),
    ]


def _same(row: Mapping[str, Any] | None) -> str:
    """Return `yes` with the errors in train and deploy form and the reference, or a dash without a reference."""
    if row is None:
        return "-"
    return f"{row['train']:.0e}, {row['deploy']:.0e} ({row['against'].split()[0]})"


def _export_cells(name: str, row: Mapping[str, Any]) -> list[str]:
    if "export_refused" in row:
        return [f"`{name}`", *["-"] * 9, verdict(row)]
    return [
        f"`{name}`",
        f"{row['spread']:.2f}",
        f"{row['float64']:.1e}",
        f"{row['float32']:.1e}",
        f"{row['float32_noise']:.1e}",
        f"{row['onnx_error']:.1e}",
        str(row["onnx_nodes"]),
        f"{row['onnx_bytes'] / 2**20:.1f}",
        str(row["opset"]),
        row["exporter"].removeprefix("torch.onnx "),
        verdict(row),
    ]


def _published_cells(info: PresetInfo, row: Mapping[str, Any]) -> Iterable[list[str]]:
    if not info.published:
        yield [f"`{info.name}`", *["-"] * 5, "no published number belongs to this network", ""]
    for entry in info.published:
        yield [
            f"`{info.name}`",
            _shown(entry.params_m),
            _ours(entry.params_m, row, "params"),
            _shown(entry.macs_m),
            _ours(entry.macs_m, row, "macs"),
            _shown(entry.top1),
            entry.source,
            _counter(entry),
        ]


def _counter(entry: Published) -> str:
    return entry.counter if entry.macs_m is not None else ""


def _ours(theirs: float | None, row: Mapping[str, Any], what: str) -> str:
    """Return our count in millions and how far it lies from theirs, where they printed one."""
    if theirs is None:
        return "-"
    counts = {form: row[f"{what}_{form}"] / 1e6 for form in ("train", "deploy")}
    form = min(counts, key=lambda form: round(abs(counts[form] - theirs) / theirs, 2))
    off = f"{(counts[form] - theirs) / theirs:+.1%}"
    mark = " deploy" if form == "deploy" else ""
    return f"{counts[form]:.2f}{mark} ({off if float(off[1:-1]) else '0.0%'})"


def _compared(theirs: int | None, ours: int, absent: str) -> str:
    if theirs is None:
        return absent
    return "equal" if theirs == ours else f"**{theirs:,}**"


def _number(count: int) -> str:
    return f"{count:,}"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
