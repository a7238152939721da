"""The bytes of EIP-1559 transactions: what is signed, what is broadcast, and back again.

Pure: holds no key and asks nobody. A signature is 65 bytes here, r ‖ s ‖ v with v 27 or 28.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final  # RLP is nested bytes of any shape

import rlp  # type: ignore[import-untyped]  # has no annotations
from eth_utils.crypto import keccak
from rlp.codec import consume_length_prefix  # type: ignore[import-untyped]  # as rlp

from registry.core.address import ADDRESS_BYTES
from registry.services.ports import Fees, SignedTransaction, UnsignedTransaction

if TYPE_CHECKING:
    from eth_keys.datatypes import PublicKey

SIGNATURE_BYTES: Final = 65
CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MAX_TRANSACTION_BYTES: Final = 128 << 10  # nodes pass on no larger one
_TYPE: Final = b"\x02"  # EIP-1559
_FIELDS: Final = 12
_ACCESS_LIST: Final = 8  # its place among them
_V: Final = 27  # what Ethereum adds to the recovery id wherever it is not a transaction's


def signing_hash(unsigned: UnsignedTransaction) -> bytes:
    """The 32 bytes that are signed."""
    return keccak(_TYPE + rlp.encode(_content(unsigned)))


def encode_signed(unsigned: UnsignedTransaction, signature: bytes) -> bytes:
    """The bytes that are broadcast. Raises `ValueError` for what cannot be a signature."""
    v, r, s = split_signature(signature)
    return bytes(_TYPE + rlp.encode([*_content(unsigned), v - _V, r, s]))


def with_signature(unsigned: UnsignedTransaction, signature: bytes) -> SignedTransaction:
    """The signed transaction with its hash.

    Raises `ValueError` unless the signature is the sender's: with any other one, some other
    account would send it.
    """
    if recover(signing_hash(unsigned), signature) != unsigned.sender:
        raise ValueError("the signature is not the sender's")
    raw = encode_signed(unsigned, signature)
    return SignedTransaction(unsigned=unsigned, raw=raw, transaction=keccak(raw))


def decode_signed(raw: bytes) -> UnsignedTransaction:
    """What a signed transaction says, its sender recovered from the signature.

    Raises `ValueError` for anything that `encode_signed` does not print: other types, a value, an
    access list, a contract creation, another spelling of the same.
    """
    if not raw.startswith(_TYPE) or len(raw) > MAX_TRANSACTION_BYTES:
        raise ValueError("not an EIP-1559 transaction")
    unsigned, signature = _read(raw)
    if encode_signed(unsigned, signature) != raw:
        raise ValueError("not a transaction as it is written here")
    return unsigned


def sender_key(raw: bytes) -> bytes:
    """Public key of whoever signed a transaction, as a compressed point; errors as above."""
    decode_signed(raw)
    unsigned, signature = _read(raw)
    return _public_key(signing_hash(unsigned), signature).to_compressed_bytes()


def recover(digest: bytes, signature: bytes) -> bytes:
    """Address of whoever signed `digest`. Raises `ValueError` for what is no signature."""
    return _public_key(digest, signature).to_canonical_address()


def _public_key(digest: bytes, signature: bytes) -> "PublicKey":
    # Here: with the library under it, eth-keys takes a third of a second to import.
    from eth_keys.datatypes import Signature  # noqa: PLC0415
    from eth_keys.exceptions import BadSignature  # noqa: PLC0415

    v, r, s = split_signature(signature)
    try:
        return Signature(vrs=(v - _V, r, s)).recover_public_key_from_msg_hash(digest)
    except BadSignature as exc:
        raise ValueError("nobody can have made this signature") from exc


def split_signature(signature: bytes) -> tuple[int, int, int]:
    """v, r and s. Raises `ValueError`, also for the upper of the two values that s can have.

    Nodes and the contract refuse that one (EIP-2): it is another spelling of the same signature.
    """
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if (
        len(signature) != SIGNATURE_BYTES
        or signature[64] not in {27, 28}
        or not 0 < r < CURVE_ORDER
        or not 0 < s <= CURVE_ORDER // 2
    ):
        raise ValueError("not a signature (r, s, and 27 or 28)")
    return signature[64], r, s


def join_signature(v: int, r: int, s: int) -> bytes:
    """The 65 bytes of a signature; v is 27 or 28."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def _content(unsigned: UnsignedTransaction) -> list[Any]:
    no_value, no_access_list = 0, ()
    return [
        unsigned.chain_id,
        unsigned.nonce,
        unsigned.fees.priority_fee,
        unsigned.fees.max_fee,
        unsigned.gas,
        unsigned.to,
        no_value,
        unsigned.data,
        no_access_list,
    ]


def _read(raw: bytes) -> tuple[UnsignedTransaction, bytes]:
    """Read the fields; whether that is their one spelling, the caller finds out."""
    chain_id, nonce, priority_fee, max_fee, gas, to, _value, data, odd, r, s = _fields(raw)
    if len(to) != ADDRESS_BYTES or len(odd) > 1 or max(len(r), len(s)) > 32:
        raise ValueError("not a call with a signature")
    unsigned = UnsignedTransaction(
        chain_id=_number(chain_id),
        sender=b"",  # stands in no field: the signature says it
        nonce=_number(nonce),
        to=to,
        data=data,
        gas=_number(gas),
        fees=Fees(max_fee=_number(max_fee), priority_fee=_number(priority_fee)),
    )
    signature = join_signature(_V + _number(odd), _number(r), _number(s))
    return replace(unsigned, sender=recover(signing_hash(unsigned), signature)), signature


def _fields(raw: bytes) -> list[bytes]:
    """The fields but for the access list.

    Read one after the other: what recurses, as `rlp.decode` does, ends with the stack at lists in
    lists in lists, for py_ecc raises the interpreter's own limit.
    """
    try:
        fields = list(_items(raw, len(_TYPE)))
    except (rlp.DecodingError, IndexError) as exc:
        raise ValueError("not RLP") from exc
    if len(fields) != _FIELDS:
        raise ValueError(f"not {_FIELDS} fields")
    del fields[_ACCESS_LIST]
    return fields


def _items(raw: bytes, start: int) -> Iterator[bytes]:
    """The contents of the items of the list at `start`; lists in it are taken for bytes."""
    _, _, _, start = consume_length_prefix(raw, start)
    while start < len(raw):
        _, _, length, start = consume_length_prefix(raw, start)
        yield raw[start : start + length]
        start += length


def _number(field: bytes) -> int:
    return int.from_bytes(field, "big")
