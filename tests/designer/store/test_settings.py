"""Settings: one value per owner and key, and libraries of the versions before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

from designer.store import Store
from designer.store.database import MIGRATIONS


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'library.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def test_a_setting_is_kept_and_replaced(store: Store, url: str) -> None:
    assert store.settings.get("pinned_devices") is None
    store.settings.set("pinned_devices", ["a", "b"])
    store.settings.set("pinned_devices", [])
    other = Store(url)
    assert other.settings.get("pinned_devices") == []
    other.close()


def test_settings_belong_to_their_owner_and_key(store: Store) -> None:
    store.settings.set("theme", {"name": "dark"}, owner="ada")
    store.settings.set("theme", {"name": "light"}, owner="bob")
    store.settings.set("hints", 3, owner="ada")
    assert store.settings.get("theme", owner="ada") == {"name": "dark"}
    assert store.settings.get("theme", owner="bob") == {"name": "light"}
    assert store.settings.get("theme") is None


def test_tabs_that_set_it_first_at_once_leave_one_row(store: Store, url: str) -> None:
    start = threading.Barrier(4)
    failed: list[Exception] = []

    def put(value: int) -> None:
        start.wait()
        try:
            store.settings.set("chosen", value)
        except Exception as error:
            failed.append(error)

    tabs = [threading.Thread(target=put, args=(value,)) for value in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert not failed
    assert store.settings.get("chosen") in range(4)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM settings")).scalar() == 1
    engine.dispose()


def test_a_setting_taken_by_another_tab_in_between_is_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    change = store.settings._change
    answers = iter([False])

    def late(key: str, value: object, owner: str) -> bool:
        first = next(answers, None)
        if first is not None:
            store.settings._add(key, "theirs", owner)
            return first
        return change(key, value, owner)

    monkeypatch.setattr(store.settings, "_change", late)
    store.settings.set("chosen", "ours")
    assert store.settings.get("chosen") == "ours"


def test_a_library_of_the_version_before_gets_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    assert "settings" not in inspect(engine).get_table_names()
    engine.dispose()
    store = Store(url)
    store.settings.set("pinned_devices", ["x"])
    assert store.settings.get("pinned_devices") == ["x"]
    store.close()
