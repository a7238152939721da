"""One Open Badge 3.0 on VC 2.0: an achievement, an issuer, and who it is given to.

Recipients are hashed with a salt of their own: the badge names nobody, and whoever has the address
can see that it is theirs (Open Badges 3.0 §B.6.6). Ids, salts and times are arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from registry.badges.achievements import Achievement, IssuerProfile
from registry.badges.roster_values import Recipient
from registry.core.documents import Json
from registry.core.wire import format_time
from registry.standards import DATA_INTEGRITY, OPEN_BADGES, OPEN_BADGES_1, STATUS_1, VC_1, VC_2

_IDENTITY_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"email": "emailAddress", "student_id": "sourcedId"}
)

_OLDER_NAMES: Final = {"validFrom": "issuanceDate", "validUntil": "expirationDate"}
# The last two have what VC 2.0 brings along: terms of status lists, and of proofs.
_OLDER_CONTEXTS: Final = (VC_1, OPEN_BADGES_1, STATUS_1, DATA_INTEGRITY)


@dataclass(frozen=True, slots=True)
class BadgeForm:
    """What all badges of one issuing have in common."""

    achievement: Achievement
    issuer: IssuerProfile
    issued_at: datetime
    image_id: str | None = None  # a data: or https: URL
    has_plain_identities: bool = False


def open_badge(
    form: BadgeForm,
    recipient: Recipient,
    *,
    badge_id: str,
    salt: str,
    status: Mapping[str, Json] | None = None,
    parts: Sequence[Mapping[str, Json]] = (),
) -> dict[str, Json]:
    """The badge without proofs. `badge_id` is a URI; `salt` a text that nobody can guess.

    `parts` are evidence of what it was earned with, besides the recipient's own.
    """
    achievement, issued = form.achievement, form.issued_at
    # A day may have begun where the issuer is, and not in UTC: nothing is awarded after its anchor.
    awarded = None if recipient.awarded is None else min(recipient.awarded, issued)
    ends = recipient.valid_until or achievement.valid_until(awarded or issued)
    document: dict[str, Json] = {
        "@context": [VC_2, OPEN_BADGES],
        "id": badge_id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": achievement.name,
        "issuer": form.issuer.document(),
        "validFrom": format_time(issued.replace(microsecond=0)),
        "credentialSubject": _subject(form, recipient, salt),
    }
    if awarded is not None:
        document["awardedDate"] = format_time(awarded.replace(microsecond=0))
    if ends is not None:
        document["validUntil"] = format_time(ends.replace(microsecond=0))
    evidence: list[Json] = [dict(part) for part in parts]
    if recipient.evidence is not None:
        evidence.append({"id": recipient.evidence, "type": ["Evidence"]})
    if evidence:
        document["evidence"] = evidence
    if status is not None:
        document["credentialStatus"] = dict(status)
    return document


class DataModel(StrEnum):
    """Version of the W3C's data model that a badge keeps to."""

    V1 = "1.1"  # for wallets that read no other; with the contexts of Open Badges 3.0.1
    V2 = "2.0"


def as_data_model_1(document: Mapping[str, Json]) -> dict[str, Json]:
    """A badge without proofs in the terms of VC 1.1, which says the same with other names."""
    renamed = {_OLDER_NAMES.get(name, name): value for name, value in document.items()}
    return renamed | {"@context": list(_OLDER_CONTEXTS)}


def as_data_model_2(document: Mapping[str, Json]) -> Mapping[str, Json]:
    """A badge of VC 1.1 with contexts that are known here, in the terms of VC 2.0; else itself."""
    contexts = document.get("@context")
    if not isinstance(contexts, list) or contexts[:2] != [VC_1, OPEN_BADGES_1]:
        return document
    newer = {old: new for new, old in _OLDER_NAMES.items()}
    renamed = {newer.get(name, name): value for name, value in document.items()}
    return renamed | {"@context": [VC_2, OPEN_BADGES]}


def identity_hash(identity: str, salt: str) -> str:
    """As Open Badges write it: the algorithm, `$`, and the hash of identity and salt."""
    return f"sha256${sha256((identity + salt).encode()).hexdigest()}"


def _subject(form: BadgeForm, recipient: Recipient, salt: str) -> dict[str, Json]:
    subject: dict[str, Json] = {"type": ["AchievementSubject"]}
    if recipient.did is not None:
        subject["id"] = recipient.did
    for field, kind in _IDENTITY_TYPES.items():
        identity: str | None = getattr(recipient, field)
        if identity is not None:
            plain = form.has_plain_identities
            subject["identifier"] = [_identity(identity.lower(), kind, None if plain else salt)]
            break
    if recipient.identity_hash is not None and "identifier" not in subject:
        made = recipient.identity_hash, recipient.identity_salt
        subject["identifier"] = [_identity_object("emailAddress", *made)]
    subject["achievement"] = form.achievement.document(form.issuer.id, form.image_id)
    if recipient.score is not None:
        subject["result"] = [{"type": ["Result"], "value": recipient.score}]
    members = {
        "narrative": recipient.narrative,
        "creditsEarned": recipient.credits,
        "licenseNumber": recipient.license_number,
        "role": recipient.role,
        "term": recipient.term,
    }
    subject |= {name: value for name, value in members.items() if value is not None}
    return subject


def _identity(identity: str, kind: str, salt: str | None) -> dict[str, Json]:
    if salt is None:
        return {**_identity_object(kind, identity, None), "hashed": False}
    return _identity_object(kind, identity_hash(identity, salt), salt)


def _identity_object(kind: str, hashed: str, salt: str | None) -> dict[str, Json]:
    found: dict[str, Json] = {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": hashed,
        "identityType": kind,
    }
    if salt is not None:
        found["salt"] = salt
    return found
