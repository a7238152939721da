"""Open Badges 2.0: assertions and their badge classes, as JSON or in pictures (OB 2.0 §4).

They are the issuer's own files: what they are signed with is not checked, and nothing is fetched.
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from registry.badges.imported import (
    Imported,
    ImportFault,
    LeftOut,
    Place,
    Skill,
    Template,
    usable_image,
)
from registry.badges.roster_values import RowFaultError, recipient_of
from registry.core.baked import unbake
from registry.core.documents import Json, parse_document
from registry.core.wire import read_time
from registry.errors import InvalidInputError

_ASSERTION: Final = "Assertion"
_CLASS: Final = "BadgeClass"
_JWS_PARTS: Final = 3
_MAX_TAGS: Final = 50


@dataclass(slots=True)
class OpenBadges2:
    """Documents that were given, and the badge classes among them by their ids."""

    assertions: list[tuple[Place, dict[str, Json]]] = field(default_factory=list)
    classes: dict[str, dict[str, Json]] = field(default_factory=dict)

    def add(self, data: bytes, file: str) -> ImportFault | None:
        """Take a file: an assertion, a badge class, an issuer; or say why it is none."""
        place = Place(file)
        try:
            document = _document(data)
        except InvalidInputError as exc:
            return ImportFault(place, str(exc))
        kinds = _kinds(document)
        if _ASSERTION in kinds:
            self.assertions.append((place, document))
        elif _CLASS in kinds:
            self.classes[str(document.get("id"))] = document
        elif kinds.isdisjoint({"Issuer", "Profile"}):
            return ImportFault(place, "is no assertion, badge class or issuer of Open Badges 2.0")
        return None

    def badges(self, *, now: datetime) -> Iterator[Imported | LeftOut | ImportFault]:
        """Each assertion as a badge, left out for a reason, or at fault."""
        for place, assertion in self.assertions:
            try:
                yield self._badge(place, assertion, now)
            except RowFaultError as exc:
                for name, reason in exc.faults:
                    yield ImportFault(place, f"{name} {reason}")
            except InvalidInputError as exc:
                yield ImportFault(place, str(exc))

    def _badge(
        self, place: Place, assertion: Mapping[str, Json], now: datetime
    ) -> Imported | LeftOut:
        if assertion.get("revoked"):
            return LeftOut(place, f"revoked: {str(assertion.get('revocationReason', ''))[:100]}")
        row = _row(assertion)
        ends = read_time(row.get("valid_until"))
        if ends is not None and ends <= now:
            return LeftOut(place, f"ended on {ends:%Y-%m-%d}")
        recipient_of(0, row, now=now)
        return Imported(place, _template(self._class(assertion.get("badge"))), row)

    def _class(self, badge: Json) -> dict[str, Json]:
        if isinstance(badge, dict):
            return badge
        found = self.classes.get(str(badge))
        if found is None:
            raise InvalidInputError(
                f"its badge class is at {str(badge)[:200]}: get that file, and import it with it"
            )
        return found


def _document(data: bytes) -> dict[str, Json]:
    inside = unbake(data)
    text = (data if inside is None else inside).strip()
    if text.count(b".") == _JWS_PARTS - 1 and not text.startswith((b"{", b"http")):
        payload = text.split(b".")[1]
        try:
            text = urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
        except ValueError as exc:
            raise InvalidInputError("neither JSON nor a signed assertion") from exc
    if text.startswith(b"http"):
        where = text[:200].decode(errors="replace")
        raise InvalidInputError(f"it only says where its assertion is: get {where}")
    return parse_document(text)


def _kinds(document: Mapping[str, Json]) -> set[str]:
    kinds = document.get("type")
    return set(map(str, kinds)) if isinstance(kinds, list) else {str(kinds)}


def _row(assertion: Mapping[str, Json]) -> dict[str, str]:
    row = _recipient(assertion.get("recipient"))
    for name, member in (("awarded", "issuedOn"), ("valid_until", "expires")):
        value = assertion.get(member)
        if value is not None:
            row[name] = _time(value, member)
    evidence = assertion.get("evidence")
    for each in evidence if isinstance(evidence, list) else [evidence]:
        where = each.get("id") if isinstance(each, dict) else each
        if isinstance(where, str) and where.startswith(("https://", "http://")):
            row.setdefault("evidence", where)
    narrative = assertion.get("narrative")
    if isinstance(narrative, str) and narrative:
        row["narrative"] = narrative
    return row


def _recipient(recipient: Json) -> dict[str, str]:
    if not isinstance(recipient, dict) or not isinstance(recipient.get("identity"), str):
        raise InvalidInputError("has no recipient", place="/recipient")
    if recipient.get("type") != "email":
        raise InvalidInputError(
            f"the recipient is named by {str(recipient.get('type'))[:40]!r}, not by an address of "
            "mail",
            place="/recipient/type",
        )
    identity = str(recipient["identity"])
    if not recipient.get("hashed"):
        return {"email": identity}
    if not identity.startswith("sha256$"):
        raise InvalidInputError(
            f"the recipient is hashed with {identity.partition('$')[0][:20]!r}, which can be "
            "forged; only sha256 is taken",
            place="/recipient/identity",
        )
    salt = recipient.get("salt")
    if isinstance(salt, str) and salt != salt.strip():
        raise InvalidInputError(  # rosters are read without them, and the hash would fit nobody
            "the salt begins or ends with a space, which a roster cannot carry",
            place="/recipient/salt",
        )
    return {"identity_hash": identity} | ({"identity_salt": str(salt)} if salt else {})


def _time(value: Json, member: str) -> str:
    """Open Badges 1 has seconds since 1970, too."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC).isoformat()
        except (ValueError, OverflowError, OSError) as exc:
            raise InvalidInputError("no time", place=f"/{member}") from exc
    found = read_time(value)
    if found is None:
        raise InvalidInputError("no time with a zone", place=f"/{member}")
    return found.isoformat()


def _template(badge: Mapping[str, Json]) -> Template:
    name = _text(badge, "name")
    if name is None:
        raise InvalidInputError("its badge class has no name", place="/badge/name")
    criteria = badge.get("criteria")
    where = criteria.get("id") if isinstance(criteria, dict) else criteria
    identifier = _text(badge, "id")
    image = badge.get("image")
    picture = image.get("id") if isinstance(image, dict) else image
    tags = badge.get("tags")
    return Template(
        key=identifier or name,
        name=name,
        id=identifier if identifier and ":" in identifier else None,
        description=_text(badge, "description"),
        criteria=_text(criteria, "narrative") if isinstance(criteria, dict) else None,
        criteria_url=where if isinstance(where, str) and where.startswith("http") else None,
        image=usable_image(picture if isinstance(picture, str) else None),
        tags=tuple(str(tag) for tag in tags[:_MAX_TAGS]) if isinstance(tags, list) else (),
        skills=tuple(_skills(badge.get("alignment"))),
    )


def _skills(alignment: Json) -> Iterator[Skill]:
    for each in alignment if isinstance(alignment, list) else [alignment]:
        if not isinstance(each, dict):
            continue
        name, url = _text(each, "targetName"), _text(each, "targetUrl")
        if name and url:
            more = ("targetFramework", "targetCode", "targetDescription")
            yield Skill(name, url, *(_text(each, member) for member in more))


def _text(members: Mapping[str, Json], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) and value.strip() else None
