"""Verification of what is true, and of what cannot be decided."""

from dataclasses import replace

import pytest

from registry.chain import ChainOptions
from registry.core.documents import parse_document
from registry.core.receipt import embed_receipt, print_receipt
from registry.core.report import Outcome, Verdict
from registry.errors import InvalidInputError
from registry.services.verification import Evidence
from tests.anvil import open_chain
from tests.services.evidence import (
    PDF,
    anchored_badge,
    badge,
    check,
    codes,
    compact,
    evidence_of,
    fails,
    is_unknown,
)
from tests.services.office import Office, stranger, utc_now, verification


def test_receipt_and_chain_are_enough(office: Office) -> None:
    credential = badge()
    receipt = anchored_badge(office, credential)
    office.store.close()
    report = verification(office.chain).verify(evidence_of(credential, receipt))
    assert report.verdict is Verdict.VALID
    assert codes(report) == {
        "format": "well-formed",
        "integrity": "hash-match",
        "inclusion": "included",
        "anchor": "anchored",
        "status": "active",
        "issuer": "no-trust-list",
        "validity": "in-time",
        "proofs": "no-other-proofs",
    }


def test_an_embedded_receipt_is_found_beside_other_proofs(office: Office) -> None:
    proof = {"type": "DataIntegrityProof", "cryptosuite": "ecdsa-rdfc-2019", "proofValue": "z4"}
    credential = badge(proof=[proof])
    receipt = anchored_badge(office, credential)
    whole = compact(embed_receipt(parse_document(credential), receipt))
    report = office.verification().verify(Evidence(whole))
    assert report.verdict is Verdict.VALID
    assert check(report, "proofs").evidence == {"proofs": "ecdsa-rdfc-2019"}


def test_a_pdf_and_its_hash_alone_verify(office: Office) -> None:
    office.add([PDF])
    batch = office.store.seal_open_batch(office.issuer, now=utc_now())
    assert batch is not None
    office.finish(batch)
    receipt = office.receipt_of(PDF)
    verifier = office.verification(with_store=True)
    for evidence in (
        evidence_of(PDF, receipt),
        Evidence(PDF),
        Evidence(credential_hash=receipt.credential_hash),
        Evidence(credential_hash=receipt.credential_hash, receipt=print_receipt(receipt)),
    ):
        assert verifier.verify(evidence).verdict is Verdict.VALID


def test_a_receipt_is_found_in_the_store_for_a_badge_and_for_json_added_raw(office: Office) -> None:
    as_badge, as_file = badge(), badge(name="Kept as a file")
    office.add([as_file])
    anchored_badge(office, as_badge)
    verifier = office.verification(with_store=True)
    assert verifier.verify(Evidence(as_badge)).verdict is Verdict.VALID
    assert verifier.verify(Evidence(as_file)).verdict is Verdict.VALID
    is_unknown(verifier.verify(Evidence(badge(name="Never added"))), "format", "no-receipt")
    is_unknown(verifier.verify(Evidence(b"never added")), "format", "no-receipt")


def test_a_credential_of_several_issuers_is_not_called_false(office: Office) -> None:
    office.final("diploma")
    other = replace(office, issuer=stranger().address, signer=stranger())
    other.final("diploma")
    report = office.verification(with_store=True).verify(Evidence(b"diploma"))
    is_unknown(report, "format", "no-receipt")
    assert "several issuers" in report.summary


def test_nothing_to_verify_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInputError, match="nothing to verify"):
        office.verification().verify(Evidence())


def test_without_a_receipt_nothing_is_decided(office: Office) -> None:
    is_unknown(office.verification().verify(Evidence(badge())), "format", "no-receipt")


def test_a_receipt_alone_says_nothing_of_a_credential(office: Office) -> None:
    receipt = anchored_badge(office, badge())
    report = office.verification().verify(evidence_of(None, receipt))
    assert report.verdict is Verdict.UNDETERMINED
    assert check(report, "integrity").code == "no-credential"
    assert check(report, "anchor").outcome is Outcome.PASS


@pytest.mark.parametrize("stage", ["open", "sealed", "anchored"])
def test_before_finality_nothing_is_decided(office: Office, stage: str) -> None:
    if stage == "open":
        office.add([b"diploma"])
    elif stage == "sealed":
        office.sealed("diploma")
    else:
        office.anchored("diploma")
    report = office.verification(with_store=True).verify(Evidence(b"diploma"))
    if stage == "open":
        is_unknown(report, "format", "no-receipt")
    else:
        is_unknown(report, "anchor", "pending")


def test_an_anchor_in_a_block_not_final_is_unknown(office: Office) -> None:
    office.final("diploma")
    deep = open_chain(office.anvil.url, ChainOptions(finality=50))
    report = verification(deep).verify(evidence_of(b"diploma", office.receipt("diploma")))
    deep.close()
    is_unknown(report, "anchor", "not-final")


def test_an_anchor_that_a_reorganisation_took_away_is_none(own_office: Office) -> None:
    office = own_office
    office.final("diploma")
    receipt = office.receipt("diploma")
    (anchor,) = receipt.anchors
    office.anvil.replace_from(anchor.block_number)
    report = office.verification().verify(evidence_of(b"diploma", receipt))
    fails(report, "anchor", "not-anchored")
