"""Credentials and receipts for verification tests, and ways to damage them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any  # JSON of a credential

import orjson

from registry.core.canonical import Canonicalization, document_hash, jcs_bytes
from registry.core.documents import parse_document
from registry.core.receipt import AnchorReference, Receipt, print_receipt
from registry.core.report import Check, Outcome, Report, Verdict
from registry.services.receipts import receipt_of
from registry.services.verification import Evidence
from tests.services.office import Office

BADGE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:7f5c3a1e-2b4d-4c6e-8f90-a1b2c3d4e5f6",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "https://example.com/issuers/1", "type": ["Profile"], "name": "Müller AG"},
    "validFrom": "2024-01-01T00:00:00Z",
    "name": "Wound care",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://example.com/achievements/7",
            "type": ["Achievement"],
            "creditsAvailable": 3,
            "criteria": {"narrative": "Passed."},
            "name": "Wound care",
        },
    },
}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n\x00\xff\xfe"


def compact(document: dict[str, Any]) -> bytes:
    """Print a document so that no byte of it is without meaning."""
    return jcs_bytes(parse_document(orjson.dumps(document)))


def badge(**changes: object) -> bytes:
    return compact({**BADGE, **changes})


def anchored_badge(office: Office, data: bytes) -> Receipt:
    """Take a badge and two neighbours through the whole way and return its receipt."""
    neighbours = [badge(name=f"Neighbour {number}") for number in range(2)]
    office.add([data, *neighbours], Canonicalization.JCS)
    batch = office.store.seal_open_batch(office.issuer, now=office.chain.head().time)
    assert batch is not None
    office.finish(batch)
    return receipt_of(office.store, document_hash(parse_document(data)))


def with_anchor(receipt: Receipt, **changes: Any) -> Receipt:
    """Change the receipt's only anchor."""
    (anchor,) = receipt.anchors
    return receipt.model_copy(update={"anchors": (anchor.model_copy(update=changes),)})


def later(anchor: AnchorReference, seconds: int = 1) -> Any:
    return anchor.anchored_at + timedelta(seconds=seconds)


def evidence_of(credential: bytes | None, receipt: Receipt) -> Evidence:
    return Evidence(credential=credential, receipt=print_receipt(receipt))


def check(report: Report, name: str) -> Check:
    (found,) = (check for check in report.checks if check.name == name)
    return found


def fails(report: Report, name: str, code: str) -> None:
    found = check(report, name)
    assert (report.verdict, found.outcome, found.code) == (Verdict.INVALID, Outcome.FAIL, code)


def is_unknown(report: Report, name: str, code: str) -> None:
    found = check(report, name)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, code)
    assert report.verdict is Verdict.UNDETERMINED


def codes(report: Report) -> dict[str, str]:
    return {check.name: check.code for check in report.checks}


def damaged(data: bytes, *, every_substitute: bool) -> Iterator[bytes]:
    """Each copy of `data` that differs in one byte: every position, some or all substitutes."""
    for position, byte in enumerate(data):
        for substitute in substitutes(byte, every_substitute=every_substitute):
            yield data[:position] + bytes([substitute]) + data[position + 1 :]


def substitutes(byte: int, *, every_substitute: bool) -> set[int]:
    """Bytes to put in a byte's place: flipped bits, other case, a blank, near digits."""
    if every_substitute:
        return set(range(256)) - {byte}
    chosen = {byte ^ 1, byte ^ 2, byte ^ 0x20, byte ^ 0x80, *b" 0"}
    if chr(byte).isdigit():
        chosen |= {ord("0") + (byte - ord("0") + step) % 10 for step in (1, 9)}
    return chosen - {byte}
