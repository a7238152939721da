"""Credentials on their way into an issuer's open batch.

A large intake is staged in a temporary table first: a slow upload then holds no lock that others
wait for, and rows reach the indexes in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    exists,
    literal,
    select,
)

from registry.core.batch import BatchState
from registry.core.tree import leaf_hash
from registry.services.ports import Added, NewCredential, StoredCredential
from registry.store.columns import UtcTime
from registry.store.engine import Database
from registry.store.schema import IS_OPEN, batches, credentials

_COUNTED: Final = {"preserve_rowcount": True}  # an insert's row count is not kept otherwise
_CHUNK_ROWS: Final = 10_000  # rows in memory at once, some 3 MB
_DIRECT_ROWS: Final = 1_000  # an intake below this is not worth a temporary table

_staged = Table(
    "staged_credentials",
    MetaData(),
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("credential_hash", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("canonicalization", String, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    prefixes=["TEMPORARY"],
)
_STORED: Final = select(
    credentials.c.issuer,
    credentials.c.credential_hash,
    credentials.c.salt,
    credentials.c.canonicalization,
    credentials.c.batch_id,
    credentials.c.added_at,
)
_COPY: Final = (
    "COPY staged_credentials (position, credential_hash, salt, canonicalization, leaf)"
    " FROM STDIN (FORMAT BINARY)"
)
_INSERT: Final = (
    "INSERT INTO staged_credentials (position, credential_hash, salt, canonicalization, leaf)"
    " VALUES (?, ?, ?, ?, ?)"
)


class _Row(NamedTuple):
    position: int
    credential_hash: bytes
    salt: bytes
    canonicalization: str
    leaf: bytes


class Intake:
    """The part of `CredentialStore` that takes credentials in and finds them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_credentials(
        self, issuer: bytes, credentials: Iterable[NewCredential], *, now: datetime
    ) -> Added:
        """Put credentials into the issuer's open batch, opening one if there is none.

        One transaction: all or, if `credentials` raises, nothing. No batch is opened for an
        intake that brings nothing new.
        """
        rows = _rows(credentials)
        first = list(islice(rows, _DIRECT_ROWS))
        if not first:
            return Added(new=0, known=0)
        if len(first) < _DIRECT_ROWS:
            return self._add_directly(issuer, first, now=now)
        return self._add_staged(issuer, first, rows, now=now)

    def find_credentials(self, credential_hash: bytes) -> list[StoredCredential]:
        """The credential under every issuer that has it, by issuer address."""
        return self.find_all_credentials([credential_hash])

    def find_all_credentials(self, hashes: Sequence[bytes]) -> list[StoredCredential]:
        """Each of the credentials under every issuer that has it, by hash and issuer address."""
        query = _STORED.where(credentials.c.credential_hash.in_(hashes))
        order = (credentials.c.credential_hash, credentials.c.issuer)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(*order)).all()
        return [StoredCredential(*row) for row in rows]

    def batch_credentials(
        self, batch_id: int, *, after_leaf: bytes = b"", limit: int = 1000
    ) -> list[StoredCredential]:
        """Credentials of a batch in the order of their leaves, from beyond `after_leaf`."""
        query = _STORED.where(credentials.c.batch_id == batch_id, credentials.c.leaf > after_leaf)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(credentials.c.leaf).limit(limit)).all()
        return [StoredCredential(*row) for row in rows]

    def _add_directly(self, issuer: bytes, rows: list[_Row], *, now: datetime) -> Added:
        # In order of the hashes, so that two intakes of the same ones cannot deadlock.
        ordered = sorted(rows, key=lambda row: (row.credential_hash, row.position))
        statement = self._database.insert(credentials).on_conflict_do_nothing(
            index_elements=["credential_hash", "issuer"]
        )
        with self._database.write() as connection:
            batch_id = self._open_batch(connection, issuer, now=now)
            values = [
                {
                    "credential_hash": row.credential_hash,
                    "issuer": issuer,
                    "salt": row.salt,
                    "canonicalization": row.canonicalization,
                    "batch_id": batch_id,
                    "leaf": row.leaf,
                    "added_at": now,
                }
                for row in ordered
            ]
            new = connection.execute(statement, values, execution_options=_COUNTED).rowcount
            if new == 0:
                _drop_if_empty(connection, batch_id)
        return Added(new=new, known=len(rows) - new)

    def _add_staged(
        self, issuer: bytes, first: list[_Row], rest: Iterator[_Row], *, now: datetime
    ) -> Added:
        with self._database.staging() as connection:
            with connection.begin():
                _staged.create(connection, checkfirst=False)
                total = self._stage(connection, first, rest)
            try:
                with self._database.begin_write(connection):
                    new = self._take_staged(connection, issuer, now=now)
            finally:
                # A lost connection took its temporary tables with it.
                if not connection.invalidated:
                    with connection.begin():
                        _staged.drop(connection, checkfirst=False)
        return Added(new=new, known=total - new)

    def _stage(self, connection: Connection, first: list[_Row], rest: Iterator[_Row]) -> int:
        stage = _insert_staged if self._database.is_sqlite else _copy_staged
        chunk, total = first, 0
        while chunk:
            stage(connection, chunk)
            total += len(chunk)
            chunk = list(islice(rest, _CHUNK_ROWS))
        return total

    def _take_staged(self, connection: Connection, issuer: bytes, *, now: datetime) -> int:
        batch_id = self._open_batch(connection, issuer, now=now)
        values = {
            "credential_hash": _staged.c.credential_hash,
            "issuer": literal(issuer),
            "salt": _staged.c.salt,
            "canonicalization": _staged.c.canonicalization,
            "batch_id": literal(batch_id, BigInteger),
            "leaf": _staged.c.leaf,
            "added_at": literal(now, UtcTime),
        }
        # SQLite takes ON CONFLICT for part of a join unless the select has a WHERE.
        rows = (
            select(*values.values())
            .where(_staged.c.position >= 0)
            .order_by(_staged.c.credential_hash, _staged.c.position)
        )
        statement = (
            self._database.insert(credentials)
            .from_select(list(values), rows)
            .on_conflict_do_nothing(index_elements=["credential_hash", "issuer"])
        )
        new = int(connection.execute(statement, execution_options=_COUNTED).rowcount)
        if new == 0:
            _drop_if_empty(connection, batch_id)
        return new

    def _open_batch(self, connection: Connection, issuer: bytes, *, now: datetime) -> int:
        """Id of the issuer's open batch, which stays open until this transaction ends."""
        # Shared: intakes go on side by side, sealing waits for them and they for it.
        find = (
            select(batches.c.id)
            .where(batches.c.issuer == issuer, batches.c.state == BatchState.OPEN)
            .with_for_update(read=True)
        )
        create = (
            self._database.insert(batches)
            .values(issuer=issuer, state=BatchState.OPEN, opened_at=now)
            .on_conflict_do_nothing(index_elements=["issuer"], index_where=IS_OPEN)
        )
        # Whoever opened the batch before us may have sealed it again before we hold it.
        while (batch_id := connection.execute(find).scalar_one_or_none()) is None:
            connection.execute(create)
        return int(batch_id)


def _rows(incoming: Iterable[NewCredential]) -> Iterator[_Row]:
    for position, new in enumerate(incoming):
        leaf = leaf_hash(salt=new.salt, credential_hash=new.credential_hash)
        yield _Row(position, new.credential_hash, new.salt, new.canonicalization.value, leaf)


def _insert_staged(connection: Connection, rows: list[_Row]) -> None:
    connection.exec_driver_sql(_INSERT, [tuple(row) for row in rows])


def _copy_staged(connection: Connection, rows: list[_Row]) -> None:
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("a connection in use has a driver connection")
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["int8", "bytea", "bytea", "varchar", "bytea"])
        for row in rows:
            copy.write_row(row)


def _drop_if_empty(connection: Connection, batch_id: int) -> None:
    """Take back a batch that was opened for nothing."""
    held = exists().where(credentials.c.batch_id == batch_id)
    connection.execute(delete(batches).where(batches.c.id == batch_id, ~held))
