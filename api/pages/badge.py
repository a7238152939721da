"""What a published credential says, as far as a page shows it.

The document is a stranger's: whatever has not the expected shape is left out, never an error;
texts are cut and cleaned, and only `https:` links are links. The templates escape all of it.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from api.pages.images import safe_picture
from registry.core.documents import Json

MAX_SKILLS: Final = 50
_NAME: Final = 200  # characters
_TEXT: Final = 4000
_EVIDENCE: Final = 400
_URL: Final = 2000
_NOT_IN_URLS: Final = frozenset(" \"'<>\\^`{|}")  # RFC 3986 has none of them
_UNSEEN: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
# Marks that turn the direction of text around could make one text look like another.
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill to which a credential is aligned; `url` is None unless it may be a link."""

    name: str
    framework: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Badge:
    """A credential's own words. Nothing in it is checked."""

    name: str | None
    kind: str | None
    description: str | None
    criteria: str | None
    criteria_url: str | None
    skills: tuple[Skill, ...]
    issuer: str | None
    issuer_url: str | None
    holder: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    picture: str | None  # a data: URL


def badge_of(document: Mapping[str, Json], language: str) -> Badge:
    """Read an Open Badge, or as much of one as there is."""
    subject = _first(document.get("credentialSubject"))
    achievement = _first(subject.get("achievement"))
    criteria = _first(achievement.get("criteria"))
    issuer = document.get("issuer")
    by = _first(issuer)
    issuer_id = issuer if isinstance(issuer, str) else by.get("id")
    return Badge(
        name=_name(achievement.get("name"), language) or _name(document.get("name"), language),
        kind=_name(achievement.get("achievementType"), language),
        description=_text(achievement.get("description"), language)
        or _text(document.get("description"), language),
        criteria=_text(criteria.get("narrative"), language),
        criteria_url=safe_link(criteria.get("id")),
        skills=tuple(_skills(achievement.get("alignment"), language)),
        issuer=_name(by.get("name"), language) or _name(issuer_id, language),
        issuer_url=safe_link(by.get("url")) or safe_link(issuer_id),
        holder=_name(subject.get("name"), language),
        valid_from=_time(document.get("validFrom", document.get("issuanceDate"))),
        valid_until=_time(document.get("validUntil", document.get("expirationDate"))),
        picture=_picture(achievement.get("image")) or _picture(document.get("image")),
    )


def plain(value: str | int | None) -> str:
    """Text that may hold a stranger's, cleaned and cut: what a check says, or rests on."""
    return _clean("" if value is None else str(value), _EVIDENCE) or ""


def safe_link(value: Json) -> str | None:
    """An `https:` URL without a user in it; None for anything else."""
    if not isinstance(value, str) or len(value) > _URL:
        return None
    if not value.isprintable() or not _NOT_IN_URLS.isdisjoint(value):
        return None
    try:
        parts = urlsplit(value)
        is_plain = parts.username is None and parts.password is None
        host = parts.hostname
    except ValueError:
        return None
    return value if parts.scheme == "https" and host and is_plain else None


def _skills(alignments: Json, language: str) -> Iterator[Skill]:
    for item in _all(alignments)[:MAX_SKILLS]:
        name = _name(item.get("targetName"), language)
        if name is not None:
            framework = _name(item.get("targetFramework"), language)
            yield Skill(name, framework, safe_link(item.get("targetUrl")))


def _picture(image: Json) -> str | None:
    url = image if isinstance(image, str) else _first(image).get("id")
    return safe_picture(url) if isinstance(url, str) else None


def _all(value: Json) -> list[dict[str, Json]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _first(value: Json) -> dict[str, Json]:
    return next(iter(_all(value)), {})


def _name(value: Json, language: str) -> str | None:
    text = _clean(_words(value, language), _NAME)
    return None if text is None else " ".join(text.split())


def _text(value: Json, language: str) -> str | None:
    return _clean(_words(value, language), _TEXT)


def _words(value: Json, language: str) -> str:
    """Text, plain or in several languages (VC 2.0 §11.1, or a language map)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        found = [item for item in _all(value) if isinstance(item.get("@value"), str)]
        chosen = [item for item in found if item.get("@language") == language] or found
        return _words(chosen[0], language) if chosen else _words(next(iter(value), None), language)
    if isinstance(value, dict):
        return _words(
            value.get("@value", value.get(language, next(iter(value.values()), None))), language
        )
    return ""


def _clean(text: str, limit: int) -> str | None:
    """Without characters that are not seen, and not longer than `limit`."""
    whole = len(text) <= limit
    kept = "".join(filter(_is_shown, text[:limit])).strip()
    return None if not kept else kept if whole else f"{kept}…"


def _is_shown(character: str) -> bool:
    if character == "\n":
        return True
    return unicodedata.category(character) not in _UNSEEN and character not in _TURNING


def _time(value: Json) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        time = datetime.fromisoformat(value)
        return None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
