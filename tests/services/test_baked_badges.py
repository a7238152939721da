"""A badge's image stands for the credential baked into it, unless its bytes were anchored."""

from collections.abc import Callable

import pytest

from registry.core.documents import parse_document
from registry.core.receipt import embed_receipt
from registry.core.report import Verdict
from registry.services.verification import Evidence
from tests.core.baking import in_png, in_svg, itxt, png
from tests.core.pdfs import pdf, stream
from tests.services.evidence import (
    anchored_badge,
    badge,
    check,
    codes,
    compact,
    evidence_of,
    fails,
    is_unknown,
)
from tests.services.office import Office, utc_now

Bake = Callable[[bytes], bytes]


@pytest.mark.parametrize("bake", [in_png, in_svg])
def test_a_baked_badge_verifies_with_its_receipt_wherever_it_is(office: Office, bake: Bake) -> None:
    credential = badge(validUntil="2999-01-01T00:00:00Z")
    receipt = anchored_badge(office, credential)
    whole = compact(embed_receipt(parse_document(credential), receipt))
    for evidence in (
        evidence_of(bake(credential), receipt),
        Evidence(bake(whole)),
        Evidence(bake(credential)),
    ):
        report = office.verification(with_store=True).verify(evidence)
        assert report.verdict is Verdict.VALID
        assert codes(report)["validity"] == "in-time"
        assert check(report, "validity").evidence["validUntil"] == "2999-01-01T00:00:00Z"


@pytest.mark.parametrize("bake", [in_png, in_svg])
def test_another_credential_in_the_image_fails(office: Office, bake: Bake) -> None:
    receipt = anchored_badge(office, badge())
    forged = bake(badge(name="Brain surgery"))
    report = office.verification().verify(evidence_of(forged, receipt))
    fails(report, "integrity", "hash-mismatch")


def test_an_image_without_the_credential_is_not_it(office: Office) -> None:
    receipt = anchored_badge(office, badge())
    report = office.verification().verify(evidence_of(png(), receipt))
    fails(report, "integrity", "unreadable-credential")


def test_of_an_image_anchored_as_a_file_bytes_and_dates_count(office: Office) -> None:
    image = in_png(badge(validUntil="2020-01-01T00:00:00Z"))
    office.add([image])
    batch = office.store.seal_open_batch(office.issuer, now=utc_now())
    assert batch is not None
    office.finish(batch)
    receipt = office.receipt_of(image)
    for evidence in (evidence_of(image, receipt), Evidence(image)):
        report = office.verification(with_store=True).verify(evidence)
        assert codes(report)["integrity"] == "hash-match"
        fails(report, "validity", "expired")
    repainted = image.replace(b"IDAT", b"IDAt")
    report = office.verification().verify(evidence_of(repainted, receipt))
    fails(report, "integrity", "hash-mismatch")


@pytest.mark.parametrize(
    "attachments",
    [
        pytest.param([stream(b"<invoice/>")], id="an invoice"),
        pytest.param([stream(b'{"total": 1e400, "total": 2}')], id="JSON of others"),
        pytest.param([stream(b'{"a": 1}').replace(b"/Length ", b"/Length 1 0 R/L ")], id="unread"),
        pytest.param([stream(badge()), stream(badge(name="B"))], id="two credentials"),
        pytest.param([stream(b"")] * 60, id="very many"),
    ],
)
def test_a_pdf_that_was_anchored_as_a_file_is_its_bytes(
    office: Office, attachments: list[bytes]
) -> None:
    file = pdf(*attachments)
    office.add([file])
    batch = office.store.seal_open_batch(office.issuer, now=utc_now())
    assert batch is not None
    office.finish(batch)
    receipt = office.receipt_of(file)
    for evidence in (evidence_of(file, receipt), Evidence(file)):
        report = office.verification(with_store=True).verify(evidence)
        assert report.verdict is Verdict.VALID
    report = office.verification().verify(evidence_of(file + b"\n", receipt))
    fails(report, "integrity", "hash-mismatch")


def test_of_two_credentials_in_one_image_neither_verifies(office: Office) -> None:
    credential = badge()
    receipt = anchored_badge(office, credential)
    image = png(itxt(credential), itxt(badge(name="Brain surgery")))
    report = office.verification().verify(evidence_of(image, receipt))
    fails(report, "integrity", "unreadable-credential")
    assert "more than one credential" in report.summary
    report = office.verification(with_store=True).verify(Evidence(image))
    is_unknown(report, "format", "no-receipt")
    assert "more than one credential" in report.summary
