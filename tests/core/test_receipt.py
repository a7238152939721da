import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import jcs_bytes
from registry.core.receipt import (
    MAX_ANCHORS,
    MAX_RECEIPT_BYTES,
    MAX_SIBLINGS,
    Receipt,
    parse_receipt,
    print_receipt,
    receipt_from_json,
)
from registry.core.tree import MAX_TREE_SIZE, InclusionProof
from registry.core.wire import MAX_COUNT
from registry.errors import InvalidInputError, TooLargeError
from tests.core.strategies import a_receipt, receipts

PRINTED = print_receipt(a_receipt(siblings=1))


def as_json(**changes: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(print_receipt(a_receipt()))
    return {**document, **changes}


def with_anchor(**changes: object) -> dict[str, Any]:
    document = as_json()
    return {**document, "anchors": [{**document["anchors"][0], **changes}]}


@given(receipt=receipts())
def test_parsing_undoes_printing(receipt: Receipt) -> None:
    printed = print_receipt(receipt)
    assert len(printed) <= MAX_RECEIPT_BYTES
    assert parse_receipt(printed) == receipt
    assert print_receipt(parse_receipt(printed)) == printed


@given(receipt=receipts())
def test_prints_canonical_json(receipt: Receipt) -> None:
    printed = print_receipt(receipt)
    assert printed == jcs_bytes(json.loads(printed))


def other_bytes(byte: int) -> set[int]:
    flips = {byte ^ 0x20, byte ^ 1, byte ^ 0x80}
    return (flips | set(b'019afAZ \n"{]:,-.e\\\x00\xff')) - {byte}


def test_every_changed_byte_is_refused_or_changes_the_receipt() -> None:
    original = parse_receipt(PRINTED)
    unnoticed = []
    for place, byte in enumerate(PRINTED):
        for other in other_bytes(byte):
            changed = PRINTED[:place] + bytes([other]) + PRINTED[place + 1 :]
            try:
                same = parse_receipt(changed) == original
            except InvalidInputError:
                continue
            if same:
                unnoticed.append((place, changed))
    assert unnoticed == []


@given(receipt=receipts(), data=st.data())
def test_a_changed_byte_of_any_receipt_is_noticed(receipt: Receipt, data: st.DataObject) -> None:
    printed = print_receipt(receipt)
    place = data.draw(st.integers(0, len(printed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != printed[place]))
    try:
        found = parse_receipt(printed[:place] + bytes([byte]) + printed[place + 1 :])
    except InvalidInputError:
        return
    assert found != receipt


@given(data=st.binary())
def test_any_bytes_are_a_receipt_or_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_receipt(data)


HASH = "5a" * 32
KEYS = sorted(as_json())
ANCHOR_KEYS = sorted(as_json()["anchors"][0])


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_required(key: str) -> None:
    document = as_json()
    del document[key]
    with pytest.raises(InvalidInputError) as caught:
        receipt_from_json(document)
    assert caught.value.place == f"/{key}"


@pytest.mark.parametrize("key", ANCHOR_KEYS)
def test_every_key_of_an_anchor_is_required(key: str) -> None:
    document = as_json()
    del document["anchors"][0][key]
    with pytest.raises(InvalidInputError) as caught:
        receipt_from_json(document)
    assert caught.value.place == f"/anchors/0/{key}"


@pytest.mark.parametrize("key", [*KEYS, *ANCHOR_KEYS])
@pytest.mark.parametrize("value", [None, True, 1.0, "1", [], {}, -1, "", ["x"]], ids=repr)
def test_no_key_takes_a_value_of_another_kind(key: str, value: object) -> None:
    if (key, value) in (("siblings", []), ("anchors", [])):
        return
    document = as_json(**{key: value}) if key in KEYS else with_anchor(**{key: value})
    with pytest.raises(InvalidInputError, match="format 1"):
        receipt_from_json(document)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        pytest.param(as_json(more=1), "/more", id="unknown key"),
        pytest.param(as_json(**{"a/b\n": 1}), "/a~1b\\n", id="unknown key with odd characters"),
        pytest.param(with_anchor(more=1), "/anchors/0/more", id="unknown key in an anchor"),
        pytest.param(as_json(leaf_index=10), "/leaf_index", id="snake case beside"),
        pytest.param(
            {k: v for k, v in as_json(leaf_index=10).items() if k != "leafIndex"},
            "/leafIndex",
            id="snake case instead",
        ),
        pytest.param(with_anchor(block_number=17), "/anchors/0/block_number", id="snake in anchor"),
        pytest.param(as_json(type="rootseal/receipt@2"), "/type", id="format 2"),
        pytest.param(as_json(canonicalization="JCS"), "/canonicalization", id="case of jcs"),
        pytest.param(as_json(canonicalization="c14n"), "/canonicalization", id="unknown form"),
        pytest.param(as_json(salt=HASH.upper()), "/salt", id="upper-case hash"),
        pytest.param(as_json(salt="0x" + HASH), "/salt", id="hash with 0x"),
        pytest.param(as_json(salt=HASH[2:]), "/salt", id="short hash"),
        pytest.param(as_json(salt=HASH + "\n"), "/salt", id="hash with a line end"),
        pytest.param(as_json(siblings=[HASH, "x"]), "/siblings/1", id="sibling"),
        pytest.param(as_json(siblings={HASH: 1}), "/siblings", id="siblings as an object"),
        pytest.param(as_json(siblings=[HASH] * (MAX_SIBLINGS + 1)), "/siblings", id="41 siblings"),
        pytest.param(as_json(anchors=as_json()["anchors"] * 17), "/anchors", id="17 anchors"),
        pytest.param(as_json(leafIndex=MAX_TREE_SIZE), "/leafIndex", id="index beyond"),
        pytest.param(as_json(treeSize=0), "/treeSize", id="empty tree"),
        pytest.param(as_json(treeSize=MAX_TREE_SIZE + 1), "/treeSize", id="tree too large"),
        pytest.param(with_anchor(chain=31337), "/anchors/0/chain", id="chain as a number"),
        pytest.param(with_anchor(chain="eip155:0"), "/anchors/0/chain", id="chain 0"),
        pytest.param(with_anchor(chain="eip155:01"), "/anchors/0/chain", id="padded chain"),
        pytest.param(with_anchor(issuer="0x" + "f3" * 20), "/anchors/0/issuer", id="no checksum"),
        pytest.param(
            with_anchor(issuer="0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            "/anchors/0/issuer",
            id="wrong checksum",
        ),
        pytest.param(
            with_anchor(issuer="0XF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266"),
            "/anchors/0/issuer",
            id="0X",
        ),
        pytest.param(with_anchor(transaction=HASH), "/anchors/0/transaction", id="no 0x"),
        pytest.param(
            with_anchor(blockHash="0x" + HASH.upper()), "/anchors/0/blockHash", id="upper case"
        ),
        pytest.param(with_anchor(blockNumber=MAX_COUNT + 1), "/anchors/0/blockNumber", id="block"),
        pytest.param(
            with_anchor(anchoredAt="2026-01-31T02:00:05+00:00"), "/anchors/0/anchoredAt", id="zone"
        ),
    ],
)
def test_refuses_other_spellings_with_the_place(document: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        receipt_from_json(document)
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda d: d.replace(b'{"anchors"', b'{"seal":"","anchors"'), "dupl", id="key"),
        pytest.param(lambda d: d.replace(b'"logIndex":2', b'"logIndex":2.0'), "format 1", id="2.0"),
        pytest.param(lambda d: d.replace(b'"logIndex":2', b'"logIndex":"2"'), "format 1", id="'2'"),
        pytest.param(lambda d: d + d, "not JSON", id="twice"),
        pytest.param(lambda _: b"[]", "JSON object", id="not an object"),
    ],
)
def test_refuses_files_of_another_shape(damage: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        parse_receipt(damage(PRINTED))


def test_the_longest_receipt_fits_and_a_longer_file_does_not() -> None:
    longest = a_receipt(count=MAX_ANCHORS, siblings=MAX_SIBLINGS)
    padded = print_receipt(longest).ljust(MAX_RECEIPT_BYTES)
    assert parse_receipt(padded) == longest
    with pytest.raises(TooLargeError, match=str(MAX_RECEIPT_BYTES)):
        parse_receipt(padded + b" ")


def test_a_receipt_without_anchors_is_pending() -> None:
    assert a_receipt(count=0).is_pending
    assert not a_receipt(count=1).is_pending


def test_gives_its_inclusion_proof() -> None:
    receipt = a_receipt()
    assert receipt.proof == InclusionProof(10, 100, receipt.siblings)
