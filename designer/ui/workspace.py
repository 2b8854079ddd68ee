"""What is open in one tab: the document, its revision, what was saved, and the answers to the browser.

The browser owns the graph while it is edited; this is the other end of the protocol in
`editor/frontend/src/core/sync.ts`. No Streamlit here, so that every rule can be tested without a page.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from designer.design.edit import apply
from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.model import Design
from designer.presets import PRESETS, load_preset
from designer.store import ConflictError, Store, StoreError

OPTION_DEFAULTS: dict[str, Any] = {"form": "deploy", "batch": 1, "precision": "fp32", "metric": "macs", "device": ""}
SaveState = Literal["saved", "conflict", "error"]


@dataclass
class Reference:
    """The pinned design that the strip compares with."""

    name: str
    design: Design
    figures: dict[str, Any] = field(default_factory=dict)
    """Its figures under the options `measured_under`: they do not change while the browser's design does."""
    measured_under: dict[str, Any] | None = None


@dataclass
class Workspace:
    """One open document. `rev` is the newest revision that this side has taken from the browser."""

    store: Store
    doc_id: str
    design: Design
    owner: str = "local"
    preset: str = ""
    """The preset this was opened from and not yet edited, or empty."""
    rev: int = 0
    stored_rev: int | None = None
    """The revision in the store that this tab builds on; None while an unedited preset is not stored."""
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)
    fresh: bool = True
    saved: SaveState = "saved"
    message: str = ""
    reference: Reference | None = None
    options: dict[str, Any] = field(default_factory=lambda: dict(OPTION_DEFAULTS))
    pending_apply: dict[str, Any] | None = None
    preview: dict[str, Any] | None = None
    seen_actions: list[str] = field(default_factory=list)

    @classmethod
    def open_preset(cls, store: Store, name: str, doc_id: str | None = None) -> Workspace:
        """Return a preset opened for reading; its first edit stores a copy under `doc_id`.

        The document says where it is from before the browser has it: what Python adds later, the next commit drops.
        """
        design = load_preset(name)
        return cls(store, doc_id or str(uuid.uuid4()), design.replace(meta=design.meta | {"origin": name}), preset=name)

    @classmethod
    def open_saved(cls, store: Store, doc_id: str) -> Workspace:
        """Return a stored design at its newest revision. Raises KeyError where there is none."""
        saved = store.get(doc_id)
        opened = cls(store, saved.id, saved.design, rev=saved.rev, stored_rev=saved.rev)
        if saved.origin in PRESETS:
            opened.reference = Reference(PRESETS[saved.origin].title, load_preset(saved.origin))
        return opened

    @classmethod
    def open_new(cls, store: Store, design: Design, origin: str = "") -> Workspace:
        """Store a design and return it opened."""
        return cls.open_saved(store, store.create(design, origin=origin).id)

    def commit(self, value: Mapping[str, Any]) -> bool:
        """Take a commit of the browser and save it; return whether it was news.

        A commit of another opening or an older revision is ignored. A document that cannot be read, or that another
        tab was faster than, leaves the browser's edits where they are and says so.
        """
        if value["epoch"] != self.epoch or value["rev"] <= self.rev:
            return False
        self.fresh = False
        try:
            design = parse_design(value["doc"])
        except DesignError as error:
            self.saved, self.message = "error", f"Not saved: {error}"
            return True
        self.design, self.rev = design, value["rev"]
        self._save(str(value["label"])[:200])
        return True

    def _save(self, label: str) -> None:
        try:
            if self.stored_rev is None:
                self._store_copy()
            else:
                self.stored_rev = self.store.save(self.doc_id, self.stored_rev, self.design, label, rev=self.rev)
        except ConflictError:
            self.saved = "conflict"
            self.message = (
                "This design was changed in another tab. Your edits are kept here: save them as a copy, or reload."
            )
        except KeyError:
            self.saved = "conflict"
            self.message = "This design was deleted in the library. Your edits are kept here: save them as a copy."
        except StoreError as error:
            self.saved, self.message = "error", f"Not saved: {error} Your next edit saves this one too."
        else:
            self.saved, self.message = "saved", ""

    def _store_copy(self) -> None:
        origin = self.preset
        if self.preset:
            info = PRESETS[self.preset]
            self.reference = Reference(info.title, load_preset(self.preset))
        self.stored_rev = self.store.create(self.design, origin=origin, design_id=self.doc_id, rev=self.rev).rev
        self.preset = ""

    def save_copy(self) -> Workspace:
        """Store the edits of a tab that lost the race under a new id and return that, opened."""
        named = self.design.replace(name=f"{self.design.name} (copy)"[:200])
        copied = Workspace.open_new(self.store, named)
        copied.options, copied.reference = self.options, self.reference
        return copied

    def take_options(self, value: Mapping[str, Any]) -> None:
        """Take the form, batch, precision and metric that the browser shows."""
        self.fresh = False
        self.options = {key: value.get(key, default) for key, default in OPTION_DEFAULTS.items()}

    def is_new_action(self, action: Mapping[str, Any]) -> bool:
        """Return whether an action was not seen before; a resend is not new."""
        if action["id"] in self.seen_actions:
            return False
        self.seen_actions = [*self.seen_actions[-20:], action["id"]]
        return True

    def fix(self, command: dict[str, Any], label: str) -> None:
        """Apply an edit command as ONE undo step of the browser. Raises EditError where it does not fit."""
        changed = apply(self.design, command)
        self.offer(changed, label)

    def offer(self, changed: Design, label: str) -> None:
        """Send the browser a changed document; it drops it where its own is newer."""
        self.pending_apply = {
            "id": uuid.uuid4().hex,
            "base_rev": self.rev,
            "label": label,
            "doc": changed.model_dump(mode="json"),
        }

    def facts(self) -> dict[str, Any]:
        """Return the protocol's fields about the document; analysis, palette and pages add theirs."""
        spec = next(iter(self.design.inputs.values()), None)
        size = {"channels": spec.channels, "height": spec.height, "width": spec.width} if spec else {}
        return {
            "doc_id": self.doc_id,
            "epoch": self.epoch,
            "fresh": self.fresh,
            "rev": self.rev,
            "doc": self.design.model_dump(mode="json"),
            "read_only": bool(self.preset),
            "name": self.design.name,
            "apply": self.pending_apply,
            "preview": self.preview,
            "options": self.options | {"input": size or {"channels": 3, "height": 224, "width": 224}},
            "saved": {"rev": self.stored_rev or 0, "state": self.saved, "message": self.message},
        }
