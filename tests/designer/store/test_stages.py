"""Stages of one's own: kept as they were, listed by name, and gone only as long as nobody brings them back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from designer.design.issue import DesignError
from designer.store import Store
from designer.store.database import MIGRATIONS
from designer.ui.own_stages import change_stage, save_stage, stage_doc, stage_list
from tests.helpers.designs import tiny


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    library = Store(f"sqlite:///{tmp_path / 'library.db'}")
    yield library
    library.close()


def test_a_stage_comes_back_as_it_was_kept(store: Store) -> None:
    kept = store.stages.create("Tiny stage", tiny())
    assert store.stages.get(kept.id).digest() == tiny().digest()
    (listed,) = store.stages.list()
    assert (listed.id, listed.name) == (kept.id, "Tiny stage")
    assert listed.created_at.utcoffset() is not None


def test_stages_are_listed_by_name_and_each_owner_has_its_own(store: Store) -> None:
    for name in ("b", "C", "a"):
        store.stages.create(name, tiny())
    store.stages.create("other", tiny(), owner="somebody")
    assert [stage.name for stage in store.stages.list()] == ["a", "b", "C"]
    assert [stage.name for stage in store.stages.list("somebody")] == ["other"]


def test_a_deleted_stage_can_be_brought_back(store: Store) -> None:
    kept = store.stages.create("Neck", tiny())
    store.stages.delete(kept.id)
    assert store.stages.list() == []
    with pytest.raises(KeyError):
        store.stages.rename(kept.id, "Other")
    store.stages.restore(kept.id)
    store.stages.rename(kept.id, "Other")
    assert [stage.name for stage in store.stages.list()] == ["Other"]
    with pytest.raises(KeyError):
        store.stages.restore("nowhere")


def test_a_library_of_the_version_before_gets_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    assert "stages" not in inspect(engine).get_table_names()
    engine.dispose()
    store = Store(url)
    store.stages.create("Kept", tiny())
    assert len(store.stages.list()) == 1
    store.close()


def test_what_the_browser_cut_out_is_checked_and_listed(store: Store) -> None:
    save_stage(store, "  Neck  ", tiny().model_dump(mode="json"))
    (row,) = stage_list(store)
    assert row["title"] == "Neck"
    assert row["blocks"] == len(tiny().nodes) - 2
    doc = stage_doc(store, row["id"])
    assert doc["edges"] == tiny().model_dump(mode="json")["edges"]
    change_stage(store, "rename_stage", {"stage": row["id"], "name": "Other"})
    assert [stage["title"] for stage in stage_list(store)] == ["Other"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"block": "warp_drive"}, 'needs the block "warp_drive"'),
        ({"config": {"wheels": 4}}, 'has no field "wheels"'),
    ],
)
def test_a_stage_that_no_longer_fits_is_refused_in_a_sentence(
    store: Store, change: dict[str, object], says: str
) -> None:
    old = tiny()
    nodes = tuple(n.model_copy(update=change) if n.block == "conv_norm_act" else n for n in old.nodes)
    kept = store.stages.create("Old", old.replace(name="Old", nodes=nodes))
    with pytest.raises(DesignError, match=says):
        stage_doc(store, kept.id)
    assert len(stage_list(store)) == 1, "it is still listed, to be renamed or deleted"


def test_blocks_that_are_not_joined_are_refused(store: Store) -> None:
    whole = tiny().model_dump(mode="json")
    with pytest.raises(DesignError, match="joined by wires"):
        save_stage(store, "Apart", whole | {"edges": []})
    with pytest.raises(DesignError, match="has no blocks"):
        save_stage(store, "Nothing", {"nodes": []})
