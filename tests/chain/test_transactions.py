from collections.abc import Callable
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]  # has no annotations
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.chain.transactions import (
    CURVE_ORDER,
    MAX_TRANSACTION_BYTES,
    decode_signed,
    encode_signed,
    join_signature,
    recover,
    sender_key,
    signing_hash,
    split_signature,
    with_signature,
)
from registry.core.address import format_address
from registry.services.ports import Fees, UnsignedTransaction

KEY = PrivateKey(b"\x11" * 32)
SENDER = KEY.public_key.to_canonical_address()


def sign(digest: bytes, key: PrivateKey = KEY) -> bytes:
    signature = key.sign_msg_hash(digest)
    return join_signature(27 + signature.v, signature.r, signature.s)


def a_transaction(**changes: Any) -> UnsignedTransaction:  # Any: of any field's type
    values: dict[str, Any] = {
        "chain_id": 1,
        "sender": SENDER,
        "nonce": 0,
        "to": b"\7" * 20,
        "data": b"\1\2",
        "gas": 50_000,
        "fees": Fees(max_fee=20, priority_fee=2),
    }
    return UnsignedTransaction(**(values | changes))


def signed(unsigned: UnsignedTransaction) -> bytes:
    return with_signature(unsigned, sign(signing_hash(unsigned))).raw


RAW = signed(a_transaction())
amounts = st.integers(0, 2**64 - 1)
transactions = st.builds(
    UnsignedTransaction,
    chain_id=st.integers(1, 2**63),
    sender=st.just(SENDER),
    nonce=amounts,
    to=st.binary(min_size=20, max_size=20),
    data=st.binary(max_size=300),
    gas=amounts,
    fees=st.builds(Fees, max_fee=amounts, priority_fee=amounts),
)


@given(unsigned=transactions)
def test_decoding_undoes_encoding(unsigned: UnsignedTransaction) -> None:
    raw = signed(unsigned)
    assert decode_signed(raw) == unsigned
    assert sender_key(raw) == KEY.public_key.to_compressed_bytes()


@given(unsigned=transactions.filter(lambda t: t.fees.priority_fee <= t.fees.max_fee))
def test_the_bytes_are_those_of_eth_account(unsigned: UnsignedTransaction) -> None:
    theirs = Account.from_key(KEY.to_bytes()).sign_transaction(
        {
            "type": 2,
            "chainId": unsigned.chain_id,
            "nonce": unsigned.nonce,
            "to": format_address(unsigned.to),
            "value": 0,
            "data": unsigned.data,
            "gas": unsigned.gas,
            "maxFeePerGas": unsigned.fees.max_fee,
            "maxPriorityFeePerGas": unsigned.fees.priority_fee,
        }
    )
    ours = with_signature(unsigned, sign(signing_hash(unsigned)))
    assert ours.raw == bytes(theirs.raw_transaction)
    assert ours.transaction == bytes(theirs.hash)


def test_no_changed_byte_says_the_same_for_the_same_sender() -> None:
    for place in range(len(RAW)):
        for flip in (1, 0x20, 0x80):
            changed = bytearray(RAW)
            changed[place] ^= flip
            try:
                found = decode_signed(bytes(changed))
            except ValueError:
                continue
            assert found != a_transaction(), place


def respelled(change: Callable[[list[Any]], None]) -> bytes:
    fields = rlp.decode(RAW[1:])
    change(fields)
    return b"\2" + bytes(rlp.encode(fields))


