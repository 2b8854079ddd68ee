"""Every page runs without an exception, with what a person would do on it. The editor's browser side is played here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from designer.cost.accounting import account
from designer.design.edit import apply
from designer.presets import PRESETS, load_preset
from designer.presets.parts import part_doc
from designer.store import Store, StoreError
from designer.store.stages import Stages
from designer.ui.pins import KEY
from designer.ui.studio import studio
from tests.helpers.designs import tiny
from tests.helpers.families import SMALLEST

APP = str(Path(__file__).parents[3] / "app.py")
TIMEOUT_S = 60


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The library that the pages use, empty."""
    monkeypatch.setenv("BLOCKWRIGHT_DB", f"sqlite:///{tmp_path / 'library.db'}")
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    st.cache_resource.clear()
    library = Store()
    yield library
    library.close()
    studio().store.close()
    st.cache_resource.clear()


def compose(**address: str) -> AppTest:
    """Compose as the address opens it, run once."""
    at = AppTest.from_file(APP, default_timeout=TIMEOUT_S)
    for key, value in address.items():
        at.query_params[key] = value
    return at.run()


def on_page(name: str) -> AppTest:
    """A page by itself, as the navigation runs it."""

    def script(name: str) -> None:
        import importlib

        importlib.import_module(f"designer.ui.pages.{name}").page()

    return AppTest.from_function(script, args=(name,), default_timeout=TIMEOUT_S).run()


def payload(at: AppTest) -> dict[str, Any]:
    """What the editor was given."""
    return json.loads(at.get("bidi_component")[0].proto.json)


def browser(at: AppTest, name: str, value: dict[str, Any]) -> AppTest:
    """Send a value from the editor, as Streamlit would, with its callback."""
    element = at.get("bidi_component")[0]
    states = at._tree.get_widget_states()
    widget = states.widgets.add()
    if name == "action":
        widget.id = f"$$STREAMLIT_INTERNAL_KEY_{element.proto.id}__events"
        widget.json_trigger_value = json.dumps([{"event": name, "value": value}])
    else:
        widget.id = element.proto.id
        widget.json_value = json.dumps({name: value})
    return at._run(states)


def commit(at: AppTest, command: dict[str, Any]) -> AppTest:
    """Edit in the browser: one command, committed."""
    shown = payload(at)
    changed = apply(at.session_state["workspace"].design, command).model_dump(mode="json")
    value = {"doc_id": shown["doc_id"], "epoch": shown["epoch"], "base_rev": shown["rev"], "rev": shown["rev"] + 1}
    return browser(at, "commit", value | {"label": "Edit", "doc": changed})


def healthy(at: AppTest) -> AppTest:
    assert not at.exception, [error.value for error in at.exception]
    return at


def test_the_first_visit_opens_repghostnet_and_stores_nothing(store: Store) -> None:
    shown = payload(healthy(compose()))
    assert (shown["name"], shown["read_only"], shown["hints"]) == ("RepGhostNet 1.0x", True, True)
    assert shown["analysis"]["totals"]["params"] == account(load_preset("repghostnet_100")).params
    assert len(shown["palette"]) > 20
    assert (shown["parts"], shown["stages"], shown["docs"], shown["inside"]) == ([], [], {}, None), (
        "asked for when needed"
    )
    assert store.list() == []


@pytest.mark.parametrize("name", SMALLEST)
def test_the_smallest_of_each_family_opens_without_problems(store: Store, name: str) -> None:
    shown = payload(healthy(compose(preset=name)))
    assert shown["analysis"]["complete"]
    assert [issue for issue in shown["analysis"]["issues"] if issue["kind"] == "error"] == []
    assert len(shown["doc"]["nodes"]) == len(load_preset(name).nodes)


@pytest.mark.parametrize("address", [{"design": "nowhere"}, {"preset": "nothing"}, {"design": "", "preset": "<b>"}])
def test_an_address_that_names_nothing_opens_the_first_preset(store: Store, address: dict[str, str]) -> None:
    assert payload(healthy(compose(**address)))["name"] == "RepGhostNet 1.0x"


