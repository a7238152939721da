from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey
from openvc.did.base import parse_did_document

from registry.core.identity import Account, accounts_in_did_document
from registry.errors import InvalidInputError, VerificationError
from registry.vc.did import IssuerKeys, controller_of, did_document, key_of, key_of_did_key
from registry.vc.signing_keys import did_key, key_from_seed, multikey

DID = "did:web:academy.example"
PROFILE = "https://academy.example/profile.json"
SIGNING = key_from_seed(b"\7" * 32)
ANCHORING = PrivateKey(b"\5" * 32).public_key
KEYS = IssuerKeys(
    SIGNING.public_key_raw(),
    ANCHORING.to_compressed_bytes(),
    ANCHORING.to_canonical_address(),
    (1, 31337),
)
DOCUMENT: dict[str, Any] = did_document(DID, KEYS, profile_url=PROFILE)


def test_the_anchoring_address_is_bound_to_the_name() -> None:
    assert accounts_in_did_document(DOCUMENT) == {
        Account(chain, KEYS.address) for chain in (1, 31337)
    }


def test_its_key_signs_for_it() -> None:
    assert key_of(DOCUMENT, f"{DID}#key-1") == SIGNING.public_key_raw()


def test_the_anchoring_key_is_in_it_as_a_point_and_signs_nothing() -> None:
    jwk = DOCUMENT["verificationMethod"][1]["publicKeyJwk"]
    assert (jwk["kty"], jwk["crv"]) == ("EC", "secp256k1")
    assert [len(jwk[name]) for name in "xy"] == [43, 43]
    with pytest.raises(VerificationError, match="no Ed25519"):
        key_of(DOCUMENT, f"{DID}#anchor-1")


def test_before_the_first_anchor_its_key_is_not_known() -> None:
    document: Any = did_document(DID, replace(KEYS, anchoring=None), profile_url=PROFILE)
    assert [method["id"] for method in document["verificationMethod"]] == [f"{DID}#key-1"]
    assert document["assertionMethod"] == [f"{DID}#key-1"]
    assert accounts_in_did_document(document) == accounts_in_did_document(DOCUMENT)


def test_it_leads_to_the_profile() -> None:
    (service,) = DOCUMENT["service"]
    assert (service["type"], service["serviceEndpoint"]) == ("IssuerProfile", PROFILE)


def test_others_read_it() -> None:
    found = parse_did_document(DOCUMENT)
    assert (found.id, len(found.verification_methods)) == (DID, 2)


@pytest.mark.parametrize("point", [b"", b"\2" + b"\xff" * 32, b"\5" * 33])
def test_what_is_no_point_is_no_anchoring_key(point: bytes) -> None:
    with pytest.raises(InvalidInputError, match="secp256k1"):
        did_document(DID, IssuerKeys(bytes(32), point, bytes(20), (1,)), profile_url=PROFILE)


@pytest.mark.parametrize(
    "method",
    [f"{DID}#key-2", f"{DID}", "did:web:other.example#key-1", "#key-2", f"{DID}#", "key-1"],
)
def test_other_names_have_no_key_there(method: str) -> None:
    with pytest.raises(VerificationError) as caught:
        key_of(DOCUMENT, method)
    assert caught.value.reason == "no-key"


def test_a_key_for_another_purpose_signs_no_credential() -> None:
    document = deepcopy(DOCUMENT)
    document["assertionMethod"] = [f"{DID}#anchor-1"]
    with pytest.raises(VerificationError):
        key_of(document, f"{DID}#key-1")


@pytest.mark.parametrize("document", [{}, {"id": 7}, {"verificationMethod": "x"}])
def test_what_is_no_did_document_has_no_keys(document: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        key_of(document, f"{DID}#key-1")


@pytest.mark.parametrize(
    "method", [None, 7, "", "ftp://academy.example#key", DID, "did:web:" + "x" * 2000 + "#k"]
)
def test_what_names_no_key_is_refused(method: Any) -> None:
    with pytest.raises(VerificationError, match="key"):
        controller_of(method)


def test_a_did_key_holds_its_key() -> None:
    public = SIGNING.public_key_raw()
    assert key_of_did_key(f"{did_key(public)}#{multikey(public)}") == SIGNING.public_key_raw()


@pytest.mark.parametrize(
    "method", ["did:key:z6Mk#z6Mk", "did:key:u123#u123", "did:key:z#z", "did:key:zQ3s#x"]
)
def test_a_did_key_that_is_none_has_no_key(method: str) -> None:
    with pytest.raises(VerificationError):
        key_of_did_key(method)
