"""The JavaScript engine reads evidence exactly as the Python engine does."""

import json
import struct
from pathlib import Path
from typing import Any  # vectors are JSON

import pytest

from registry.core.canonical import document_hash, jcs_bytes
from registry.core.documents import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    parse_document,
    parse_json,
)
from registry.core.tree import InclusionProof, seal_from_proof
from registry.errors import InvalidInputError
from tests.browser.engine import Engine, b64
from tests.browser.mutations import json_texts, nested, numbers, strings

VECTORS = Path(__file__).parent.parent / "vectors"
APPENDIX_B = (
    "0000000000000000", "8000000000000000", "0000000000000001", "8000000000000001",
    "7fefffffffffffff", "ffefffffffffffff", "4340000000000000", "c340000000000000",
    "4430000000000000", "44b52d02c7e14af5", "44b52d02c7e14af6", "44b52d02c7e14af7",
    "444b1ae4d6e2ef4e", "444b1ae4d6e2ef4f", "444b1ae4d6e2ef50", "3eb0c6f7a0b5ed8c",
    "3eb0c6f7a0b5ed8d", "41b3de4355555553", "41b3de4355555554", "41b3de4355555555",
    "41b3de4355555556", "41b3de4355555557", "becbf647612f3696", "43143ff3c1cb0959",
)  # fmt: skip


def hash_in_python(data: bytes) -> str | None:
    try:
        return document_hash(parse_document(data)).hex()
    except InvalidInputError:
        return None


def agree(engine: Engine, documents: list[bytes]) -> int:
    """Assert that both engines hash or refuse each document alike; how many they refuse."""
    call = '(data) => canonical.credentialHash(bytes(data), "jcs")'
    found = engine.each(call, [b64(document) for document in documents])
    wanted = [hash_in_python(document) for document in documents]
    differing = [
        (document, want, answer)
        for document, want, answer in zip(documents, wanted, found, strict=True)
        if answer.get("value") != want
    ]
    assert differing == []
    return wanted.count(None)


def test_every_odd_number_is_carried_or_refused_alike(engine: Engine) -> None:
    assert agree(engine, numbers()) > 20


def test_every_odd_string_is_carried_or_refused_alike(engine: Engine) -> None:
    assert agree(engine, strings()) > 20


def test_random_and_damaged_documents_are_hashed_or_refused_alike(engine: Engine) -> None:
    documents = list(json_texts(600, seed=4))
    refused = agree(engine, documents)
    assert 100 < refused < 500


@pytest.mark.parametrize("kind", ["list", "object"])
def test_depth_is_limited_alike(engine: Engine, kind: str) -> None:
    assert agree(engine, [nested(MAX_DEPTH, kind), nested(MAX_DEPTH + 1, kind)]) == 1


def test_size_is_limited_alike(engine: Engine) -> None:
    full = b'{"a":"' + b"b" * (MAX_DOCUMENT_BYTES - 8) + b'"}'
    assert agree(engine, [full, full + b" "]) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b'{"a":"\xff"}', id="stray byte"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\xc0\xaf"}', id="overlong form"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"{} {}", id="two documents"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
    ],
)
def test_what_is_no_document_is_refused(engine: Engine, data: bytes) -> None:
    assert agree(engine, [data]) == 1


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('{"a":1,"a":1}', "duplicate-key", "/a"),
        ('{"a":[0,{"b":{},"b":{}}]}', "duplicate-key", "/a/1/b"),
        ('{"a/b":{"~":0,"~":0}}', "duplicate-key", "/a~1b/~0"),
        ('{"a":9007199254740992}', "unsafe-integer", "/a"),
        ('{"a":[1e16]}', "unsafe-integer", "/a/0"),
        ('{"a":0.10000000000000000000001}', "inexact-number", "/a"),
        ('{"a":["\\ud800"]}', "lone-surrogate", "/a/0"),
        ('{"a":', "not-json", None),
        ("[]", "not-an-object", "/"),
    ],
)
def test_a_refusal_says_why_and_where(
    engine: Engine, text: str, code: str, place: str | None
) -> None:
    (found,) = engine.each("(data) => documents.parseDocument(bytes(data))", [b64(text.encode())])
    assert found == {"refused": code, "place": place}


