"""Data Integrity proofs: the W3C's vectors, and every way to change what was signed."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openvc.multibase import decode_multibase
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.di_jcs import EddsaJcsProofSuite

from registry import standards
from registry.core import rdf
from registry.errors import InvalidInputError, VerificationError
from registry.vc import data_integrity
from registry.vc.data_integrity import Cryptosuite, document_digest, sign, verify
from registry.vc.did import key_of_did_key
from registry.vc.signing_keys import did_key, key_from_seed, multikey
from tests.vc.badge import badge

W3C = json.loads((Path(__file__).parents[1] / "vectors" / "data_integrity.json").read_bytes())
KEY = key_from_seed(decode_multibase(W3C["secretKeyMultibase"])[2:])
METHOD = f"{did_key(KEY.public_key_raw())}#{multikey(KEY.public_key_raw())}"
CREATED = datetime(2023, 2, 24, 23, 36, 38, 999, tzinfo=UTC)
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
suites = pytest.mark.parametrize("suite", list(Cryptosuite))


@pytest.fixture
def examples_context(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The context of the W3C's examples, which gives every undefined term a home."""
    real = standards.context
    own = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
    monkeypatch.setattr(rdf, "context", lambda url: own if url == EXAMPLES else real(url))
    monkeypatch.setattr(rdf, "CONTEXT_FILES", {**standards.CONTEXT_FILES, EXAMPLES: "none"})
    monkeypatch.setattr(rdf, "_processor", rdf._Processor())
    rdf.bundled_for_openvc.cache_clear()
    yield
    rdf.bundled_for_openvc.cache_clear()
    data_integrity._config_digest.cache_clear()


def signed(suite: Cryptosuite, document: dict[str, Any] | None = None) -> dict[str, Any]:
    document = badge() if document is None else document
    proof = sign(document, KEY, suite, verification_method=METHOD, created=CREATED)
    return {**document, "proof": proof}


def check(secured: dict[str, Any]) -> None:
    verify(secured, secured["proof"], KEY.public_key_raw())


@suites
@pytest.mark.usefixtures("examples_context")
def test_the_w3cs_vectors_are_reproduced(suite: Cryptosuite) -> None:
    wanted = W3C["suites"][suite.value]
    document = W3C["document"]
    assert multikey(KEY.public_key_raw()) == W3C["publicKeyMultibase"]
    assert document_digest(document, suite).hex() == wanted["documentHash"]
    secured = signed(suite, document)
    assert secured["proof"]["created"] == W3C["created"]
    assert secured["proof"]["proofValue"] == wanted["proofValue"]
    assert decode_multibase(wanted["proofValue"]).hex() == wanted["signature"]
    config = {k: v for k, v in secured["proof"].items() if k not in ("proofValue", "@context")}
    text = json.dumps({"@context": document["@context"], **config}).encode()
    assert data_integrity._config_digest(text, suite).hex() == wanted["configHash"]
    assert (
        KEY.sign(bytes.fromhex(wanted["configHash"] + wanted["documentHash"])).hex()
        == (wanted["signature"])
    )
    check(secured)


@suites
def test_what_is_signed_is_verified(suite: Cryptosuite) -> None:
    check(signed(suite))


@suites
def test_a_digest_that_is_known_gives_the_same_proof(suite: Cryptosuite) -> None:
    digest = document_digest(badge(), suite)
    proof = sign(badge(), KEY, suite, verification_method=METHOD, created=CREATED, digest=digest)
    assert proof == signed(suite)["proof"]


@pytest.mark.parametrize(
    ("suite", "other"),
    [
        (Cryptosuite.RDFC, DataIntegrityProofSuite()),
        (Cryptosuite.JCS, EddsaJcsProofSuite()),
    ],
)
def test_others_verify_it_too(suite: Cryptosuite, other: Any) -> None:
    extra = {"extra_contexts": rdf.bundled_for_openvc()} if suite is Cryptosuite.RDFC else {}
    found = other.verify(signed(suite), public_key_jwk=KEY.public_jwk(), **extra)
    assert found.issuer == "did:web:academy.example"


