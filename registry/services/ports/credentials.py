"""Credentials and the batches that they are in, as a store keeps them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.core.new_credentials import NewCredentials
from registry.core.tiles import TreeHead
from registry.core.tree import InclusionProof


@dataclass(frozen=True, slots=True)
class Added:
    """How many of an intake were new to the issuer and how many were known already."""

    new: int
    known: int


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential as the store holds it: hash and salt, never the document."""

    issuer: bytes
    credential_hash: bytes
    salt: bytes
    canonicalization: Canonicalization
    batch_id: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch; `head` and `sealed_at` are None while it is open."""

    id: int
    issuer: bytes
    state: BatchState
    opened_at: datetime
    sealed_at: datetime | None
    head: TreeHead | None


@dataclass(frozen=True, slots=True)
class IssuerTotals:
    """What an issuer has sealed so far."""

    issuer: bytes
    batches: int
    credentials: int
    last_sealed_at: datetime


class IntakeStore(Protocol):
    """Where credentials are taken in."""

    def add_credentials(
        self, issuer: bytes, credentials: Iterable[NewCredentials], *, now: datetime
    ) -> Added:
        """Put credentials into the issuer's open batch, opening one if there is none.

        All or, if `credentials` raises, nothing. A credential hash that the issuer has already,
        in any batch, or twice in this intake, is counted as known and changes nothing. A store
        does it in one transaction, and its memory does not grow with the intake.
        """


class CredentialStore(IntakeStore, Protocol):
    """Credentials and the batches that they are in."""

    def together(self) -> AbstractContextManager[None]:
        """What receipts are made of is asked over one connection in the block, by this thread.

        It is for a few questions at once; the block raises as they do.
        """

    def find_credentials(self, credential_hash: bytes) -> list[StoredCredential]:
        """The credential under every issuer that has it, by issuer address."""

    def find_all_credentials(self, hashes: Sequence[bytes]) -> list[StoredCredential]:
        """Each of the credentials under every issuer that has it, by hash and issuer address."""

    def batch_credentials(self, batch: Batch) -> Iterator[list[StoredCredential]]:
        """Credentials of a sealed batch in the order of their leaves, some hundreds at a time.

        One that is not there any more is left out. No connection is held between two pages.
        Raises `NotFoundError` for a batch that is not sealed.
        """

    def seal_open_batch(self, issuer: bytes, *, now: datetime) -> Batch | None:
        """Fix the open batch: build its tree, store tiles and head with the state `sealed`.

        None if there is no open batch or it is empty. One transaction, serialised against
        intake and other sealing. Streams the leaves in order.
        """

    def batch(self, batch_id: int) -> Batch:
        """One batch. Raises `NotFoundError`."""

    def batches_with_seal(self, seal: bytes) -> list[Batch]:
        """Sealed batches with that seal, by issuer (two issuers may seal equal sets)."""

    def batches(
        self,
        *,
        issuer: bytes | None = None,
        states: Iterable[BatchState] | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[Batch]:
        """Batches from the newest to the oldest, with an id below `before_id`."""

    def credential_count(self, batch_id: int) -> int:
        """Number of credentials in a batch, open or sealed, without those that were erased."""

    def open_count(self, issuer: bytes) -> int:
        """Number of credentials in the issuer's open batch."""

    def batch_counts(self) -> dict[BatchState, int]:
        """Number of batches in each state, none left out."""

    def oldest_waiting(self, issuer: bytes) -> datetime | None:
        """When the oldest credential of the issuer's open batch was added; None without any."""

    def oldest_unanchored(self, issuer: bytes | None = None) -> datetime | None:
        """When the oldest credential without an anchor was added; None if there is none."""

    def issuers(self) -> list[bytes]:
        """Addresses of issuers that have any batch, ascending."""

    def issuer_totals(
        self, *, issuer: bytes | None = None, after: bytes = b"", limit: int = 100
    ) -> list[IssuerTotals]:
        """Totals of issuers that have sealed a batch, by address, from beyond `after`."""

    def proof(self, batch: Batch, leaf: bytes) -> InclusionProof:
        """Inclusion proof of a leaf of a sealed batch, from its tiles. Raises `NotFoundError`."""

    def proofs(self, batch: Batch, credentials: Sequence[StoredCredential]) -> list[InclusionProof]:
        """As `proof`, of credentials in their order; each tile that they share is read once."""

    def leaves(self, batch: Batch) -> Iterator[bytes]:
        """Leaves of a sealed batch in order, from its tiles."""
