import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import Canonicalization, document_hash, jcs_bytes
from registry.core.documents import Json, parse_document
from registry.core.receipt import (
    Receipt,
    embed_receipt,
    extract_receipt,
    other_proofs,
    proof_name,
)
from registry.errors import InvalidInputError, TooLargeError
from tests.core.strategies import a_receipt, json_values, receipts, texts

OTHER: Json = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofValue": "z3"}
EARLIER: Json = {"type": "Ed25519Signature2020"}


def embedded(**changes: object) -> dict[str, Any]:
    """A credential with one embedded receipt, the members of whose proof are changed."""
    document: dict[str, Any] = json.loads(jcs_bytes(embed_receipt({"id": "urn:x"}, a_receipt())))
    document["proof"][0].update(changes)
    return document


@given(
    document=st.dictionaries(texts, json_values, max_size=3),
    receipt=receipts(least_anchors=1).filter(
        lambda receipt: receipt.canonicalization is Canonicalization.JCS
    ),
)
def test_extracting_undoes_embedding(document: dict[str, Json], receipt: Receipt) -> None:
    with_receipt = embed_receipt(document, receipt)
    assert extract_receipt(with_receipt) == receipt
    assert extract_receipt(parse_document(jcs_bytes(with_receipt))) == receipt
    assert document_hash(with_receipt) == document_hash(document)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, [], id="no proof"),
        pytest.param({"proof": None}, [], id="null"),
        pytest.param({"proof": []}, [], id="empty set"),
        pytest.param({"proof": OTHER}, [OTHER], id="a single proof"),
        pytest.param({"proof": [OTHER, EARLIER]}, [OTHER, EARLIER], id="two proofs"),
        pytest.param({"proof": ["odd"]}, ["odd"], id="not even an object"),
    ],
)
def test_other_proofs_stay_and_the_receipt_comes_last(
    before: dict[str, Json], after: list[Json]
) -> None:
    proofs = embed_receipt(before, a_receipt())["proof"]
    assert isinstance(proofs, list)
    assert proofs[:-1] == after
    assert before.get("proof") != proofs


def test_an_earlier_receipt_is_replaced() -> None:
    document = embed_receipt({"proof": [OTHER]}, a_receipt(count=1))
    again = embed_receipt(document, a_receipt(count=2))
    assert extract_receipt(again) == a_receipt(count=2)
    assert list(map(proof_name, other_proofs(again))) == ["eddsa-rdfc-2022"]


def test_the_proof_says_when_and_by_whom() -> None:
    proof = embedded()["proof"][0]
    assert proof | {"receipt": None} == {
        "type": "DataIntegrityProof",
        "cryptosuite": "rootseal-receipt-2026",
        "created": "2026-01-31T02:00:05Z",
        "proofPurpose": "assertionMethod",
        "verificationMethod": "did:pkh:eip155:31337:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "receipt": None,
    }


def test_a_pending_receipt_is_not_embedded() -> None:
    with pytest.raises(InvalidInputError, match="pending"):
        embed_receipt({}, a_receipt(count=0))


def test_a_receipt_of_raw_bytes_is_not_embedded() -> None:
    raw = a_receipt().model_copy(update={"canonicalization": Canonicalization.RAW})
    with pytest.raises(InvalidInputError, match="raw bytes"):
        embed_receipt({}, raw)


@pytest.mark.parametrize("document", [{}, {"proof": None}, {"proof": OTHER}, {"proof": [EARLIER]}])
def test_finds_no_receipt_where_there_is_none(document: dict[str, Json]) -> None:
    assert extract_receipt(document) is None


def test_finds_a_receipt_that_is_the_only_proof_and_not_in_a_list() -> None:
    document = embedded()
    document["proof"] = document["proof"][0]
    assert extract_receipt(document) == a_receipt()
    document["proof"]["created"] = "2026"
    with pytest.raises(InvalidInputError) as caught:
        extract_receipt(document)
    assert caught.value.place == "/proof/created"


def test_refuses_two_receipts() -> None:
    document = embedded()
    document["proof"] *= 2
    with pytest.raises(InvalidInputError, match="more than one receipt"):
        extract_receipt(document)


HIM = "did:pkh:eip155:31337:0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LOWER = "did:pkh:eip155:31337:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
PENDING = json.loads(jcs_bytes(a_receipt(count=0).model_dump()))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({"created": "2026-01-31T02:00:06Z"}, "/proof/0/created", id="time"),
        pytest.param({"created": None}, "/proof/0/created", id="no time"),
        pytest.param({"verificationMethod": HIM}, "/proof/0/verificationMethod", id="issuer"),
        pytest.param({"verificationMethod": LOWER}, "/proof/0/verificationMethod", id="spelling"),
        pytest.param({"verificationMethod": 1}, "/proof/0/verificationMethod", id="number"),
        pytest.param({"receipt": PENDING}, "/proof/0", id="pending"),
        pytest.param({"receipt": {**PENDING, "salt": "x"}}, "/proof/0/receipt/salt", id="receipt"),
        pytest.param({"type": "Proof"}, "/proof/0/type", id="type"),
        pytest.param({"proofPurpose": "authentication"}, "/proof/0/proofPurpose", id="purpose"),
        pytest.param({"proofValue": "z"}, "/proof/0/proofValue", id="unknown key"),
        pytest.param({"proof_purpose": "x"}, "/proof/0/proof_purpose", id="snake case"),
    ],
)
def test_refuses_a_proof_that_does_not_fit_its_receipt(
    changes: dict[str, Json], place: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        extract_receipt(embedded(**changes))
    assert caught.value.place == place


@pytest.mark.parametrize(
    "key", ["type", "created", "proofPurpose", "verificationMethod", "receipt"]
)
def test_every_member_of_a_proof_is_required(key: str) -> None:
    document = embedded()
    document["proof"][0].pop(key)
    with pytest.raises(InvalidInputError) as caught:
        extract_receipt(document)
    assert caught.value.place == f"/proof/0/{key}"


def test_a_chain_written_as_a_number_is_refused_inside_a_proof_too() -> None:
    document = embedded()
    document["proof"][0]["receipt"]["anchors"][0]["chain"] = 31337
    with pytest.raises(InvalidInputError) as caught:
        extract_receipt(document)
    assert caught.value.place == "/proof/0/receipt/anchors/0/chain"


def test_names_the_other_proofs_by_suite_or_type() -> None:
    nameless: list[Json] = [{}, {"type": ["a"]}, {"cryptosuite": "", "type": ""}, "odd", None]
    document = embed_receipt({"proof": [OTHER, EARLIER, *nameless]}, a_receipt())
    assert (
        list(map(proof_name, other_proofs(document)))
        == ["eddsa-rdfc-2022", "Ed25519Signature2020"] + ["unnamed"] * 5
    )
    assert other_proofs({}) == []


def test_a_receipt_of_many_wrong_members_is_too_large() -> None:
    for wrong in ({"receipt": {"siblings": [1] * 40_000}}, {str(n): n for n in range(20_000)}):
        proof: Any = {"cryptosuite": "rootseal-receipt-2026", **wrong}
        with pytest.raises(TooLargeError) as refused:
            extract_receipt({"proof": [{}, proof]})
        assert refused.value.place == "/proof/1"
