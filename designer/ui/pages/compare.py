"""Compare: two to four designs side by side."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import streamlit as st

from designer.comparing import Comparison, Row, compare
from designer.design.diff import Entry
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.presets import PRESETS, load_preset
from designer.ui.charts.comparison import latency_chart, stride_chart
from designer.ui.studio import studio
from designer.ui.text import ago, plain

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
    options = _conditions()
    st.query_params["designs"] = ",".join(chosen)
    if len(chosen) < 2:
        st.info("Choose a second design to compare with.", icon=":material/compare:")
        return
    try:
        made = compare([_design(key) for key in chosen], **options)
    except DesignError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _draw(made, [names[key] for key in chosen])


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
    return asked if len(asked) >= 2 and set(asked) <= set(names) else list(DEFAULT)


def _design(key: str) -> Design:
    return load_preset(key) if key in PRESETS else studio().store.get(key).design


def _conditions() -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = st.segmented_control("Form", ["deploy", "train"], default="deploy", key="compare_form")
        precision = st.segmented_control("Precision", ["fp32", "fp16", "int8"], default="fp32", key="compare_precision")
        batch = st.number_input("Batch", 1, 4096, 1, key="compare_batch", width=110)
        equal = st.toggle("Same input for all", key="compare_equal", help="Measures every design at one input size.")
        side = st.number_input("Input side, pixels", 32, 1024, 224, step=32, disabled=not equal, width=150)
    size = (3, int(side), int(side)) if equal else None
    return {"form": form or "deploy", "precision": precision or "fp32", "batch": int(batch), "size": size}


def _draw(made: Comparison, names: list[str]) -> None:
    _metric_table(made, names)
    for sentence in made.sentences:
        st.markdown(f":material/lightbulb: {plain(sentence)}")
    left, right = st.columns(2)
    with left:
        st.plotly_chart(stride_chart(made, names, "macs", "MACs by output stride, M", 1e6), config=_CONFIG)
    for device, figure in made.reports[0].latency.items():
        with right:
            title = f"time by output stride, ms: {figure.title}"
            st.plotly_chart(stride_chart(made, names, device, title, 1.0), config=_CONFIG)
    if made.reports[0].latency:
        st.plotly_chart(latency_chart(made, names), config=_CONFIG)
    for name, entries in zip(names[1:], made.diffs, strict=True):
        _diff(names[0], name, entries)


_CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}}


def _metric_table(made: Comparison, names: list[str]) -> None:
    header = ["", *(plain(name) for name in names)]
    metrics = [[row.label + (f", {row.unit}" if row.unit else ""), *_cells(row)] for row in made.rows]
    lines = [header, ["---"] * len(header), _condition_row(made), *metrics]
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


def _cells(row: Row) -> list[str]:
    cells = []
    for index, cell in enumerate(row.cells):
        text = f"**{cell.value:,.2f}** :material/check:" if cell.best and len(row.cells) > 1 else f"{cell.value:,.2f}"
        if index and cell.relative is not None:
            text += f" :gray[:small[{cell.difference:+,.2f} ({100 * cell.relative:+.1f} %)]]"
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
