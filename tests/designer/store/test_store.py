"""The library: no committed edit is lost or overwritten, and a database that fails says so in a sentence."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from designer.design.issue import EditError
from designer.design.model import Design
from designer.presets import load_preset
from designer.store import ConflictError, Store, StoreError
from designer.store.database import open_database
from designer.store.store import KEPT_REVISIONS
from designer.store.tables import Base
from tests.designer.design.sketch import sketch

DESIGN = sketch("i:in a:rb o:out", "i > a > o")


def named(name: str) -> Design:
    return DESIGN.replace(name=name)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'library.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def test_a_design_comes_back_as_it_was_saved(store: Store, url: str) -> None:
    design = load_preset("nextvit_small")
    saved = store.create(design, origin="nextvit_small")
    store.close()
    again = Store(url)
    found = again.get(saved.id)
    again.close()
    assert found == saved
    assert found.design == design
    assert (found.name, found.origin, found.rev) == (design.name, "nextvit_small", 0)
    assert found.created_at.tzinfo is not None
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(minutes=1)


def test_every_commit_is_a_revision(store: Store) -> None:
    id = store.create(named("v0")).id
    assert store.save(id, 0, named("v1"), "First edit") == 1
    assert store.save(id, 1, named("v5"), "Several edits at once", rev=5) == 5
    assert [(rev, label) for rev, label, _ in store.history(id)] == [
        (5, "Several edits at once"),
        (1, "First edit"),
        (0, "Created"),
    ]
    assert store.get(id).name == "v5"


def test_a_commit_on_an_old_revision_is_refused_and_changes_nothing(store: Store) -> None:
    id = store.create(named("v0")).id
    store.save(id, 0, named("winner"), "Winner")
    with pytest.raises(ConflictError, match="revision 1") as caught:
        store.save(id, 0, named("loser"), "Loser")
    assert caught.value.rev == 1
    assert store.get(id).name == "winner"
    assert [label for _, label, _ in store.history(id)] == ["Winner", "Created"]


def test_a_commit_sent_twice_is_saved_once(store: Store) -> None:
    id = store.create(DESIGN).id
    assert store.save(id, 0, named("once"), "Edit") == 1
    assert store.save(id, 0, named("once"), "Edit") == 1
    assert len(store.history(id)) == 2


def test_a_revision_must_grow(store: Store) -> None:
    id = store.create(DESIGN).id
    with pytest.raises(ValueError, match="must be above 0, got 0"):
        store.save(id, 0, DESIGN, "Edit", rev=0)


def test_of_many_racing_tabs_exactly_one_wins_each_revision(store: Store) -> None:
    id = store.create(DESIGN).id
    wins: list[tuple[int, str]] = []
    lost: list[tuple[int, int]] = []
    start = threading.Barrier(6)

    def tab(name: str) -> None:
        start.wait()
        for base in range(4):
            try:
                wins.append((store.save(id, base, named(f"{name}{base}"), f"{name}{base}"), f"{name}{base}"))
            except ConflictError as conflict:
                lost.append((base, conflict.rev))

    threads = [threading.Thread(target=tab, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    revs = [rev for rev, _ in wins]
    assert len(revs) == len(set(revs))
    assert len(wins) + len(lost) == 6 * 4
    assert all(stored != base for base, stored in lost)
    assert sorted(wins, reverse=True) == [(rev, label) for rev, label, _ in store.history(id)][:-1]
    assert store.get(id).name == max(wins)[1]


def test_old_revisions_are_dropped(store: Store) -> None:
    id = store.create(DESIGN).id
    for base in range(KEPT_REVISIONS + 5):
        store.save(id, base, DESIGN, f"Edit {base + 1}")
    revs = [rev for rev, _, _ in store.history(id)]
    assert len(revs) == KEPT_REVISIONS
    assert revs[0] == KEPT_REVISIONS + 5
    assert revs == sorted(revs, reverse=True)


def test_designs_are_listed_by_owner_the_last_edited_first(store: Store) -> None:
    first, second = store.create(named("first")), store.create(named("second"))
    store.create(named("other"), owner="ann")
    assert [saved.name for saved in store.list()] == ["second", "first"]
    store.save(first.id, 0, named("first edited"), "Edit")
    assert [saved.name for saved in store.list()] == ["first edited", "second"]
    assert [saved.name for saved in store.list("ann")] == ["other"]
    assert second.id in {saved.id for saved in store.list()}


def test_renaming_is_a_commit_of_the_document_too(store: Store) -> None:
    id = store.create(DESIGN).id
    assert store.rename(id, "<b>Mine</b>") == 1
    saved = store.get(id)
    assert saved.name == saved.design.name == "<b>Mine</b>"


def test_a_name_that_no_design_may_have_is_refused_and_the_library_still_opens(store: Store) -> None:
    id = store.create(named("good")).id
    for name in ("", "nul\0"):
        with pytest.raises(EditError):
            store.rename(id, name)
    assert [saved.name for saved in store.list()] == ["good"]


def test_a_copy_has_its_own_life_and_the_same_owner(store: Store) -> None:
    original = store.create(named("n" * 200), owner="ann", origin="preset")
    copy = store.duplicate(original.id)
    assert copy.id != original.id
    assert (copy.origin, copy.rev, copy.name.endswith(" copy"), len(copy.name) <= 200) == ("preset", 0, True, True)
    store.save(copy.id, 0, named("changed"), "Edit")
    assert store.get(original.id).name == "n" * 200
    assert {saved.id for saved in store.list("ann")} == {original.id, copy.id}


def test_a_deleted_design_is_out_of_reach_until_it_is_restored(store: Store) -> None:
    id = store.create(DESIGN).id
    store.save(id, 0, named("edited"), "Edit")
    store.delete(id)
    assert store.list() == []
    with pytest.raises(KeyError):
        store.get(id)
    with pytest.raises(KeyError):
        store.save(id, 1, DESIGN, "Too late")
    store.restore(id)
    assert store.get(id).name == "edited"
    assert len(store.history(id)) == 2


def test_what_was_never_there_is_a_key_error(store: Store) -> None:
    for call in (store.get, store.delete, store.restore, store.duplicate, store.get_job):
        with pytest.raises(KeyError):
            call("nonsense")


def test_an_id_can_be_taken_once(store: Store) -> None:
    saved = store.create(DESIGN, design_id="mine", rev=3)
    assert (saved.id, saved.rev) == ("mine", 3)
    with pytest.raises(ConflictError):
        store.create(named("thief"), design_id="mine")
    assert store.get("mine").name == DESIGN.name


def test_a_variant_keeps_a_state_that_later_edits_do_not_touch(store: Store) -> None:
    id = store.create(named("v0")).id
    kept = store.keep_variant(id, "Before the diet")
    store.save(id, 0, named("v1"), "Edit")
    later = store.keep_variant(id, "After")
    assert [(v.name, v.rev, v.design.name) for v in store.list_variants(id)] == [
        ("After", 1, "v1"),
        ("Before the diet", 0, "v0"),
    ]
    assert {kept.id, later.id} == {v.id for v in store.list_variants(id)}


def test_a_job_goes_from_queued_to_done(store: Store) -> None:
    id = store.add_job("export", {"to": "onnx"}, owner="ann")
    job = store.get_job(id)
    assert (job.state, job.progress, job.params, job.finished_at) == ("queued", 0.0, {"to": "onnx"}, None)
    assert store.update_job(id, state="running", progress=0.5, message="half")
    assert store.update_job(id, state="done", progress=1.0, result={"bytes": 7}, artifact="a.onnx")
    job = store.get_job(id)
    assert (job.state, job.result, job.artifact) == ("done", {"bytes": 7}, "a.onnx")
    assert job.finished_at is not None and job.finished_at >= job.created_at
    assert [row.id for row in store.list_jobs("ann")] == [id]
    assert store.list_jobs() == []


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_job_that_is_over_stays_as_it_is(store: Store, state: str) -> None:
    id = store.add_job("export", {})
    store.update_job(id, state=state)
    before = store.get_job(id)
    assert not store.update_job(id, state="running", progress=0.9, message="late")
    assert store.get_job(id) == before


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nonsense", '"nonsense" is no database address'),
        ("foo://somewhere", "is no database address"),
        ("sqlite:///{folder}", "cannot be opened: unable to open database file"),
        ("sqlite:///{folder}/missing/library.db", "cannot be opened: unable to open database file"),
        ("sqlite:///{folder}/junk.db", "cannot be opened: file is not a database"),
        ("mysql+nosuchdriver://ann:secret@host/db", "is no database address"),
    ],
)
def test_a_database_that_cannot_be_used_says_so_in_one_sentence(tmp_path: Path, address: str, sentence: str) -> None:
    (tmp_path / "junk.db").write_bytes(b"this is no database " * 100)
    with pytest.raises(StoreError, match=sentence) as caught:
        Store(address.format(folder=tmp_path))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_from_a_newer_version_is_refused(store: Store, url: str) -> None:
    store.close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="written by a newer version of Blockwright"):
        Store(url)


def test_a_database_that_fails_later_says_so_in_one_sentence(store: Store, url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE variants"))
    engine.dispose()
    with pytest.raises(StoreError, match="The library did not answer: no such table: variants"):
        store.list_variants("x")


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert {"designs", "revisions", "variants", "jobs"} <= set(inspect(connection).get_table_names())
    engine.dispose()


def test_opening_again_keeps_what_is_there_even_in_a_folder_with_odd_letters(tmp_path: Path) -> None:
    folder = tmp_path / "50 % größer"
    folder.mkdir()
    first = Store(f"sqlite:///{folder / 'library.db'}")
    id = first.create(DESIGN).id
    second = Store(f"sqlite:///{folder / 'library.db'}")
    assert second.get(id).design == DESIGN
    first.close()
    second.close()


def test_two_servers_can_start_on_a_new_database_at_once(url: str) -> None:
    program = "import sys; from designer.store import Store; Store(sys.argv[1]).close()"
    servers = [subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE) for _ in range(3)]
    endings = [(server.communicate(timeout=120)[1].decode(), server.returncode) for server in servers]
    assert [code for _, code in endings] == [0, 0, 0], endings


def test_the_store_needs_no_torch() -> None:
    program = "import sys, designer.store; assert not {'torch', 'streamlit', 'blocks.config'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
