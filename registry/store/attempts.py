"""Attempts: what was signed for a batch or a status change, all of it, for good."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from registry.core.batch import BatchState
from registry.errors import StaleStateError
from registry.services.ports import (
    Attempt,
    Lease,
    Purpose,
    SignedTransaction,
    UnsignedTransaction,
)
from registry.store.batch_moves import add_chains, hold_batch, move_on_chain
from registry.store.engine import StorePart
from registry.store.leases import hold_lease
from registry.store.schema import attempts
from registry.store.status_marks import hold_status_change, require_unfinished


class Attempts(StorePart):
    """The part of `AnchoringStore` that is about attempts."""

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
        lease: Lease,
        expected_attempts: int,
        now: datetime,
    ) -> Attempt:
        """Store a signed transaction before it is broadcast; durable when this returns.

        Raises `StaleStateError`, changing nothing, as `AnchoringStore` says, and also if that
        very transaction is stored already.
        """
        with self._database.write() as connection:
            hold_lease(connection, lease)
            _hold(connection, purpose, subject_id, issuer=lease.issuer)
            stored = _count(connection, purpose, subject_id)
            if stored != expected_attempts:
                raise StaleStateError(
                    f"{purpose} {subject_id} has {stored} attempts, not {expected_attempts}"
                )
            replacement = _count_same_nonce(connection, purpose, subject_id, signed.unsigned)
            if replacement == 0:
                self._begin(connection, purpose, subject_id, signed.unsigned.chain_id)
            row = self._insert_attempt(
                connection,
                purpose,
                subject_id,
                signed,
                ordinal=stored,
                replacement=replacement,
                now=now,
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
        """Attempts of a sender, for any subject, with `first` ≤ nonce < `below`.

        By nonce, and then in the order in which they were stored.
        """
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

    def attempt_counts(self) -> dict[Purpose, tuple[int, int]]:
        """Number of all attempts, and of those that replaced another, by purpose."""
        query = select(
            attempts.c.purpose,
            func.count(),
            func.count().filter(attempts.c.replacement > 0),
        ).group_by(attempts.c.purpose)
        counts = dict.fromkeys(Purpose, (0, 0))
        with self._database.read() as connection:
            for purpose, every, replacing in connection.execute(query):
                counts[purpose] = (every, replacing)
        return counts

    def _begin(
        self, connection: Connection, purpose: Purpose, subject_id: int, chain_id: int
    ) -> None:
        """Have a held subject in a state for a new attempt, or raise `StaleStateError`."""
        if purpose is Purpose.STATUS:
            require_unfinished(connection, subject_id, chain_id)
            return
        add_chains(self._database, connection, subject_id, [chain_id])
        move_on_chain(
            connection,
            subject_id,
            chain_id,
            sources=[BatchState.SEALED, BatchState.ANCHORING],
            values={"state": BatchState.ANCHORING},
        )

    def _insert_attempt(
        self,
        connection: Connection,
        purpose: Purpose,
        subject_id: int,
        signed: SignedTransaction,
        *,
        ordinal: int,
        replacement: int,
        now: datetime,
    ) -> Row[Any]:  # Any: rows of `attempts`
        """Raises `StaleStateError` if a unique constraint stands against it."""
        unsigned = signed.unsigned
        statement = self._database.insert(attempts).values(
            purpose=purpose,
            subject_id=subject_id,
            ordinal=ordinal,
            chain_id=unsigned.chain_id,
            sender=unsigned.sender,
            nonce=unsigned.nonce,
            replacement=replacement,
            max_fee=unsigned.fees.max_fee,
            priority_fee=unsigned.fees.priority_fee,
            raw=signed.raw,
            transaction_hash=signed.transaction,
            created_at=now,
        )
        unless_taken = statement.on_conflict_do_nothing().returning(*attempts.c)
        row = connection.execute(unless_taken).one_or_none()
        if row is None:
            raise StaleStateError(
                f"nonce {unsigned.nonce} of 0x{unsigned.sender.hex()} on chain "
                f"{unsigned.chain_id} is taken by another subject, or transaction "
                f"0x{signed.transaction.hex()} is stored already"
            )
        return row


def _hold(connection: Connection, purpose: Purpose, subject_id: int, *, issuer: bytes) -> None:
    hold = hold_batch if purpose is Purpose.ANCHOR else hold_status_change
    hold(connection, subject_id, issuer=issuer)


def _count(connection: Connection, purpose: Purpose, subject_id: int) -> int:
    query = select(func.count()).where(
        attempts.c.purpose == purpose, attempts.c.subject_id == subject_id
    )
    return connection.execute(query).scalar_one()


def _count_same_nonce(
    connection: Connection, purpose: Purpose, subject_id: int, unsigned: UnsignedTransaction
) -> int:
    query = select(func.count()).where(
        attempts.c.purpose == purpose,
        attempts.c.subject_id == subject_id,
        attempts.c.chain_id == unsigned.chain_id,
        attempts.c.sender == unsigned.sender,
        attempts.c.nonce == unsigned.nonce,
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
        row.replacement,
        row.max_fee,
        row.priority_fee,
        row.raw,
        row.transaction_hash,
        row.created_at,
    )
