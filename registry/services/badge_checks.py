"""What can be said of a badge without its anchor: its form, its dates, its signatures.

What `registry.services.verification` says needs a receipt, and a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from registry.badges.achievements import Achievement, IssuerProfile
from registry.badges.open_badge import BadgeForm, as_data_model_2, open_badge
from registry.badges.roster_values import Recipient
from registry.badges.schemas import require_open_badge
from registry.core.baked import unbake
from registry.core.canonical import Canonicalization, document_hash
from registry.core.checks import check_validity
from registry.core.documents import Json, parse_document, printable
from registry.core.report import Outcome
from registry.errors import InvalidInputError
from registry.services.ports import IssuerDirectory
from registry.services.proof_checks import check_proofs
from registry.vc.jwt import read_token

_OPEN_BADGES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_SHOWN_TYPES: Final = 5

_STRICTER: Final = MappingProxyType({Outcome.SKIPPED: Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Finding:
    """One question that was asked of a file, with its answer."""

    name: str
    outcome: Outcome
    detail: str


def judge_badge(data: bytes, directory: IssuerDirectory | None, *, now: datetime) -> list[Finding]:
    """Judge a badge: JSON or a token, perhaps in a PNG, SVG or PDF.

    A did:web is asked for its keys with a `directory`.
    """
    try:
        inside = unbake(data)
        data = data if inside is None else inside
        token = read_token(data)
        document = parse_document(data) if token is None else token.credential
    except InvalidInputError as exc:
        return [Finding("form", Outcome.FAIL, str(exc))]
    validity = check_validity(document, now=now, anchored_at=None)
    proofs = check_proofs(document, None, directory, now=now, token=token)
    return [
        *judge_form(document),
        Finding("validity", validity.outcome, validity.detail),
        # Of a badge that nobody is known to have signed, nobody can say that it is valid.
        Finding("proofs", _STRICTER.get(proofs.outcome, proofs.outcome), proofs.detail),
    ]


def judge_form(document: dict[str, Json]) -> list[Finding]:
    """Whether it is an Open Badge 3.0, and whether its JSON says what its statements say."""
    return [_form(document), _statements(document)]


def _form(document: Mapping[str, Json]) -> Finding:
    kinds = document.get("type")
    if isinstance(kinds, list) and _OPEN_BADGES.isdisjoint(map(str, kinds)):
        shown = printable(", ".join(map(str, kinds[:_SHOWN_TYPES])))[:200]
        return Finding("form", Outcome.UNKNOWN, f"No Open Badge, but of other types: {shown}.")
    try:
        require_open_badge(as_data_model_2(document))  # the schema is of the newer model
    except InvalidInputError as exc:
        return Finding("form", Outcome.FAIL, str(exc))
    return Finding("form", Outcome.PASS, "An Open Badge 3.0.")


def _statements(document: dict[str, Json]) -> Finding:
    try:
        document_hash(document, Canonicalization.RDFC)
    except InvalidInputError as exc:
        return Finding("statements", Outcome.FAIL, str(exc))
    return Finding("statements", Outcome.PASS, "The JSON says exactly what its statements say.")


def sample_badge(
    achievement: Achievement, profile: IssuerProfile, image: str | None, *, now: datetime
) -> dict[str, Json]:
    """The badge that somebody would get for an achievement now."""
    somebody = Recipient(
        line=0, name="A Learner", email="learner@example.com", student_id=None, did=None,
        identity_hash=None, identity_salt=None,
        awarded=None, valid_until=None, evidence=None, narrative=None, score=None, credits=None,
        license_number=None, role=None, term=None,
    )  # fmt: skip
    form = BadgeForm(achievement, profile, now, image)
    return open_badge(form, somebody, badge_id="urn:example:badge", salt="example")
