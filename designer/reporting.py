"""The report of a design: every number that the screen, the command line and the tests show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from designer.cost.accounting import Account, Precision, account, bytes_per_element
from designer.design.check import check
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.design.text import printable
from designer.explaining import outside_words, spent, spent_words
from designer.latency import Latency, account_batch, latencies_of, profiles_named
from designer.loading import ForeignModel, load_source

Form = Literal["deploy", "train"]
Size = tuple[int, int, int]


@dataclass(frozen=True)
class Report:
    """An account at one form, input, batch and precision, with a latency for each device. FLOPs = 2 x MACs."""

    account: Account
    precision: Precision
    latency: dict[str, Latency]
    no_latency: dict[str, str]
    """Why a device has no latency, by its name."""
    audit: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; bytes at the report's precision."""
        found, size = self.account, self.account.bytes(self.precision)
        result: dict[str, Any] = {
            "name": found.name,
            "form": found.form,
            "input": "x".join(str(n) for n in found.inputs[0][1:]) if found.inputs else "",
            "batch": found.batch,
            "precision": self.precision,
            "params": found.params,
            "macs": found.macs,
            "flops": found.flops,
            "memory_access_bytes": size.memory_access,
            "peak_memory_bytes": size.peak_memory,
            "weight_bytes": size.weights,
            "arithmetic_intensity": found.arithmetic_intensity(self.precision),
            "coverage": found.coverage,
            "uncounted": [asdict(row) for row in found.uncounted],
            "nodes": [
                {
                    "id": node.id,
                    "block": node.block,
                    "params": node.params,
                    "macs": node.macs,
                    "memory_access_bytes": node.memory_access * bytes_per_element(self.precision),
                    "out_shapes": [list(shape) for shape in node.out_shapes],
                }
                for node in found.nodes
            ],
            "latency": {name: figure.to_dict() | spent(figure) for name, figure in self.latency.items()},
            "no_latency": self.no_latency,
        }
        return result | ({"audit": self.audit} if self.audit else {})

    def to_text(self) -> str:
        """Return the report for people: totals, latencies, then one row per node."""
        row = self.to_dict()
        lines = [
            f"{row['name']}: {row['form']} form, input {row['input']}, batch {row['batch']}, {row['precision']}",
            f"  params               {row['params'] / 1e6:10.3f} M",
            f"  MACs                 {row['macs'] / 1e6:10.2f} M   (FLOPs = 2 x MACs: {row['flops'] / 1e6:.2f} M)",
            f"  memory access cost   {row['memory_access_bytes'] / 2**20:10.2f} MiB "
            f"({row['arithmetic_intensity']:.1f} FLOPs per byte)",
            f"  peak memory          {row['peak_memory_bytes'] / 2**20:10.2f} MiB "
            f"(weights {row['weight_bytes'] / 2**20:.2f} MiB)",
            f"  coverage             {100 * row['coverage']:10.1f} %",
        ]
        lines += [f"  not counted: {u['op']} in {u['node']}" for u in row["uncounted"]]
        for kind in ("latency", "throughput"):  # one never beside the other
            lines += [f"  {kind} estimate, {f.title}: {_band(f)}" for f in self.latency.values() if f.kind == kind]
        lines += [f"  no latency on {name}: {why}" for name, why in self.no_latency.items()]
        lines += ["", f"  {'node':24} {'block':24} {'params':>10} {'MACs':>10} {'access':>11}  out"]
        for node in row["nodes"]:
            shapes = ", ".join("x".join(str(n) for n in shape[1:]) for shape in node["out_shapes"])
            lines.append(
                f"  {node['id']:24} {node['block']:24} {node['params'] / 1e3:8.1f} K {node['macs'] / 1e6:8.2f} M "
                f"{node['memory_access_bytes'] / 2**20:7.2f} MiB  {shapes}"
            )
        if self.audit:
            lines += ["", *self.audit["text"]]
        return "\n".join(printable(line) for line in lines)


def report(
    design: Design | ForeignModel | str,
    *,
    form: Form = "deploy",
    size: Size | None = None,
    batch: int = 1,
    precision: Precision = "fp32",
    devices: Sequence[str] | None = None,
    audit: bool = False,
) -> Report:
    """Return params, MACs, memory and latency of a design, a preset's name, or a foreign ONNX model.

    `size` is (channels, height, width) instead of the design's own input; `devices` names profiles, all of them by
    default; a latency is always at its profile's own precision and batch. `audit` runs fvcore on the built network
    as well. Raises DesignError with the problems of a design that does not build.
    """
    source = load_source(design) if isinstance(design, str) else design
    found = usable_account(source, form=form, batch=batch, size=size)
    profiles = profiles_named(devices)
    figures: dict[str, Latency] = {}
    missing: dict[str, str] = {}
    for taken in dict.fromkeys(account_batch(profile) for profile in profiles):
        mine = [profile for profile in profiles if account_batch(profile) == taken]
        try:
            at_batch = found if taken == batch else usable_account(source, form=form, batch=taken, size=size)
            figures |= {figure.device: figure for figure in latencies_of(at_batch, mine)}
        except ValueError as error:  # there is nothing to time, or an ONNX file works at no other batch
            missing |= {profile.name: str(error) for profile in mine}
    figures = {profile.name: figures[profile.name] for profile in profiles if profile.name in figures}
    return Report(found, precision, figures, missing, _audit(source, form, size, batch) if audit else None)


def usable_account(source: Design | ForeignModel, *, form: Form, batch: int, size: Size | None) -> Account:
    """Return the account of a design without errors, or of a foreign ONNX file. Raises DesignError."""
    if isinstance(source, ForeignModel):
        from designer.cost.onnx_reader import account_onnx

        return account_onnx(source.path, batch=batch, size=size)
    found = account(source, form=form, batch=batch, size=size)
    errors = [issue for issue in (*check(source), *found.issues) if issue.kind == "error"]
    if errors:
        raise DesignError(errors)
    return found


def _audit(source: Design | ForeignModel, form: Form, size: Size | None, batch: int) -> dict[str, Any]:
    if isinstance(source, ForeignModel):
        raise DesignError.saying("The audit runs fvcore on a built network, and a foreign ONNX file has none.")
    from designer.cost.audit import audit

    return audit(source, form=form, batch=batch, size=size).to_dict()


def _band(figure: Latency) -> str:
    unit = "ms per image" if figure.kind == "throughput" else "ms"
    text = f"{figure.ms:{_form(figure.ms)}} {unit} (80 % between {figure.low_ms:{_form(figure.low_ms)}} and "
    text += f"{figure.high_ms:{_form(figure.high_ms)}}), {spent_words(figure)}"
    return text if figure.in_domain else f"{text}; {outside_words(figure)}"


def _form(ms: float) -> str:
    return ".2f" if ms >= 1 else ".3g"