@suites
def test_proofs_beside_it_are_not_covered(suite: Cryptosuite) -> None:
    first = signed(Cryptosuite.RDFC)["proof"]
    second = sign(
        {**badge(), "proof": first}, KEY, suite, verification_method=METHOD, created=CREATED
    )
    secured = {**badge(), "proof": [first, second]}
    for proof in secured["proof"]:
        verify(secured, proof, KEY.public_key_raw())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the leaves of a document are."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    else:
        yield path


def changed(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    turned = deepcopy(document)
    inner = turned
    for step in path[:-1]:
        inner = inner[step]
    value = inner[path[-1]]
    inner[path[-1]] = (not value) if isinstance(value, bool) else f"{value}x"
    return turned


@suites
def test_each_changed_value_is_found(suite: Cryptosuite, subtests: pytest.Subtests) -> None:
    secured = signed(suite)
    for path in places(secured):
        refused = pytest.raises((VerificationError, InvalidInputError))
        with subtests.test(path=str(path)), refused:
            check(changed(secured, path))


@suites
@pytest.mark.parametrize("name", ["validUntil", "credentialStatus", "credentialSubject", "issuer"])
def test_what_was_left_out_is_found(suite: Cryptosuite, name: str) -> None:
    secured = signed(suite)
    del secured[name]
    with pytest.raises(VerificationError) as caught:
        check(secured)
    assert caught.value.reason == "bad-signature"


@suites
def test_what_was_added_is_found(suite: Cryptosuite) -> None:
    with pytest.raises(VerificationError):
        check({**signed(suite), "description": "and more"})
    with pytest.raises((VerificationError, InvalidInputError)):
        check({**signed(suite), "no such term": "and more"})


def by_its_iri(secured: dict[str, Any]) -> None:
    secured["https://www.w3.org/2018/credentials#validUntil"] = {
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
        "@value": secured.pop("validUntil"),
    }


def in_a_context_of_its_own(secured: dict[str, Any]) -> None:
    secured["@context"].append({"until": "https://www.w3.org/2018/credentials#validUntil"})
    secured["until"] = secured.pop("validUntil")


@pytest.mark.parametrize("change", [by_its_iri, in_a_context_of_its_own])
def test_words_that_hide_what_was_signed_are_refused(
    change: Callable[[dict[str, Any]], None],
) -> None:
    secured = signed(Cryptosuite.RDFC)
    change(secured)
    with pytest.raises((VerificationError, InvalidInputError)):
        check(secured)


@suites
def test_another_key_is_none(suite: Cryptosuite) -> None:
    secured = signed(suite)
    with pytest.raises(VerificationError, match="does not hold"):
        verify(secured, secured["proof"], key_from_seed(b"\1" * 32).public_key_raw())


@suites
@pytest.mark.parametrize(
    "proof",
    [
        {"proofPurpose": "authentication"},
        {"type": "Ed25519Signature2020"},
        {"proofValue": ""},
        {"proofValue": "z"},
        {"proofValue": "z!"},
        {"proofValue": 7},
        {"proofValue": None},
    ],
)
def test_proofs_that_are_none_hold_nothing(suite: Cryptosuite, proof: dict[str, Any]) -> None:
    secured = signed(suite)
    secured["proof"] |= proof
    with pytest.raises((VerificationError, InvalidInputError)):
        check(secured)


def test_another_purpose_does_not_count_even_if_signed_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(data_integrity, "PURPOSE", "authentication")
        secured = signed(Cryptosuite.JCS)
    with pytest.raises(InvalidInputError):
        check(secured)


def test_other_cryptosuites_are_not_judged() -> None:
    secured = signed(Cryptosuite.JCS)
    secured["proof"]["cryptosuite"] = "ecdsa-rdfc-2019"
    with pytest.raises(InvalidInputError, match="not a cryptosuite"):
        check(secured)


@suites
def test_dates_are_not_its_business(suite: Cryptosuite) -> None:
    for dates in ({"validFrom": "2999-01-01T00:00:00Z"}, {"validUntil": "1999-01-01T00:00:00Z"}):
        check(signed(suite, badge(**dates)))


def test_a_did_key_is_its_own_document() -> None:
    assert key_of_did_key(METHOD) == KEY.public_key_raw()
