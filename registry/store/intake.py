"""Credentials on their way into an issuer's open batch.

A large intake is staged in temporary tables first: a slow upload then holds no lock that others
wait for, and rows reach the indexes in order.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Final

from sqlalchemy import BigInteger, Connection, delete, exists, literal, select

from registry.core.batch import BatchState
from registry.core.new_credentials import NewCredentials
from registry.services.ports import Added
from registry.store.columns import UtcTime
from registry.store.engine import StorePart
from registry.store.schema import IS_OPEN, batches, credentials
from registry.store.staging import drop_staged, stage, staged_rows

_COUNTED: Final = {"preserve_rowcount": True}  # an insert's row count is not kept otherwise
_DIRECT_ROWS: Final = 1_000  # an intake below this is not worth temporary tables


class Intake(StorePart):
    """The part of `CredentialStore` that takes credentials in."""

    def add_credentials(
        self, issuer: bytes, credentials: Iterable[NewCredentials], *, now: datetime
    ) -> Added:
        """Put credentials into the issuer's open batch, opening one if there is none.

        One transaction: all or, if `credentials` raises, nothing. No batch is opened for an
        intake that brings nothing new.
        """
        incoming = iter(credentials)
        first, total = [], 0
        for some in incoming:
            first.append(some)
            total += len(some)
            if total >= _DIRECT_ROWS:
                return self._add_staged(issuer, chain(first, incoming), now=now)
        return self._add_directly(issuer, first, now=now) if total else Added(new=0, known=0)

    def _add_directly(self, issuer: bytes, some: list[NewCredentials], *, now: datetime) -> Added:
        rows = [(*row, each.canonicalization) for each in some for row in each]
        # In order of the hashes, so that two intakes of the same ones cannot deadlock.
        ordered = sorted(rows, key=itemgetter(0))
        statement = self._database.insert(credentials).on_conflict_do_nothing(
            index_elements=["credential_hash", "issuer"]
        )
        with self._database.write() as connection:
            batch_id = self._open_batch(connection, issuer, now=now)
            values = [
                {
                    "credential_hash": credential_hash,
                    "issuer": issuer,
                    "salt": salt,
                    "canonicalization": canonicalization,
                    "batch_id": batch_id,
                    "leaf": leaf,
                    "added_at": now,
                }
                for credential_hash, salt, leaf, canonicalization in ordered
            ]
            new = connection.execute(statement, values, execution_options=_COUNTED).rowcount
            if new == 0:
                _drop_if_empty(connection, batch_id)
        return Added(new=new, known=len(rows) - new)

    def _add_staged(
        self, issuer: bytes, incoming: Iterator[NewCredentials], *, now: datetime
    ) -> Added:
        with self._database.staging() as connection:
            with connection.begin():
                total = stage(connection, incoming)
            try:
                with self._database.begin_write(connection):
                    new = self._take_staged(connection, issuer, now=now)
            finally:
                # A lost connection took its temporary tables with it.
                if not connection.invalidated:
                    with connection.begin():
                        drop_staged(connection)
        return Added(new=new, known=total - new)

    def _take_staged(self, connection: Connection, issuer: bytes, *, now: datetime) -> int:
        batch_id = self._open_batch(connection, issuer, now=now)
        rows = staged_rows(
            issuer=literal(issuer),
            batch_id=literal(batch_id, BigInteger),
            added_at=literal(now, UtcTime),
        )
        statement = (
            self._database.insert(credentials)
            .from_select(list(rows.selected_columns.keys()), rows)
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


def _drop_if_empty(connection: Connection, batch_id: int) -> None:
    """Take back a batch that was opened for nothing."""
    held = exists().where(credentials.c.batch_id == batch_id)
    connection.execute(delete(batches).where(batches.c.id == batch_id, ~held))
