"""The little CSS that Streamlit's own theme has no option for: a dense page without the wide default margins."""

from __future__ import annotations

import streamlit as st

_CSS = """
.stMainBlockContainer { padding: 3.4rem 1rem 0.5rem; max-width: none; }
.stAppHeader { height: 3rem; min-height: 3rem; }
div[data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
"""


def page_style() -> None:
    """Make the page dense."""
    st.html(f"<style>{_CSS}</style>")
