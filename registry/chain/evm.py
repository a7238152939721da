"""One EVM chain with the contract on it, asked through one or several nodes.

Implements `registry.services.ports.Chain`. Does not sign or wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from registry.chain import contract as language
from registry.chain import refusals
from registry.chain.artifact import runtime_matches
from registry.chain.endpoint import OnError
from registry.chain.events import Events
from registry.chain.following import block_at, events_between
from registry.chain.logs import LogReader, read_block
from registry.chain.nodes import Nodes, ignore_errors
from registry.chain.recording import Recorder, Wanted
from registry.chain.records import ChainRecord
from registry.chain.reply import Reply
from registry.chain.rpc import DEFAULT_TIMEOUT, JsonRpcError, Rpc
from registry.chain.sending import Sending
from registry.chain.snapshots import anchors_on, slots_of, take_snapshot
from registry.chain.views import ContractViews
from registry.core.address import format_address
from registry.core.receipt import Receipt
from registry.core.snapshot import Snapshot
from registry.errors import ConflictError, InvalidInputError, UnavailableError
from registry.services.audit.leaves import Step
from registry.services.ports import (
    Anchor,
    Authorization,
    Block,
    Call,
    Event,
    IssuerAnchor,
    OperatorRecord,
    Role,
    StatusChange,
)

Finality = Literal["finalized"] | int

_USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """How to rely on a chain and what to pay there.

    `finality` is the tag, or a depth: the number of blocks from a final one up to the head, both
    counted. `max_fee` is the most that is ever offered, in wei per gas. `timeout` is in seconds,
    for one answer; a question to an endpoint is tried `attempts` times. `quorum` is how many
    endpoints must say the same.
    """

    finality: Finality = "finalized"
    max_fee: int = 200 * 10**9
    timeout: float = DEFAULT_TIMEOUT
    attempts: int = 1
    quorum: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.finality, int) and self.finality < 1:
            raise ValueError(f"depth must be at least 1, got {self.finality}")
        if self.max_fee < 1:
            raise ValueError(f"fee cap must be at least 1 wei, got {self.max_fee}")
        if self.attempts < 1:
            raise ValueError(f"attempts must be at least 1, got {self.attempts}")
        if self.quorum < 1:
            raise ValueError(f"quorum must be at least 1, got {self.quorum}")


class EvmChain(ContractViews, Sending):
    """A chain behind one or several JSON-RPC endpoints, see `Nodes`.

    `ConflictError` from any method if they serve another chain. `on_error` is told the source and
    the kind of each failed question. Raises `InvalidInputError` for an endpoint that is none or
    is named twice, and for a quorum of more than there are.
    """

    keeps_events = True

    def __init__(
        self,
        *,
        chain_id: int,
        rpc_url: str | Sequence[str],
        contract: bytes,
        options: ChainOptions | None = None,
        on_error: OnError = ignore_errors,
    ) -> None:
        self._options = ChainOptions() if options is None else options
        self._chain_id = chain_id
        self._contract = contract
        self._nodes = Nodes(
            _connections(rpc_url, timeout=self._options.timeout),
            chain_id=chain_id,
            attempts=self._options.attempts,
            quorum=self._options.quorum,
            on_error=on_error,
        )
        self._logs = LogReader(self._ask, contract, source=self._nodes.source)

    def __repr__(self) -> str:
        return f"EvmChain({self._chain_id}, {self.source}, {format_address(self._contract)})"

    def close(self) -> None:
        """Close the connections to the nodes."""
        self._nodes.close()

    @property
    def chain_id(self) -> int:
        """Configured chain id."""
        return self._chain_id

    @property
    def contract(self) -> bytes:
        """Address of the contract."""
        return self._contract

    @property
    def fee_cap(self) -> int:
        """The most that is ever offered, in wei per gas."""
        return self._options.max_fee

    @property
    def source(self) -> str:
        """Names of the endpoints as errors show them: no user, path or query."""
        return self._nodes.source

    # -- blocks ------------------------------------------------------------------------------

    def head(self) -> Block:
        """The latest block. Raises `ConflictError` if the nodes serve another chain."""
        self._nodes.recheck()
        return read_block(self._ask("eth_getBlockByNumber", "latest", False))  # noqa: FBT003 - JSON-RPC parameter

    def block(self, number: int) -> Block:
        """The block of that number now. Raises `UnavailableError` if the node has none."""
        self._nodes.recheck()
        return block_at(self._ask, number)

    def finalized(self) -> int:
        """Newest block that counts as final, by tag or configured depth; -1 if there is none."""
        finality = self._options.finality
        if isinstance(finality, int):
            return max(self._ask("eth_blockNumber").count() - finality + 1, -1)
        try:
            block = self._ask("eth_getBlockByNumber", finality, False)  # noqa: FBT003 - JSON-RPC parameter
        except JsonRpcError as exc:
            if refusals.is_no_finalized_block(exc):
                return -1
            raise
        return read_block(block).number

    # -- contract ----------------------------------------------------------------------------

    def code(self, address: bytes, *, at: Block | None = None) -> bytes:
        """Code at an address; empty if there is none."""
        return self._ask("eth_getCode", format_address(address), _state(at)).data()

    def is_genuine(self, contract: bytes, *, at: Block | None = None) -> bool:
        """Whether `contract` runs our build, immutables apart."""
        return runtime_matches(self.code(contract, at=at))

    def find_anchor(self, issuer: bytes, seal: bytes, *, since: datetime) -> Anchor | None:
        """The `SealAnchored` event on our contract, looked for from about `since` to the head."""
        return self._events(self._contract).find_anchor(issuer, seal, since)

    def anchor_in_transaction(
        self, contract: bytes, transaction: bytes, issuer: bytes, seal: bytes
    ) -> Anchor | None:
        """The `SealAnchored` event in a given transaction; None if it is not mined or has none."""
        receipt = self._receipt(transaction)
        if receipt is None:
            return None
        return self._events(contract).anchor_among(receipt.member("logs"), issuer, seal)

    def issuers_in_transaction(self, transaction: bytes, seal: bytes) -> list[bytes]:
        """Who anchored a seal on our contract in a given transaction; nobody if it is not mined."""
        receipt = self._receipt(transaction)
        if receipt is None:
            return []
        return self._events(self._contract).issuers_among(receipt.member("logs"), seal)

    def issuer_anchors(self, issuer: bytes) -> list[IssuerAnchor]:
        """Every `SealAnchored` event of an issuer on our contract, by sequence.

        Raises `UnavailableError` if the sequences have a gap or are not as many as the issuer's
        anchor count in the same block: the node withholds events, or makes them up.
        """
        head = self.head()
        count = self.issuer_record(issuer, at=head).anchor_count
        return self._events(self._contract).anchors_of(issuer, head=head, count=count)

    def issuer_seals(self, issuer: bytes, *, at: Block, after: int = 0) -> list[bytes]:
        """Seals of an issuer's anchors up to a block, by sequence, those above `after` alone.

        Raises as `issuer_anchors`; asks for no block of an anchor, so that thousands are cheap.
        """
        count = self.issuer_record(issuer, at=at).anchor_count
        events = self._events(self._contract)
        return events.seals_of(issuer, head=at, count=count, after=after)

    def issuer_events(self, issuer: bytes, *, first: int, last: Block) -> list[Event]:
        """Every event of an issuer in blocks `first` to `last`, oldest first.

        Raises `UnavailableError` also if `last` was replaced meanwhile.
        """
        return events_between(self._ask, self._logs, issuer, first=first, last=last)

    def operators(self, issuer: bytes) -> dict[bytes, OperatorRecord]:
        """Everybody who was ever appointed by an issuer, with what holds now."""
        head = self.head()
        return {
            operator: self.operator_record(issuer, operator, at=head)
            for operator in self._events(self._contract).appointed_by(issuer, head=head)
        }

    def snapshot(self, receipts: Iterable[Receipt]) -> tuple[Snapshot, Block]:
        """The state of the newest final block, with the proofs that decide about `receipts`.

        Raises `InvalidInputError` if one of them has no anchor here, `UnavailableError` if an
        anchor is not final yet, and as `take_snapshot`.
        """
        anchors = anchors_on(receipts, chain_id=self._chain_id, contract=self._contract)
        self._nodes.recheck()
        number = self.finalized()
        newest = max((anchor.block_number for _, anchor in anchors), default=0)
        if number < newest:
            raise UnavailableError(f"block {newest:,} is not final yet", source=self.source)
        return take_snapshot(
            self._ask,
            chain_id=self._chain_id,
            contract=self._contract,
            number=number,
            slots=slots_of(anchors),
            source=self.source,
        )

    def record(
        self, issuer: bytes, sizes: Mapping[bytes, int], *, number: int | None, step: Step
    ) -> ChainRecord:
        """An issuer's history up to block `number`, or to the newest final one if None.

        With the statuses of the batches in `sizes`, which are seals with their tree sizes. Raises
        `UnavailableError`, also for a block that is not final yet; `step` is told how far it is.
        """
        self._nodes.recheck()
        final = self.finalized()
        if final < 0 or (number is not None and number > final):
            wanted = "any block" if number is None else f"block {number:,}"
            raise UnavailableError(f"{wanted} is not final yet", source=self.source)
        block = block_at(self._ask, final if number is None else number)
        recorder = Recorder(self._ask, self._logs, self, self._chain_id)
        return recorder.record(Wanted(issuer, block, sizes, step))

    # -- calls -------------------------------------------------------------------------------

    def anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """The call that anchors a seal."""
        return language.anchor_call(self._contract, issuer, seal)

    def raw_anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """The call whose whole input is the seal; only `issuer` itself may send it."""
        return language.raw_anchor_call(self._contract, issuer, seal)

    def relayed_anchor_call(self, authorization: Authorization) -> Call:
        """The call that anchors a seal by its issuer's signature.

        Raises `InvalidInputError` if that is for another chain or contract.
        """
        meant = (authorization.chain_id, authorization.contract)
        if meant != (self._chain_id, self._contract):
            raise InvalidInputError(
                f"the authorization is for {format_address(authorization.contract)} on chain "
                f"{authorization.chain_id}, not for {format_address(self._contract)} on chain "
                f"{self._chain_id}"
            )
        return language.relayed_anchor_call(authorization)

    def status_call(self, change: StatusChange) -> Call:
        """The call that makes a status change."""
        return language.status_call(self._contract, change)

    def operator_call(self, issuer: bytes, operator: bytes, roles: Role, valid_until: int) -> Call:
        """The call that appoints an operator."""
        return language.operator_call(
            self._contract, issuer=issuer, operator=operator, roles=roles, valid_until=valid_until
        )

    # -- asking ------------------------------------------------------------------------------

    def _events(self, contract: bytes) -> Events:
        return Events(self._ask, self._logs, chain_id=self._chain_id, contract=contract)

    def _view(self, contract: bytes, data: bytes, at: Block | None) -> Reply:
        request = {"to": format_address(contract), "data": "0x" + data.hex()}
        try:
            return self._ask("eth_call", request, _state(at))
        except JsonRpcError as exc:
            if not refusals.is_revert(exc):
                raise
            raise ConflictError(f"the contract says {refusals.revert_sentence(exc)}") from exc

    def _ask(self, method: str, *params: object) -> Reply:
        return self._nodes.ask(method, *params)


def _connections(rpc_url: str | Sequence[str], *, timeout: float) -> list[Rpc]:
    urls = [rpc_url] if isinstance(rpc_url, str) else list(rpc_url)
    connections = [Rpc(url, timeout=timeout) for url in urls]  # refuses what is no URL
    if len(set(map(_normal, urls))) < len(urls):
        # Not only useless: a node asked twice would be a quorum of itself.
        raise InvalidInputError("rpc_url names the same endpoint twice")
    return connections


def _normal(url: str) -> tuple[object, ...]:
    """A URL as it is however written (RFC 3986 §6.2.2), and without a slash at its end.

    Without the fragment, too: no node is told of it.
    """
    parts = urlsplit(url)  # which puts scheme and host in lower case
    port = _USUAL_PORTS.get(parts.scheme) if parts.port is None else parts.port
    user = (parts.username, parts.password)
    return (parts.scheme, user, parts.hostname, port, parts.path.rstrip("/"), parts.query)


def _state(at: Block | None) -> object:
    """Name a state by block hash (EIP-1898): a number would silently follow a reorganisation."""
    if at is None:
        return "latest"
    return {"blockHash": "0x" + at.hash.hex(), "requireCanonical": True}
