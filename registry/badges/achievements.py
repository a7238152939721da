"""Achievements and issuers, as files that people write (docs/badges.md)."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Self
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field, field_validator, model_validator

from registry.badges.tables import Name, Table, Text, Uri, Url, read_table
from registry.core.documents import Json
from registry.standards import schema

OPEN_BADGE_SCHEMA: Final = "ob_v3p0_achievementcredential_schema.json"
_PERIOD: Final = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?")  # of ISO 8601
_WORDS: Final = re.compile(r"(\d{1,5}) (year|month|day)s?")
_FOREVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
# What kind of node a skill is in frameworks that are known here, as Open Badges name kinds.
_KINDS: Final = {"ESCO": "ext:ESCO", "CTDL": "CTDL", "CASE": "CFItem"}


class Skill(Table):
    """A node of a framework of skills to which an achievement is aligned."""

    name: Name
    url: Url
    framework: Name | None = None
    code: Name | None = None
    kind: Name | None = None
    description: Text | None = None

    def alignment(self) -> dict[str, Json]:
        """As Open Badges write it."""
        kind = self.kind or _KINDS.get(self.framework or "")
        return _present(
            type=["Alignment"],
            targetName=self.name,
            targetUrl=self.url,
            targetFramework=self.framework,
            targetCode=self.code,
            targetType=kind,
            targetDescription=self.description,
        )


class Achievement(Table):
    """What a badge is given for."""

    id: Uri | None = None
    name: Name
    description: Text
    criteria: Text | None = None
    criteria_url: Url | None = None
    type: Name | None = None
    image: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    valid_for: str | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    field_of_study: Name | None = None
    specialization: Name | None = None
    version: Name | None = None
    code: Name | None = None
    credits: Annotated[float, Field(ge=0, le=100_000, strict=False)] | None = None
    tags: Annotated[tuple[Name, ...], Field(max_length=50, strict=False)] = ()
    skills: Annotated[tuple[Skill, ...], Field(max_length=100, strict=False)] = ()

    @model_validator(mode="after")
    def _has_criteria(self) -> Self:
        if self.criteria is None and self.criteria_url is None:
            raise ValueError("criteria or criteria_url is needed: what has to be done for it")
        return self

    @field_validator("valid_for")
    @classmethod
    def _is_a_period(cls, text: str | None) -> str | None:
        if text is not None:
            _months_and_days(text)
        return text

    @field_validator("type")
    @classmethod
    def _is_a_type(cls, text: str | None) -> str | None:
        known = _achievement_types()
        if text is not None and text not in known and not text.startswith("ext:"):
            raise ValueError(f"not a type of Open Badges: {', '.join(known)}, or ext:…")
        return text

    def identifier(self, issuer_id: str) -> str:
        """Its own, or one that follows from issuer, name and version, and so stays the same."""
        if self.id is not None:
            return self.id
        made_of = "\n".join((issuer_id, self.name, self.version or ""))
        return uuid5(NAMESPACE_URL, made_of).urn

    def valid_until(self, start: datetime) -> datetime | None:
        """When a badge given at `start` ends; None if it does not."""
        if self.valid_for is None:
            return None
        months, days = _months_and_days(self.valid_for)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        if year > _FOREVER.year:
            return _FOREVER
        day = min(start.day, monthrange(year, month + 1)[1])
        try:
            return start.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
        except OverflowError:
            return _FOREVER

    def document(self, issuer_id: str, image_id: str | None) -> dict[str, Json]:
        """As Open Badges write it."""
        criteria = _present(id=self.criteria_url, narrative=self.criteria)
        return _present(
            id=self.identifier(issuer_id),
            type=["Achievement"],
            achievementType=self.type,
            name=self.name,
            description=self.description,
            criteria=criteria,
            image=None if image_id is None else {"id": image_id, "type": "Image"},
            inLanguage=self.language,
            fieldOfStudy=self.field_of_study,
            specialization=self.specialization,
            version=self.version,
            humanCode=self.code,
            creditsAvailable=self.credits,
            tag=list(self.tags) or None,
            alignment=[skill.alignment() for skill in self.skills] or None,
        )


class IssuerProfile(Table):
    """Who gives badges."""

    id: Annotated[str, Field(max_length=2_000, pattern=r"^(did:(web|key):|https://)\S+$")]
    name: Name
    url: Url | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = (
        None
    )
    description: Text | None = None
    image: Url | None = None
    official: Name | None = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 ()./-]{3,40}$")] | None = None

    def document(self) -> dict[str, Json]:
        """As Open Badges write it."""
        return _present(
            id=self.id,
            type=["Profile"],
            name=self.name,
            url=self.url,
            email=self.email,
            description=self.description,
            official=self.official,
            phone=self.phone,
            image=None if self.image is None else {"id": self.image, "type": "Image"},
        )


def read_achievement(data: bytes) -> Achievement:
    """Read an achievement's file. Raises `InvalidInputError` with every fault and its place."""
    return read_table(data, Achievement, "an achievement")


def read_issuer_profile(data: bytes) -> IssuerProfile:
    """Read an issuer's file; errors as in `read_achievement`."""
    return read_table(data, IssuerProfile, "an issuer's profile")


def days_of_period(text: str) -> int:
    """A period in days, a month as 30 and a year as 365. Raises `ValueError`."""
    months, days = _months_and_days(text)
    years, months = divmod(months, 12)
    return 365 * years + 30 * months + days


def _achievement_types() -> tuple[str, ...]:
    kinds = schema(OPEN_BADGE_SCHEMA)["$defs"]["Achievement"]["properties"]["achievementType"]
    return tuple(kinds["oneOf"][0]["enum"])


def _months_and_days(text: str) -> tuple[int, int]:
    words, period = _WORDS.fullmatch(text), _PERIOD.fullmatch(text)
    if words is not None:
        number = int(words[1])
        return {"year": (12 * number, 0), "month": (number, 0), "day": (0, number)}[words[2]]
    if period is not None and any(period.groups()):
        years, months, days = (int(part or 0) for part in period.groups())
        return 12 * years + months, days
    raise ValueError("a period is wanted: `3 years`, `18 months`, `90 days`, or P1Y6M")


def _present(**members: Json) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value is not None}
