from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import Canonicalization, credential_hash
from registry.core.checks import (
    check_hash,
    check_inclusion,
    check_integrity,
    check_issuer,
    check_proofs,
    check_validity,
)
from registry.core.documents import Json
from registry.core.receipt import Receipt, embed_receipt
from registry.core.report import Outcome
from registry.core.tree import seal_from_proof
from tests.core.strategies import a_receipt, texts

CREDENTIAL = b'{"id":"urn:x"}'
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ISSUER, OTHER = b"\x01" * 20, b"\x02" * 20


def a_true_receipt() -> Receipt:
    found = credential_hash(CREDENTIAL, Canonicalization.JCS)
    receipt = a_receipt(siblings=6).model_copy(update={"credential_hash": found, "tree_size": 64})
    seal = seal_from_proof(salt=receipt.salt, credential_hash=found, proof=receipt.proof)
    return receipt.model_copy(update={"seal": seal})


@pytest.mark.parametrize(
    ("credential", "outcome", "code"),
    [
        pytest.param(CREDENTIAL, Outcome.PASS, "hash-match", id="as it was"),
        pytest.param(b'{ "id": "urn:x" }', Outcome.PASS, "hash-match", id="spaced out"),
        pytest.param(b'{"id":"urn:y"}', Outcome.FAIL, "hash-mismatch", id="changed"),
        pytest.param(b"%PDF", Outcome.FAIL, "unreadable-credential", id="not JSON"),
        pytest.param(None, Outcome.SKIPPED, "no-credential", id="none"),
    ],
)
def test_integrity_compares_the_credential(
    credential: bytes | None, outcome: Outcome, code: str
) -> None:
    check = check_integrity(credential, a_true_receipt())
    assert (check.name, check.outcome, check.code) == ("integrity", outcome, code)


def test_integrity_of_a_hash_compares_the_hash() -> None:
    receipt = a_true_receipt()
    assert check_hash(receipt.credential_hash, receipt).outcome is Outcome.PASS
    assert check_hash(bytes(32), receipt).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        pytest.param({}, Outcome.PASS, "included", id="true"),
        pytest.param({"leaf_index": 11}, Outcome.FAIL, "seal-mismatch", id="another leaf"),
        pytest.param({"tree_size": 63}, Outcome.FAIL, "seal-mismatch", id="another size"),
        pytest.param({"leaf_index": 64}, Outcome.FAIL, "index-out-of-range", id="no such leaf"),
        pytest.param({"siblings": ()}, Outcome.FAIL, "wrong-path-length", id="no path"),
    ],
)
def test_inclusion_walks_the_path(changes: dict[str, object], outcome: Outcome, code: str) -> None:
    check = check_inclusion(a_true_receipt().model_copy(update=changes))
    assert (check.name, check.outcome, check.code) == ("inclusion", outcome, code)


@pytest.mark.parametrize(
    ("issuers", "trusted", "expected", "outcome", "code"),
    [
        pytest.param({ISSUER}, {}, ISSUER, Outcome.PASS, "expected-issuer", id="expected"),
        pytest.param({OTHER}, {}, ISSUER, Outcome.FAIL, "unexpected-issuer", id="another"),
        pytest.param({ISSUER, OTHER}, {}, ISSUER, Outcome.FAIL, "unexpected-issuer", id="both"),
        pytest.param({OTHER}, {OTHER: "B"}, ISSUER, Outcome.FAIL, "unexpected-issuer", id="list"),
        pytest.param({ISSUER}, {}, None, Outcome.SKIPPED, "no-trust-list", id="nothing to ask"),
        pytest.param({ISSUER}, {ISSUER: "A"}, None, Outcome.PASS, "trusted-issuer", id="trusted"),
        pytest.param({OTHER}, {ISSUER: "A"}, None, Outcome.FAIL, "untrusted-issuer", id="unknown"),
        pytest.param(
            {ISSUER, OTHER}, {ISSUER: "A"}, None, Outcome.FAIL, "untrusted-issuer", id="one unknown"
        ),
        pytest.param(set(), {ISSUER: "A"}, None, Outcome.FAIL, "untrusted-issuer", id="nobody"),
    ],
)
def test_the_issuer_is_whom_the_verifier_takes_it_for(
    issuers: set[bytes],
    trusted: dict[bytes, str],
    expected: bytes | None,
    outcome: Outcome,
    code: str,
) -> None:
    check = check_issuer(frozenset(issuers), trusted=trusted, expected=expected)
    assert (check.name, check.outcome, check.code) == ("issuer", outcome, code)


