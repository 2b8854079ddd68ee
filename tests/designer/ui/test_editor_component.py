"""The editor's Python side: what reaches the browser, and that the built files are found without an installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from designer.ui.editor.component import ASSETS, plain_json


def _page() -> None:
    import streamlit as st

    from designer.ui.editor.component import editor

    result = editor("editor", {"doc_id": "a", "shape": (1, 3)}, on_commit=lambda: None)
    st.text(str(result.commit))


def _sent(app: AppTest) -> dict[str, Any]:
    return json.loads(app.get("bidi_component")[0].proto.json)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Path("."), b"bytes"])
def test_a_payload_that_is_not_plain_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"Editor payload: must be JSON without NaN"):
        plain_json({"figure": value})


def test_a_payload_arrives_as_the_browser_reads_it() -> None:
    assert plain_json({"shape": (1, 3), "name": "x"}) == {"shape": [1, 3], "name": "x"}


def test_the_built_files_are_one_script_and_one_style_sheet() -> None:
    assert len(list(ASSETS.glob("index-*.js"))) == 1
    assert len(list(ASSETS.glob("style-*.css"))) == 1


def test_the_editor_mounts_in_each_new_runtime() -> None:
    for _ in range(2):
        app = AppTest.from_function(_page, default_timeout=60).run()
        assert not app.exception
        assert _sent(app) == {"doc_id": "a", "shape": [1, 3]}
        assert app.text[0].value == "None"


def test_a_commit_of_the_browser_reaches_the_page() -> None:
    app = AppTest.from_function(_page, default_timeout=60).run()
    app.session_state["editor"] = {"commit": {"rev": 1}}
    app.run()
    assert not app.exception
    assert "'rev': 1" in app.text[0].value
