"""One EVM chain with the contract on it, asked through one or several nodes.

Implements `registry.services.ports.Chain`. Does not sign or wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry.chain import contract as language
from registry.chain.endpoint import OnError
from registry.chain.following import block_at, events_between
from registry.chain.inquiry import Inquiry, LastHead
from registry.chain.nodes import Nodes, ignore_errors
from registry.chain.recording import Recorder, Wanted
from registry.chain.records import ChainRecord
from registry.chain.rpc import DEFAULT_TIMEOUT, Rpc
from registry.chain.sending import Sending
from registry.chain.snapshots import anchors_on, slots_of, take_snapshot
from registry.chain.state import Finality, NodeState
from registry.core.address import format_address
from registry.core.receipt import AnchorReference, Receipt
from registry.core.snapshot import Snapshot
from registry.errors import InvalidInputError, UnavailableError
from registry.services.audit.leaves import Step
from registry.services.ports import (
    Authorization,
    Block,
    Call,
    Event,
    IssuerAnchor,
    OperatorRecord,
    Role,
    StatusChange,
)

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


class EvmChain(NodeState, Sending):
    """A chain behind one or several JSON-RPC endpoints, see `Nodes`.

    `ConflictError` from any method if they serve another chain. `on_error` is told the source and
    the kind of each failed question. Raises `InvalidInputError` for an endpoint that is none or
    is named twice, and for a quorum of more than there are.
    """

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
        nodes = Nodes(
            _connections(rpc_url, timeout=self._options.timeout),
            chain_id=chain_id,
            attempts=self._options.attempts,
            quorum=self._options.quorum,
            on_error=on_error,
        )
        super().__init__(
            nodes, chain_id=chain_id, contract=contract, finality=self._options.finality
        )

        self._last_head = LastHead()

    def inquiry(self, anchor: AnchorReference, *, seal: bytes, leaf_index: int) -> Inquiry:
        """The same chain for one judgement of an anchor, which it asks about all at once."""
        return Inquiry(self, anchor, seal=seal, leaf_index=leaf_index, last=self._last_head)

    def __repr__(self) -> str:
        return f"EvmChain({self._chain_id}, {self.source}, {format_address(self._contract)})"

    def close(self) -> None:
        """Close the connections to the nodes."""
        self.nodes.close()

    @property
    def fee_cap(self) -> int:
        """The most that is ever offered, in wei per gas."""
        return self._options.max_fee

    # -- history -----------------------------------------------------------------------------

    def block(self, number: int) -> Block:
        """The block of that number now. Raises `UnavailableError` if the node has none."""
        self.nodes.recheck()
        return block_at(self._ask, number)

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
        return events_between(self._ask, self.logs, issuer, first=first, last=last)

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
        self.nodes.recheck()
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
        self.nodes.recheck()
        final = self.finalized()
        if final < 0 or (number is not None and number > final):
            wanted = "any block" if number is None else f"block {number:,}"
            raise UnavailableError(f"{wanted} is not final yet", source=self.source)
        block = block_at(self._ask, final if number is None else number)
        recorder = Recorder(self._ask, self.logs, self, self._chain_id)
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
