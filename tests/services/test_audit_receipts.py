"""Credentials with their receipts, as an auditor is given them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.core.canonical import Canonicalization, credential_hash
from registry.core.receipt import print_receipt
from registry.services.findings import FindingCode
from registry.services.receipts import receipt_of
from tests.anvil import send
from tests.services.auditing import OPTIONS, audited, codes, given, settle
from tests.services.office import Office
from tests.services.test_anchoring import seal_of


def badge(**dates: str) -> bytes:
    return json.dumps({"type": "VerifiableCredential", **dates}).encode()


def final_badge(office: Office, **dates: str) -> tuple[bytes, bytes]:
    """A JSON credential and its receipt."""
    document = badge(**dates)
    office.add([document], Canonicalization.JCS)
    batch = office.store.seal_open_batch(office.issuer, now=office.chain.head().time)
    assert batch is not None
    office.finish(batch)
    settle(office)
    return document, receipt(office, credential_hash(document, Canonicalization.JCS))


def receipt(office: Office, digest: bytes) -> bytes:
    return print_receipt(receipt_of(office.store, digest))


def test_sound_receipts_are_no_finding(office: Office) -> None:
    office.final("diploma")
    settle(office)
    sound = given("diploma.pdf", b"diploma", print_receipt(office.receipt("diploma")))
    alone = given("a.receipt.json", None, print_receipt(office.receipt("diploma")))
    report = audited(office, given=[sound, alone])
    assert (codes(report), report.looked.receipts) == ([], 2)


def test_a_changed_credential_is_found(office: Office) -> None:
    office.final("diploma")
    settle(office)
    false = given("diploma.pdf", b"diplomA", print_receipt(office.receipt("diploma")))
    report = audited(office, given=[false])
    assert codes(report) == [FindingCode.RECEIPT_INVALID]
    assert report.findings[0].evidence["reason"] == "hash-mismatch"


@pytest.mark.parametrize("kind", ["no receipt", "a malformed one", "of another seal"])
def test_a_receipt_that_proves_nothing_is_found(office: Office, kind: str) -> None:
    office.final("diploma")
    settle(office)
    sound = office.receipt("diploma")
    receipts = {
        "no receipt": (None, "no-receipt"),
        "a malformed one": (b"{}", "malformed-receipt"),
        "of another seal": (
            print_receipt(sound.model_copy(update={"seal": b"\x07" * 32})),
            "seal-mismatch",
        ),
    }
    data, reason = receipts[kind]
    report = audited(office, given=[given("diploma.pdf", b"diploma", data)])
    assert codes(report) == [FindingCode.RECEIPT_INVALID]
    assert report.findings[0].evidence["reason"] == reason


def test_a_receipt_of_a_seal_that_nobody_anchored_is_found(office: Office) -> None:
    office.final("badge")
    anchored = office.receipt("badge")
    office.sealed("diploma")
    settle(office)
    pending = office.receipt("diploma").model_copy(update={"anchors": anchored.anchors})
    report = audited(office, given=[given("diploma.pdf", b"diploma", print_receipt(pending))])
    assert codes(report) == [FindingCode.RECEIPT_INVALID]
    assert report.findings[0].evidence["reason"] == "not-anchored"


def test_a_receipt_from_before_a_reorganisation_is_found(own_office: Office) -> None:
    office = own_office
    batch = office.final("diploma")
    before = print_receipt(office.receipt("diploma"))
    (anchor,) = office.store.anchors(batch.id)
    office.anvil.replace_from(anchor.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    office.anvil.mine()
    assert office.signer is not None
    call = office.chain.anchor_call(office.issuer, seal_of(batch))
    send(office.chain, office.signer, call)
    settle(office)
    report = audited(office, given=[given("diploma.pdf", b"diploma", before)])
    assert set(codes(report)) == {FindingCode.RECEIPT_REORGED, FindingCode.ANCHOR_ELSEWHERE}


@pytest.mark.parametrize("name", ["validFrom", "issuanceDate", "awardedDate"])
def test_a_back_dated_credential_is_found(office: Office, name: str) -> None:
    document, proof = final_badge(office, **{name: "2020-01-01T00:00:00Z"})
    report = audited(office, given=[given("badge.json", document, proof)])
    assert codes(report) == [FindingCode.BACK_DATED]


def test_a_date_within_the_tolerance_is_no_finding(office: Office) -> None:
    head = office.chain.head().time
    text = (head - timedelta(days=6)).isoformat()
    document, proof = final_badge(office, validFrom=text)
    each = given("badge.json", document, proof)
    assert codes(audited(office, given=[each])) == []
    strict = replace(OPTIONS, tolerance=timedelta(days=5))
    assert codes(audited(office, given=[each], options=strict)) == [FindingCode.BACK_DATED]


def test_a_sample_is_of_that_size_and_the_same_for_the_same_block(office: Office) -> None:
    office.final("diploma")
    settle(office)
    proof = print_receipt(office.receipt("diploma"))
    many = [given(f"{number}.pdf", b"other", proof) for number in range(10)]
    some = replace(OPTIONS, sample=3)
    first = audited(office, given=many, options=some)
    again = audited(office, given=reversed(many), options=some)
    assert (first.looked.receipts, len(first.findings)) == (3, 3)
    assert first == again
