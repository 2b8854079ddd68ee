"""The Python end of the conversation with the browser, rule by rule. No page, no browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from designer.design.edit import apply
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.presets import PRESETS, load_preset
from designer.store import Store, StoreError
from designer.ui.workspace import OPTION_DEFAULTS, Workspace
from tests.helpers.designs import tiny

NODE = "conv_norm_act_1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    library = Store(f"sqlite:///{tmp_path / 'library.db'}")
    yield library
    library.close()


@pytest.fixture
def opened(store: Store) -> Workspace:
    return Workspace.open_new(store, tiny())


def width(design: Design) -> int:
    return int(str(next(node for node in design.nodes if node.id == NODE).config["out_channels"]))


def wider(design: Design, to: int) -> Design:
    return apply(design, {"op": "set_config", "id": NODE, "field": "out_channels", "value": to})


def sent(opened: Workspace, design: Design, rev: int, **changes: Any) -> dict[str, Any]:
    """A commit as the browser sends it."""
    value = {"doc_id": opened.doc_id, "epoch": opened.epoch, "rev": rev, "base_rev": opened.rev, "label": "Edit"}
    return value | {"doc": design.model_dump(mode="json")} | changes


def test_a_commit_is_taken_and_saved_under_its_label(store: Store, opened: Workspace) -> None:
    assert opened.commit(sent(opened, wider(opened.design, 16), 1, label="Set out_channels to 16"))
    assert (width(opened.design), opened.rev, opened.stored_rev, opened.saved) == (16, 1, 1, "saved")
    assert width(store.get(opened.doc_id).design) == 16
    assert [label for _, label, _ in store.history(opened.doc_id)] == ["Set out_channels to 16", "Created"]


def test_revisions_that_were_coalesced_may_be_skipped(store: Store, opened: Workspace) -> None:
    assert opened.commit(sent(opened, wider(opened.design, 16), 7))
    assert opened.rev == store.get(opened.doc_id).rev == 7


@pytest.mark.parametrize("rev", [0, 1, 2])
def test_a_commit_that_is_not_newer_is_ignored(store: Store, opened: Workspace, rev: int) -> None:
    opened.commit(sent(opened, wider(opened.design, 16), 2))
    assert not opened.commit(sent(opened, wider(opened.design, 24), rev))
    assert width(opened.design) == width(store.get(opened.doc_id).design) == 16
    assert opened.rev == 2


def test_a_commit_of_another_opening_is_ignored(store: Store, opened: Workspace) -> None:
    assert not opened.commit(sent(opened, wider(opened.design, 16), 9, epoch="another"))
    assert width(store.get(opened.doc_id).design) == 8
    assert opened.fresh


def test_a_new_opening_is_fresh_until_the_browser_was_heard(store: Store, opened: Workspace) -> None:
    assert opened.facts()["fresh"]
    opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert not opened.facts()["fresh"]
    assert Workspace.open_saved(store, opened.doc_id).epoch != opened.epoch


@pytest.mark.parametrize(
    ("doc", "says"),
    [
        ("{", "JSON"),
        ({"schema_version": 1, "name": "x", "wheels": 4}, "wheels"),
        ({"schema_version": 99}, "newer version"),
        (7, "got 7"),
        (tiny().model_dump(mode="json") | {"nodes": [{"id": "a", "block": "add", "repeat": 10**6}]}, "repeat"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_and_nothing_is_lost(
    store: Store, opened: Workspace, doc: Any, says: str
) -> None:
    opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert opened.commit(sent(opened, opened.design, 2, doc=doc))
    assert opened.saved == "error"
    assert opened.message.startswith("Not saved: ") and says in opened.message
    assert opened.facts()["saved"] == {"rev": 1, "state": "error", "message": opened.message}
    assert width(opened.design) == width(store.get(opened.doc_id).design) == 16
    assert opened.commit(sent(opened, wider(opened.design, 24), 2))
    assert (opened.saved, opened.message, width(store.get(opened.doc_id).design)) == ("saved", "", 24)


@pytest.fixture
def lost(store: Store, opened: Workspace) -> Workspace:
    """A tab whose edit came after that of another tab."""
    behind = Workspace.open_saved(store, opened.doc_id)
    opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert behind.commit(sent(behind, wider(behind.design, 24), 1))
    return behind


def test_the_tab_that_lost_the_race_keeps_its_edits_and_says_so(store: Store, lost: Workspace) -> None:
    assert lost.saved == "conflict"
    assert "another tab" in lost.message
    assert width(lost.design) == 24
    assert width(store.get(lost.doc_id).design) == 16
    lost.commit(sent(lost, wider(lost.design, 32), 2))
    assert lost.saved == "conflict"
    assert width(store.get(lost.doc_id).design) == 16


def test_edits_that_lost_the_race_can_be_saved_as_a_copy(store: Store, lost: Workspace) -> None:
    lost.take_options({"form": "train", "batch": 4})
    copied = lost.save_copy()
    assert copied.doc_id != lost.doc_id
    assert copied.epoch != lost.epoch
    assert copied.design.name == "Tiny (copy)"
    assert width(store.get(copied.doc_id).design) == 24
    assert width(store.get(lost.doc_id).design) == 16
    assert (copied.options["form"], copied.options["batch"]) == ("train", 4)
    assert copied.commit(sent(copied, wider(copied.design, 32), copied.rev + 1))
    assert copied.saved == "saved"


def test_a_reload_after_the_race_shows_what_was_saved(store: Store, lost: Workspace) -> None:
    again = Workspace.open_saved(store, lost.doc_id)
    assert (width(again.design), again.saved) == (16, "saved")
    assert again.commit(sent(again, wider(again.design, 32), again.rev + 1))
    assert width(store.get(lost.doc_id).design) == 32


def test_a_commit_to_a_deleted_design_is_kept_and_says_so(store: Store, opened: Workspace) -> None:
    store.delete(opened.doc_id)
    assert opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert opened.saved == "conflict"
    assert "deleted" in opened.message
    assert width(opened.save_copy().design) == 16
    store.restore(opened.doc_id)
    assert opened.commit(sent(opened, wider(opened.design, 24), 2))
    assert (opened.saved, width(store.get(opened.doc_id).design)) == ("saved", 24)


def test_a_library_that_does_not_answer_is_told_and_the_next_edit_saves_all(
    store: Store, opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any, **__: Any) -> int:
        raise StoreError("The library did not answer: database is locked. Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(store, "save", locked)
        assert opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert opened.saved == "error"
    assert "database is locked" in opened.message
    assert opened.commit(sent(opened, opened.design.replace(name="Renamed"), 2))
    saved = store.get(opened.doc_id).design
    assert (opened.saved, saved.name, width(saved)) == ("saved", "Renamed", 16)


def test_a_preset_is_not_stored_before_its_first_edit(store: Store) -> None:
    opened = Workspace.open_preset(store, "repghostnet_100")
    assert store.list() == []
    assert opened.facts()["read_only"]
    assert opened.design.digest() == load_preset("repghostnet_100").digest()


def test_the_first_edit_of_a_preset_makes_a_copy_and_pins_the_original(store: Store) -> None:
    opened = Workspace.open_preset(store, "repghostnet_100")
    edited = apply(opened.design, {"op": "set_input", "id": "input", "height": 160, "width": 160})
    assert opened.commit(sent(opened, edited, 1))
    assert not opened.facts()["read_only"]
    saved = store.get(opened.doc_id)
    assert (saved.origin, saved.rev, saved.design.digest()) == ("repghostnet_100", 1, edited.digest())
    assert opened.reference
    assert opened.reference.name == PRESETS["repghostnet_100"].title
    assert opened.reference.design.digest() == load_preset("repghostnet_100").digest()


def test_where_a_design_is_from_survives_every_edit_and_undo(store: Store) -> None:
    opened = Workspace.open_preset(store, "ghostnet_100")
    start = opened.design
    for rev, side in enumerate((160, 192), 1):
        opened.commit(sent(opened, apply(start, {"op": "set_input", "id": "input", "height": side}), rev))
    opened.commit(sent(opened, start, 3, label="Undo"))
    assert store.get(opened.doc_id).design.meta["origin"] == "ghostnet_100"
    again = Workspace.open_saved(store, opened.doc_id)
    assert again.reference
    assert again.reference.name == PRESETS["ghostnet_100"].title


def test_a_fix_is_offered_once_and_its_answer_is_a_commit(store: Store, opened: Workspace) -> None:
    command = {"op": "set_config", "id": NODE, "field": "out_channels", "value": 16}
    opened.fix(command, "Set out_channels to 16")
    offer = opened.facts()["apply"]
    assert (offer["base_rev"], offer["label"]) == (0, "Set out_channels to 16")
    assert width(Design.model_validate(offer["doc"])) == 16
    assert width(opened.design) == 8, "the browser owns the document"
    opened.fix(command, "again")
    assert opened.facts()["apply"]["id"] != offer["id"]
    assert opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert width(store.get(opened.doc_id).design) == 16


def test_a_fix_that_does_not_fit_says_why_and_offers_nothing(opened: Workspace) -> None:
    with pytest.raises(DesignError, match="nowhere"):
        opened.fix({"op": "set_config", "id": "nowhere", "field": "out_channels", "value": 16}, "Fix")
    assert opened.facts()["apply"] is None


def test_an_action_that_is_sent_again_is_done_once(opened: Workspace) -> None:
    assert opened.is_new_action({"id": "a", "kind": "export"})
    assert not opened.is_new_action({"id": "a", "kind": "export"})
    assert opened.is_new_action({"id": "b", "kind": "export"})
    assert not opened.is_new_action({"id": "a", "kind": "export"})
    for count in range(100):
        assert opened.is_new_action({"id": f"n{count}", "kind": "fix"})
    assert len(opened.seen_actions) < 50, "what is remembered is bounded"


def test_options_that_are_not_sent_are_the_defaults(opened: Workspace) -> None:
    opened.take_options({"form": "train", "n": 3})
    assert opened.options == OPTION_DEFAULTS | {"form": "train"}
    assert opened.facts()["options"]["input"] == {"channels": 3, "height": 32, "width": 32}


def test_a_design_that_is_gone_before_a_copy_loses_the_race_by_name_only(store: Store, opened: Workspace) -> None:
    store.delete(opened.doc_id)
    with pytest.raises(KeyError):
        Workspace.open_saved(store, opened.doc_id)
    opened.commit(sent(opened, wider(opened.design, 16), 1))
    assert "Your edits are kept here" in opened.message
    copied = opened.save_copy()
    assert (width(copied.design), copied.saved, copied.doc_id != opened.doc_id) == (16, "saved", True)


def test_a_preset_whose_copy_was_deleted_in_another_tab_keeps_the_edits(store: Store) -> None:
    opened = Workspace.open_preset(store, "ghostnet_100")
    other = Workspace.open_preset(store, "ghostnet_100", opened.doc_id)
    first = apply(other.design, {"op": "set_input", "id": "input", "height": 160})
    other.commit(sent(other, first, 1))
    store.delete(other.doc_id)
    second = apply(opened.design, {"op": "set_input", "id": "input", "height": 192})
    assert opened.commit(sent(opened, second, 1))
    assert opened.saved == "conflict"
    assert opened.save_copy().design.inputs["input"].height == 192


def test_a_first_edit_that_the_library_does_not_take_is_saved_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Workspace.open_preset(store, "ghostnet_100")
    edited = apply(opened.design, {"op": "set_input", "id": "input", "height": 160})

    def locked(*_: Any, **__: Any) -> int:
        raise StoreError("The library did not answer: disk I/O error. Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(store, "create", locked)
        assert opened.commit(sent(opened, edited, 1))
    assert (opened.saved, opened.preset, store.list()) == ("error", "ghostnet_100", [])
    assert opened.commit(sent(opened, edited.replace(name="Mine"), 2))
    assert (opened.saved, opened.preset) == ("saved", "")
    assert store.get(opened.doc_id).design.inputs["input"].height == 160
