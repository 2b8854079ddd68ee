"""Gallery: the published networks, a card for each paper, found by what they are and what they cost."""

from __future__ import annotations

import streamlit as st

from designer.presets.gallery import Card, Wanted, by_paper, cards
from designer.ui.charts.outline import outline_image
from designer.ui.opening import open_in_compose
from designer.ui.text import plain, si

COLUMNS = 3
MOST = 4
"""As many as Compare takes."""
YES_NO: dict[str, bool | None] = {"any": None, "yes": True, "no": False}


def page() -> None:
    """Draw the gallery."""
    wanted = _wanted()
    found = by_paper(wanted)
    shown = sum(len(group) for group in found.values())
    families = f"{len(found)} {'family' if len(found) == 1 else 'families'}"
    st.caption(
        f"{shown} of {len(cards())} networks in {families}. Params and MACs (FLOPs = 2 x MACs) are counted here, "
        "in deploy form at the network's own input; published accuracy beside them."
    )
    if not found:
        st.info("No published network is like that. Widen a range, or clear the search.", icon=":material/search_off:")
    columns = st.columns(COLUMNS)
    for index, group in enumerate(found.values()):
        with columns[index % COLUMNS]:
            _card(group)
    _compare_bar()


def _wanted() -> Wanted:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        words = st.text_input("Search", placeholder="ghost, attention, 416 ...", key="gallery_words", width=220)
        systems = st.multiselect("Family", sorted({card.info.system for card in cards()}), key="gallery_systems")
        tasks = st.multiselect("Task", sorted({card.info.task for card in cards()}), key="gallery_tasks", width=230)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        params = _range("Params, M", [card.params / 1e6 for card in cards()], "gallery_params")
        macs = _range("MACs, M", [card.macs / 1e6 for card in cards()], "gallery_macs")
        attention = st.segmented_control("Attention", list(YES_NO), default="any", key="gallery_attention")
        reparam = st.segmented_control(
            "Re-parameterisable",
            list(YES_NO),
            default="any",
            key="gallery_reparam",
            help="Branches of the train form fold into fewer layers for deployment.",
        )
    return Wanted(words, systems, tasks, params, macs, YES_NO[attention or "any"], YES_NO[reparam or "any"])


def _range(label: str, values: list[float], key: str) -> tuple[float, float] | None:
    """Ask for a range in steps of about a quarter; return None for everything."""
    steps = [0.0]
    while steps[-1] < max(values):
        steps.append(
            max(1.0, float(f"{steps[-1] * 1.26:.2g}")) if steps[-1] < 1e2 else float(f"{steps[-1] * 1.26:.2g}")
        )
    low, high = st.select_slider(
        label, steps, (steps[0], steps[-1]), format_func=lambda v: f"{v:g}", key=key, width=300
    )
    return None if (low, high) == (steps[0], steps[-1]) else (low, high)


def _card(group: list[Card]) -> None:
    system = group[0].info.system
    with st.container(border=True, key=f"card_{system.lower().replace(' ', '_')}"):
        names = {card.info.name: card for card in group}
        st.markdown(f"**{system}** :gray[:small[{len(group)} {'network' if len(group) == 1 else 'networks'}]]")
        chosen = st.selectbox(
            "Network",
            list(names),
            format_func=lambda name: names[name].info.title,
            key=f"gallery_{system}",
            label_visibility="collapsed",
        )
        _facts(names[chosen])
        left, right = st.columns(2)
        if left.button("Open", key=f"gallery_open_{system}", type="primary", width="stretch"):
            open_in_compose(preset=chosen)
        picked: list[str] = st.session_state.setdefault("gallery_picked", [])
        held = chosen in picked
        if right.button(
            "Added" if held else "Compare",
            disabled=len(picked) >= MOST and not held,
            key=f"gallery_add_{system}",
            icon=":material/check:" if held else ":material/add:",
            width="stretch",
        ):
            picked.remove(chosen) if held else picked.append(chosen)
            st.rerun()


def _facts(card: Card) -> None:
    info = card.info
    st.html(outline_image(card.outline))
    accuracy = next((f" · top-1 {p.top1:g} %" for p in info.published if p.top1), "")
    st.markdown(f"{si(card.params)} params · {si(card.macs)} MACs{accuracy}", help=_sources(info.name))
    marks: list[str] = [info.task] if info.task != "classification" else []
    marks += ["attention"] if card.attention else []
    marks += ["re-parameterisable"] if card.reparam else []
    badges = [f":blue-badge[{mark}]" for mark in marks]
    badges += [":orange-badge[reconstruction]"] if info.reconstruction else []
    st.markdown(f":small[[{plain(info.paper)}]({info.url})]" + ("  \n" + " ".join(badges) if badges else ""))


def _sources(name: str) -> str:
    info = next(card.info for card in cards() if card.info.name == name)
    lines = []
    for p in info.published:
        said = [f"{p.params_m:g} M params"] if p.params_m is not None else []
        said += [f"{p.macs_m:g} M MACs"] if p.macs_m is not None else []
        said += [f"top-1 {p.top1:g} %"] if p.top1 is not None else []
        lines.append(
            f"- {plain(p.source)}: {', '.join(said) or 'no figures'}" + (f" ({plain(p.counter)})" if p.counter else "")
        )
    notes = [plain(text) for text in (info.note, info.reconstruction) if text]
    return "\n".join(["Published:", *(lines or ["- nothing that belongs to this network"]), "", *notes])


def _compare_bar() -> None:
    """Show at the lower edge what was picked for Compare, and go there."""
    picked: list[str] = st.session_state.get("gallery_picked", [])
    if not picked:
        return
    titles = {card.info.name: card.info.title for card in cards()}
    with st.container(key="gallery_bar", border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(" · ".join(titles[name] for name in picked))
        if st.button("Clear", key="gallery_clear"):
            picked.clear()
            st.rerun()
        label = "Compare" if len(picked) > 1 else "Compare: add one more"
        if st.button(label, icon=":material/compare:", type="primary", disabled=len(picked) < 2, key="gallery_compare"):
            st.session_state.compare_asked = list(picked)
            st.switch_page(st.session_state["compare_page"])
