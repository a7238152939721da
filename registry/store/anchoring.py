"""Attempts and anchors: what was signed for a batch, and where its seal was found."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from registry.core.batch import BatchState, may_move
from registry.errors import StaleStateError
from registry.services.ports import Anchor, Attempt, Purpose, SignedTransaction
from registry.store.engine import Database
from registry.store.schema import anchors, attempts, batches, status_changes


class Anchoring:
    """The part of `AnchoringStore` that is about attempts and anchors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def attempts(self, purpose: Purpose, subject_id: int) -> list[Attempt]:
        """All attempts for a subject, oldest first."""
        query = (
            select(attempts)
            .where(attempts.c.purpose == purpose, attempts.c.subject_id == subject_id)
            .order_by(attempts.c.ordinal)
        )
        with self._database.read() as connection:
            return [_attempt_of(row) for row in connection.execute(query)]

    def record_attempt(
        self,
        purpose: Purpose,
        subject_id: int,
        signed: SignedTransaction,
        *,
        expected_attempts: int,
        now: datetime,
    ) -> Attempt:
        """Store a signed transaction before it is broadcast; durable when this returns.

        Raises `StaleStateError`, changing nothing, as `AnchoringStore` says, and also if that
        very transaction is stored already.
        """
        hold = _hold_batch if purpose is Purpose.ANCHOR else _hold_status_change
        with self._database.write() as connection:
            hold(connection, subject_id)
            stored = _count(connection, purpose, subject_id)
            if stored != expected_attempts:
                raise StaleStateError(
                    f"{purpose} {subject_id} has {stored} attempts, not {expected_attempts}"
                )
            row = self._insert_attempt(
                connection, purpose, subject_id, signed, ordinal=stored, now=now
            )
            if row is None:
                unsigned = signed.unsigned
                raise StaleStateError(
                    f"nonce {unsigned.nonce} of 0x{unsigned.sender.hex()} on chain "
                    f"{unsigned.chain_id} is taken by another subject, or transaction "
                    f"0x{signed.transaction.hex()} is stored already"
                )
        return _attempt_of(row)

    def highest_nonce(self, chain_id: int, sender: bytes) -> int | None:
        """The highest nonce that any stored attempt of the sender uses on a chain."""
        query = select(func.max(attempts.c.nonce)).where(
            attempts.c.chain_id == chain_id, attempts.c.sender == sender
        )
        with self._database.read() as connection:
            highest: int | None = connection.execute(query).scalar_one()
        return highest

    def attempts_between(
        self, chain_id: int, sender: bytes, *, first: int, below: int
    ) -> list[Attempt]:
        """Attempts of a sender, for any subject, with `first` ≤ nonce < `below`, by nonce."""
        query = (
            select(attempts)
            .where(
                attempts.c.chain_id == chain_id,
                attempts.c.sender == sender,
                attempts.c.nonce >= first,
                attempts.c.nonce < below,
            )
            .order_by(attempts.c.nonce, attempts.c.id)
        )
        with self._database.read() as connection:
            return [_attempt_of(row) for row in connection.execute(query)]

    def anchors(self, batch_id: int) -> list[Anchor]:
        """Where the batch's seal was found, one per chain, by chain id."""
        query = select(anchors).where(anchors.c.batch_id == batch_id).order_by(anchors.c.chain_id)
        with self._database.read() as connection:
            return [_anchor_of(row) for row in connection.execute(query)]

    def move_batch(
        self, batch_id: int, *, source: BatchState, target: BatchState, anchor: Anchor | None
    ) -> None:
        """Move a batch and set (or, with None, drop) its anchor on `anchor`'s chain.

        As `AnchoringStore` says; `ValueError` also for the move out of `open`, which only
        sealing makes.
        """
        if source is BatchState.OPEN or not may_move(source, target):
            raise ValueError(f"no batch moves from {source} to {target} like this")
        move = (
            update(batches)
            .where(batches.c.id == batch_id, batches.c.state == source)
            .values(state=target)
            .returning(batches.c.id)
        )
        with self._database.write() as connection:
            if connection.execute(move).one_or_none() is None:
                raise StaleStateError(f"batch {batch_id} is not {source}")
            if anchor is not None:
                self._set_anchor(connection, batch_id, anchor)
            elif target is not BatchState.FINAL:
                connection.execute(delete(anchors).where(anchors.c.batch_id == batch_id))

    def _insert_attempt(
        self,
        connection: Connection,
        purpose: Purpose,
        subject_id: int,
        signed: SignedTransaction,
        *,
        ordinal: int,
        now: datetime,
    ) -> Row[Any] | None:  # Any: rows of `attempts`
        # None if a unique constraint stands against it.
        unsigned = signed.unsigned
        nonce = {
            "chain_id": unsigned.chain_id,
            "sender": unsigned.sender,
            "nonce": unsigned.nonce,
        }
        same_nonce = select(func.count()).where(
            attempts.c.purpose == purpose,
            attempts.c.subject_id == subject_id,
            *(attempts.c[name] == value for name, value in nonce.items()),
        )
        statement = self._database.insert(attempts).values(
            purpose=purpose,
            subject_id=subject_id,
            ordinal=ordinal,
            **nonce,
            replacement=same_nonce.scalar_subquery(),
            max_fee=unsigned.fees.max_fee,
            priority_fee=unsigned.fees.priority_fee,
            raw=signed.raw,
            transaction_hash=signed.transaction,
            created_at=now,
        )
        unless_taken = statement.on_conflict_do_nothing().returning(*attempts.c)
        return connection.execute(unless_taken).one_or_none()

    def _set_anchor(self, connection: Connection, batch_id: int, anchor: Anchor) -> None:
        found = {
            "contract": anchor.contract,
            "transaction_hash": anchor.transaction,
            "block_number": anchor.block_number,
            "block_hash": anchor.block_hash,
            "log_index": anchor.log_index,
            "anchored_at": anchor.anchored_at,
        }
        key = {"batch_id": batch_id, "chain_id": anchor.chain_id}
        statement = self._database.insert(anchors).values(**key, **found)
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=found))


