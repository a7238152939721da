"""What a store remembers of leases, transactions, anchors and status changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from registry.core.batch import BatchState
from registry.services.ports.chain import (
    Anchor,
    Authorization,
    CredentialStatus,
    SignedTransaction,
    StatusChange,
)


class Purpose(StrEnum):
    """What a transaction is for."""

    ANCHOR = "anchor"  # subject: a batch id
    STATUS = "status"  # subject: a status change id


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for an issuer, for a while.

    `token` is the fence: it grows with every new holder, and every write that acts for the issuer
    is refused unless it names the newest.
    """

    issuer: bytes
    holder: str
    token: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """A signed transaction, stored before it is first broadcast and kept for good."""

    id: int
    purpose: Purpose
    subject_id: int
    chain_id: int
    sender: bytes
    nonce: int
    replacement: int  # 0 for the first of its nonce, then 1, 2, …
    max_fee: int  # wei per gas
    priority_fee: int  # wei per gas
    raw: bytes = field(repr=False)
    transaction: bytes  # its hash
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OnChain:
    """How a sealed batch stands on one chain; `anchor` is None before `anchored`.

    `reorgs` counts how often a reorganisation took its anchor away. `final_at` is when it was seen
    to be final; None before that, and of batches that were final before this was noted.
    """

    chain_id: int
    state: BatchState
    anchor: Anchor | None
    reorgs: int
    final_at: datetime | None = None


class AnchoringStore(Protocol):
    """Leases, attempts, anchors and status changes. Every move is a compare-and-swap.

    Methods with a `lease` raise `StaleStateError`, changing nothing, unless it is still the
    issuer's newest and the subject is that issuer's.
    """

    # -- leases

    def acquire_lease(
        self, issuer: bytes, holder: str, *, now: datetime, duration: timedelta
    ) -> Lease:
        """Take the issuer's lease, or renew it if `holder` has it.

        A new holder gets a higher token, a renewal keeps it. Raises `LeaseHeldError`, changing
        nothing, if another holder has it and `now` is before its end.
        """

    def release_lease(self, lease: Lease) -> None:
        """End a lease early. Does nothing if it is not the newest any more."""

    # -- attempts

    def attempts(self, purpose: Purpose, subject_id: int) -> list[Attempt]:
        """All attempts for a subject, on any chain, oldest first."""

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

        For `Purpose.ANCHOR` the batch moves, on the transaction's chain, from `sealed` to
        `anchoring` (or stays there) in the same database transaction. A replacement, of the same
        sender and nonce as an earlier attempt of the subject, is taken in any state and moves
        nothing: a stuck nonce must be used up even if nobody needs its transaction any more.
        Raises `StaleStateError`, changing nothing, if the subject has not exactly
        `expected_attempts` so far, if it is in no state for a new attempt (the batch is anchored
        on that chain, the change is done there), or if the sender's nonce on that chain is taken
        by another subject.
        """

    def highest_nonce(self, chain_id: int, sender: bytes) -> int | None:
        """The highest nonce that any stored attempt of the sender uses on a chain."""

    def attempts_between(
        self, chain_id: int, sender: bytes, *, first: int, below: int
    ) -> list[Attempt]:
        """Attempts of a sender, for any subject, with `first` ≤ nonce < `below`, in order."""

    def attempt_counts(self) -> dict[Purpose, tuple[int, int]]:
        """Number of all attempts, and of those that replaced another, by purpose."""

    # -- batches on chains

    def set_chains(self, batch_id: int, chain_ids: Iterable[int], *, lease: Lease) -> None:
        """Say on which chains a sealed batch is to stand.

        Chains that are new to it begin as `sealed`. Others, which are asked no more, are dropped
        unless the batch is `final` there. The batch's own state is from then on the least of
        those of its chains, at every move.
        """

    def on_chains(self, batch_id: int) -> list[OnChain]:
        """How a batch stands on each of its chains, by chain id."""

    def anchors(self, batch_id: int) -> list[Anchor]:
        """Where the batch's seal was found, final or not, one per chain, by chain id."""

    def move_batch(
        self,
        batch_id: int,
        *,
        lease: Lease,
        chain_id: int,
        source: BatchState,
        target: BatchState,
        anchor: Anchor | None = None,
        final_at: datetime | None = None,
    ) -> None:
        """Move a batch on one chain; a chain that is not set counts as `sealed` and is set.

        `anchor` is where its seal was found: given on the move to `anchored` and on no other.
        `final_at` is when it was seen to be final, for the move to `final` alone.
        The moves back to `anchoring` drop it and count one reorganisation. Raises
        `StaleStateError`, changing nothing, if the batch is not in `source` there; `ValueError`
        for a move that `may_move` forbids.
        """

    def reorg_count(self) -> int:
        """How often a reorganisation took an anchor away, of all batches."""

    # -- authorizations

    def put_authorization(self, authorization: Authorization, *, now: datetime) -> None:
        """Keep an issuer's permission to anchor a seal; the same again changes nothing."""

    def authorizations(self, issuer: bytes, seal: bytes, chain_id: int) -> list[Authorization]:
        """Permissions for a seal on a chain, the one that lasts longest first."""

    # -- status changes

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

    def open_status_changes_on(self, issuer: bytes, chain_id: int) -> list[StatusChange]:
        """Changes not done yet on that chain, of seals whose batch stands there, oldest first."""

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

        Raises `NotFoundError`.
        """

    def close_status_changes(
        self, issuer: bytes, chain_ids: Iterable[int], *, lease: Lease, now: datetime
    ) -> None:
        """Close every open change that is done wherever it must be.

        That is: on each of `chain_ids` on which the batch of its seal stands. It is refused if it
        was refused on any.
        """

    def reopen_status_changes(
        self, issuer: bytes, chain_ids: Iterable[int], *, lease: Lease
    ) -> None:
        """Open every closed change again that one of the chains lacks on which its batch stands.

        Such a chain was out of the settings, or had no anchor of it, when the change was closed.
        """

    def status_change(self, change_id: int) -> StatusChange:
        """One change. Raises `NotFoundError`."""
