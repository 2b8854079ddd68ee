"""Opens a database and brings its tables up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from designer.store.rows import StoreError

MIGRATIONS = Path(__file__).with_name("migrations")


def open_database(url: str) -> Engine:
    """Return an engine whose database has every migration. Raises StoreError with one sentence."""
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _tune_sqlite)
        migrate(engine)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise StoreError(f'"{_hidden(url)}" is no database address; use for example sqlite:///library.db.') from None
    except (SQLAlchemyError, CommandError, OSError) as error:
        first = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(
            f'The library "{_hidden(url)}" cannot be opened: {first}. Check the address in BLOCKWRIGHT_DB and its folder.'
        ) from None
    return engine


def migrate(engine: Engine) -> None:
    """Run every migration that the database lacks."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _tune_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    # Readers do not wait for a writer, and a second tab waits instead of failing.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _hidden(url: str) -> str:
    """Return an address without its password."""
    head, at, tail = url.rpartition("@")
    return f"{head.split('://')[0]}://***@{tail}" if at else url
