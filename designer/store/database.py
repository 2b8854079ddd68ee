"""Opens a database and brings its tables up to date."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from designer.store.rows import StoreError

MIGRATIONS = Path(__file__).with_name("migrations")
_turn = threading.Lock()


def open_database(url: str) -> Engine:
    """Return an engine whose database has every migration. Raises StoreError with one sentence."""
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _tune_sqlite)
        migrate(engine)
    except ModuleNotFoundError as error:
        raise StoreError(f'"{_hidden(url)}" needs the driver "{error.name}"; install it.') from None
    except (ArgumentError, NoSuchModuleError):
        raise StoreError(f'"{_hidden(url)}" is no database address; use for example sqlite:///library.db.') from None
    except CommandError:  # it is at a step that this version's migrations do not have
        raise StoreError(
            f'The library "{_hidden(url)}" was written by a newer version of Blockwright. Update to open it.'
        ) from None
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(
            f'The library "{_hidden(url)}" cannot be opened: {reason(error)}. '
            "Check the address in BLOCKWRIGHT_DB and its folder."
        ) from None
    return engine


def migrate(engine: Engine) -> None:
    """Run every migration that the database lacks."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    for pause_s in (0.1, 0.4, 1.0):
        try:
            return _upgrade(engine, config)
        except DBAPIError:
            # Another process that starts at the same moment may be making the same tables; then they are there soon.
            time.sleep(pause_s)
    _upgrade(engine, config)


def reason(error: Exception) -> str:
    """Return the cause of a database error in one line, without its SQL."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0].rstrip(".")


def _upgrade(engine: Engine, config: Config) -> None:
    # Alembic keeps its context in module globals, so the threads of one process take turns.
    with _turn, engine.begin() as connection:
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
