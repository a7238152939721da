"""What an issuer shows an auditor of its batches: through its store, its API, or a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from registry.services.ports.chain import Anchor


@dataclass(frozen=True, slots=True)
class DisclosedBatch:
    """A sealed batch as its issuer describes it; `anchors` are where it says the seal stands."""

    seal: bytes
    merkle_root: bytes
    tree_size: int
    opened_at: datetime  # when its first credential was added
    sealed_at: datetime
    anchors: tuple[Anchor, ...]


class Opening(NamedTuple):
    """What a leaf is made of: SHA-256(salt ‖ credential hash)."""

    credential_hash: bytes
    salt: bytes


class Place(NamedTuple):
    """Where a credential stands."""

    seal: bytes
    leaf_index: int


@dataclass(frozen=True, slots=True)
class DisclosedList:
    """A published status list: which of its places are withdrawn, and whose places those are."""

    number: int
    withdrawn: frozenset[int]
    credentials: dict[int, Place]


class Disclosure(Protocol):
    """What is shown. Methods raise `UnavailableError` for what could not be asked."""

    def batches(self) -> Sequence[DisclosedBatch]:
        """Every sealed batch of the issuer, the oldest first."""

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Leaves of a batch in their order, some at a time, end to end.

        Raises `NotFoundError` if they are not shown.
        """

    def openings(self, seal: bytes) -> Iterator[Opening] | None:
        """What the leaves of a batch are made of, in their order; None if that is not shown."""

    def status_lists(self) -> Iterator[DisclosedList]:
        """The published status lists whose places are known."""
