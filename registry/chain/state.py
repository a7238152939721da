"""What verification asks of a chain, through one or several nodes.

Implements `registry.services.ports.ChainState`. Sends nothing, and reads no events but an anchor's.
"""

from datetime import datetime
from typing import Literal

from registry.chain import questions, refusals
from registry.chain.artifact import runtime_matches
from registry.chain.events import Events
from registry.chain.logs import LogReader, read_block, read_receipt
from registry.chain.nodes import Nodes
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError
from registry.chain.views import ContractViews
from registry.core.receipt import AnchorReference
from registry.errors import ConflictError
from registry.services.ports import Anchor, Block

Finality = Literal["finalized"] | int


class NodeState(ContractViews):
    """The state and the anchors of one chain, behind `Nodes`."""

    keeps_events = True

    def __init__(self, nodes: Nodes, *, chain_id: int, contract: bytes, finality: Finality) -> None:
        self.nodes = nodes
        self.finality = finality
        self.logs = LogReader(self._ask, contract, source=nodes.source)
        self._chain_id = chain_id
        self._contract = contract

    @property
    def chain_id(self) -> int:
        """Configured chain id."""
        return self._chain_id

    @property
    def contract(self) -> bytes:
        """Address of the contract."""
        return self._contract

    @property
    def source(self) -> str:
        """Names of the endpoints as errors show them: no user, path or query."""
        return self.nodes.source

    def inquiry(
        self,
        anchor: AnchorReference,  # noqa: ARG002 - whoever foresees nothing need not know
        *,
        seal: bytes,  # noqa: ARG002
        leaf_index: int,  # noqa: ARG002
    ) -> "NodeState":
        """The same chain, which is asked one question after the other."""
        return self

    def head(self) -> Block:
        """The latest block. Raises `ConflictError` if the nodes serve another chain."""
        self.nodes.recheck()
        return read_block(self._ask(*questions.newest_block("latest")))

    def finalized(self) -> int:
        """Newest block that counts as final, by tag or configured depth; -1 if there is none."""
        finality = self.finality
        if isinstance(finality, int):
            return max(self._ask(*questions.BLOCK_NUMBER).count() - finality + 1, -1)
        try:
            block = self._ask(*questions.newest_block(finality))
        except JsonRpcError as exc:
            if refusals.is_no_finalized_block(exc):
                return -1
            raise
        return read_block(block).number

    def code(self, address: bytes, *, at: Block | None = None) -> bytes:
        """Code at an address; empty if there is none."""
        return self._ask(*questions.code_of(address, at)).data()

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
        receipt = read_receipt(self._ask, transaction)
        if receipt is None:
            return None
        return self._events(contract).anchor_among(receipt.member("logs"), issuer, seal)

    def issuers_in_transaction(self, transaction: bytes, seal: bytes) -> list[bytes]:
        """Who anchored a seal on our contract in a given transaction; nobody if it is not mined."""
        receipt = read_receipt(self._ask, transaction)
        if receipt is None:
            return []
        return self._events(self._contract).issuers_among(receipt.member("logs"), seal)

    def _events(self, contract: bytes) -> Events:
        return Events(self._ask, self.logs, chain_id=self._chain_id, contract=contract)

    def _view(self, contract: bytes, data: bytes, at: Block | None) -> Reply:
        try:
            return self._ask(*questions.view(contract, data, at))
        except JsonRpcError as exc:
            if not refusals.is_revert(exc):
                raise
            raise ConflictError(f"the contract says {refusals.revert_sentence(exc)}") from exc

    def _ask(self, method: str, *params: object) -> Reply:
        return self.nodes.ask(method, *params)
