"""Bringing a database's tables to this version's form, or refusing to, with Alembic."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from registry.errors import InvalidInputError
from registry.store.engine import DATABASE_URL, Database

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK_WAIT: Final = "5s"  # for a table; who asks after us would have to wait as long
_MIGRATION_LOCK: Final = 0x526F6F747365616C  # "Rootseal": PostgreSQL's advisory lock for us


def bring_to_head(database: Database, *, create: bool) -> None:
    """Migrate the database if it is behind and `create` allows it.

    One transaction; on PostgreSQL others may go on meanwhile, and of several that migrate one
    does. Raises `InvalidInputError` for a form that this version does not know, or may not change,
    and `UnavailableError`, changing nothing, if a long transaction keeps a table for itself.
    """
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
            # A change of a table that waits for one reader makes everybody after it wait, too.
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'"))
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
            place=DATABASE_URL,
        )
    if not create:
        form = ", ".join(sorted(found)) or "no tables of Rootseal"
        raise InvalidInputError(
            f"the database has {form}, this version of Rootseal needs "
            f"{', '.join(scripts.get_heads())}: it must be migrated first",
            place=DATABASE_URL,
        )
    return False
