"""The editor as a Streamlit component: palette, canvas, inspector, numbers and drawer in one.

The browser owns the graph while it is edited and sends whole documents; `payload` carries what Python knows of them.
Both directions are described by the types in `frontend/src/core/types.ts`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

PROJECT = "blockwright"
COMPONENT = "editor"
NAME = f"{PROJECT}.{COMPONENT}"
ASSETS = Path(__file__).with_name("frontend_dist")

Callback = Callable[[], None]


def editor(
    key: str,
    payload: Mapping[str, Any],
    *,
    on_commit: Callback | None = None,
    on_options: Callback | None = None,
    on_action: Callback | None = None,
    on_preview: Callback | None = None,
    on_want: Callback | None = None,
) -> Any:
    """Mount the editor; return its result with `commit`, `options`, `preview`, `want` and `action` as attributes.

    A callback takes no arguments and reads its value from `st.session_state[key]`; it runs before the script, so
    that the answer to a commit is in the same run's payload. A value that arrives in a new session comes without
    its callback: compare `result.commit` too. Raises ValueError for a payload that is not plain finite JSON,
    because Streamlit would hand the browser a string, or nothing, without a word.
    """
    return _mount()(
        key=key,
        data=plain_json(payload),
        width="stretch",
        height="content",
        on_commit_change=on_commit or _nothing,
        on_options_change=on_options or _nothing,
        on_preview_change=on_preview or _nothing,
        on_want_change=on_want or _nothing,
        on_action_change=on_action or _nothing,
    )


def plain_json(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload as the browser will read it: lists for tuples, text keys. Raises ValueError."""
    try:
        return json.loads(json.dumps(payload, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Editor payload: must be JSON without NaN or infinity, got a value that is not ({error})."
        ) from error


def _mount() -> Callable[..., Any]:
    _register()
    return _component()


@functools.cache
def _component() -> Callable[..., Any]:
    # Not at import time: a component with files can only be made while a Streamlit runtime runs.
    return st.components.v2.component(NAME, js="index-*.js", css="style-*.css", isolate_styles=True)


def _register() -> None:
    # Streamlit finds a component's files only through an installed distribution. Registering them here works from a
    # plain checkout, an editable install and a wheel alike, and again in each new runtime (tests start several).
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(NAME) is None:
        manifest = ComponentManifest(PROJECT, "0", [ComponentConfig(COMPONENT, ASSETS.name)])
        manager.register_from_manifest(manifest, ASSETS.parent)


def _nothing() -> None:
    """Stand in for an absent callback: only values that have one are part of the result."""
