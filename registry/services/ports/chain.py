"""One EVM chain with the contract on it, and keys that sign for it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Protocol

from registry.core.fees import Fees, Market
from registry.core.receipt import AnchorReference


class CredentialStatus(IntEnum):
    """Status of a credential or a seal; the numbers are the contract's."""

    ACTIVE = 0
    SUSPENDED = 1
    REVOKED = 2


class Role(IntFlag):
    """What an operator may do; the bits are the contract's."""

    ANCHOR = 1
    STATUS = 2


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
class IssuerAnchor:
    """A `SealAnchored` event of an issuer: which seal, as which of its anchors, and where."""

    seal: bytes
    sequence: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Authorization:
    """A signed permission to anchor one seal, for whoever pays (EIP-712, ICredentialRegistry).

    `deadline` is in seconds since 1970. The signature is of an account, or whatever the ERC-1271
    wallet at `signer` accepts.
    """

    issuer: bytes
    seal: bytes
    chain_id: int
    contract: bytes
    deadline: int
    signer: bytes
    signature: bytes


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


class ChainState(Protocol):
    """What a chain's state says of anchors and statuses: all that verification must ask.

    Reads take `at`, a block, so that the facts of one question come from one state; None is the
    latest block. "Could not ask" raises `UnavailableError`, always.
    """

    @property
    def keeps_events(self) -> bool:
        """Whether it can tell the transaction of an anchor, too; a snapshot cannot."""

    @property
    def chain_id(self) -> int:
        """EIP-155 id of the chain."""

    @property
    def contract(self) -> bytes:
        """Address of the contract."""

    def inquiry(self, anchor: AnchorReference, *, seal: bytes, leaf_index: int) -> "ChainState":
        """The same chain for one judgement of an anchor, told beforehand what it will be asked.

        It answers as this one does, but may ask its nodes for all of it at once. Begin one for each
        judgement, with `head`, and use it from one thread: no answer of an earlier one counts.
        """

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

    def find_anchor(self, issuer: bytes, seal: bytes, *, since: datetime) -> Anchor | None:
        """The `SealAnchored` event on our contract, looked for from about `since` to the head."""

    def anchor_in_transaction(
        self, contract: bytes, transaction: bytes, issuer: bytes, seal: bytes
    ) -> Anchor | None:
        """The `SealAnchored` event in a given transaction; None if it is not mined or has none."""

    def issuers_in_transaction(self, transaction: bytes, seal: bytes) -> list[bytes]:
        """Who anchored a seal on our contract in a given transaction; nobody if it is not mined."""


class Chain(ChainState, Protocol):
    """One EVM chain with our contract on it, through one or several endpoints.

    Every connection is checked against the configured chain id.
    """

    @property
    def fee_cap(self) -> int:
        """The most that is ever offered, in wei per gas."""

    def status_word(
        self, contract: bytes, issuer: bytes, seal: bytes, word: int, *, at: Block | None = None
    ) -> int:
        """Own statuses of the 128 credentials from leaf 128·`word` on, two bits each, lowest first.

        All active, 0, also under a seal that was never anchored.
        """

    def issuer_record(self, issuer: bytes, *, at: Block | None = None) -> IssuerRecord:
        """Owner and anchor count of an issuer."""

    def operator_record(self, issuer: bytes, operator: bytes) -> OperatorRecord:
        """Roles of an operator."""

    def anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """The call that anchors a seal."""

    def raw_anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """The call whose whole input is the seal; only `issuer` itself may send it."""

    def status_call(self, change: StatusChange) -> Call:
        """The call that makes a status change."""

    def issuer_anchors(self, issuer: bytes) -> list[IssuerAnchor]:
        """Every `SealAnchored` event of an issuer on our contract, by sequence.

        Raises `UnavailableError` if the sequences have a gap or fall short of the issuer's anchor
        count in the same block: the node withholds events.
        """

    def block(self, number: int) -> Block:
        """The block of that number now. Raises `UnavailableError` if the node has none."""

    def issuer_seals(self, issuer: bytes, *, at: Block, after: int = 0) -> list[bytes]:
        """Seals of an issuer's anchors up to a block, by sequence, those above `after` alone.

        Raises as `issuer_anchors`; asks for no block of an anchor, so that thousands are cheap.
        """

    def operators(self, issuer: bytes) -> dict[bytes, OperatorRecord]:
        """Everybody who was ever appointed by an issuer, with what holds now."""

    def relayed_anchor_call(self, authorization: Authorization) -> Call:
        """The call that anchors a seal by its issuer's signature."""

    def operator_call(self, issuer: bytes, operator: bytes, roles: Role, valid_until: int) -> Call:
        """The call that appoints an operator."""

    def prepare(self, call: Call, *, sender: bytes, nonce: int, fees: Fees) -> UnsignedTransaction:
        """Complete a call with a gas limit, by simulating it.

        Raises `TransactionRefusedError` with reason `reverted` if it would revert (the message
        names the contract's error), `insufficient-funds` if the sender cannot pay.
        """

    def estimate(self, call: Call, *, sender: bytes) -> int:
        """Gas that a call takes, by simulating it. Raises as `prepare`, but asks no balance."""

    def decode(self, raw: bytes) -> UnsignedTransaction:
        """What a transaction that was signed here says. Raises `ValueError` for anything else."""

    def next_nonce(self, sender: bytes) -> int:
        """Number of the sender's transactions in blocks: the first nonce not used up yet."""

    def balance(self, address: bytes) -> int:
        """Balance in wei."""

    def suggest_fees(self) -> Fees:
        """Fees with which a transaction is mined soon, from the node's fee history.

        Raises `GasTooExpensiveError` if the base fee alone is above the cap.
        """

    def fee_market(self) -> Market:
        """What a block takes now, from the node's fee history."""

    def broadcast(self, signed: bytes) -> None:
        """Send a signed transaction. That the node knows it already is success.

        Raises `TransactionRefusedError`; after `UnavailableError` it may or may not have arrived.
        """

    def mined(self, transaction: bytes) -> MinedTransaction | None:
        """Where a transaction was mined; None if it is in no block."""

    def close(self) -> None:
        """Close the connections to the node."""
