"""Compare: two to four designs side by side."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import streamlit as st

from designer.comparing import Comparison, Row, amount, compare, signed
from designer.design.diff import Entry
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.devices import known_profiles
from designer.presets import PRESETS, load_preset
from designer.reporting import report
from designer.strides import cost_by_stride
from designer.ui.charts.comparison import devices_of, latency_chart
from designer.ui.device_picker import device_picker
from designer.ui.pins import pinned
from designer.ui.studio import studio
from designer.ui.text import ago, plain
from designer.ui.time_panel import CHART, time_panel
from profiles.profile import ProfileError

MOST = 4
DEFAULT = ("repghostnet_100", "ghostnet_100")


def page() -> None:
    """Draw Compare."""
    names = _names()
    if asked := st.session_state.pop("compare_asked", None):
        st.session_state.compare_chosen = asked
    chosen = st.multiselect(
        "Designs, the first is what the others are measured against",
        list(names),
        default=None if "compare_chosen" in st.session_state else _default(names),
        format_func=names.__getitem__,
        max_selections=MOST,
        placeholder="Choose two to four designs",
        key="compare_chosen",
    )
    st.query_params["designs"] = ",".join(chosen)
    try:
        _draw_chosen(chosen, [names[key] for key in chosen], _conditions())
    except (DesignError, ProfileError) as error:
        st.error(plain(str(error)), icon=":material/error:")


def _draw_chosen(chosen: list[str], names: list[str], options: dict[str, Any]) -> None:
    if len(chosen) > 1:
        _draw(compare([_design(key) for key in chosen], **options, names=names), names)
        return
    more = "a second design to compare with" if chosen else "two to four designs"
    st.info(f"Choose {more}.", icon=":material/compare:")
    if chosen:
        made = report(_design(chosen[0]), **options)
        time_panel((made,), (cost_by_stride(made),), names)


def _names() -> dict[str, str]:
    """Return what every design is called here; names that several designs share say which one is meant."""
    saved = studio().store.list()
    taken = Counter([row.name for row in saved] + [info.title for info in PRESETS.values()])
    own = {row.id: f"{row.name} (edited {ago(row.updated_at)})" if taken[row.name] > 1 else row.name for row in saved}
    published = {
        name: f"{info.title} (published)" if taken[info.title] > 1 else info.title for name, info in PRESETS.items()
    }
    return own | published


def _default(names: dict[str, str]) -> list[str]:
    asked = [key for key in st.query_params.get("designs", "").split(",") if key in names][:MOST]
    opened = st.session_state.get("workspace")
    if not asked and opened is not None and opened.doc_id in names:
        asked = [opened.doc_id, str(opened.design.meta.get("origin") or DEFAULT[1])]
    return asked if asked and set(asked) <= set(names) else list(DEFAULT)


def _design(key: str) -> Design:
    return load_preset(key) if key in PRESETS else studio().store.get(key).design


def _conditions() -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = st.segmented_control("Form", ["deploy", "train"], default="deploy", key="compare_form")
        precision = st.segmented_control("Precision", ["fp32", "fp16", "int8"], default="fp32", key="compare_precision")
        batch = st.number_input("Batch", 1, 4096, 1, key="compare_batch", width=110)
        equal = st.toggle("Same input for all", key="compare_equal", help="Measures every design at one input size.")
        side = st.number_input("Input side, pixels", 32, 1024, 224, step=32, disabled=not equal, width=150)
        device_picker(known_profiles())
    size = (3, int(side), int(side)) if equal else None
    asked = {"form": form or "deploy", "precision": precision or "fp32", "batch": int(batch), "size": size}
    return asked | {"devices": pinned()}


def _draw(made: Comparison, names: list[str]) -> None:
    _metric_table(made, names)
    for why in made.why:
        icon = ":material/balance:" if why.verdict.too_close else ":material/lightbulb:"
        st.markdown(f"{icon} {plain(why.sentences[0])} :gray[:small[{plain(' '.join(why.sentences[1:]))}]]")
    if devices_of(made):
        st.plotly_chart(latency_chart(made, names), config=CHART, key="compare_latency")
    else:
        st.caption("Pin a device to see latencies.")
    time_panel(made.reports, made.strides, names)
    for name, entries in zip(names[1:], made.diffs, strict=True):
        _diff(names[0], name, entries)


def _metric_table(made: Comparison, names: list[str]) -> None:
    header = ["", *(plain(name) for name in names)]
    metrics = [[row.label + (f", {row.unit}" if row.unit else ""), *_cells(row)] for row in made.rows]
    lines = [header, ["---"] * len(header), _condition_row(made), *metrics, *_budget_rows(made)]
    st.markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Table as CSV", _csv(made, names), "comparison.csv", icon=":material/download:", on_click="ignore"
        )
        if made.mismatches:
            differ = "differs" if len(made.mismatches) == 1 else "differ"
            st.markdown(f":orange[:material/warning: Not like for like: {', '.join(made.mismatches)} {differ}.]")
        if "input" in made.mismatches:
            st.button("Make equal", on_click=_make_equal, help="Measure every design at one input size.")


def _make_equal() -> None:
    st.session_state.compare_equal = True


def _condition_row(made: Comparison) -> list[str]:
    """Return the row that says what each column was measured at, with what differs in amber."""
    units = {"classes": " classes", "form": " form", "coverage": " counted"}
    cells = []
    for index in range(len(made.reports)):
        parts = []
        for key, values in made.conditions.items():
            text = plain(f"batch {values[index]}" if key == "batch" else values[index] + units.get(key, ""))
            parts.append(f":orange[{text}]" if key in made.mismatches else text)
        cells.append(" · ".join(parts))
    return [":gray[measured at]", *cells]


_COLOURS = {"inside": "green", "undecided": "orange", "over": "red"}


def _budget_rows(made: Comparison) -> list[list[str]]:
    """Return a row of what each design's own budgets come to, none where no design has one."""
    if not any(made.budgets):
        return []
    cells = ["<br>".join(f":{_COLOURS[h.state]}[{plain(h.to_text())}]" for h in mine) for mine in made.budgets]
    return [["budgets", *cells]]


def _cells(row: Row) -> list[str]:
    cells = []
    for index, cell in enumerate(row.cells):
        text = amount(cell.value)
        text = f"**{text}** :material/check:" if cell.best else text
        if index and cell.relative is not None:
            text += f" :gray[:small[{signed(cell.difference)} ({100 * cell.relative:+.1f} %)]]"
        cells.append(text)
    return cells


def _csv(made: Comparison, names: list[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["metric", "unit", *names])
    writer.writerows([key, "", *values] for key, values in made.conditions.items())
    writer.writerows([row.label, row.unit, *(cell.value for cell in row.cells)] for row in made.rows)
    return text.getvalue()


_STATUS = {"same": "same", "changed": "changed", "only_left": "only in the first", "only_right": "only in the second"}


def _diff(first: str, second: str, entries: tuple[Entry, ...]) -> None:
    counts = {status: sum(entry.status == status for entry in entries) for status in _STATUS}
    summary = ", ".join(f"{count} {_STATUS[status]}" for status, count in counts.items() if count)
    with st.expander(f"{first} against {second}: {summary or 'no nodes'}"):
        rows = [
            {
                first: entry.left or "",
                second: entry.right or "",
                "status": _STATUS[entry.status],
                "what": "; ".join(f"{name}: {a} → {b}" for name, (a, b) in entry.fields.items()),
            }
            for entry in entries
        ]
        st.dataframe(rows, hide_index=True, width="stretch")
