from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from registry.core.address import format_address
from registry.core.canonical import Canonicalization
from registry.core.checks import (
    check_hash,
    check_inclusion,
    check_integrity,
    check_issuer,
    check_validity,
)
from registry.core.documents import Json
from registry.core.receipt import RECEIPT_TYPE, Receipt
from registry.core.report import Outcome
from registry.core.tree import MAX_TREE_SIZE, leaf_hash, node_hash, seal_hash
from registry.core.trust import TrustedIssuer

DATA = b"diploma"
SALT = b"\x5a" * 32
SIBLING = b"\x51" * 32
ACADEMY, STRANGER = b"\x0a" * 20, b"\x0b" * 20
NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
ANCHORED = datetime(2026, 1, 31, 2, 0, 5, tzinfo=UTC)


def receipt(**changes: object) -> Receipt:
    """A receipt of `DATA`, the left one of two, that leads to its seal."""
    digest = sha256(DATA).digest()
    root = node_hash(leaf_hash(salt=SALT, credential_hash=digest), SIBLING)
    good = Receipt(
        type=RECEIPT_TYPE,
        canonicalization=Canonicalization.RAW,
        credential_hash=digest,
        salt=SALT,
        leaf_index=0,
        tree_size=2,
        siblings=(SIBLING,),
        seal=seal_hash(merkle_root=root, tree_size=2),
        anchors=(),
    )
    return good.model_copy(update=changes)


def test_the_credential_that_the_receipt_names_passes() -> None:
    found = check_integrity(DATA, receipt())
    assert (found.name, found.outcome, found.code) == ("integrity", Outcome.PASS, "hash-match")
    assert found.evidence["credentialHash"] == found.evidence["receiptHash"]


def test_without_a_credential_there_is_nothing_to_compare() -> None:
    found = check_integrity(None, receipt())
    assert (found.outcome, found.code) == (Outcome.SKIPPED, "no-credential")


@pytest.mark.parametrize("data", [b"", DATA + b"\n", b"Diploma"])
def test_another_credential_fails(data: bytes) -> None:
    found = check_integrity(data, receipt())
    assert (found.outcome, found.code) == (Outcome.FAIL, "hash-mismatch")


def test_what_the_canonicalization_cannot_read_fails() -> None:
    found = check_integrity(DATA, receipt(canonicalization=Canonicalization.JCS))
    assert (found.outcome, found.code) == (Outcome.FAIL, "unreadable-credential")


def test_a_hash_alone_is_compared() -> None:
    assert check_hash(sha256(DATA).digest(), receipt()).outcome is Outcome.PASS
    found = check_hash(bytes(32), receipt())
    assert (found.outcome, found.code) == (Outcome.FAIL, "hash-mismatch")
    assert found.evidence["credentialHash"] == "00" * 32


def test_a_path_to_the_seal_passes() -> None:
    found = check_inclusion(receipt())
    assert (found.name, found.outcome, found.code) == ("inclusion", Outcome.PASS, "included")
    assert (found.evidence["leafIndex"], found.evidence["treeSize"]) == (0, 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"seal": bytes(32)}, "seal-mismatch", id="another seal"),
        pytest.param({"salt": bytes(32)}, "seal-mismatch", id="another salt"),
        pytest.param({"leaf_index": 1}, "seal-mismatch", id="the other side"),
        pytest.param({"siblings": (bytes(32),)}, "seal-mismatch", id="another sibling"),
        pytest.param({"siblings": ()}, "wrong-path-length", id="too short"),
        pytest.param({"siblings": (SIBLING,) * 2}, "wrong-path-length", id="too long"),
        pytest.param({"tree_size": 3}, "wrong-path-length", id="another size"),
        pytest.param({"leaf_index": 2}, "index-out-of-range", id="no such leaf"),
        pytest.param({"tree_size": MAX_TREE_SIZE + 1}, "index-out-of-range", id="too large"),
    ],
)
def test_a_path_that_leads_elsewhere_or_nowhere_fails(
    changes: dict[str, object], code: str
) -> None:
    found = check_inclusion(receipt(**changes))
    assert (found.outcome, found.code) == (Outcome.FAIL, code)
    assert ("leadsTo" in found.evidence) is (code == "seal-mismatch")


