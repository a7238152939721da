"""Status changes chain by chain: where each is done, until it is done wherever it must be."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from registry.core.batch import BatchState
from registry.errors import NotFoundError, StaleStateError
from registry.services.ports import Lease, StatusChange
from registry.store.engine import StorePart
from registry.store.leases import hold_lease
from registry.store.schema import anchorings, batches, status_changes, status_marks
from registry.store.status_changes import change_of


class StatusMarks(StorePart):
    """The part of `AnchoringStore` that carries status changes out on chains."""

    def open_status_changes_on(self, issuer: bytes, chain_id: int) -> list[StatusChange]:
        """Changes not done yet on that chain, of seals whose batch stands there, oldest first.

        It stands there if it is anchored, final or not: before, the contract would refuse.
        """
        stands = exists().where(
            batches.c.issuer == status_changes.c.issuer,
            batches.c.seal == status_changes.c.seal,
            anchorings.c.batch_id == batches.c.id,
            anchorings.c.chain_id == chain_id,
            anchorings.c.state.in_([BatchState.ANCHORED, BatchState.FINAL]),
        )
        query = (
            select(status_changes)
            .where(
                status_changes.c.issuer == issuer,
                status_changes.c.done_at.is_(None),
                ~_is_marked(chain_id),
                stands,
            )
            .order_by(status_changes.c.id)
        )
        with self._database.read() as connection:
            return [change_of(row) for row in connection.execute(query)]

    def finish_status_change(
        self,
        change_id: int,
        *,
        lease: Lease,
        chain_id: int,
        now: datetime,
        refusal: str | None = None,
    ) -> None:
        """Mark a change as done, or as refused for good, on one chain; again changes nothing.

        Nor does it for a change that is closed. Raises `NotFoundError`.
        """
        find = select(status_changes).where(status_changes.c.id == change_id).with_for_update()
        mark = (
            self._database.insert(status_marks)
            .values(change_id=change_id, chain_id=chain_id, done_at=now, refusal=refusal)
            .on_conflict_do_nothing(index_elements=["change_id", "chain_id"])
        )
        with self._database.write() as connection:
            hold_lease(connection, lease)
            change = connection.execute(find).one_or_none()
            if change is None:
                raise NotFoundError(f"there is no status change {change_id}")
            if change.issuer != lease.issuer:
                raise StaleStateError(f"status change {change_id} is not the lease's issuer's")
            if change.done_at is None:
                connection.execute(mark)

    def close_status_changes(
        self, issuer: bytes, chain_ids: Iterable[int], *, lease: Lease, now: datetime
    ) -> None:
        """Close every open change that is done wherever it must be.

        That is: on each of `chain_ids` on which its batch stands or is yet to stand, so that a
        chain that comes late is not left without a revocation; and somewhere at all. It is
        refused if it was refused on any chain.
        """
        if issuer != lease.issuer:
            raise StaleStateError(f"the lease is not for issuer 0x{issuer.hex()}")
        ready = (
            select(status_changes.c.id)
            .where(
                status_changes.c.issuer == issuer,
                status_changes.c.done_at.is_(None),
                exists().where(status_marks.c.change_id == status_changes.c.id),
                ~_is_missing(chain_ids),
            )
            .order_by(status_changes.c.id)
            .with_for_update()
        )
        with self._database.write() as connection:
            hold_lease(connection, lease)
            for change_id in connection.execute(ready).scalars().all():
                close = update(status_changes).where(status_changes.c.id == change_id)
                refusal = _refusal(connection, change_id)
                connection.execute(close.values(done_at=now, refusal=refusal))

    def reopen_status_changes(
        self, issuer: bytes, chain_ids: Iterable[int], *, lease: Lease
    ) -> None:
        """Open every closed change again that one of the chains lacks on which its batch stands.

        Such a chain was out of the settings, or had no anchor of it, when the change was closed.
        Of changes that are the same the last alone counts.
        """
        if issuer != lease.issuer:
            raise StaleStateError(f"the lease is not for issuer 0x{issuer.hex()}")
        lacking = (
            select(status_changes.c.id)
            .where(
                status_changes.c.issuer == issuer,
                status_changes.c.done_at.is_not(None),
                _is_missing(chain_ids),
            )
            .order_by(status_changes.c.id)
        )
        newest = (
            select(func.max(status_changes.c.id))
            .where(status_changes.c.issuer == issuer)
            .group_by(status_changes.c.request_hash)
        )
        with self._database.write() as connection:
            hold_lease(connection, lease)
            found = connection.execute(lacking.where(status_changes.c.id.in_(newest))).scalars()
            for change_id in found.all():
                reopen = update(status_changes).where(status_changes.c.id == change_id)
                connection.execute(reopen.values(done_at=None, refusal=None))


def hold_status_change(connection: Connection, change_id: int, *, issuer: bytes) -> None:
    """Keep others from finishing a change until the transaction ends.

    Raises `StaleStateError` if it is another issuer's or not there.
    """
    find = (
        select(status_changes.c.id)
        .where(status_changes.c.id == change_id, status_changes.c.issuer == issuer)
        .with_for_update()
    )
    if connection.execute(find).one_or_none() is None:
        raise StaleStateError(f"the lease's issuer has no status change {change_id}")


def require_unfinished(connection: Connection, change_id: int, chain_id: int) -> None:
    """Raise `StaleStateError` if a held change is done, everywhere or on that chain."""
    find = select(status_changes.c.id).where(
        status_changes.c.id == change_id,
        status_changes.c.done_at.is_(None),
        ~_is_marked(chain_id),
    )
    if connection.execute(find).one_or_none() is None:
        raise StaleStateError(f"status change {change_id} is done on chain {chain_id}")


def _is_marked(chain_id: int) -> ColumnElement[bool]:
    return exists().where(
        status_marks.c.change_id == status_changes.c.id, status_marks.c.chain_id == chain_id
    )


def _is_missing(chain_ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether the change is to be done on one of the chains and is not."""
    marked = exists().where(
        status_marks.c.change_id == status_changes.c.id,
        status_marks.c.chain_id == anchorings.c.chain_id,
    )
    return (
        exists()
        .where(
            batches.c.issuer == status_changes.c.issuer,
            batches.c.seal == status_changes.c.seal,
            anchorings.c.batch_id == batches.c.id,
            anchorings.c.chain_id.in_(list(chain_ids)),
            ~marked.correlate(status_changes, anchorings),
        )
        .correlate(status_changes)
    )


def _refusal(connection: Connection, change_id: int) -> str | None:
    query = (
        select(status_marks.c.refusal)
        .where(status_marks.c.change_id == change_id, status_marks.c.refusal.is_not(None))
        .order_by(status_marks.c.chain_id)
    )
    # Chains that say the same are quoted once.
    return "; ".join(dict.fromkeys(connection.execute(query).scalars())) or None