def test_an_edit_answers_with_its_own_numbers_and_is_saved(store: Store) -> None:
    at = healthy(compose())
    before = payload(at)
    at = healthy(commit(at, {"op": "set_input", "id": "input", "height": 160, "width": 160}))
    after = payload(at)
    assert after["analysis"]["rev"] == after["rev"] == 1
    assert after["analysis"]["totals"]["macs"] < before["analysis"]["totals"]["macs"]
    assert after["saved"] == {"rev": 1, "state": "saved", "message": ""}
    assert after["reference"]["totals"] == before["analysis"]["totals"]
    assert after["palette"] == [], "the browser has it"
    (saved,) = store.list()
    assert saved.id == after["doc_id"]
    assert payload(healthy(compose(design=saved.id)))["analysis"]["totals"] == after["analysis"]["totals"]


def test_an_edit_that_breaks_the_network_answers_with_its_problem_and_a_fix_mends_it(store: Store) -> None:
    at = compose(preset="nextvit_small")
    at = healthy(commit(at, {"op": "set_config", "id": "stage2_ntb", "field": "out_channels", "value": 240}))
    (issue,) = payload(at)["analysis"]["issues"]
    assert issue["node"] == "stage2_ntb"
    assert not payload(at)["analysis"]["complete"]
    fix = issue["fixes"][0]
    at = healthy(browser(at, "action", {"id": "1", "kind": "fix", "command": fix["command"], "label": fix["label"]}))
    offered = payload(at)["apply"]
    assert (offered["label"], offered["base_rev"]) == (fix["label"], 1)


def failing(monkeypatch: pytest.MonkeyPatch, *methods: str) -> None:
    """From now on the library does not answer these calls."""

    def broken(*_: Any, **__: Any) -> None:
        raise StoreError("The library did not answer: database is locked. Try again.")

    for method in methods:
        monkeypatch.setattr(Store, method, broken)


def test_a_design_deleted_in_another_tab_is_said_and_a_published_one_shown(store: Store) -> None:
    saved = store.create(tiny())
    store.delete(saved.id)
    at = healthy(compose(design=saved.id))
    assert "was deleted" in at.toast[0].value
    assert payload(at)["name"] == "RepGhostNet 1.0x"


