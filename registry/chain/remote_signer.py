"""A key behind a signing service that speaks JSON-RPC, such as Web3Signer or Clef.

Believes nothing that the service answers: what it signed must be what was asked, to the last
field, or it is not used.
"""

from typing import Final

from eth_utils.crypto import keccak

from registry.chain.reply import Reply
from registry.chain.rpc import DEFAULT_TIMEOUT, Rpc
from registry.chain.transactions import decode_signed
from registry.core.address import format_address
from registry.errors import UnavailableError
from registry.services.ports import SignedTransaction, UnsignedTransaction

_METHOD: Final = "eth_signTransaction"


class RemoteSigner:
    """An account of a signing service. Safe to share between threads."""

    def __init__(self, url: str, address: bytes, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Ask nothing yet. Raises `InvalidInputError` unless `url` is an HTTP address."""
        self._rpc = Rpc(url, timeout=timeout)
        self._address = address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({format_address(self._address)})"

    @property
    def address(self) -> bytes:
        """Address of the account, as configured."""
        return self._address

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Let the service sign.

        Raises `ValueError` if another account is the sender, `UnavailableError` if the service
        cannot be asked, refuses, or answers with anything but that transaction, signed by that
        account.
        """
        if transaction.sender != self._address:
            raise ValueError(f"{self!r} cannot sign for {format_address(transaction.sender)}")
        raw = _raw(self._rpc.ask(_METHOD, _fields(transaction)))
        if _read(raw) != transaction:
            # Its words are not repeated: signed bytes are a secret until they are broadcast.
            raise UnavailableError(
                f"{_METHOD} signed something else than {format_address(self._address)} was asked",
                source=self._rpc.source,
            )
        return SignedTransaction(unsigned=transaction, raw=raw, transaction=keccak(raw))

    def close(self) -> None:
        """Close the connections."""
        self._rpc.close()


def _raw(answer: Reply) -> bytes:
    """The signed bytes: the answer itself (Web3Signer), or its member `raw` (geth, Clef)."""
    if isinstance(answer.value, dict):
        answer = answer.member("raw")
    return answer.data()


def _read(raw: bytes) -> UnsignedTransaction | None:
    """What was signed, and by whom; None for what is no transaction of our kind."""
    try:
        return decode_signed(raw)
    except ValueError:
        return None


def _fields(transaction: UnsignedTransaction) -> dict[str, str]:
    return {
        "type": "0x2",
        "chainId": hex(transaction.chain_id),
        "from": format_address(transaction.sender),
        "to": format_address(transaction.to),
        "nonce": hex(transaction.nonce),
        "value": "0x0",
        "data": "0x" + transaction.data.hex(),
        "gas": hex(transaction.gas),
        "maxFeePerGas": hex(transaction.fees.max_fee),
        "maxPriorityFeePerGas": hex(transaction.fees.priority_fee),
    }