@pytest.mark.parametrize(
    ("issuers", "trusted", "expected", "outcome", "code"),
    [
        ({ACADEMY}, {}, ACADEMY, Outcome.PASS, "expected-issuer"),
        ({STRANGER}, {}, ACADEMY, Outcome.FAIL, "unexpected-issuer"),
        (
            {STRANGER},
            {STRANGER: TrustedIssuer("Known")},
            ACADEMY,
            Outcome.FAIL,
            "unexpected-issuer",
        ),
        ({ACADEMY, STRANGER}, {}, ACADEMY, Outcome.FAIL, "unexpected-issuer"),
        (set(), {}, ACADEMY, Outcome.SKIPPED, "no-anchor"),
        ({ACADEMY}, {}, None, Outcome.SKIPPED, "no-trust-list"),
        ({ACADEMY}, {ACADEMY: TrustedIssuer("Academy")}, None, Outcome.PASS, "trusted-issuer"),
        ({STRANGER}, {ACADEMY: TrustedIssuer("Academy")}, None, Outcome.FAIL, "untrusted-issuer"),
        (
            {ACADEMY, STRANGER},
            {ACADEMY: TrustedIssuer("Academy")},
            None,
            Outcome.FAIL,
            "untrusted-issuer",
        ),
        (set(), {ACADEMY: TrustedIssuer("Academy")}, None, Outcome.SKIPPED, "no-anchor"),
    ],
)
def test_every_issuer_must_be_the_expected_or_a_trusted_one(
    issuers: set[bytes],
    trusted: dict[bytes, TrustedIssuer],
    expected: bytes | None,
    outcome: Outcome,
    code: str,
) -> None:
    found = check_issuer(frozenset(issuers), trusted=trusted, expected=expected)
    assert (found.name, found.outcome, found.code) == ("issuer", outcome, code)


def test_a_trusted_issuer_is_called_by_name_and_a_stranger_by_address() -> None:
    trusted = {ACADEMY: TrustedIssuer("Academy")}
    known = check_issuer(frozenset({ACADEMY}), trusted=trusted, expected=None)
    unknown = check_issuer(frozenset({STRANGER}), trusted=trusted, expected=None)
    assert known.detail == "Anchored by Academy."
    assert known.evidence == {"issuer": format_address(ACADEMY), "name": "Academy"}
    assert format_address(STRANGER) in unknown.detail


def test_who_accredited_a_trusted_issuer_is_said() -> None:
    academy = TrustedIssuer("Academy", accreditation="By the council.")
    trusted = {ACADEMY: academy, STRANGER: TrustedIssuer("Branch", accreditation="By itself.")}
    found = check_issuer(frozenset({ACADEMY}), trusted=trusted, expected=None)
    assert found.evidence["accreditation"] == "By the council."
    both = check_issuer(frozenset(trusted), trusted=trusted, expected=None).evidence
    assert (both["name"], both["accreditation"]) == (
        "Academy, Branch",
        "By itself. By the council.",
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "in-time"),
        ({"validFrom": "2026-06-01T12:00:00Z"}, "in-time"),
        ({"validFrom": "2026-06-01T12:00:01Z"}, "not-yet-valid"),
        ({"validFrom": "2026-06-01T14:00:00+02:00"}, "in-time"),
        ({"validFrom": "2026-06-01T12:00:00-01:00"}, "not-yet-valid"),
        ({"issuanceDate": "2027-01-01T00:00:00Z"}, "not-yet-valid"),
        ({"validFrom": None, "issuanceDate": "2027-01-01T00:00:00Z"}, "not-yet-valid"),
        ({"validUntil": "2026-06-01T12:00:00Z"}, "in-time"),
        ({"validUntil": "2026-06-01T11:59:59Z"}, "expired"),
        ({"expirationDate": "2020-01-01T00:00:00Z"}, "expired"),
        ({"validUntil": "9999-12-31T23:59:59-12:00"}, "in-time"),
        ({"validFrom": "0001-01-01T00:00:00+12:00"}, "in-time"),
        ({"awardedDate": "2026-01-31T02:00:05Z"}, "in-time"),
        ({"awardedDate": "2026-01-31T02:00:06Z"}, "awarded-after-anchor"),
    ],
)
def test_dates_are_held_against_now_and_the_anchor(document: dict[str, Json], code: str) -> None:
    found = check_validity(document, now=NOW, anchored_at=ANCHORED)
    outcome = Outcome.PASS if code == "in-time" else Outcome.FAIL
    assert (found.name, found.outcome, found.code) == ("validity", outcome, code)


def test_an_award_is_not_held_against_an_anchor_that_was_not_found() -> None:
    document: dict[str, Json] = {"awardedDate": "2026-05-01T00:00:00Z"}
    assert check_validity(document, now=NOW, anchored_at=None).code == "in-time"
    late = check_validity(document, now=NOW, anchored_at=NOW - timedelta(days=90))
    assert late.evidence["anchoredAt"] == "2026-03-03T12:00:00Z"


@pytest.mark.parametrize("name", ["validFrom", "issuanceDate", "validUntil", "awardedDate"])
@pytest.mark.parametrize(
    "value", ["soon", "", 2026, True, ["2026-01-01T00:00:00Z"], "2026-01-01", "2026-01-01T00:00:00"]
)
def test_a_date_that_is_none_leaves_it_open(name: str, value: Json) -> None:
    found = check_validity({name: value}, now=NOW, anchored_at=ANCHORED)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "unreadable-date")
    assert f"/{name}" in found.detail


def test_what_is_no_json_has_no_dates() -> None:
    found = check_validity(None, now=NOW, anchored_at=ANCHORED)
    assert (found.outcome, found.code) == (Outcome.SKIPPED, "no-dates")
