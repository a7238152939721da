"""The JavaScript engine takes and refuses receipts exactly as the Python engine does."""

import json
from collections.abc import Iterator
from typing import Any  # JSON of a receipt

import orjson

from registry.core.address import MAX_CHAIN_ID, parse_address
from registry.core.documents import Json, parse_document
from registry.core.receipt import (
    MAX_RECEIPT_BYTES,
    Receipt,
    embed_receipt,
    extract_receipt,
    other_proofs,
    parse_receipt,
    print_receipt,
    proof_name,
)
from registry.errors import InvalidInputError
from tests.browser.engine import Engine, b64
from tests.core.strategies import a_receipt

HASH = "0f" * 32
ISSUER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
# In the place of any value: JSON as text, so that 3 and 3.0 stay two spellings.
ODD = (
    "null", "true", "false", "0", "-0", "1", "-1", "1.0", "1e0", "0.5", "10", "1e1", "[]", "{}",
    '""', '"jcs"', '"raw"', '"rdfc"', '"JCS"', '"rootseal/receipt@1"', '"rootseal/receipt@2"',
    "1099511627776", "1099511627775", "1099511627777", "9007199254740991", "4294967296",
    f'"{HASH}"', f'"{HASH.upper()}"', f'"{HASH[1:]}"', f'"{HASH}0"', f'"{HASH}\\n"',
    f'"0x{HASH}"', f'"0x{HASH.upper()}"', f'"0X{HASH}"', f'"{ISSUER}"', f'"{ISSUER.lower()}"',
    f'"{ISSUER.upper()}"', f'"0x{ISSUER[2:].upper()}"', f'"{ISSUER[:-1]}7"', f'"{ISSUER[2:]}"',
    f'"0x{"0" * 40}"', '"eip155:1"', '"eip155:01"', '"eip155:0"', '"eip155:-1"', '"eip155:1 "',
    '"EIP155:1"', '"eip155:١"', f'"eip155:{MAX_CHAIN_ID}"', f'"eip155:{MAX_CHAIN_ID + 1}"',
    '"eip155:9999999999999999999"', '"1"', '"2026-01-31T02:00:05Z"', '"2026-01-31T02:00:05z"',
    '"2026-01-31t02:00:05Z"', '"2026-01-31T02:00:05.0Z"', '"2026-01-31T02:00:05+00:00"',
    '"2026-01-31 02:00:05Z"', '"2026-02-30T02:00:05Z"', '"2026-02-29T02:00:05Z"',
    '"2024-02-29T02:00:05Z"', '"2026-13-01T02:00:05Z"', '"2026-00-01T02:00:05Z"',
    '"2026-01-00T02:00:05Z"', '"2026-01-31T24:00:00Z"', '"2026-01-31T23:59:60Z"',
    '"2026-01-31T23:60:00Z"', '"2026-01-31T02:00:05Z\\n"', '"0000-01-01T00:00:00Z"',
    '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"10000-01-01T00:00:00Z"', '"2026-01-31"',
    '"assertionMethod"', '"authentication"', '"DataIntegrityProof"', '"did:pkh:eip155:1:0x0"',
    '"\\u0000"', json.dumps([HASH] * 40), json.dumps([HASH] * 41),
    json.dumps([HASH, HASH.upper()]), json.dumps([1]), json.dumps({"0": HASH}),
)  # fmt: skip

# Members with one value only. Whether they are there is the subject of a test of its own.
FIXED = ("type", "proofPurpose")


def texts(document: dict[str, Any]) -> Iterator[bytes]:
    """The document with each value in it changed, left out, doubled, renamed, and joined."""
    yield orjson.dumps(document)
    for path in list(paths(document)):
        for odd in ODD:
            yield changed(document, path, odd)
        if path[-1] not in FIXED:
            yield removed(document, path)
        if isinstance(path[-1], str) and path[-1] not in FIXED:
            yield renamed(document, path, snake(path[-1]))
            yield renamed(document, path, path[-1].upper())
        yield joined(document, path, "more")
        yield joined(document, path, "__proto__")


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in members:
        yield (*above, key)
        if isinstance(item, (dict, list)):
            yield from paths(item, (*above, key))


MARK = "here it goes"


def changed(document: Any, path: tuple[Any, ...], odd: str) -> bytes:
    copy, holder = holder_in(document, path)
    holder[path[-1]] = MARK
    return json.dumps(copy).replace(f'"{MARK}"', odd).encode()


def removed(document: Any, path: tuple[Any, ...]) -> bytes:
    copy, holder = holder_in(document, path)
    del holder[path[-1]]
    return json.dumps(copy).encode()


def renamed(document: Any, path: tuple[Any, ...], name: str) -> bytes:
    copy, holder = holder_in(document, path)
    holder[name] = holder.pop(path[-1])
    return json.dumps(copy).encode()


def joined(document: Any, path: tuple[Any, ...], name: str) -> bytes:
    copy, holder = holder_in(document, path)
    if isinstance(holder, dict):
        holder[name] = None
    else:
        holder.append(holder[-1])
    return json.dumps(copy).encode()


