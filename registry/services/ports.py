"""What the services need of the world, as Protocols, with the values that cross them.

Adapters implement them: `registry.store` the stores, `registry.chain` the chain and the signer.
Every method may raise `UnavailableError`; what else it raises, its docstring says.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag, StrEnum
from typing import Protocol

from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.core.tiles import TreeHead
from registry.core.tree import InclusionProof


class CredentialStatus(IntEnum):
    """Status of a credential or a seal; the numbers are the contract's."""

    ACTIVE = 0
    SUSPENDED = 1
    REVOKED = 2


class Role(IntFlag):
    """What an operator may do; the bits are the contract's."""

    ANCHOR = 1
    STATUS = 2


# -- store: credentials and batches ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential on its way into the store."""

    credential_hash: bytes
    salt: bytes
    canonicalization: Canonicalization


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
class Anchor:
    """An anchor as it was found on a chain."""

    chain_id: int
    contract: bytes
    transaction: bytes
    block_number: int
    block_hash: bytes
    log_index: int
    anchored_at: datetime


class CredentialStore(Protocol):
    """Credentials and the batches that they are in."""

    def add_credentials(
        self, issuer: bytes, credentials: Iterable[NewCredential], *, now: datetime
    ) -> Added:
        """Put credentials into the issuer's open batch, opening one if there is none.

        One transaction: all or, if `credentials` raises, nothing. A credential hash that the
        issuer has already, in any batch, or twice in this intake, is counted as known and
        changes nothing. Streams: memory does not grow with the intake.
        """

    def find_credentials(self, credential_hash: bytes) -> list[StoredCredential]:
        """The credential under every issuer that has it, by issuer address."""

    def batch_credentials(
        self, batch_id: int, *, after_leaf: bytes = b"", limit: int = 1000
    ) -> list[StoredCredential]:
        """Credentials of a batch in the order of their leaves, from beyond `after_leaf`."""

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

    def open_count(self, issuer: bytes) -> int:
        """Number of credentials in the issuer's open batch."""

    def oldest_unanchored(self, issuer: bytes | None = None) -> datetime | None:
        """When the oldest credential without an anchor was added; None if there is none."""

    def issuers(self) -> list[bytes]:
        """Addresses of issuers that have any batch, ascending."""

    def proof(self, batch: Batch, leaf: bytes) -> InclusionProof:
        """Inclusion proof of a leaf of a sealed batch, from its tiles. Raises `NotFoundError`."""

    def leaves(self, batch: Batch) -> Iterator[bytes]:
        """Leaves of a sealed batch in order, from its tiles."""


# -- store: anchoring ------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A wanted change of status: of the leaves at `leaf_indexes`, or of the whole seal if None."""

    id: int
    issuer: bytes
    seal: bytes
    leaf_indexes: tuple[int, ...] | None
    status: CredentialStatus
    reason: int
    requested_at: datetime
    done_at: datetime | None
    refusal: str | None  # why the contract will not have it; done, but without effect


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


# -- store: API keys -------------------------------------------------------------------------


class Scope(StrEnum):
    """What an API key allows."""

    ADD = "credentials:add"
    SEAL = "batches:seal"
    STATUS = "status:change"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored: only the SHA-256 of its secret."""

    id: str
    issuer: bytes
    scopes: frozenset[Scope]
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyStore(Protocol):
    """API keys of issuers."""

    def put_api_key(self, key: ApiKey) -> None:
        """Store a new key. Raises `ConflictError` if the id is taken."""

    def api_key(self, key_id: str) -> ApiKey | None:
        """The key of that id, revoked or expired ones included."""

    def api_keys(self, issuer: bytes | None = None) -> list[ApiKey]:
        """All keys, oldest first."""

    def revoke_api_key(self, key_id: str, *, now: datetime) -> None:
        """Revoke for good; a second time changes nothing. Raises `NotFoundError`."""


class Store(CredentialStore, AnchoringStore, ApiKeyStore, Protocol):
    """All of them in one database."""

    def ping(self) -> None:
        """Ask the database for anything at all."""

    def close(self) -> None:
        """Give all connections back."""


# -- chain -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A block, and when it was made."""

    number: int
    hash: bytes
    time: datetime


@dataclass(frozen=True, slots=True)
class AnchorRecord:
    """What the contract's storage says of a seal."""

    anchored_at: datetime
    sequence: int
    status: CredentialStatus


