"""Badges as VC-JWT: read strictly, signed so that others verify them, and held to their claims."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt import PyJWK, PyJWS
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, VerificationError
from registry.services.issuer_keys import NotCheckedError
from registry.services.token_checks import check_token
from registry.vc.did import ed25519_jwk
from registry.vc.jwt import (
    Token,
    read_token,
    require_agreement,
    require_known_algorithm,
    sign_token,
    verify_token,
)
from tests.cases.signing import DID, KEY, NAME, OPEN_BADGE, TOKENS, token

METHOD = f"{DID}#{NAME}"
WEB = "did:web:academy.example"


def opened(data: bytes) -> Token:
    found = read_token(data)
    assert found is not None
    return found


def test_a_token_holds_its_credential_and_says_the_same_in_claims() -> None:
    made = opened(sign_token(OPEN_BADGE, KEY, verification_method=METHOD))
    assert made.credential == OPEN_BADGE
    assert dict(made.header) == {"alg": "EdDSA", "typ": "JWT", "kid": METHOD}
    claims = {name: made.payload.get(name) for name in ("iss", "jti", "nbf", "exp", "sub")}
    assert claims == {
        "iss": DID, "jti": OPEN_BADGE["id"], "nbf": 1767225600, "exp": 2082758400, "sub": None,
    }  # fmt: skip
    require_agreement(made)
    check_token(made, None)


def test_another_library_verifies_it() -> None:
    made = sign_token(OPEN_BADGE, KEY, verification_method=METHOD)
    key = PyJWK.from_dict(ed25519_jwk(KEY.public_key_raw()))
    assert orjson.loads(PyJWS().decode(made.decode(), key, algorithms=["EdDSA"]))["iss"] == DID


def test_the_same_badge_gives_the_same_bytes() -> None:
    first, second = (sign_token(OPEN_BADGE, KEY, verification_method=METHOD) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384"])
def test_signatures_of_other_issuers_are_verified(algorithm: str) -> None:
    curve = ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1()
    private: Any = (
        rsa.generate_private_key(65537, 2048)
        if algorithm == "RS256"
        else ec.generate_private_key(curve)
    )
    to_jwk: Any = RSAAlgorithm.to_jwk if algorithm == "RS256" else ECAlgorithm.to_jwk
    text = PyJWS().encode(orjson.dumps(OPEN_BADGE), private, algorithm=algorithm)
    made = opened(text.encode())
    jwk = to_jwk(private.public_key(), as_dict=True)
    verify_token(made, jwk)
    for wrong in (ed25519_jwk(KEY.public_key_raw()), {}, {"kty": "oct", "k": "AAAA"}):
        with pytest.raises(VerificationError):
            verify_token(made, wrong)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"a.b", b"a.b.c.d", b"www.academy.example", b"{}", b"e30.e30.", b"e30.W10.x",
        b"eyJhbGciOjF9.e30.x", b"eyJhbGciOiJFZERTQSJ9.W10.x", b"eyJhbGciOiJFZERTQSJ9.x.x",
        TOKENS["a token"] + b".x", TOKENS["a token"].replace(b".", b"+."),
        b"e30." + b"a" * (2 * MAX_DOCUMENT_BYTES) + b".x",
    ],
)  # fmt: skip
def test_what_is_no_token_is_none(data: bytes) -> None:
    assert read_token(data) is None


def test_blanks_around_a_token_are_no_part_of_it() -> None:
    assert opened(b"\n " + TOKENS["a token"] + b"\r\n").credential == OPEN_BADGE


@given(st.binary(max_size=80))
def test_whatever_it_is_reading_raises_nothing(data: bytes) -> None:
    assert read_token(data) is None or data


@pytest.mark.parametrize(
    ("document", "claims", "until"),
    [
        ({}, {"exp": 1_800_000_000}, "2027-01-15T08:00:00Z"),
        ({"validUntil": "2026-01-01T00:00:00Z"}, {"exp": 1_800_000_000}, "2026-01-01T00:00:00Z"),
        ({"validUntil": "2030-01-01T00:00:00Z"}, {"exp": 1_800_000_000}, "2027-01-15T08:00:00Z"),
        ({"validUntil": "2030-01-01T00:00:00Z"}, {"exp": "soon"}, "2030-01-01T00:00:00Z"),
        ({"validUntil": "unreadable"}, {"exp": 1}, "unreadable"),
        ({}, {"exp": True}, None),
        ({}, {"exp": 1.5}, None),
        ({}, {"exp": -1}, None),
        ({}, {"exp": 10**15}, None),
    ],
)
def test_the_earlier_end_counts(document: Any, claims: Any, until: str | None) -> None:
    made = opened(token({"id": "urn:x", **document}, claims=claims))
    assert made.credential.get("validUntil") == until


def test_the_end_of_the_older_standard_counts_too() -> None:
    document = {"expirationDate": "2030-01-01T00:00:00Z"}
    made = opened(token({"vc": document}, claims={"exp": 1_800_000_000}))
    assert made.credential == {"expirationDate": "2027-01-15T08:00:00Z"}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": WEB}, {"jti": "urn:other"}, {"nbf": 1}, {"exp": 2_082_758_401}, {"nbf": "x"},
        {"exp": None},
    ],
)  # fmt: skip
def test_claims_that_say_something_else_are_refused(claims: Any) -> None:
    with pytest.raises(VerificationError):
        require_agreement(opened(token(OPEN_BADGE, claims=claims)))


def test_a_subject_that_differs_is_refused() -> None:
    document = {**OPEN_BADGE, "credentialSubject": {"id": "did:key:z1"}}
    require_agreement(opened(token(document, claims={"sub": "did:key:z1"})))
    with pytest.raises(VerificationError, match="sub"):
        require_agreement(opened(token(document, claims={"sub": "did:key:z2"})))


@pytest.mark.parametrize("name", ["none", "None", "HS256", "HS512"])
def test_what_is_no_signature_is_refused(name: str) -> None:
    with pytest.raises(VerificationError):
        require_known_algorithm(opened(token(OPEN_BADGE, header={"alg": name})))
    with pytest.raises(InvalidInputError):
        require_known_algorithm(opened(token(OPEN_BADGE, header={"alg": "PS256"})))


class Directory:
    """One did:web, which publishes its key; or whatever else."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def document_of_did(self, did: str) -> Any:
        assert did == WEB
        return self.document

    def addresses_by_dns(self, domain: str) -> Any:
        raise AssertionError(domain)


