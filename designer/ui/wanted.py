"""What the browser asks for beside the analysis: the list of parts, the nodes of a part, a block's inside, devices.

It sends all that it still wants each time (messages may be coalesced, the latest wins) and asks again where no answer
came. No Streamlit here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from designer.cost.opened import opened_block
from designer.design.model import Design
from designer.presets.parts import part_doc, part_list
from designer.store import Store
from designer.ui.editor.timing import device_list
from designer.ui.own_stages import OWN, stage_doc

MAX_DOCS = 20


@dataclass(frozen=True)
class Wanted:
    """What is to be answered with the next payloads."""

    parts: bool = False
    """The list of the published networks' parts."""
    docs: tuple[str, ...] = ()
    """Ids of parts, and of own stages."""
    inside: str | None = None
    """The node that is open."""
    devices: bool = False
    """All devices that can be pinned."""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Wanted:
        """Return what a message of the browser asks for; what is not understood is left out."""
        docs = value.get("docs")
        inside = value.get("inside")
        named = tuple(str(id) for id in docs[:MAX_DOCS]) if isinstance(docs, list) else ()
        node = inside if isinstance(inside, str) else None
        return cls(value.get("parts") is True, named, node, value.get("devices") is True)

    def answered(self) -> Wanted:
        """Return what is still answered after the next message: an open block, which follows every edit."""
        return replace(self, parts=False, docs=(), devices=False)


def answer(wanted: Wanted, store: Store, design: Design, rev: int) -> dict[str, Any]:
    """Return `{parts, docs, inside, devices}` for the browser; a refusal is one sentence in its place."""
    return {
        "parts": list(part_list()) if wanted.parts else [],
        "docs": {id: _doc(store, id) for id in wanted.docs},
        "inside": _inside(design, wanted.inside, rev),
        "devices": device_list() if wanted.devices else [],
    }


def _doc(store: Store, id: str) -> dict[str, Any]:
    try:
        return {"doc": stage_doc(store, id) if id.startswith(OWN) else part_doc(id), "why": ""}
    except KeyError:
        return {"doc": None, "why": "This stage is not there any more. Reload the page to see which there are."}
    except ValueError as error:  # DesignError and StoreError: one sentence each
        return {"doc": None, "why": str(error)}


def _inside(design: Design, node: str | None, rev: int) -> dict[str, Any] | None:
    if node is None:
        return None
    try:
        return {"node": node, "rev": rev, "forms": opened_block(design, node)}
    except KeyError:
        return None
