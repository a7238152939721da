"""The demo's input: a night's roster of Open Badges 3.0, the same on every run."""

import json
import random
import uuid
from pathlib import Path

ACHIEVEMENTS = (
    ("Container Basics", "Builds, signs and runs container images.", "Badge"),
    ("Data Protection for Teams", "Handles personal data as the law asks.", "MicroCredential"),
    ("SQL Practitioner", "Models, queries and tunes a relational database.", "Certificate"),
    ("First Aid at Work", "Gives first aid until the ambulance arrives.", "Certificate"),
)


def badge(number: int, chance: random.Random) -> dict[str, object]:
    """Badge `number` of the roster: its holder is known by a salted hash alone."""
    name, description, kind = ACHIEVEMENTS[number % len(ACHIEVEMENTS)]
    slug = name.lower().replace(" ", "-")
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"urn:uuid:{uuid.UUID(int=chance.getrandbits(128), version=4)}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": name,
        "issuer": {
            "id": "https://academy.example/issuers/courses",
            "type": ["Profile"],
            "name": "Example Course Academy",
        },
        "validFrom": f"2025-0{1 + number % 9}-{1 + number % 28:02}T12:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": f"sha256${chance.randbytes(32).hex()}",
                    "identityType": "emailAddress",
                    "salt": chance.randbytes(8).hex(),
                }
            ],
            "achievement": {
                "id": f"https://academy.example/achievements/{slug}",
                "type": ["Achievement"],
                "achievementType": kind,
                "name": name,
                "description": description,
                "criteria": {"narrative": "A graded examination, passed with 70 of 100 or more."},
            },
        },
    }


def write_roster(path: Path, count: int) -> list[bytes]:
    """Write `count` badges as NDJSON and return the lines."""
    chance = random.Random(2026)  # noqa: S311 - the same roster on every run; no secrets in it
    lines = [json.dumps(badge(number, chance)).encode() for number in range(count)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return lines