@dataclass(frozen=True, slots=True)
class IssuerRecord:
    """What the contract's storage says of an issuer."""

    owner: bytes
    pending_owner: bytes | None
    anchor_count: int


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """What the contract's storage says of an operator."""

    roles: Role
    valid_until: int  # seconds since 1970; 2^64-1 for no end


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction that is in a block."""

    transaction: bytes
    succeeded: bool
    block_number: int
    block_hash: bytes
    gas_used: int
    gas_price: int  # wei per gas, as paid


@dataclass(frozen=True, slots=True)
class Fees:
    """What to offer for gas, in wei per gas (EIP-1559)."""

    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the contract: where, what, and what it is for in words."""

    to: bytes
    data: bytes
    label: str


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """An EIP-1559 transaction, complete but for the signature. Value is always zero."""

    chain_id: int
    sender: bytes
    nonce: int
    to: bytes
    data: bytes
    gas: int
    fees: Fees


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction as it is broadcast. `raw` is a secret until then: never log it."""

    unsigned: UnsignedTransaction
    raw: bytes = field(repr=False)
    transaction: bytes


class Signer(Protocol):
    """A key that signs transactions, wherever it lives."""

    @property
    def address(self) -> bytes:
        """Address of the account."""

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Sign. Raises `UnavailableError` if the signer cannot be reached."""


class Chain(Protocol):
    """One EVM chain with our contract on it, through one endpoint.

    Reads take `at`, a block, so that the facts of one question come from one state; None is the
    latest block. "Could not ask" raises `UnavailableError`, always.
    """

    @property
    def chain_id(self) -> int:
        """Configured chain id; every connection is checked against it."""

    @property
    def contract(self) -> bytes:
        """Address of the contract."""

    def head(self) -> Block:
        """The latest block. Raises `ConflictError` if the node serves another chain."""

    def finalized(self) -> int:
        """Newest block that counts as final, by tag or configured depth; -1 if there is none."""

    def is_genuine(self, contract: bytes, *, at: Block | None = None) -> bool:
        """Whether `contract` runs our build, immutables apart."""

    def anchor_record(
        self, contract: bytes, issuer: bytes, seal: bytes, *, at: Block | None = None
    ) -> AnchorRecord | None:
        """Storage record of a seal; None if it was never anchored."""

    def find_anchor(self, issuer: bytes, seal: bytes, *, since: datetime) -> Anchor | None:
        """The `SealAnchored` event on our contract, looked for from about `since` to the head."""

    def anchor_in_transaction(
        self, contract: bytes, transaction: bytes, issuer: bytes, seal: bytes
    ) -> Anchor | None:
        """The `SealAnchored` event in a given transaction; None if it is not mined or has none."""

    def credential_status(
        self,
        contract: bytes,
        issuer: bytes,
        seal: bytes,
        leaf_index: int,
        *,
        at: Block | None = None,
    ) -> CredentialStatus:
        """Status that holds for a credential under an anchored seal."""

    def issuer_record(self, issuer: bytes) -> IssuerRecord:
        """Owner and anchor count of an issuer."""

    def operator_record(self, issuer: bytes, operator: bytes) -> OperatorRecord:
        """Roles of an operator."""

    def anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """The call that anchors a seal."""

    def status_call(self, change: StatusChange) -> Call:
        """The call that makes a status change."""

    def operator_call(self, issuer: bytes, operator: bytes, roles: Role, valid_until: int) -> Call:
        """The call that appoints an operator."""

    def prepare(self, call: Call, *, sender: bytes, nonce: int, fees: Fees) -> UnsignedTransaction:
        """Complete a call with a gas limit, by simulating it.

        Raises `TransactionRefusedError` with reason `reverted` if it would revert (the message
        names the contract's error), `insufficient-funds` if the sender cannot pay.
        """

    def next_nonce(self, sender: bytes) -> int:
        """Number of the sender's transactions in blocks: the first nonce not used up yet."""

    def balance(self, address: bytes) -> int:
        """Balance in wei."""

    def suggest_fees(self) -> Fees:
        """Fees with which a transaction is mined soon, from the node's fee history."""

    def broadcast(self, signed: bytes) -> None:
        """Send a signed transaction. That the node knows it already is success.

        Raises `TransactionRefusedError`; after `UnavailableError` it may or may not have arrived.
        """

    def mined(self, transaction: bytes) -> MinedTransaction | None:
        """Where a transaction was mined; None if it is in no block."""

    def close(self) -> None:
        """Close the connections to the node."""
