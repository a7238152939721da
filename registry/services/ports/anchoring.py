"""What a store remembers of transactions, anchors and status changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from registry.core.batch import BatchState
from registry.services.ports.chain import Anchor, CredentialStatus, SignedTransaction, StatusChange


class Purpose(StrEnum):
    """What a transaction is for."""

    ANCHOR = "anchor"  # subject: a batch id
    STATUS = "status"  # subject: a status change id


@dataclass(frozen=True, slots=True)
class Attempt:
    """A signed transaction, stored before it is first broadcast and kept for good."""

    id: int
    purpose: Purpose
    subject_id: int
    chain_id: int
    sender: bytes
    nonce: int
    max_fee: int  # wei per gas
    priority_fee: int  # wei per gas
    raw: bytes = field(repr=False)
    transaction: bytes  # its hash
    created_at: datetime


class AnchoringStore(Protocol):
    """Attempts, anchors and status changes. Every move is a compare-and-swap."""

    def attempts(self, purpose: Purpose, subject_id: int) -> list[Attempt]:
        """All attempts for a subject, oldest first."""

    def record_attempt(
        self,
        purpose: Purpose,
        subject_id: int,
        signed: "SignedTransaction",
        *,
        expected_attempts: int,
        now: datetime,
    ) -> Attempt:
        """Store a signed transaction before it is broadcast; durable when this returns.

        For `Purpose.ANCHOR` the batch moves from `sealed` to `anchoring` (or stays there) in the
        same transaction. Raises `StaleStateError`, changing nothing, if the subject has not
        exactly `expected_attempts` so far, if the batch is in no state to be anchored, if the
        status change is done, or if the sender's nonce on that chain is taken by another
        subject.
        """

    def highest_nonce(self, chain_id: int, sender: bytes) -> int | None:
        """The highest nonce that any stored attempt of the sender uses on a chain."""

    def attempts_between(
        self, chain_id: int, sender: bytes, *, first: int, below: int
    ) -> list[Attempt]:
        """Attempts of a sender, for any subject, with `first` ≤ nonce < `below`, by nonce."""

    def anchors(self, batch_id: int) -> list[Anchor]:
        """Where the batch's seal was found, one per chain, by chain id."""

    def move_batch(
        self, batch_id: int, *, source: BatchState, target: BatchState, anchor: Anchor | None
    ) -> None:
        """Move a batch and set (or, with None, drop) its anchor on `anchor`'s chain.

        With None all anchors are dropped, except on the move to `final`, which keeps them.
        Raises `StaleStateError`, changing nothing, if the batch is not in `source`; `ValueError`
        for a move that `may_move` forbids.
        """

    def request_status(
        self,
        *,
        issuer: bytes,
        seal: bytes,
        leaf_indexes: Sequence[int] | None,
        status: CredentialStatus,
        reason: int,
        now: datetime,
    ) -> StatusChange:
        """Store a wanted change. An identical one that is not done yet is returned instead."""

    def open_status_changes(self, issuer: bytes | None = None) -> list[StatusChange]:
        """Changes not done yet, oldest first."""

    def finish_status_change(
        self, change_id: int, *, now: datetime, refusal: str | None = None
    ) -> None:
        """Mark a change as done, or as refused for good; a second time changes nothing."""

    def status_change(self, change_id: int) -> StatusChange:
        """One change. Raises `NotFoundError`."""
