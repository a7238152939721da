"""A Comprehensive Learner Record 2.0 around badges: they stand in it whole, with their proofs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from registry.core.documents import Json
from registry.core.wire import format_time
from registry.standards import CLR, OPEN_BADGES, VC_2

_PARENT: Final = "isParentOf"


def learner_record(
    stacked: Mapping[str, Json],
    parts: Sequence[Mapping[str, Json]],
    *,
    record_id: str,
    issued_at: datetime,
    status: Mapping[str, Json] | None,
) -> dict[str, Json]:
    """The record of the parts that earned a stacked badge, whose learner and issuer it takes over.

    Each part's achievement is associated with the stacked one. Without proofs.
    """
    subject = stacked["credentialSubject"]
    if not isinstance(subject, dict):
        raise TypeError("not a badge of ours")
    whose: dict[str, Json] = {
        name: subject[name] for name in ("id", "identifier") if name in subject
    }
    achievement = subject["achievement"]
    target = achievement.get("id") if isinstance(achievement, dict) else None
    record: dict[str, Json] = {
        "@context": [VC_2, OPEN_BADGES, CLR],
        "id": record_id,
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": stacked["name"],
        "issuer": stacked["issuer"],
        "validFrom": format_time(issued_at.replace(microsecond=0)),
        "credentialSubject": {
            "type": ["ClrSubject"],
            **whose,
            "achievement": [achievement],
            "association": [
                {
                    "type": "Association",
                    "associationType": _PARENT,
                    "sourceId": target,
                    "targetId": source,
                }
                for source in map(achievement_id, parts)
                if source is not None
            ],
            "verifiableCredential": [dict(part) for part in parts],
        },
    }
    if "validUntil" in stacked:
        record["validUntil"] = stacked["validUntil"]
    if status is not None:
        record["credentialStatus"] = dict(status)
    return record


def parts_of(record: Mapping[str, Json]) -> list[dict[str, Json]]:
    """The badges in a record; none if it is no record."""
    subject = record.get("credentialSubject")
    parts = subject.get("verifiableCredential") if isinstance(subject, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def achievement_id(badge: Mapping[str, Json]) -> str | None:
    """Of the achievement that a badge is for."""
    found = achievement_of(badge).get("id")
    return found if isinstance(found, str) else None


def achievement_of(badge: Mapping[str, Json]) -> Mapping[str, Json]:
    """What a badge is for; empty if it says none."""
    subject = badge.get("credentialSubject")
    found = subject.get("achievement") if isinstance(subject, dict) else None
    return found if isinstance(found, dict) else {}