def holder_in(document: Any, path: tuple[Any, ...]) -> tuple[Any, Any]:
    copy = json.loads(json.dumps(document))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    return copy, holder


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def shown(receipt: Receipt | None) -> dict[str, Any] | None:
    """A receipt as JavaScript holds it."""
    if receipt is None:
        return None
    value = json.loads(print_receipt(receipt))
    for anchor, reference in zip(value["anchors"], receipt.anchors, strict=True):
        anchor["anchoredAt"] = int(reference.anchored_at.timestamp())
    return dict(value)


def parsed(data: bytes) -> dict[str, Any] | None:
    return shown(parse_receipt(data))


def extracted(data: bytes) -> dict[str, Any] | None:
    return shown(extract_receipt(json.loads(data)))


def agree(engine: Engine, python: Any, call: str, data: list[bytes]) -> int:
    """Assert that both engines read or refuse each text alike; how many they read."""
    found = engine.each(call, [b64(text) for text in data])
    accepted = 0
    for text, answer in zip(data, found, strict=True):
        try:
            want = {"value": python(text)}
            accepted += 1
        except InvalidInputError:
            want = {"refused": answer.get("refused", "but was taken"), "place": answer.get("place")}
        assert answer == want, text
    return accepted


def test_every_changed_receipt_is_read_or_refused_alike(engine: Engine) -> None:
    receipt = json.loads(print_receipt(a_receipt(count=2)))
    data = list(texts(receipt))
    accepted = agree(engine, parsed, "(data) => receipt.parseReceipt(bytes(data))", data)
    assert 50 < accepted < len(data) // 3


def test_every_changed_embedded_receipt_is_read_or_refused_alike(engine: Engine) -> None:
    other: Json = {"type": "Ed25519Signature2020", "proofValue": "z1"}
    badge = json.loads(
        orjson.dumps(embed_receipt({"id": "urn:x", "proof": [other]}, a_receipt(siblings=1)))
    )
    single = {**badge, "proof": badge["proof"][1]}
    twice = {**badge, "proof": [badge["proof"][1]] * 2}
    pending = json.loads(json.dumps(single))
    pending["proof"]["receipt"]["anchors"] = []
    data = [*texts(badge), *texts(single), orjson.dumps(twice), orjson.dumps(pending)]
    call = "(data) => receipt.extractReceipt(documents.parseDocument(bytes(data)))"
    # An odd value that is no exact JSON is refused by both readers before that.
    assert agree(engine, extracted, call, data) > 20


def test_a_receipt_without_a_member_is_refused(engine: Engine) -> None:
    receipt = json.loads(print_receipt(a_receipt()))
    badge = json.loads(orjson.dumps(embed_receipt({"id": "urn:x"}, a_receipt())))
    proof = badge["proof"][0]
    alone = [removed(receipt, (name,)) for name in receipt]
    call = "(data) => receipt.parseReceipt(bytes(data))"
    for answer in engine.each(call, list(map(b64, alone))):
        assert answer["refused"] == "missing-key"
    inside = [removed(badge, ("proof", 0, name)) for name in proof if name != "cryptosuite"]
    call = "(data) => receipt.extractReceipt(documents.parseDocument(bytes(data)))"
    for answer in engine.each(call, list(map(b64, inside))):
        assert answer["refused"] == "missing-key"


def test_sizes_are_limited_alike(engine: Engine) -> None:
    full = print_receipt(a_receipt()).ljust(MAX_RECEIPT_BYTES)
    call = "(data) => receipt.parseReceipt(bytes(data))"
    assert agree(engine, parsed, call, [full, full + b" "]) == 1
    many = [print_receipt(a_receipt(count=16)), print_receipt(a_receipt(siblings=40))]
    assert agree(engine, parsed, call, many) == 2
    receipt = json.loads(many[0])
    receipt["anchors"] *= 2
    assert agree(engine, parsed, call, [json.dumps(receipt).encode()]) == 0


def test_a_typed_address_is_read_or_refused_alike(engine: Engine) -> None:
    typed = [text[1:-1] for text in ODD if text.startswith('"')]
    for text, answer in zip(typed, engine.each("address.parseAddress", typed), strict=True):
        try:
            want = f"0x{parse_address(text).hex()}"
        except InvalidInputError:
            assert "refused" in answer, text
        else:
            assert answer["value"].lower() == want


def test_proofs_are_named_alike(engine: Engine) -> None:
    sets: list[Any] = [
        None, [], {}, 1, "x", [None, 1, [], {}], {"type": "A"}, {"cryptosuite": "b", "type": "A"},
        {"cryptosuite": "", "type": "A"}, {"cryptosuite": 1, "type": ""}, [{"type": "A"}] * 3,
        {"cryptosuite": "rootseal-receipt-2026"},
    ]  # fmt: skip
    documents = [json.dumps({"proof": proofs}).encode() for proofs in sets]
    call = (
        "(data) => receipt.otherProofs(documents.parseDocument(bytes(data))).map(receipt.proofName)"
    )
    found = engine.each(call, list(map(b64, documents)))
    assert [answer["value"] for answer in found] == [
        list(map(proof_name, other_proofs(parse_document(document)))) for document in documents
    ]
