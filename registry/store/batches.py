"""Batches as rows: reading them, and nothing that changes one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, select

from registry.core.batch import BatchState
from registry.core.tiles import TreeHead
from registry.errors import NotFoundError
from registry.services.ports import Batch, IssuerTotals
from registry.store.engine import StorePart
from registry.store.questions import Question
from registry.store.schema import batches, credentials

_UNANCHORED: Final = (BatchState.OPEN, BatchState.SEALED, BatchState.ANCHORING)
_BATCH: Final = Question(lambda _: select(batches).where(batches.c.id == bindparam("batch_id")))


class BatchReads(StorePart):
    """The questions about batches of `CredentialStore`."""

    def batch(self, batch_id: int) -> Batch:
        """One batch. Raises `NotFoundError`."""
        with self._database.peek() as peek:
            rows = _BATCH.ask(peek, batch_id=batch_id)
        if not rows:
            raise NotFoundError(f"there is no batch {batch_id}")
        return batch_of(rows[0])

    def batches_with_seal(self, seal: bytes) -> list[Batch]:
        """Sealed batches with that seal, by issuer and age."""
        query = select(batches).where(batches.c.seal == seal)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(batches.c.issuer, batches.c.id)).all()
        return [batch_of(row) for row in rows]

    def batches(
        self,
        *,
        issuer: bytes | None = None,
        states: Iterable[BatchState] | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[Batch]:
        """Batches from the newest to the oldest, with an id below `before_id`."""
        query = select(batches).order_by(batches.c.id.desc()).limit(limit)
        if issuer is not None:
            query = query.where(batches.c.issuer == issuer)
        if states is not None:
            query = query.where(batches.c.state.in_(list(states)))
        if before_id is not None:
            query = query.where(batches.c.id < before_id)
        with self._database.read() as connection:
            return [batch_of(row) for row in connection.execute(query)]

    def credential_count(self, batch_id: int) -> int:
        """Number of credentials in a batch, open or sealed, without those that were erased."""
        query = select(func.count()).where(credentials.c.batch_id == batch_id)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def open_count(self, issuer: bytes) -> int:
        """Number of credentials in the issuer's open batch."""
        query = (
            select(func.count())
            .select_from(credentials.join(batches, credentials.c.batch_id == batches.c.id))
            .where(batches.c.issuer == issuer, batches.c.state == BatchState.OPEN)
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def batch_counts(self) -> dict[BatchState, int]:
        """Number of batches in each state, none left out."""
        query = select(batches.c.state, func.count()).group_by(batches.c.state)
        counts = dict.fromkeys(BatchState, 0)
        with self._database.read() as connection:
            for state, count in connection.execute(query):
                counts[state] = count
        return counts

    def oldest_waiting(self, issuer: bytes) -> datetime | None:
        """When the oldest credential of the issuer's open batch was added; None without any."""
        query = (
            select(func.min(credentials.c.added_at))
            .select_from(credentials.join(batches, credentials.c.batch_id == batches.c.id))
            .where(batches.c.issuer == issuer, batches.c.state == BatchState.OPEN)
        )
        with self._database.read() as connection:
            oldest: datetime | None = connection.execute(query).scalar_one()
        return oldest

    def oldest_unanchored(self, issuer: bytes | None = None) -> datetime | None:
        """When the oldest credential without an anchor was added; None if there is none."""
        # One index seek per batch, whatever its size.
        oldest = (
            select(func.min(credentials.c.added_at))
            .where(credentials.c.batch_id == batches.c.id)
            .scalar_subquery()
        )
        query = select(oldest).where(batches.c.state.in_(_UNANCHORED))
        if issuer is not None:
            query = query.where(batches.c.issuer == issuer)
        with self._database.read() as connection:
            times = [time for time in connection.execute(query).scalars() if time is not None]
        return min(times, default=None)

    def issuers(self) -> list[bytes]:
        """Addresses of issuers that have any batch, ascending."""
        query = select(batches.c.issuer).distinct().order_by(batches.c.issuer)
        with self._database.read() as connection:
            return [bytes(issuer) for issuer in connection.execute(query).scalars()]

    def issuer_totals(
        self, *, issuer: bytes | None = None, after: bytes = b"", limit: int = 100
    ) -> list[IssuerTotals]:
        """Totals of issuers that have sealed a batch, by address, from beyond `after`."""
        query = (
            select(
                batches.c.issuer,
                func.count(),
                func.sum(batches.c.tree_size),
                func.max(batches.c.sealed_at),
            )
            .where(batches.c.state != BatchState.OPEN, batches.c.issuer > after)
            .group_by(batches.c.issuer)
            .order_by(batches.c.issuer)
            .limit(limit)
        )
        if issuer is not None:
            query = query.where(batches.c.issuer == issuer)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        # PostgreSQL adds up to a Decimal.
        return [IssuerTotals(who, count, int(size), last) for who, count, size, last in rows]


def batch_of(row: Row[Any]) -> Batch:  # Any: rows of `batches`
    """A row of `batches` as the value that services know."""
    head = None
    if row.seal is not None:
        head = TreeHead(row.tree_size, row.merkle_root, row.seal)
    return Batch(row.id, row.issuer, row.state, row.opened_at, row.sealed_at, head)
