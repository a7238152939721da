"""One EVM chain with the contract on it, asked through one node.

Implements `registry.services.ports.Chain`. Does not compare nodes, retry, sign or wait.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from eth_utils.crypto import keccak

from registry.chain import contract as language
from registry.chain import fees, logs, refusals
from registry.chain.artifact import runtime_matches
from registry.chain.reply import Reply
from registry.chain.rpc import DEFAULT_TIMEOUT, JsonRpcError, Rpc
from registry.chain.views import ContractViews
from registry.core.address import format_address
from registry.errors import ConflictError, TransactionRefusedError, UnavailableError
from registry.services.ports import (
    Anchor,
    Block,
    Call,
    Fees,
    MinedTransaction,
    Role,
    StatusChange,
    UnsignedTransaction,
)

Finality = Literal["finalized"] | int

_GAS_MARGIN = (6, 5)  # by how much the gas limit exceeds the estimate: state may move on


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """How to rely on a chain and what to pay there.

    `finality` is the tag, or a depth: the number of blocks from a final one up to the head, both
    counted. `max_fee` is the most that is ever offered, in wei per gas.
    """

    finality: Finality = "finalized"
    max_fee: int = 200 * 10**9
    timeout: float = DEFAULT_TIMEOUT

    def __post_init__(self) -> None:
        if isinstance(self.finality, int) and self.finality < 1:
            raise ValueError(f"depth must be at least 1, got {self.finality}")
        if self.max_fee < 1:
            raise ValueError(f"fee cap must be at least 1 wei, got {self.max_fee}")


class EvmChain(ContractViews):
    """A chain behind one JSON-RPC endpoint.

    The chain id is compared with the node's before the first question and again after every
    failure to reach it, in `head()` always. `ConflictError` from any method if it differs.
    """

    def __init__(
        self,
        *,
        chain_id: int,
        rpc_url: str,
        contract: bytes,
        options: ChainOptions | None = None,
    ) -> None:
        self._options = ChainOptions() if options is None else options
        self._rpc = Rpc(rpc_url, timeout=self._options.timeout)
        self._chain_id = chain_id
        self._contract = contract
        self._checked = False

    def __repr__(self) -> str:
        return f"EvmChain({self._chain_id}, {self._rpc.source}, {format_address(self._contract)})"

    def close(self) -> None:
        """Close the connections to the node."""
        self._rpc.close()

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
        """Name of the endpoint as errors show it: no user, path or query."""
        return self._rpc.source

    # -- blocks ------------------------------------------------------------------------------

    def head(self) -> Block:
        """The latest block. Raises `ConflictError` if the node serves another chain."""
        self._checked = False
        return logs.read_block(self._ask("eth_getBlockByNumber", "latest", False))  # noqa: FBT003 - JSON-RPC parameter

    def finalized(self) -> int:
        """Newest block that counts as final, by tag or configured depth; -1 if there is none."""
        finality = self._options.finality
        if isinstance(finality, int):
            return max(self._ask("eth_blockNumber").quantity() - finality + 1, -1)
        try:
            block = self._ask("eth_getBlockByNumber", finality, False)  # noqa: FBT003 - JSON-RPC parameter
        except JsonRpcError as exc:
            if refusals.is_no_finalized_block(exc):
                return -1
            raise
        return logs.read_block(block).number

    # -- contract ----------------------------------------------------------------------------

    def code(self, address: bytes, *, at: Block | None = None) -> bytes:
        """Code at an address; empty if there is none."""
        return self._ask("eth_getCode", format_address(address), _state(at)).data()

    def is_genuine(self, contract: bytes, *, at: Block | None = None) -> bool:
        """Whether `contract` runs our build, immutables apart."""
        return runtime_matches(self.code(contract, at=at))

    def find_anchor(self, issuer: bytes, seal: bytes, *, since: datetime) -> Anchor | None:
        """The `SealAnchored` event on our contract, looked for from about `since` to the head."""
        finder = logs.AnchorFinder(self._ask, self._chain_id, self._contract, issuer, seal)
        return finder.find(since)

    def anchor_in_transaction(
        self, contract: bytes, transaction: bytes, issuer: bytes, seal: bytes
    ) -> Anchor | None:
        """The `SealAnchored` event in a given transaction; None if it is not mined or has none."""
        receipt = self._receipt(transaction)
        if receipt is None:
            return None
        finder = logs.AnchorFinder(self._ask, self._chain_id, contract, issuer, seal)
        return finder.among(receipt.member("logs"))

    def anchor_call(self, issuer: bytes, seal: bytes) -> Call:
        """The call that anchors a seal."""
        return language.anchor_call(self._contract, issuer, seal)

    def status_call(self, change: StatusChange) -> Call:
        """The call that makes a status change."""
        return language.status_call(self._contract, change)

    def operator_call(self, issuer: bytes, operator: bytes, roles: Role, valid_until: int) -> Call:
        """The call that appoints an operator."""
        return language.operator_call(
            self._contract, issuer=issuer, operator=operator, roles=roles, valid_until=valid_until
        )

    # -- transactions ------------------------------------------------------------------------

    def prepare(self, call: Call, *, sender: bytes, nonce: int, fees: Fees) -> UnsignedTransaction:
        """Complete a call with a gas limit, by simulating it.

        Raises `TransactionRefusedError` with reason `reverted` if it would revert (the message
        names the contract's error), `insufficient-funds` if the sender cannot pay.
        """
        more, than = _GAS_MARGIN
        gas = self._estimate(call, sender) * more // than
        cost, balance = gas * fees.max_fee, self.balance(sender)
        if balance < cost:
            raise TransactionRefusedError(
                f"{format_address(sender)} has {balance} wei, {call.label} may cost {cost}",
                reason="insufficient-funds",
            )
        return UnsignedTransaction(
            chain_id=self._chain_id,
            sender=sender,
            nonce=nonce,
            to=call.to,
            data=call.data,
            gas=gas,
            fees=fees,
        )

    def next_nonce(self, sender: bytes) -> int:
        """Number of the sender's transactions in blocks: the first nonce not used up yet."""
        return self._ask("eth_getTransactionCount", format_address(sender), "latest").quantity()

    def balance(self, address: bytes) -> int:
        """Balance in wei."""
        return self._ask("eth_getBalance", format_address(address), "latest").quantity()

    def suggest_fees(self) -> Fees:
        """Fees with which a transaction is mined soon, from the node's fee history.

        Raises `ConflictError` if the gas price is above the cap.
        """
        return fees.suggest(self._ask, cap=self._options.max_fee)

    def broadcast(self, signed: bytes) -> None:
        """Send a signed transaction. That the node knows it already is success.

        Raises `TransactionRefusedError`; after `UnavailableError` it may or may not have arrived.
        """
        transaction = keccak(signed)
        try:
            answer = self._ask("eth_sendRawTransaction", "0x" + signed.hex())
        except JsonRpcError as exc:
            if refusals.is_known_already(exc):
                return
            raise refusals.rejection(exc, transaction) from exc
        if answer.data(32) != transaction:
            raise answer.malformed("the transaction's hash")

    def mined(self, transaction: bytes) -> MinedTransaction | None:
        """Where a transaction was mined; None if it is in no block."""
        receipt = self._receipt(transaction)
        if receipt is None:
            return None
        return MinedTransaction(
            transaction=transaction,
            succeeded=receipt.member("status").flag(),
            block_number=receipt.member("blockNumber").quantity(),
            block_hash=receipt.member("blockHash").data(32),
            gas_used=receipt.member("gasUsed").quantity(),
            gas_price=receipt.member("effectiveGasPrice").quantity(),
        )

    # -- asking ------------------------------------------------------------------------------

    def _receipt(self, transaction: bytes) -> Reply | None:
        """Return a receipt; None, which only this method may answer, if it is not mined."""
        receipt = self._ask("eth_getTransactionReceipt", "0x" + transaction.hex())
        if receipt.is_null:
            return None
        if receipt.member("transactionHash").data(32) != transaction:
            raise receipt.malformed("the receipt asked for")
        return receipt

    def _estimate(self, call: Call, sender: bytes) -> int:
        """Return the gas of a call on the latest state: our own pending attempts do not count."""
        request = {
            "from": format_address(sender),
            "to": format_address(call.to),
            "data": "0x" + call.data.hex(),
        }
        try:
            return self._ask("eth_estimateGas", request, "latest").quantity()
        except JsonRpcError as exc:
            refusal = refusals.refusal(exc, label=call.label)
            if refusal is None:
                raise
            raise refusal from exc

    def _view(self, contract: bytes, data: bytes, at: Block | None) -> Reply:
        request = {"to": format_address(contract), "data": "0x" + data.hex()}
        try:
            return self._ask("eth_call", request, _state(at))
        except JsonRpcError as exc:
            if not refusals.is_revert(exc):
                raise
            raise ConflictError(f"the contract says {refusals.revert_sentence(exc)}") from exc

    def _ask(self, method: str, *params: object) -> Reply:
        if not self._checked:
            self._check_chain()
        try:
            return self._rpc.ask(method, *params)
        except JsonRpcError:
            raise
        except UnavailableError:
            self._checked = False  # whoever answers next may be somebody else
            raise

    def _check_chain(self) -> None:
        served = self._rpc.ask("eth_chainId").quantity()
        if served != self._chain_id:
            raise ConflictError(
                f"{self._rpc.source} serves chain {served}, configured is {self._chain_id}"
            )
        self._checked = True


def _state(at: Block | None) -> object:
    """Name a state by block hash (EIP-1898): a number would silently follow a reorganisation."""
    if at is None:
        return "latest"
    return {"blockHash": "0x" + at.hash.hex(), "requireCanonical": True}
