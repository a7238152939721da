"""Proofs whose key somebody must be asked for. All others have shared cases (tests/cases)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from registry.core.canonical import jcs_bytes
from registry.core.identity import Account
from registry.core.report import Outcome
from registry.errors import UnavailableError
from registry.services.proof_checks import MAX_PROOFS, check_proofs
from registry.vc import base58
from registry.vc.data_integrity import Cryptosuite, document_digest, sign
from registry.vc.did import IssuerKeys, did_document
from registry.vc.signing_keys import did_key, key_from_seed, multikey
from tests.vc.badge import badge

DID = "did:web:academy.example"
KEY = key_from_seed(b"\7" * 32)
METHOD = f"{DID}#key-1"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DOCUMENT = did_document(
    DID,
    IssuerKeys(KEY.public_key_raw(), None, b"\1" * 20, (1,)),
    profile_url="https://academy.example/profile",
)


@dataclass
class Directory:
    """Answers with one document, or not at all."""

    answer: dict[str, Any] | UnavailableError | None
    asked: int = 0

    def document_of_did(self, did: str) -> dict[str, Any] | None:
        assert did == DID
        self.asked += 1
        if isinstance(self.answer, UnavailableError):
            raise self.answer
        return self.answer

    def accounts_of_did(self, did: str) -> frozenset[Account]:
        raise AssertionError(did)

    def accounts_of_domain(self, domain: str) -> frozenset[Account]:
        raise AssertionError(domain)


def signed(**changes: Any) -> dict[str, Any]:
    suite = changes.pop("suite", Cryptosuite.RDFC)
    proof = sign(badge(), KEY, suite, verification_method=METHOD, created=NOW)
    return {**badge(), "proof": {**proof, **changes}}


def answer(document: dict[str, Any], directory: Directory | None) -> tuple[Outcome, str]:
    check = check_proofs(document, None, directory, now=NOW)
    return check.outcome, check.code


@pytest.mark.parametrize("suite", list(Cryptosuite))
def test_a_key_that_the_issuer_publishes_holds(suite: Cryptosuite) -> None:
    assert answer(signed(suite=suite), Directory(DOCUMENT)) == (Outcome.PASS, "proofs-hold")


def test_nobody_is_asked_unless_it_is_wanted() -> None:
    assert answer(signed(), None) == (Outcome.SKIPPED, "other-proofs-not-checked")


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"id": DID},
        {**DOCUMENT, "assertionMethod": []},
        {**DOCUMENT, "verificationMethod": []},
    ],
    ids=["no document", "no keys", "not for assertions", "another key"],
)
def test_a_key_that_the_issuer_does_not_publish_does_not(document: dict[str, Any] | None) -> None:
    assert answer(signed(), Directory(document)) == (Outcome.FAIL, "bad-proof")


def test_an_issuer_that_does_not_answer_is_no_no() -> None:
    directory = Directory(UnavailableError("no answer in time", source="academy.example"))
    check = check_proofs(signed(), None, directory, now=NOW)
    assert (check.outcome, check.code) == (Outcome.UNKNOWN, "key-unreachable")
    assert "no answer in time" in check.detail


def test_what_is_wrong_outweighs_who_does_not_answer() -> None:
    directory = Directory(UnavailableError("no answer in time", source="academy.example"))
    document = signed()
    document["proof"] = [document["proof"], {"cryptosuite": "eddsa-jcs-2022"}]
    assert answer(document, directory) == (Outcome.FAIL, "bad-proof")


@pytest.mark.parametrize(
    ("expires", "wanted"),
    [
        (NOW + timedelta(seconds=1), Outcome.PASS),
        (NOW - timedelta(seconds=1), Outcome.FAIL),
        ("soon", Outcome.FAIL),
        (7, Outcome.FAIL),
    ],
)
def test_a_proof_may_end(expires: Any, wanted: Outcome) -> None:
    text = expires.isoformat() if isinstance(expires, datetime) else expires
    config = {**badge()}
    # Signed with the end in it, as its issuer would.
    proof = signed_with(config, {"expires": text})
    assert answer({**config, "proof": proof}, Directory(DOCUMENT))[0] is wanted


def signed_with(document: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        **more,
    }
    config = sha256(jcs_bytes({**proof, "@context": document["@context"]})).digest()
    signature = KEY.sign(config + document_digest(document, Cryptosuite.JCS))
    return {**proof, "proofValue": "z" + base58.encode(signature)}


def test_only_the_first_proofs_are_looked_at() -> None:
    directory = Directory(DOCUMENT)
    document = signed()
    document["proof"] = [document["proof"]] * MAX_PROOFS + [{"cryptosuite": "eddsa-jcs-2022"}]
    assert answer(document, directory) == (Outcome.PASS, "proofs-hold")
    assert directory.asked == MAX_PROOFS


def test_a_did_key_of_somebody_else_is_not_the_issuers() -> None:
    public = KEY.public_key_raw()
    method = f"{did_key(public)}#{multikey(public)}"
    proof = sign(badge(), KEY, Cryptosuite.JCS, verification_method=method, created=NOW)
    assert answer({**badge(), "proof": proof}, None) == (Outcome.FAIL, "bad-proof")
