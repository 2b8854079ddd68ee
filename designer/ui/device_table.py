"""The table of Devices: a row for each profile, grouped by board, its scores beside those of simpler estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from designer.device_words import interval_words, kind_words, setting
from designer.ui.pins import MOST, pin, pinned
from profiles.profile import DeviceProfile

WIDTHS = (1.4, 0.3, 2.4, 7.9)
"""Of the columns: board, pin, runtime, figures."""
CSS = """<style>
.device-figures { display: grid; align-items: center; column-gap: 0.75rem; font-size: 0.85rem; line-height: 1.25;
  grid-template-columns: 4.3rem 7.4rem 6.6rem 4.6rem 8rem 5.6rem minmax(0, 1fr);
  font-variant-numeric: tabular-nums; min-height: 2.35rem; }
.device-figures small { opacity: 0.65; font-size: 0.72rem; display: block; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.device-figures > span { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.device-figures b { font-weight: 600; }
.device-head { font-size: 0.75rem; opacity: 0.75; min-height: 2rem; align-items: end; }
.device-board { font-weight: 600; font-size: 0.875rem; line-height: 1.2; }
[class*="st-key-device_rows"] button, [class*="st-key-device_rows"] button p { white-space: normal; text-align: left; }
[class*="st-key-device_rows"] > [data-testid="stLayoutWrapper"]:has(.device-board) {
  border-top: 1px solid color-mix(in srgb, currentColor 14%, transparent);
}
</style>"""
HEADS = (
    ("networks", "networks measured, and how many families they are of"),
    ("median error", "half of the networks of an unseen family are closer than this"),
    ("within 10 %", "of the networks of unseen families"),
    ("within 20 %", "of the networks of unseen families"),
    ("Spearman", "rank correlation of estimate and measurement: 1 is a perfect order"),
    ("band held", "how often the measurement fell in the 80 % band, with the 95 % interval of that share"),
    ("source", "who measured, when, under which licence"),
)


def device_table(groups: Mapping[str, Sequence[DeviceProfile]], kind: str) -> None:
    """Draw the rows of one kind; a box pins a device, its name opens it."""
    with st.container(gap=None, key=f"device_rows_{kind}"):
        _rows(groups)


def _rows(groups: Mapping[str, Sequence[DeviceProfile]]) -> None:
    _, box, name, figures = st.columns(WIDTHS, vertical_alignment="bottom")
    box.html('<div class="device-figures device-head" style="display: flex">pin</div>')
    name.html('<div class="device-figures device-head" style="display: flex">runtime, threads, precision</div>')
    heads = "".join(f'<span title="{escape(why)}">{head}</span>' for head, why in HEADS)
    figures.html(f'<div class="device-figures device-head">{heads}</div>')
    held = pinned()
    for board, found in groups.items():
        for index, profile in enumerate(found):
            _row("" if index else board, profile, held)


def _row(board: str, profile: DeviceProfile, held: Sequence[str]) -> None:
    first, box, name, figures = st.columns(WIDTHS, vertical_alignment="center")
    if board:
        first.html(f'<div class="device-board">{escape(board)}</div>')
    with box:
        pin_box(profile.name, held, label_visibility="collapsed")
    name.button(
        setting(profile).replace("_", r"\_"),
        key=f"device_{profile.name}",
        type="tertiary",
        on_click=open_device,
        args=(profile.name,),
        help=f"{profile.device}, {profile.runtime_version}: {kind_words(profile)}",
    )
    figures.html(figures_row(profile))


def open_device(name: str) -> None:
    """Show one device; the address names it."""
    st.query_params["device"] = name


def pin_box(name: str, held: Sequence[str], label_visibility: str = "visible") -> None:
    """Draw the box that pins a device to Compose and Compare, or takes it off."""
    key = f"pin_{name}"
    st.session_state[key] = name in held
    st.checkbox(
        "Pinned to Compose and Compare" if label_visibility == "visible" else f"Pin {name}",
        key=key,
        on_change=_toggle,
        args=(name,),
        disabled=len(held) >= MOST and name not in held,
        label_visibility=label_visibility,  # type: ignore[arg-type]
    )


def _toggle(name: str) -> None:
    rest = [other for other in pinned() if other != name]
    pin([*rest, name] if st.session_state[f"pin_{name}"] else rest)


def figures_row(profile: DeviceProfile) -> str:
    """Return the scores of a profile as one line of a grid, with those of the simpler estimates beneath."""
    scores, naive, macs = profile.scores, profile.scores.naive, profile.scores.macs_only
    cells = [
        _cell(f"{scores.n:,}", f"{scores.families} families"),
        _cell(f"<b>{scores.median_ape:.1f} %</b>", f"sum {naive.median_ape:.1f} · MACs {macs.median_ape:.1f}"),
        _cell(f"{scores.within10:.0f} %", f"sum {naive.within10:.0f} · MACs {macs.within10:.0f}"),
        _cell(f"{scores.within20:.0f} %", f"sum {naive.within20:.0f}"),
        _cell(f"{scores.spearman:.3f}", f"sum {naive.spearman:.3f} · MACs {macs.spearman:.3f}"),
        _cell(f"{scores.band_coverage:.0f} %", interval_words(scores)),
        _cell(escape(_short_source(profile)), f"{profile.date} · {escape(profile.licence)}", escape(profile.source)),
    ]
    return f'<div class="device-figures">{"".join(cells)}</div>'


def _short_source(profile: DeviceProfile) -> str:
    return profile.source.partition(" (")[0].partition(",")[0]


def _cell(text: str, beneath: str, title: str = "") -> str:
    return f'<span title="{title}">{text}<small>{beneath}</small></span>'
