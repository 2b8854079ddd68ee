"""Blockwright: `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

from designer.ui.pages import compare, compose, devices, gallery, library
from designer.ui.said import library_trouble_said
from designer.ui.studio import studio
from designer.ui.style import page_style


def main() -> None:
    """Set the page up and run the one that the address names."""
    st.set_page_config(page_title="Blockwright", page_icon=":material/account_tree:", layout="wide")
    page_style()
    with library_trouble_said():
        _pages()


def _pages() -> None:
    studio()
    compose_page = st.Page(
        compose.page, title="Compose", url_path="compose", icon=":material/account_tree:", default=True
    )
    compare_page = st.Page(compare.page, title="Compare", url_path="compare", icon=":material/compare:")
    st.session_state.compose_page, st.session_state.compare_page = compose_page, compare_page
    pages = [
        compose_page,
        st.Page(gallery.page, title="Gallery", url_path="gallery", icon=":material/grid_view:"),
        compare_page,
        st.Page(devices.page, title="Devices", url_path="devices", icon=":material/developer_board:"),
        st.Page(library.page, title="Library", url_path="library", icon=":material/folder_open:"),
    ]
    st.navigation(pages, position="top").run()


main()
