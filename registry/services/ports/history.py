"""What a chain knows of one issuer, as an auditor reads it: all events, and one block's state."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from registry.services.ports.chain import (
    AnchorRecord,
    Authorization,
    Block,
    CredentialStatus,
    IssuerRecord,
    OperatorRecord,
    Role,
)

MAX_STATUS_WORDS: Final = 200_000  # of an issuer that are proved: 25 million credentials


@dataclass(frozen=True, slots=True)
class SealAnchored:
    """A seal became the issuer's anchor number `sequence`."""

    seal: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Leaves of a seal, or the whole seal if `leaf_indexes` is None, got a status."""

    seal: bytes
    leaf_indexes: tuple[int, ...] | None
    status: CredentialStatus
    reason: int


@dataclass(frozen=True, slots=True)
class OperatorSet:
    """An operator was appointed, or cut off if there are no roles."""

    operator: bytes
    roles: Role
    valid_until: int  # seconds since 1970


@dataclass(frozen=True, slots=True)
class TransferStarted:
    """The issuer was offered to another owner; to the zero address, an offer was withdrawn."""

    owner: bytes
    new_owner: bytes


@dataclass(frozen=True, slots=True)
class Transferred:
    """The issuer has another owner."""

    previous_owner: bytes
    new_owner: bytes


@dataclass(frozen=True, slots=True)
class ProfileSet:
    """Where the issuer says that its profile lives."""

    uri: str


Content: TypeAlias = (
    SealAnchored | StatusChanged | OperatorSet | TransferStarted | Transferred | ProfileSet
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the contract, and where it is."""

    content: Content
    block_number: int
    block_hash: bytes
    time: datetime  # of the block
    transaction: bytes
    log_index: int


class Way(StrEnum):
    """How a transaction reached the contract."""

    CALL = "call"  # its sender acted
    SIGNATURE = "signature"  # whoever signed the authorization acted
    CONTRACT = "contract"  # through another contract: a wallet, say; who acted is not in the call


@dataclass(frozen=True, slots=True)
class Sent:
    """The transaction of an event. `actor` is who acted in the contract's eyes, where it tells.

    `is_proved` says that sender and call follow from the transaction's own hash and signature,
    and are not a node's word. `authorization` is the permission in it, with `recovered`, who
    signed that as an account; None for a signature that no account made.
    """

    transaction: bytes
    sender: bytes
    way: Way
    actor: bytes | None
    is_proved: bool
    gas_used: int
    gas_price: int  # wei per gas, as paid
    authorization: Authorization | None = None
    recovered: bytes | None = None


class CodeMatch(StrEnum):
    """How the code at the contract's address compares with a build."""

    EXACT = "exact"
    METADATA_DIFFERS = "metadata-differs"  # the same program, of other sources' text
    DIFFERENT = "different"


class History(Protocol):
    """One issuer's history on one chain up to `block`, and the state in that block.

    State is proved under the block's hash: methods raise `VerificationError` with reason
    `not-proved` where a node's proof does not prove what was asked.
    """

    @property
    def chain_id(self) -> int:
        """EIP-155 id of the chain."""

    @property
    def contract(self) -> bytes:
        """Address of the contract."""

    @property
    def issuer(self) -> bytes:
        """Whose history it is."""

    @property
    def block(self) -> Block:
        """Up to where it goes."""

    @property
    def code(self) -> bytes:
        """The contract's code, proved as all state is."""

    def match_code(self) -> CodeMatch:
        """How the code compares with the published build, for this chain and address."""

    def events(self) -> Sequence[Event]:
        """The issuer's events, oldest first, as the nodes tell them: proved by nothing."""

    def unsettled(self) -> Iterable[StatusChanged]:
        """Status changes after the block, which what is published may know of already."""

    def sent(self, transaction: bytes) -> Sent | None:
        """The transaction of an event; None if the nodes do not have it."""

    def issuer_record(self) -> IssuerRecord:
        """Owner and anchor count."""

    def anchor_record(self, seal: bytes) -> AnchorRecord | None:
        """Record of a seal; None if it was never anchored."""

    def operator_record(self, operator: bytes) -> OperatorRecord:
        """Roles of an operator."""

    def status_word(self, seal: bytes, word: int) -> int:
        """Own statuses of the 128 credentials from leaf 128·`word` on."""

    def status_words(self, seal: bytes) -> Iterable[int]:
        """Which words of a seal are proved."""

    def contradictions(self) -> Iterator[str]:
        """Where nodes, asked by a call, said other than the state that is proved."""