DAY = timedelta(days=1)
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("document", "outcome", "code"),
    [
        pytest.param({}, PASS, "in-time", id="no dates"),
        pytest.param({"validFrom": "2026-06-01T12:00:00Z"}, PASS, "in-time", id="from now"),
        pytest.param({"validFrom": "2026-06-01T12:00:01Z"}, FAIL, "not-yet-valid", id="soon"),
        pytest.param({"issuanceDate": "2027-01-01T00:00:00Z"}, FAIL, "not-yet-valid", id="VC 1.1"),
        pytest.param({"validUntil": "2026-06-01T12:00:00Z"}, PASS, "in-time", id="until now"),
        pytest.param({"validUntil": "2026-06-01T11:59:59Z"}, FAIL, "expired", id="just expired"),
        pytest.param({"expirationDate": "2020-01-01T00:00:00Z"}, FAIL, "expired", id="1.1 expired"),
        pytest.param({"validUntil": "2026-06-01T13:00:00+02:00"}, FAIL, "expired", id="zone"),
        pytest.param({"validUntil": "9999-12-31T23:59:59-05:00"}, PASS, "in-time", id="for ever"),
        pytest.param({"validFrom": "0001-01-01T00:00:00+14:00"}, PASS, "in-time", id="ever since"),
        pytest.param({"validUntil": "0001-01-01T00:00:00+14:00"}, FAIL, "expired", id="long ago"),
        pytest.param({"awardedDate": "2026-01-31T00:00:00Z"}, PASS, "in-time", id="awarded before"),
        pytest.param(
            {"awardedDate": "2026-02-01T00:00:00Z"}, FAIL, "awarded-after-anchor", id="after"
        ),
        pytest.param({"validFrom": "2026-06-01"}, UNKNOWN, "unreadable-date", id="no zone"),
        pytest.param({"validFrom": "soon"}, UNKNOWN, "unreadable-date", id="not a date"),
        pytest.param({"validFrom": 2026}, UNKNOWN, "unreadable-date", id="a number"),
        pytest.param(
            {"validFrom": None, "issuanceDate": "2027-01-01T00:00:00Z"},
            FAIL,
            "not-yet-valid",
            id="null",
        ),
    ],
)
def test_validity_compares_the_dates(
    document: dict[str, Json], outcome: Outcome, code: str
) -> None:
    check = check_validity(document, now=NOW, anchored_at=datetime(2026, 1, 31, 2, tzinfo=UTC))
    assert (check.name, check.outcome, check.code) == ("validity", outcome, code)


def test_without_an_anchor_the_award_is_not_compared() -> None:
    document: dict[str, Json] = {"awardedDate": "2027-01-01T00:00:00Z"}
    assert check_validity(document, now=NOW, anchored_at=None).outcome is Outcome.PASS


def test_a_file_without_dates_is_skipped() -> None:
    assert check_validity(None, now=NOW, anchored_at=NOW - DAY).outcome is Outcome.SKIPPED


@given(text=texts)
def test_no_date_breaks_the_check(text: str) -> None:
    document: dict[str, Json] = {"validFrom": text, "validUntil": text}
    assert check_validity(document, now=NOW, anchored_at=None).name == "validity"


@given(date=st.datetimes(timezones=st.timezones()))
def test_every_date_with_a_zone_is_read(date: datetime) -> None:
    check = check_validity({"validFrom": date.isoformat()}, now=NOW, anchored_at=None)
    assert check.outcome is not Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(None, "no-other-proofs", id="a file"),
        pytest.param(embed_receipt({}, a_receipt()), "no-other-proofs", id="the receipt only"),
        pytest.param({"proof": {"type": "X"}}, "other-proofs-not-checked", id="another"),
    ],
)
def test_other_proofs_are_named_and_not_judged(document: dict[str, Json] | None, code: str) -> None:
    check = check_proofs(document)
    assert (check.name, check.outcome, check.code) == ("proofs", Outcome.SKIPPED, code)