def test_places_are_printable_and_short(engine: Engine) -> None:
    keys = ["a" * 1000, "\u202e\x00", "\ue000é "]
    texts = [json.dumps({key: 2**53}).encode() for key in keys]
    found = engine.each("(data) => documents.parseDocument(bytes(data))", list(map(b64, texts)))
    assert [answer["place"] for answer in found] == [
        "/" + "a" * 398 + "…",
        "/\\u{202e}\\u{0}",
        "/\\u{e000}é ",
    ]


def test_doubles_are_printed_as_rfc_8785_appendix_b_says(engine: Engine) -> None:
    doubles = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in APPENDIX_B]
    script = """(all) => all.map((bits) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt(`0x${bits}`));
      return canonical.jcsText(view.getFloat64(0));
    })"""
    assert engine.run(script, APPENDIX_B) == [jcs_bytes(double).decode() for double in doubles]


def test_the_document_of_rfc_8785_is_printed_as_there(engine: Engine) -> None:
    text = (
        '{"numbers":[333333333.3333333,1E30,4.50,2e-3,0.000000000000000000000000001],'
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",'
        '"literals":[null,true,false],"\\r":0,"1":0,"\\u0080":0,"ö":0,"€":0,"😀":0,"\ufb33":0}'
    )
    script = "(data) => canonical.jcsText(documents.parseJson(bytes(data)))"
    found = engine.run(script, b64(text.encode()))
    assert found == jcs_bytes(parse_json(text.encode())).decode()


def test_hashes_are_the_same_without_the_browsers_own(engine: Engine) -> None:
    script = """async () => {
      const parts = [new Uint8Array([1, 2]), new Uint8Array(1000)];
      const own = await digest.sha256(...parts);
      const saved = globalThis.crypto;
      Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
      const inScript = await digest.sha256(...parts);
      Object.defineProperty(globalThis, "crypto", { value: saved, configurable: true });
      return [[...own], [...inScript]];
    }"""
    own, in_script = engine.run(script)
    assert own == in_script
    assert len(own) == 32


def tree_vectors() -> list[dict[str, Any]]:
    trees = json.loads((VECTORS / "sealed_trees.json").read_bytes())["trees"]
    right = [
        {**receipt, "treeSize": tree["treeSize"], "seal": tree["seal"], "expected": "match"}
        for tree in trees
        for receipt in tree["receipts"]
    ]
    wrong = json.loads((VECTORS / "sealed_tree_errors.json").read_bytes())["cases"]
    assert len(right) > 50
    assert len(wrong) > 100
    return [*right, *wrong]


def test_every_proof_of_the_vectors_leads_where_it_should(engine: Engine) -> None:
    proofs = tree_vectors()
    found = engine.each("tree.sealFromProof", proofs)
    for proof, answer in zip(proofs, found, strict=True):
        same = "match" if answer.get("value") == proof["seal"] else "mismatch"
        assert answer.get("refused", same) == proof["expected"], proof


def test_paths_of_the_largest_trees_are_walked(engine: Engine) -> None:
    """Beyond 2^32 leaves, where the bit operators of JavaScript would fold indexes together."""
    hash_ = "11" * 32
    base = {"salt": hash_, "credentialHash": hash_}
    sizes = [(2**40 - 1, 2**40, 40), (2**33, 2**33 + 1, 1), (2**33 - 1, 2**33 + 1, 34)]
    proofs = [
        {**base, "leafIndex": index, "treeSize": size, "siblings": [hash_] * count}
        for index, size, count in sizes
    ]
    found = engine.each("tree.sealFromProof", proofs)
    wanted = [
        seal_from_proof(
            salt=bytes.fromhex(hash_),
            credential_hash=bytes.fromhex(hash_),
            proof=InclusionProof(index, size, (bytes.fromhex(hash_),) * count),
        ).hex()
        for index, size, count in sizes
    ]
    assert [answer["value"] for answer in found] == wanted
    beyond = {**base, "leafIndex": 0, "treeSize": 2**40 + 1, "siblings": [hash_] * 41}
    assert engine.each("tree.sealFromProof", [beyond])[0]["refused"] == "index-out-of-range"
