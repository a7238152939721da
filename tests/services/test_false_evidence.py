"""False evidence: a code for each way to be wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.core.address import parse_address
from registry.core.receipt import Receipt
from registry.core.report import Verdict
from registry.core.trust import TrustedIssuer
from registry.core.wire import format_time
from registry.services.ports import CredentialStatus
from tests.services.evidence import (
    anchored_badge,
    badge,
    check,
    codes,
    evidence_of,
    fails,
    is_unknown,
    later,
    with_anchor,
)
from tests.services.office import Office, digest, stranger, utc_now

# A contract, but not ours, of every development chain.
CREATE2_PROXY = parse_address("0x4e59b44847b379578588920cA78FbF26c0B4956C")

Change = Callable[[Receipt], Receipt]


def with_other_siblings(receipt: Receipt) -> Receipt:
    return receipt.model_copy(update={"siblings": (bytes(32), *receipt.siblings[1:])})


def with_longer_path(receipt: Receipt) -> Receipt:
    return receipt.model_copy(update={"siblings": (*receipt.siblings, bytes(32))})


def test_a_neighbours_receipt_is_for_another_credential(office: Office) -> None:
    office.final("diploma", "neighbour")
    report = office.verification().verify(evidence_of(b"diploma", office.receipt("neighbour")))
    fails(report, "integrity", "hash-mismatch")
    found = check(report, "integrity").evidence
    assert (found["credentialHash"], found["receiptHash"]) == (
        digest("diploma").hex(),
        digest("neighbour").hex(),
    )


@pytest.mark.parametrize(
    ("name", "code", "change"),
    [
        ("inclusion", "seal-mismatch", with_other_siblings),
        ("inclusion", "wrong-path-length", with_longer_path),
        ("anchor", "not-anchored", lambda r: r.model_copy(update={"seal": bytes(32)})),
        ("anchor", "not-anchored", lambda r: with_anchor(r, issuer=stranger().address)),
        ("anchor", "wrong-time", lambda r: with_anchor(r, anchored_at=later(r.anchors[0]))),
        ("anchor", "wrong-transaction", lambda r: with_anchor(r, transaction=bytes(32))),
        ("anchor", "wrong-transaction", lambda r: with_anchor(r, block_hash=bytes(32))),
        ("anchor", "wrong-transaction", lambda r: with_anchor(r, log_index=1)),
        (
            "anchor",
            "wrong-transaction",
            lambda r: with_anchor(r, block_number=r.anchors[0].block_number + 1),
        ),
        ("anchor", "wrong-contract", lambda r: with_anchor(r, contract=stranger().address)),
        ("anchor", "wrong-contract", lambda r: with_anchor(r, contract=CREATE2_PROXY)),
    ],
    ids=[
        "other sibling",
        "longer path",
        "other seal",
        "other issuer",
        "other time",
        "other transaction",
        "other block hash",
        "other log",
        "other block number",
        "an account that is no contract",
        "another contract",
    ],
)
def test_a_false_receipt_fails_with_its_code(
    office: Office, name: str, code: str, change: Change
) -> None:
    office.final("diploma", "neighbour", "third")
    receipt = office.receipt("diploma")
    fails(office.verification().verify(evidence_of(b"diploma", change(receipt))), name, code)


def test_the_transaction_of_another_seal_is_not_this_ones(office: Office) -> None:
    office.final("neighbour")
    office.final("diploma")
    (other,) = office.receipt("neighbour").anchors
    receipt = with_anchor(office.receipt("diploma"), transaction=other.transaction)
    report = office.verification().verify(evidence_of(b"diploma", receipt))
    fails(report, "anchor", "wrong-transaction")


def test_one_false_anchor_beside_a_true_one_is_enough_to_fail(office: Office) -> None:
    office.final("diploma")
    receipt = office.receipt("diploma")
    (true,) = receipt.anchors
    false = true.model_copy(update={"transaction": bytes(32)})
    both = receipt.model_copy(update={"anchors": (true, false)})
    report = office.verification().verify(evidence_of(b"diploma", both))
    fails(report, "anchor", "wrong-transaction")


def test_a_chain_that_nobody_asks_is_unknown(office: Office) -> None:
    office.final("diploma")
    receipt = with_anchor(office.receipt("diploma"), chain=1)
    report = office.verification().verify(evidence_of(b"diploma", receipt))
    is_unknown(report, "anchor", "chain-not-configured")


@pytest.mark.parametrize("status", [CredentialStatus.REVOKED, CredentialStatus.SUSPENDED])
@pytest.mark.parametrize("whole", [True, False], ids=["whole seal", "one credential"])
def test_what_is_withdrawn_fails(office: Office, status: CredentialStatus, *, whole: bool) -> None:
    batch = office.final("diploma", "neighbour")
    assert batch.head is not None
    if whole:
        office.statuses.request_for_seal(
            office.issuer, batch.head.seal, status, reason=0, now=utc_now()
        )
    else:
        office.statuses.request(office.issuer, [digest("diploma")], status, reason=0, now=utc_now())
    office.finish_status_changes()
    report = office.verification().verify(evidence_of(b"diploma", office.receipt("diploma")))
    fails(report, "status", status.name.lower())
    neighbour = evidence_of(b"neighbour", office.receipt("neighbour"))
    assert (office.verification().verify(neighbour).verdict is Verdict.VALID) is not whole


def test_the_issuer_is_judged_by_expectation_and_trust_list(office: Office) -> None:
    office.final("diploma")
    evidence = evidence_of(b"diploma", office.receipt("diploma"))
    verifier, other = office.verification(), stranger().address
    report = verifier.verify(evidence, expected_issuer=office.issuer)
    assert (report.verdict, codes(report)["issuer"]) == (Verdict.VALID, "expected-issuer")
    fails(verifier.verify(evidence, expected_issuer=other), "issuer", "unexpected-issuer")
    report = replace(verifier, trusted={office.issuer: TrustedIssuer("Academy")}).verify(evidence)
    assert (report.verdict, codes(report)["issuer"]) == (Verdict.VALID, "trusted-issuer")
    fails(
        replace(verifier, trusted={other: TrustedIssuer("Somebody")}).verify(evidence),
        "issuer",
        "untrusted-issuer",
    )


@pytest.mark.parametrize(
    ("field", "days", "code"),
    [
        ("validUntil", -1, "expired"),
        ("validFrom", 1, "not-yet-valid"),
        ("awardedDate", 1, "awarded-after-anchor"),
    ],
)
def test_a_credential_out_of_its_time_fails(
    office: Office, field: str, days: int, code: str
) -> None:
    credential = badge(**{field: format_time(utc_now() + timedelta(days=days))})
    receipt = anchored_badge(office, credential)
    fails(office.verification().verify(evidence_of(credential, receipt)), "validity", code)