def _hold_batch(connection: Connection, batch_id: int) -> None:
    """Lock the batch and have it `anchoring`, or raise `StaleStateError`."""
    move = (
        update(batches)
        .where(
            batches.c.id == batch_id,
            batches.c.state.in_([BatchState.SEALED, BatchState.ANCHORING]),
        )
        .values(state=BatchState.ANCHORING)
        .returning(batches.c.id)
    )
    if connection.execute(move).one_or_none() is None:
        raise StaleStateError(f"batch {batch_id} is in no state to be anchored")


def _hold_status_change(connection: Connection, change_id: int) -> None:
    """Lock a status change that is not done, or raise `StaleStateError`."""
    find = (
        select(status_changes.c.id)
        .where(status_changes.c.id == change_id, status_changes.c.done_at.is_(None))
        .with_for_update()
    )
    if connection.execute(find).one_or_none() is None:
        raise StaleStateError(f"status change {change_id} is done, or never was")


def _count(connection: Connection, purpose: Purpose, subject_id: int) -> int:
    query = select(func.count()).where(
        attempts.c.purpose == purpose, attempts.c.subject_id == subject_id
    )
    return connection.execute(query).scalar_one()


def _attempt_of(row: Row[Any]) -> Attempt:  # Any: rows of `attempts`
    return Attempt(
        row.id,
        row.purpose,
        row.subject_id,
        row.chain_id,
        row.sender,
        row.nonce,
        row.max_fee,
        row.priority_fee,
        row.raw,
        row.transaction_hash,
        row.created_at,
    )


def _anchor_of(row: Row[Any]) -> Anchor:  # Any: rows of `anchors`
    return Anchor(
        row.chain_id,
        row.contract,
        row.transaction_hash,
        row.block_number,
        row.block_hash,
        row.log_index,
        row.anchored_at,
    )