def test_a_library_that_does_not_answer_is_said_when_a_design_is_opened(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = store.create(tiny())
    failing(monkeypatch, "get")
    at = healthy(compose(design=saved.id))
    assert "database is locked" in at.toast[0].value
    assert payload(at)["name"] == "RepGhostNet 1.0x"


def test_what_is_open_stays_open_where_another_cannot_be_opened(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    at = healthy(commit(compose(), {"op": "set_input", "id": "input", "height": 160, "width": 160}))
    doc_id = payload(at)["doc_id"]
    with monkeypatch.context() as patch:
        failing(patch, "get", "create")
        at.session_state["opening"] = {"design": "another", "preset": ""}
        at = healthy(at.run())
        assert payload(at)["doc_id"] == doc_id
        for number, kind in enumerate(("duplicate_design", "save_copy", "reload", "start")):
            at = healthy(browser(at, "action", {"id": f"{number}", "kind": kind, "start": "blank"}))
            assert "database is locked" in at.toast[-1].value
            assert payload(at)["doc_id"] == doc_id
    at = healthy(commit(at, {"op": "set_input", "id": "input", "height": 192, "width": 192}))
    assert payload(at)["saved"]["state"] == "saved"


def test_a_stage_that_cannot_be_saved_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise StoreError("The library did not answer: disk is full. Try again.")

    monkeypatch.setattr(Stages, "create", broken)
    action = {"id": "1", "kind": "save_stage", "name": "Mine", "doc": part_doc("ghostnet_100.stage2")}
    assert "disk is full" in healthy(browser(compose(), "action", action)).toast[0].value


@pytest.mark.parametrize("page", ["library", "compare"])
def test_a_page_whose_library_does_not_answer_says_so(store: Store, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    failing(monkeypatch, "list")

    def script(name: str) -> None:
        import importlib

        from designer.ui.said import library_trouble_said

        with library_trouble_said():
            importlib.import_module(f"designer.ui.pages.{name}").page()

    at = healthy(AppTest.from_function(script, args=(page,), default_timeout=TIMEOUT_S).run())
    assert "database is locked" in at.error[0].value
    assert at.button(key="try_again")


def test_parts_are_listed_and_given_when_they_are_asked_for(store: Store) -> None:
    at = healthy(
        browser(compose(), "want", {"n": 1, "parts": True, "docs": ["ghostnet_100.stage2", "own:x"], "inside": None})
    )
    shown = payload(at)
    assert {source["preset"] for source in shown["parts"]} == set(PRESETS)
    assert shown["docs"]["ghostnet_100.stage2"]["doc"] == part_doc("ghostnet_100.stage2")
    assert "not there any more" in shown["docs"]["own:x"]["why"]
    after = payload(healthy(commit(at, {"op": "set_input", "id": "input", "height": 160, "width": 160})))
    assert (after["parts"], after["docs"]) == ([], {}), "an edit does not carry them again"


def test_an_open_block_follows_the_edits_until_it_is_closed(store: Store) -> None:
    node = "stage4_b1"
    at = healthy(browser(compose(), "want", {"n": 1, "parts": False, "docs": [], "inside": node}))
    assert payload(at)["inside"]["node"] == node
    at = healthy(commit(at, {"op": "set_config", "id": node, "field": "out_channels", "value": 96}))
    inside = payload(at)["inside"]
    assert (inside["rev"], inside["forms"]["deploy"]["ops"][-1]["shape"][1]) == (1, 96)
    at = healthy(browser(at, "want", {"n": 2, "parts": False, "docs": [], "inside": None}))
    assert payload(at)["inside"] is None


def test_a_stage_is_kept_listed_renamed_deleted_and_restored(store: Store) -> None:
    at = compose()
    doc = part_doc("ghostnet_100.stage2")
    at = healthy(browser(at, "action", {"id": "1", "kind": "save_stage", "name": "My stage", "doc": doc}))
    (row,) = payload(at)["stages"]
    assert (row["title"], row["family"], row["blocks"]) == ("My stage", "Ghost", len(doc["nodes"]))
    at = healthy(browser(at, "want", {"n": 1, "parts": False, "docs": [row["id"]], "inside": None}))
    assert payload(at)["docs"][row["id"]]["doc"]["edges"] == doc["edges"]
    at = healthy(browser(at, "action", {"id": "2", "kind": "rename_stage", "stage": row["id"], "name": "Thin"}))
    assert [stage["title"] for stage in payload(at)["stages"]] == ["Thin"]
    at = healthy(browser(at, "action", {"id": "3", "kind": "delete_stage", "stage": row["id"]}))
    assert payload(at)["stages"] == []
    at = healthy(browser(at, "action", {"id": "4", "kind": "restore_stage", "stage": row["id"]}))
    assert [stage["title"] for stage in payload(at)["stages"]] == ["Thin"]


def test_a_stage_that_cannot_be_kept_is_refused_in_a_sentence(store: Store) -> None:
    doc = {"nodes": [{"id": "a", "block": "warp_drive", "config": {}}], "edges": [], "groups": []}
    at = healthy(browser(compose(), "action", {"id": "1", "kind": "save_stage", "name": "Bad", "doc": doc}))
    assert "this palette does not have" in at.toast[0].value
    assert payload(at)["stages"] == []


def test_the_options_of_the_browser_decide_the_numbers(store: Store) -> None:
    at = compose()
    deploy = payload(at)["analysis"]["totals"]["params"]
    at = healthy(browser(at, "options", {"form": "train", "batch": 2, "precision": "fp16", "metric": "time", "n": 1}))
    found = payload(at)["analysis"]
    assert (found["form"], found["batch"], found["precision"]) == ("train", 2, "fp16")
    assert found["totals"]["params"] > deploy


@pytest.mark.parametrize(
    "action",
    [
        {"kind": "export"},
        {"kind": "keep_variant"},
        {"kind": "pin"},
        {"kind": "dismiss_hints"},
        {"kind": "save_copy"},
        {"kind": "reload"},
        {"kind": "duplicate_design"},
        {"kind": "start", "start": "template"},
        {"kind": "start", "start": "blank"},
        {"kind": "start", "start": "preset"},
        {"kind": "fix", "command": {"op": "set_config", "id": "nowhere", "field": "x", "value": 1}, "label": "Fix"},
        {"kind": "fix", "command": {"op": "explode"}, "label": "Fix"},
        {"kind": "open_file", "name": "wrong.json", "text": "{"},
        {"kind": "nothing we know"},
    ],
    ids=lambda action: f"{action['kind']} {action.get('start', '')}",
)
@pytest.mark.parametrize("edited", [False, True])
def test_every_action_leaves_a_working_page(store: Store, action: dict[str, Any], edited: bool) -> None:
    at = compose()
    if edited:
        at = commit(at, {"op": "set_input", "id": "input", "height": 160, "width": 160})
    at = healthy(browser(at, "action", action | {"id": "1"}))
    assert payload(at)["doc_id"]


def test_a_design_deleted_meanwhile_is_told_and_not_a_traceback(store: Store) -> None:
    at = commit(compose(), {"op": "set_input", "id": "input", "height": 160, "width": 160})
    store.delete(payload(at)["doc_id"])
    at = healthy(commit(at, {"op": "set_input", "id": "input", "height": 192, "width": 192}))
    assert payload(at)["saved"]["state"] == "conflict"
    for kind in ("reload", "keep_variant"):
        at = healthy(browser(at, "action", {"id": kind, "kind": kind}))
    at = healthy(browser(at, "action", {"id": "copy", "kind": "save_copy"}))
    assert payload(at)["saved"]["state"] == "saved"
    assert len(store.list()) == 1


def test_compare_shows_both_first_presets(store: Store) -> None:
    at = healthy(on_page("compare"))
    table = next(text.value for text in at.markdown if text.value.startswith("|"))
    assert "RepGhostNet" in table and "params" in table
    assert at.multiselect(key="compare_chosen").value == ["repghostnet_100", "ghostnet_100"]


@pytest.mark.parametrize(
    "names", [["edgenext_small", "nextvit_small", "hornet_tiny_7x7", "ssb_resnet_rs_50"], ["ghostnet_050"], []]
)
def test_compare_takes_any_choice(store: Store, names: list[str]) -> None:
    at = on_page("compare")
    healthy(at.multiselect(key="compare_chosen").set_value(names).run())
    tables = [text.value for text in at.markdown if text.value.startswith("|")]
    assert len(tables) == (1 if len(names) > 1 else 0)
    assert bool(at.info) == (len(names) < 2)


def test_compare_explains_each_pinned_device_and_no_other(store: Store) -> None:
    store.settings.set(KEY, ["t4-tensorrt-fp16", "rtx-3090-throughput"])
    at = healthy(on_page("compare"))
    said = [text.value for text in at.markdown if text.value.startswith((":material/lightbulb:", ":material/balance:"))]
    assert ["per image" in text for text in said] == [False, True]
    assert "NVIDIA T4" in said[0] and "% sure" in said[0] and "fewer kernels to launch" in said[0]
    assert len(at.selectbox(key="time_device").options) == 2
    healthy(at.selectbox(key="time_device").set_value("rtx-3090-throughput").run())
    assert sum("so they are no points" in text.value for text in at.caption) == 2


def test_compare_shows_one_design_s_roofline(store: Store) -> None:
    at = on_page("compare")
    healthy(at.multiselect(key="compare_chosen").set_value(["ghostnet_050"]).run())
    assert at.info and [text.value.split(":")[0] for text in at.caption if "-bound" in text.value] == [
        "GhostNet 0\\.5x\\"
    ]


def test_compare_without_a_pinned_device_says_so(store: Store) -> None:
    store.settings.set(KEY, [])
    at = healthy(on_page("compare"))
    assert any("Pin a device" in text.value for text in at.caption)
    assert "time_device" not in [box.key for box in at.selectbox]


def test_compare_holds_each_design_against_its_budgets(store: Store) -> None:
    limits = {"macs": 1.0, "params": 1e9, "latency-t4-tensorrt-fp16": 0.001}
    saved = store.create(tiny().replace(meta={"budgets": limits}))
    at = on_page("compare")
    healthy(at.multiselect(key="compare_chosen").set_value(["ghostnet_050", saved.id]).run())
    table = next(text.value for text in at.markdown if text.value.startswith("|"))
    (row,) = [line for line in table.splitlines() if line.startswith("| budgets")]
    assert row.count(":red[") + row.count(":orange[") == 2 and row.count(":green[") == 1


def test_compare_tells_of_a_broken_design_in_a_sentence(store: Store) -> None:
    broken = apply(tiny(), {"op": "set_config", "id": "linear_5", "field": "out_features", "value": 3})
    broken = broken.replace(edges=broken.edges[:-2])
    saved = store.create(broken)
    at = on_page("compare")
    healthy(at.multiselect(key="compare_chosen").set_value(["ghostnet_100", saved.id]).run())
    assert at.error or at.warning


@pytest.mark.parametrize("key", ["compare_form", "compare_precision"])
def test_compare_under_other_conditions(store: Store, key: str) -> None:
    at = on_page("compare")
    first = [text.value for text in at.markdown if text.value.startswith("|")]
    other = {"compare_form": "train", "compare_precision": "fp16"}[key]
    healthy(at.segmented_control(key=key).set_value(other).run())
    assert [text.value for text in at.markdown if text.value.startswith("|")] != first


def test_library_lists_saved_designs(store: Store) -> None:
    at = healthy(on_page("library"))
    assert at.info
    store.create(tiny().replace(name="A *name* with <b>markup</b>"))
    at = healthy(on_page("library"))
    shown = " ".join(text.value for text in at.markdown)
    assert r"\*name\*" in shown and r"\<b\>" in shown


def test_gallery_has_a_card_for_each_family_and_opens_what_is_chosen(store: Store) -> None:
    at = healthy(on_page("gallery"))
    shown = " ".join(text.value for text in at.markdown)
    assert all(f"**{info.system}**" in shown for info in PRESETS.values())
    healthy(at.text_input(key="gallery_words").set_value("no such *thing*").run())
    assert at.info and not at.selectbox
    healthy(at.text_input(key="gallery_words").set_value("ghostnet 1.3x").run())
    assert {box.value for box in at.selectbox} == {"ghostnet_130", "repghostnet_130"}
    assert at.segmented_control(key="gallery_reparam").set_value("yes").run().selectbox[0].value == "repghostnet_130"


def test_gallery_hands_what_was_picked_to_compare(store: Store) -> None:
    at = on_page("gallery")
    healthy(at.selectbox(key="gallery_HorNet").set_value("hornet_small_7x7").run())
    healthy(at.button(key="gallery_add_HorNet").click().run())
    assert at.button(key="gallery_compare").disabled
    healthy(at.button(key="gallery_add_GhostNet").click().run())
    assert at.session_state["gallery_picked"] == ["hornet_small_7x7", "ghostnet_050"]
    healthy(at.button(key="gallery_add_HorNet").click().run())
    assert at.session_state["gallery_picked"] == ["ghostnet_050"]


def test_library_deletes_with_undo_renames_and_duplicates(store: Store) -> None:
    saved = store.create(tiny())
    at = on_page("library")
    healthy(at.button(key=f"copy_{saved.id}").click().run())
    assert len(store.list()) == 2
    healthy(at.text_input(key=f"name_{saved.id}_0").set_value("Mine").run())
    assert store.get(saved.id).name == "Mine"
    healthy(at.button(key=f"delete_{saved.id}").click().run())
    assert len(store.list()) == 1
    healthy(at.button(key="undo_delete").click().run())
    assert store.get(saved.id).name == "Mine"
