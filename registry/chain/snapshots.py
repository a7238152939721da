"""Takes snapshots of the contract's state, and answers from one in place of a node."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from eth_utils.crypto import keccak

from registry.chain.artifact import artifact, runtime_matches
from registry.chain.logs import Ask, read_block
from registry.chain.proofs import Account, MissingProofError, ProofNodes, encode_header, read_header
from registry.chain.storage import read_anchor, read_status, seal_slot, status_slot
from registry.core.address import format_address, format_chain
from registry.core.receipt import AnchorReference, Receipt
from registry.core.snapshot import (
    MAX_CODE_BYTES,
    MAX_HEADER_BYTES,
    MAX_NODE_BYTES,
    MAX_NODES,
    SNAPSHOT_TYPE,
    Snapshot,
)
from registry.core.wire import format_time
from registry.errors import InvalidInputError, SnapshotError, TooLargeError, UnavailableError
from registry.services.ports import AnchorRecord, Block, CredentialStatus

_SLOTS_AT_ONCE = 256  # of one question for proofs


def anchors_on(
    receipts: Iterable[Receipt], *, chain_id: int, contract: bytes
) -> list[tuple[Receipt, AnchorReference]]:
    """The anchors in a chain's contract, each with its receipt.

    Raises `InvalidInputError` with the hash of a credential whose receipt has none there: who
    archives a snapshot must not find out later what is not in it.
    """
    found = []
    for receipt in receipts:
        here = [
            (receipt, anchor)
            for anchor in receipt.anchors
            if (anchor.chain, anchor.contract) == (chain_id, contract)
        ]
        if not here:
            name, address = format_chain(chain_id), format_address(contract)
            raise InvalidInputError(
                f"a receipt has no anchor on {name} in {address}",
                place=receipt.credential_hash.hex(),
            )
        found += here
    return found


def slots_of(anchors: Iterable[tuple[Receipt, AnchorReference]]) -> list[bytes]:
    """The slots that decide about anchored credentials, each once."""
    found: dict[bytes, None] = {}
    for receipt, anchor in anchors:
        found[seal_slot(anchor.issuer, receipt.seal)] = None
        found[status_slot(anchor.issuer, receipt.seal, receipt.leaf_index)] = None
    return list(found)


def take_snapshot(
    ask: Ask, *, chain_id: int, contract: bytes, number: int, slots: list[bytes], source: str
) -> tuple[Snapshot, Block]:
    """Ask a node for a block's header, the contract's code and the proofs of `slots`.

    What comes back is checked by what it proves. Raises `UnavailableError` if it does not prove
    what was asked, and for headers of a form that this version does not know; `TooLargeError` for
    more slots than one snapshot holds.
    """
    answer = ask("eth_getBlockByNumber", hex(number), False)  # noqa: FBT003 - JSON-RPC parameter
    block, header = read_block(answer), encode_header(answer)
    if block.number != number:
        raise UnavailableError("answered another block than asked for", source=source)
    if len(header) > MAX_HEADER_BYTES or keccak(header) != block.hash:
        raise UnavailableError("the block's header has a form that is not known", source=source)
    state: dict[str, object] = {"blockHash": "0x" + block.hash.hex(), "requireCanonical": True}
    address = format_address(contract)
    nodes = _proofs(ask, address, slots, state)
    code = ask("eth_getCode", address, state).data()
    if len(code) > MAX_CODE_BYTES or any(len(node) > MAX_NODE_BYTES for node in nodes):
        raise UnavailableError("the node answered more than a snapshot holds", source=source)
    snapshot = Snapshot(
        type=SNAPSHOT_TYPE, chain=chain_id, header=header, code=code, nodes=tuple(nodes)
    )
    try:
        SnapshotState(snapshot, contract=contract, trusted=block.hash).require(slots)
    except SnapshotError as exc:
        raise UnavailableError(
            "the node's proofs do not prove what was asked", source=source
        ) from exc
    return snapshot, block


def _proofs(ask: Ask, address: str, slots: list[bytes], state: dict[str, object]) -> list[bytes]:
    """Nodes that lead to slots of an account, each once."""
    nodes: dict[bytes, None] = {}
    for start in range(0, len(slots), _SLOTS_AT_ONCE):
        keys = ["0x" + slot.hex() for slot in slots[start : start + _SLOTS_AT_ONCE]]
        proof = ask("eth_getProof", address, keys, state)
        parts = [proof.member("accountProof")]
        parts += [each.member("proof") for each in proof.member("storageProof").elements()]
        nodes |= dict.fromkeys(node.data() for part in parts for node in part.elements())
        if len(nodes) > MAX_NODES:
            raise TooLargeError("that is too much for one snapshot: make several")
    return list(nodes)


class SnapshotState:
    """Implements `registry.services.ports.ChainState` with one block's state, asking nobody.

    Only the state of the block `trusted` counts: of any other, `head` raises `SnapshotError`. So
    does each question to which the snapshot holds no proved answer. `contract` is the one that the
    verifier knows. Raises `InvalidInputError` for a snapshot whose header is none.
    """

    keeps_events = False

    def __init__(self, snapshot: Snapshot, *, contract: bytes, trusted: bytes | None) -> None:
        self._snapshot = snapshot
        self._block, self._state_root = read_header(snapshot.header)
        self._contract = contract
        self._trusted = trusted
        self._nodes = ProofNodes(snapshot.nodes)

    @property
    def chain_id(self) -> int:
        """Which chain the snapshot says it is of; `is_genuine` proves it."""
        return self._snapshot.chain

    @property
    def contract(self) -> bytes:
        """Address of the contract."""
        return self._contract

    def inquiry(self, anchor: AnchorReference, *, seal: bytes, leaf_index: int) -> Self:  # noqa: ARG002 - all is at hand
        """The same snapshot."""
        return self

    def head(self) -> Block:
        """The snapshot's block. Raises `SnapshotError` unless it is the trusted one."""
        if self._block.hash == self._trusted:
            return self._block
        shown = "0x" + self._block.hash.hex()
        if self._trusted is None:
            said = f"compare its block's hash {shown} with a source of your own, and name it"
        else:
            said = f"its block is {shown}, and not the trusted 0x{self._trusted.hex()}"
        raise SnapshotError(
            said,
            reason="untrusted-block",
            shown={
                "blockHash": shown,
                "blockNumber": self._block.number,
                "blockTime": format_time(self._block.time),
            },
        )

    def finalized(self) -> int:
        """The snapshot's block: whoever trusts its hash takes it for final."""
        return self._block.number

    def is_genuine(self, contract: bytes, *, at: Block | None = None) -> bool:  # noqa: ARG002 - one state
        """Whether `contract` runs our build, deployed on the chain that the snapshot names.

        The code has its chain's id among its immutables (EIP-712). Without that the state of one
        chain could be shown for that of another.
        """
        account, code = self._account(contract), self._snapshot.code
        if account is None or keccak(code) != account.code_hash or not runtime_matches(code):
            return False
        return self.chain_id.to_bytes(32, "big") in {code[place] for place in artifact().immutables}

    def anchor_record(
        self, contract: bytes, issuer: bytes, seal: bytes, *, at: Block | None = None
    ) -> AnchorRecord | None:
        """Storage record of a seal; None if it is proved that it was never anchored."""
        try:
            return read_anchor(self._slot(contract, seal_slot(issuer, seal), at))
        except ValueError as exc:  # which no code of ours can have written
            raise self._missing() from exc

    def anchor_in_transaction(
        self,
        contract: bytes,
        transaction: bytes,
        issuer: bytes,
        seal: bytes,
    ) -> None:
        """None: storage tells no transactions."""

    def issuers_in_transaction(
        self,
        transaction: bytes,  # noqa: ARG002 - as Chain's
        seal: bytes,  # noqa: ARG002
    ) -> list[bytes]:
        """Nobody: storage tells no transactions."""
        return []

    def find_anchor(self, issuer: bytes, seal: bytes, *, since: datetime) -> None:
        """None: storage tells no events."""

    def credential_status(
        self,
        contract: bytes,
        issuer: bytes,
        seal: bytes,
        leaf_index: int,
        *,
        at: Block | None = None,
    ) -> CredentialStatus:
        """The worse of a credential's own status and its seal's, as of the snapshot's block."""
        word = self._slot(contract, status_slot(issuer, seal, leaf_index), at)
        record = self.anchor_record(contract, issuer, seal, at=at)
        try:
            own = read_status(word, leaf_index)
        except ValueError as exc:  # as above
            raise self._missing() from exc
        return own if record is None else max(own, record.status)

    def require(self, slots: Iterable[bytes]) -> None:
        """Raise `SnapshotError` unless the contract and all these slots of it are proved."""
        if not self.is_genuine(self._contract):
            raise self._missing()
        for slot in slots:
            self._slot(self._contract, slot, None)

    def _slot(self, contract: bytes, slot: bytes, _at: Block | None) -> int:
        account = self._account(contract)
        if account is None:
            raise self._missing()
        try:
            return self._nodes.slot(account.storage_root, slot)
        except MissingProofError as exc:
            raise self._missing() from exc

    def _account(self, address: bytes) -> Account | None:
        try:
            return self._nodes.account(self._state_root, address)
        except MissingProofError as exc:
            raise self._missing() from exc

    def _missing(self) -> SnapshotError:
        return SnapshotError(
            "it was not made for this credential, or is damaged",
            reason="not-in-snapshot",
            shown={"blockNumber": self._block.number},
        )
