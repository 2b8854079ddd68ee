"""The little CSS that Streamlit's own theme has no option for: a dense page, and the open design in the header."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

LOGO = Path(__file__).with_name("assets") / "logo.svg"

_CSS = """
.stMainBlockContainer { padding: 3.75rem 1rem 0.5rem; max-width: none; }
.stElementContainer:has(.page-style) { display: none; }
[data-testid="stTopNavLink"] > span:has([data-testid="stIconMaterial"]) { display: none; }
.stAppHeader { height: 3.25rem; min-height: 3.25rem; }
div[data-testid="stVerticalBlock"] { gap: 0.5rem; }
.stMarkdown table { font-size: 0.875rem; font-variant-numeric: tabular-nums; width: 100%; }
.stMarkdown table td, .stMarkdown table th { padding: 0.3rem 0.6rem; }
.st-key-run_page, .st-key-weights_drop { display: none; }
.st-key-document_bar {
  position: fixed; top: 0.45rem; left: 34.5rem; right: 3.5rem; width: auto; z-index: 999991; height: 2.4rem;
  overflow: hidden; flex-wrap: nowrap; gap: 0.4rem;
}
.st-key-document_bar button { min-height: 2.1rem; padding: 0 0.55rem; }
.st-key-document_bar > :last-child { flex: 1 1 0; min-width: 0; }
.st-key-document_bar > :last-child p { overflow: hidden; text-overflow: ellipsis; }
.st-key-document_bar [data-testid="stMarkdownContainer"] {
  display: flex; align-items: center; height: 2.1rem; margin-bottom: 0;
}
.st-key-document_bar p { margin: 0; white-space: nowrap; }
.st-key-gallery_bar {
  position: fixed; right: 1rem; bottom: 1rem; width: auto; z-index: 1000;
  background: Canvas; box-shadow: 0 4px 18px rgba(0, 0, 0, 0.18);
}
/* The editor answers for itself and a dialog asks again and again: neither may fade while the page runs. */
.st-key-editor, .st-key-document_bar [data-stale], [role="dialog"] [data-stale] { opacity: 1 !important; }
"""


def page_style() -> None:
    """Make the page dense and put the name in the header."""
    st.logo(str(LOGO), size="large")
    # Style alone would go where toasts go, and the first toast of a fragment would take its place.
    st.html(f'<style>{_CSS}</style><span class="page-style"></span>')
