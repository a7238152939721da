"""Transactions on their way to a chain and back, over whatever answers JSON-RPC.

Does not sign, store or wait; opens no connections.
"""

from abc import ABC, abstractmethod

from eth_utils.crypto import keccak

from registry.chain import fees as market
from registry.chain import refusals
from registry.chain.logs import read_receipt
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError
from registry.chain.transactions import decode_signed
from registry.core.address import format_address
from registry.core.fees import Fees, Market
from registry.errors import TransactionRefusedError
from registry.services.ports import Call, MinedTransaction, UnsignedTransaction

_GAS_MARGIN = (6, 5)  # by how much the gas limit exceeds the estimate: state may move on


class Sending(ABC):
    """What there is to ask about transactions, and the sending of them."""

    @property
    @abstractmethod
    def chain_id(self) -> int:
        """Configured chain id."""

    @property
    @abstractmethod
    def fee_cap(self) -> int:
        """The most that is ever offered, in wei per gas."""

    @abstractmethod
    def _ask(self, method: str, *params: object) -> Reply:
        """Ask the chain."""

    def prepare(self, call: Call, *, sender: bytes, nonce: int, fees: Fees) -> UnsignedTransaction:
        """Complete a call with a gas limit, by simulating it.

        Raises `TransactionRefusedError` with reason `reverted` if it would revert (the message
        names the contract's error), `insufficient-funds` if the sender cannot pay.
        """
        more, than = _GAS_MARGIN
        gas = self.estimate(call, sender=sender) * more // than
        cost, balance = gas * fees.max_fee, self.balance(sender)
        if balance < cost:
            raise TransactionRefusedError(
                f"{format_address(sender)} has {balance} wei, {call.label} may cost {cost}",
                reason="insufficient-funds",
            )
        return UnsignedTransaction(
            chain_id=self.chain_id,
            sender=sender,
            nonce=nonce,
            to=call.to,
            data=call.data,
            gas=gas,
            fees=fees,
        )

    def estimate(self, call: Call, *, sender: bytes) -> int:
        """Gas that a call takes, by simulating it. Raises as `prepare`, but asks no balance."""
        request = {
            "from": format_address(sender),
            "to": format_address(call.to),
            "data": "0x" + call.data.hex(),
        }
        try:
            # On the latest state: our own pending attempts do not count.
            return self._ask("eth_estimateGas", request, "latest").quantity()
        except JsonRpcError as exc:
            refusal = refusals.refusal(exc, label=call.label)
            if refusal is None:
                raise
            raise refusal from exc

    def decode(self, raw: bytes) -> UnsignedTransaction:
        """What a transaction that was signed here says. Raises `ValueError` for anything else."""
        return decode_signed(raw)

    def next_nonce(self, sender: bytes) -> int:
        """Number of the sender's transactions in blocks: the first nonce not used up yet."""
        return self._ask("eth_getTransactionCount", format_address(sender), "latest").count()

    def balance(self, address: bytes) -> int:
        """Balance in wei."""
        return self._ask("eth_getBalance", format_address(address), "latest").quantity()

    def fee_market(self) -> Market:
        """What a block takes now, from the node's fee history."""
        return market.read_market(self._ask)

    def suggest_fees(self) -> Fees:
        """Fees with which a transaction is mined soon, from the node's fee history.

        Raises `GasTooExpensiveError` if the base fee alone is above the cap.
        """
        return market.suggest(self.fee_market(), cap=self.fee_cap)

    def broadcast(self, signed: bytes) -> None:
        """Send a signed transaction. That a node knows it already is success.

        Raises `TransactionRefusedError`; after `UnavailableError` it may or may not have arrived.
        With several endpoints it may have arrived even then when one refused it: keep it.
        """
        try:
            self._ask("eth_sendRawTransaction", "0x" + signed.hex())
        except JsonRpcError as exc:
            raise refusals.rejection(exc, keccak(signed)) from exc

    def mined(self, transaction: bytes) -> MinedTransaction | None:
        """Where a transaction was mined; None if it is in no block."""
        receipt = read_receipt(self._ask, transaction)
        if receipt is None:
            return None
        return MinedTransaction(
            transaction=transaction,
            succeeded=receipt.member("status").flag(),
            block_number=receipt.member("blockNumber").count(),
            block_hash=receipt.member("blockHash").data(32),
            gas_used=receipt.member("gasUsed").count(),
            gas_price=receipt.member("effectiveGasPrice").quantity(),
        )