def did_web(jwk: Any) -> Any:
    method = {"id": f"{WEB}#key-1", "type": "JsonWebKey", "controller": WEB, "publicKeyJwk": jwk}
    return {"id": WEB, "verificationMethod": [method], "assertionMethod": [method["id"]]}


def test_a_did_web_is_asked_for_its_key_only_if_that_is_wanted() -> None:
    made = opened(TOKENS["a token of a did:web"])
    with pytest.raises(NotCheckedError):
        check_token(made, None)
    jwk = ed25519_jwk(KEY.public_key_raw())
    check_token(made, Directory(did_web(jwk)))
    for wrong in (None, did_web(ed25519_jwk(b"\1" * 32)), {"id": WEB}):
        with pytest.raises(VerificationError):
            check_token(made, Directory(wrong))


def test_a_key_name_without_its_key_is_refused() -> None:
    for name in (f"{DID}#other", DID, "did:key:zzz#zzz"):
        with pytest.raises(VerificationError):
            check_token(opened(token(OPEN_BADGE, header={"kid": name})), None)
    with pytest.raises(NotCheckedError):
        check_token(opened(token(OPEN_BADGE, header={"kid": "https://x.example/key"})), None)


def test_a_changed_payload_is_refused() -> None:
    head, body, end = TOKENS["a token"].split(b".")
    text = urlsafe_b64decode(body + b"=" * (-len(body) % 4)).replace(b"Foundations", b"Foundation ")
    changed = urlsafe_b64encode(text).rstrip(b"=")
    with pytest.raises(VerificationError, match="signature"):
        check_token(opened(b".".join((head, changed, end))), None)
