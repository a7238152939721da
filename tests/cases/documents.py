"""The credentials of the cases, as documents and as files. Nobody in them exists."""

import json
from typing import Any  # JSON of a credential

from registry.core.canonical import jcs_bytes
from registry.core.documents import parse_document

Document = dict[str, Any]

BADGE: Document = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:7f5c3a1e-2b4d-4c6e-8f90-a1b2c3d4e5f6",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "https://example.com/issuers/1", "type": ["Profile"], "name": "Academy"},
    "validFrom": "2026-01-01T00:00:00Z",
    "name": "Wound care",
    "credentialSubject": {
        "id": "urn:uuid:0b0c4f3a-93a5-4d8e-9a31-6f0d2f1c7e55",
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
# RFC 8785 sorts keys by UTF-16 units, where the emoji comes before the full-width letter.
ODD: Document = {
    **BADGE,
    "name": 'Größe 😀 — 测试 \u2028\u0000\u007f"\\/',
    "é": "e\u0301 is not é",
    "😀": 1,
    "ｚ": 2,
    "": "the empty key",
    "__proto__": {"constructor": None},
    "numbers": [
        *[0, -0.0, 3.0, 9.5, 0.1, 1e-7, 1e21, 5e-324, 1.7976931348623157e308],
        *[4.35, 333333333.3333333, 2**53 - 1, -(2**53 - 1), 1e22, 123456789.123],
    ],
    "nothing": [None, True, False, [], {}, ""],
}
# A pass of the gate in contracts/src/examples: its holder's address is all that differs.
PASS: Document = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "credentialSubject": {"id": "did:pkh:eip155:31337:"},
    "issuer": "https://example.com/issuers/1",
    "name": "Laboratory pass",
    "type": ["VerifiableCredential"],
}
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n\x00\xff\xfe"
)


def named(name: str, **changes: object) -> Document:
    """A badge of that name, with other members changed; None takes one away."""
    document = {**BADGE, "name": name, **changes}
    return {key: value for key, value in document.items() if value is not None}


def pass_of(holder: str) -> Document:
    """The pass of an address."""
    return {**PASS, "credentialSubject": {"id": f"{PASS['credentialSubject']['id']}{holder}"}}


def compact(document: Document) -> bytes:
    """The document's one canonical form, as a file."""
    return jcs_bytes(parse_document(json.dumps(document).encode()))


def pretty(document: Document) -> bytes:
    """The document as people write it: indented, in its own order, in ASCII."""
    return (json.dumps(document, indent=2) + "\n").encode()


def lenient_bytes(document: object) -> bytes:
    """What a reader that forgives everything would hash of a document."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(
        "utf-8", "surrogatepass"
    )


def without_end(text: bytes, more: bytes) -> bytes:
    """A compact object with more members, as written, before its end."""
    if not text.endswith(b"}"):
        raise ValueError("not an object")
    return text[:-1] + b"," + more + b"}"