def put(place: int, value: object) -> bytes:
    return respelled(lambda fields: fields.__setitem__(place, value))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\2", id="a type and nothing"),
        pytest.param(b"\1" + RAW[1:], id="another type"),
        pytest.param(RAW[1:], id="no type"),
        pytest.param(RAW + b"\0", id="a byte more"),
        pytest.param(RAW[:-1], id="a byte less"),
        pytest.param(b"\2" + b"\xc1" * (MAX_TRANSACTION_BYTES - 1), id="lists without end"),
        pytest.param(b"\2" + b"\xc0" * (MAX_TRANSACTION_BYTES - 1), id="lists by the thousand"),
        pytest.param(b"\2\xbf" + b"\xff" * 8, id="a length beyond any memory"),
        pytest.param(b"\2\xc1\x81", id="a number that is missing"),
        pytest.param(b"\2\x80", id="no list"),
        pytest.param(b"\2\xc0", id="no fields"),
        pytest.param(respelled(lambda fields: fields.append(b"")), id="a field more"),
        pytest.param(put(0, []), id="a list for a number"),
        pytest.param(put(1, b"\0\1"), id="a number with a leading zero"),
        pytest.param(put(5, b""), id="a contract creation"),
        pytest.param(put(5, b"\7" * 21), id="a long address"),
        pytest.param(put(6, b"\1"), id="a value"),
        pytest.param(put(8, [[b"\7" * 20, []]]), id="an access list"),
        pytest.param(put(8, b""), id="bytes for the access list"),
        pytest.param(put(9, b"\2"), id="a recovery id of 2"),
        pytest.param(put(9, b"\0\1"), id="a long recovery id"),
        pytest.param(put(10, b""), id="r is zero"),
        pytest.param(put(10, b"\xff" * 33), id="r is long"),
        pytest.param(put(11, CURVE_ORDER - 1), id="s is high"),
        pytest.param(signed(a_transaction(data=bytes(MAX_TRANSACTION_BYTES))), id="too large"),
    ],
)
def test_anything_else_is_no_transaction(raw: bytes) -> None:
    with pytest.raises(ValueError):
        decode_signed(raw)


@given(raw=st.binary())
def test_any_bytes_are_no_transaction(raw: bytes) -> None:
    with pytest.raises(ValueError):
        decode_signed(b"\2" + raw)


def test_nobody_elses_signature_goes_onto_a_transaction() -> None:
    unsigned = a_transaction()
    stranger = sign(signing_hash(unsigned), PrivateKey(b"\x22" * 32))
    with pytest.raises(ValueError, match="not the sender's"):
        with_signature(unsigned, stranger)
    other = sign(signing_hash(a_transaction(nonce=1)))
    with pytest.raises(ValueError, match="not the sender's"):
        with_signature(unsigned, other)


GOOD = sign(b"\5" * 32)
V, R, S = split_signature(GOOD)


def test_a_signature_is_recovered_to_its_address() -> None:
    assert recover(b"\5" * 32, GOOD) == SENDER
    assert join_signature(V, R, S) == GOOD


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GOOD[:64], id="no v"),
        pytest.param(GOOD + b"\0", id="a byte more"),
        pytest.param(GOOD[:64] + bytes([V - 27]), id="v counted from 0"),
        pytest.param(join_signature(29, R, S), id="v is 29"),
        pytest.param(join_signature(V, 0, S), id="r is zero"),
        pytest.param(join_signature(V, R, 0), id="s is zero"),
        pytest.param(join_signature(V, CURVE_ORDER, S), id="r is the order"),
        pytest.param(join_signature(55 - V, R, CURVE_ORDER - S), id="the twin with a high s"),
        pytest.param(join_signature(V, R, CURVE_ORDER // 2 + 1), id="s just above the half"),
        pytest.param(join_signature(V, 5, 1), id="r is on no point"),
    ],
)
def test_what_nobody_can_have_signed_is_refused(signature: bytes) -> None:
    with pytest.raises(ValueError):
        recover(b"\5" * 32, signature)


def test_s_may_be_the_half() -> None:
    assert split_signature(join_signature(V, R, CURVE_ORDER // 2)) == (V, R, CURVE_ORDER // 2)


def test_encoding_refuses_what_is_no_signature() -> None:
    with pytest.raises(ValueError, match="not a signature"):
        encode_signed(a_transaction(), GOOD[:64])
