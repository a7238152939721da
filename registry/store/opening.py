"""Opening a store: find the database, bring its tables to this version's form, or refuse."""

import os
from pathlib import Path
from typing import Final

from sqlalchemy import URL, column, inspect, select, table, text

from registry.errors import InvalidInputError
from registry.store.api_keys import ApiKeys
from registry.store.attempts import Attempts
from registry.store.authorizations import Authorizations
from registry.store.batches import BatchReads
from registry.store.credentials import Credentials
from registry.store.engine import (
    CONNECTIONS,
    DATABASE_URL,
    Database,
    is_in_memory,
    open_engine,
)
from registry.store.intake import Intake
from registry.store.leases import Leases
from registry.store.on_chains import OnChains
from registry.store.proofs import Proofs
from registry.store.publications import Publications
from registry.store.sealing import Sealing
from registry.store.status_changes import StatusChanges
from registry.store.status_entries import StatusEntries
from registry.store.status_marks import StatusMarks
from registry.store.wallet_badges import WalletBadges
from registry.store.wallet_grants import WalletGrants

CURRENT_FORM: Final = "0006"  # the newest revision in migrations/
_VERSION: Final = table("alembic_version", column("version_num"))
_PRIVATE: Final = 0o600  # the file holds salts and signed transactions


class SqlStore(
    Intake,
    Credentials,
    Sealing,
    Proofs,
    BatchReads,
    Leases,
    Attempts,
    OnChains,
    Authorizations,
    StatusChanges,
    StatusMarks,
    ApiKeys,
    Publications,
    StatusEntries,
    WalletBadges,
    WalletGrants,
):
    """`registry.services.ports.Store` on one database, for many threads and processes."""

    def ping(self) -> None:
        """Ask the database for anything at all."""
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self._database.close()


def open_store(url: str, *, create: bool = True, connections: int = CONNECTIONS) -> SqlStore:
    """Open the store at a `sqlite:///path` or `postgresql://…` URL.

    `connections` are opened at most, and who needs one more waits for some seconds. With `create`
    missing tables are made and older ones brought up to date; without, that is
    refused. Raises `InvalidInputError` for an unusable URL and for a database that has not the
    form this version knows, `UnavailableError` if it cannot be asked.
    """
    engine = open_engine(url, connections=connections)
    if engine.dialect.name == "sqlite":
        _find_file(engine.url, create=create)
    database = Database(engine)
    try:
        if not _is_current(database):
            # Here and not above: Alembic is needed once in the life of a version.
            from registry.store.migrating import bring_to_head  # noqa: PLC0415

            bring_to_head(database, create=create)
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
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _PRIVATE))
        except OSError as exc:
            raise InvalidInputError(
                f"the database file {path} cannot be written: {exc.strerror}", place=DATABASE_URL
            ) from exc
    elif not path.is_file():
        raise InvalidInputError(f"there is no database file {path}", place=DATABASE_URL)


def _is_current(database: Database) -> bool:
    """Whether the tables have this version's form: without Alembic, whose import takes a second."""
    with database.read() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return False
        return list(connection.execute(select(_VERSION.c.version_num)).scalars()) == [CURRENT_FORM]
