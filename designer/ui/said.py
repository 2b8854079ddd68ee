"""A library that does not answer, said in one sentence where a traceback would stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from designer.store import StoreError
from designer.ui.text import plain


@contextmanager
def library_trouble_said() -> Iterator[None]:
    """Draw the sentence of a StoreError that is raised inside, and a way to try again; what was drawn stays."""
    try:
        yield
    except StoreError as error:
        st.error(plain(str(error)), icon=":material/cloud_off:")
        st.button("Try again", key="try_again")
