"""An Open Badge as issuers make them, for tests that need one."""

from copy import deepcopy
from typing import Any

from registry.standards import OPEN_BADGES, VC_2

_BADGE: dict[str, Any] = {
    "@context": [VC_2, OPEN_BADGES],
    "id": "urn:uuid:bbba8553-8ec1-445f-82c9-a57251dd731c",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {
        "id": "did:web:academy.example",
        "type": ["Profile"],
        "name": "Example Academy",
        "url": "https://academy.example",
    },
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2036-01-01T00:00:00Z",
    "name": "Cloud Foundations",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": "sha256$b5809d8a92f8858436d7e6b87c12ebc0"
                "ae1eac4baecc2c0b913aee2c922ef399",
                "identityType": "emailAddress",
                "salt": "Kosher",
            }
        ],
        "achievement": {
            "id": "urn:uuid:aaba8553-8ec1-445f-82c9-a57251dd731c",
            "type": ["Achievement"],
            "name": "Cloud Foundations",
            "description": "What a cloud is, and what it is not.",
            "criteria": {"narrative": "Pass the exam."},
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetName": "use cloud computing",
                    "targetUrl": "http://data.europa.eu/esco/skill/0b1c7f4c",
                }
            ],
        },
    },
    "credentialStatus": {
        "id": "https://academy.example/status/0#7",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://academy.example/status/0",
    },
}


def badge(**changes: Any) -> dict[str, Any]:
    """A badge with some of its members changed."""
    return {**deepcopy(_BADGE), **changes}
