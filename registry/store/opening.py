"""Opening a store: find the database, bring its tables to this version's form, or refuse."""

import os
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from registry.errors import InvalidInputError
from registry.store.anchoring import Anchoring
from registry.store.api_keys import ApiKeys
from registry.store.batches import BatchReads
from registry.store.engine import Database, is_in_memory, open_engine
from registry.store.intake import Intake
from registry.store.sealing import Sealing
from registry.store.status_changes import StatusChanges

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0x526F6F747365616C  # "Rootseal": PostgreSQL's advisory lock for us
_PRIVATE: Final = 0o600  # the file holds salts and signed transactions
_PLACE: Final = "database URL"


class SqlStore(Intake, Sealing, BatchReads, Anchoring, StatusChanges, ApiKeys):
    """`registry.services.ports.Store` on one database, for many threads and processes."""

    def ping(self) -> None:
        """Ask the database for anything at all."""
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self._database.close()


def open_store(url: str, *, create: bool = True) -> SqlStore:
    """Open the store at a `sqlite:///path` or `postgresql://…` URL.

    With `create` missing tables are made and older ones brought up to date; without, that is
    refused. Raises `InvalidInputError` for an unusable URL and for a database that has not the
    form this version knows, `UnavailableError` if it cannot be asked.
    """
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        _find_file(engine.url, create=create)
    database = Database(engine)
    try:
        _bring_to_head(database, create=create)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)


def _find_file(url: URL, *, create: bool) -> None:
    if is_in_memory(url) or url.database is None:
        return
    path = Path(url.database)
    if create and path.parent.is_dir():
        # Before SQLite makes it with whatever the umask allows; its other files follow this one.
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _PRIVATE))
    elif not path.is_file():
        raise InvalidInputError(f"there is no database file {path}", place=_PLACE)


def _bring_to_head(database: Database, *, create: bool) -> None:
    config = Config()
    # The configuration's own interpolation takes a single % for a variable.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with database.read() as connection:
        if _is_at_head(connection, scripts, create=create):
            return
    with database.write() as connection:
        if not database.is_sqlite:
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": _MIGRATION_LOCK})
        # Another process may have done it while we waited.
        if not _is_at_head(connection, scripts, create=create):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _is_at_head(connection: Connection, scripts: ScriptDirectory, *, create: bool) -> bool:
    """Whether nothing is to be done. Raises `InvalidInputError` if nothing may be done."""
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found == set(scripts.get_heads()):
        return True
    known = {script.revision for script in scripts.walk_revisions()}
    if not found <= known:
        raise InvalidInputError(
            f"the database has form {', '.join(sorted(found))}, which this version of Rootseal "
            "does not know: a newer one made it",
            place=_PLACE,
        )
    if not create:
        form = ", ".join(sorted(found)) or "no tables of Rootseal"
        raise InvalidInputError(
            f"the database has {form}, this version of Rootseal needs "
            f"{', '.join(scripts.get_heads())}: it must be migrated first",
            place=_PLACE,
        )
    return False
