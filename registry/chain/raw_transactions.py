"""Mined transactions as they were signed: put together again from a node's JSON, and read.

So that who sent what follows from the transaction's hash, and is no node's word. Types that are
not known here are told by None.
"""

from collections.abc import Sequence
from typing import Final

import rlp  # type: ignore[import-untyped]  # has no annotations
from eth_utils.crypto import keccak
from rlp.exceptions import RLPException  # type: ignore[import-untyped]  # as rlp

from registry.chain.reply import Reply
from registry.errors import UnavailableError

_TO_DATA: Final = ("to", "value", "input")
_SIGNATURE: Final = ("r", "s")
# Fields of each type in their order (EIP-2718, 2930, 1559); what is not listed is not known.
_FIELDS: Final[dict[int, Sequence[str]]] = {
    0: ("nonce", "gasPrice", "gas", *_TO_DATA, "v", *_SIGNATURE),
    1: (*("chainId", "nonce", "gasPrice", "gas"), *_TO_DATA, "accessList", "yParity", *_SIGNATURE),
    2: (
        *("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
        *_TO_DATA,
        *("accessList", "yParity"),
        *_SIGNATURE,
    ),
}
_FIRST_OF_LISTS: Final = 0xC0  # RLP; a first byte below it is a type
_BYTES: Final = frozenset({"to", "input"})


def encode_mined(sent: Reply, transaction: bytes) -> bytes | None:
    """The bytes that were broadcast; None for a form that is not known, or does not hash so."""
    kind = sent.member("type")
    number = 0 if kind.is_null else kind.count()
    names = _FIELDS.get(number)
    if names is None:
        return None
    try:
        body = bytes(rlp.encode([_field(sent, name) for name in names]))
    except UnavailableError:  # a field that this type should have is missing
        return None
    raw = body if number == 0 else bytes([number]) + body
    return raw if keccak(raw) == transaction else None


def sender_of(raw: bytes) -> bytes | None:
    """Who signed a transaction; None for a form that is not known."""
    # Here: eth-account takes a second to import, and only audits read others' transactions.
    from eth_account import Account  # noqa: PLC0415

    try:
        return bytes.fromhex(str(Account.recover_transaction(raw))[2:])
    except Exception:  # noqa: BLE001 - the library raises whatever its parts do
        return None


def read_call(raw: bytes) -> tuple[bytes | None, bytes] | None:
    """Whom a transaction calls, None if nobody, with what; None for a form that is not known."""
    number = raw[0] if raw and raw[0] < _FIRST_OF_LISTS else 0
    names = _FIELDS.get(number)
    try:
        fields = rlp.decode(raw[1:] if number else raw)
    except (RLPException, RecursionError):
        return None
    if names is None or not isinstance(fields, list) or len(fields) != len(names):
        return None
    to, data = fields[names.index("to")], fields[names.index("input")]
    if not isinstance(to, bytes) or not isinstance(data, bytes):
        return None
    return to or None, data


def _field(sent: Reply, name: str) -> object:
    member = sent.member(name)
    if name == "accessList":
        return [
            [entry.member("address").data(20), [k.data(32) for k in keys.elements()]]
            for entry in member.elements()
            for keys in [entry.member("storageKeys")]
        ]
    if name in _BYTES:
        return b"" if member.is_null else member.data()
    if name == "yParity" and member.is_null:
        member = sent.member("v")  # which is the same in these types
    value = member.quantity()
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
