"""What the monitor needs: a chain to follow, somewhere to keep its place, somebody to tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from registry.services.ports.chain import Block, IssuerAnchor, IssuerRecord
from registry.services.ports.history import Event


class FollowedChain(Protocol):
    """One chain with the contract, as far as the monitor asks it."""

    @property
    def chain_id(self) -> int:
        """EIP-155 id of the chain."""

    @property
    def contract(self) -> bytes:
        """Address of the contract."""

    def head(self) -> Block:
        """The latest block. Raises `ConflictError` if the node serves another chain."""

    def block(self, number: int) -> Block:
        """The block of that number, on the chain as it stands."""

    def is_genuine(self, contract: bytes, *, at: Block | None = None) -> bool:
        """Whether `contract` runs our build, immutables apart."""

    def issuer_record(self, issuer: bytes, *, at: Block | None = None) -> IssuerRecord:
        """Owner and anchor count of an issuer."""

    def issuer_anchors(self, issuer: bytes) -> list[IssuerAnchor]:
        """Every anchor of an issuer, by sequence; none is withheld."""

    def issuer_events(self, issuer: bytes, *, first: int, last: Block) -> Sequence[Event]:
        """Every event of an issuer in blocks `first` to `last`, oldest first.

        Raises `UnavailableError` also if `last` was replaced meanwhile.
        """


class PositionKeeper(Protocol):
    """Keeps what the monitor must still know after a restart."""

    def load(self) -> bytes | None:
        """What was saved last; None if nothing ever was."""

    def save(self, position: bytes) -> None:
        """Keep this instead: all of it or, if that fails, what was there before."""


class AlarmReceiver(Protocol):
    """Takes alarms outside of this registry."""

    def deliver(self, message_id: str, body: bytes, *, now: datetime) -> None:
        """Hand a message over. Raises `UnavailableError` unless it was taken."""
