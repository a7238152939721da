"""Values of a roster's row: read exactly, and refused with a reason that says what to write."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from registry.badges.roster_headers import IDENTITIES
from registry.errors import InvalidInputError

_LIMITS: Final = {"narrative": 2_000, "evidence": 2_000, "did": 2_000}
_LIMIT: Final = 200  # characters of any other
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
)
_URL: Final = re.compile(r"https?://[^\s\"'<>\\^`{|}/]+[^\s\"'<>\\^`{|}]*")
_DID: Final = re.compile(
    r"did:(?:key:z[1-9A-HJ-NP-Za-km-z]{40,200}|web:[A-Za-z0-9.%:_-]+|(?:jwk|ion|ebsi|pkh):[A-Za-z0-9._:%-]+)"
)
_HASHED: Final = re.compile(r"sha256\$[0-9a-fA-F]{64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,4})?")
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GERMAN: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHES: Final = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}")
_FORMULA: Final = ("=", "+", "-", "@", "\t")  # with which spreadsheets begin what they would run
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FIRST_DAY: Final = datetime(1950, 1, 1, tzinfo=UTC)
_TOMORROW: Final = timedelta(days=1)  # somewhere it is tomorrow already
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row: who gets the badge, and what it says of them alone."""

    line: int
    name: str | None
    email: str | None
    student_id: str | None
    did: str | None
    identity_hash: str | None  # of an email address, made by somebody else
    identity_salt: str | None
    awarded: datetime | None
    valid_until: datetime | None
    evidence: str | None
    narrative: str | None
    score: str | None
    credits: float | None
    license_number: str | None
    role: str | None
    term: str | None

    @property
    def identity_field(self) -> str:
        """Which field says who it is."""
        return next(field for field in IDENTITIES if getattr(self, field))

    @property
    def key(self) -> str:
        """Who it is, the same however it is written."""
        return f"{self.identity_field}:{getattr(self, self.identity_field).casefold()}"


class RowFaultError(InvalidInputError):
    """A row has faults: (field, reason) of each."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {reason}" for field, reason in faults))
        self.faults = faults


def recipient_of(line: int, fields: Mapping[str, str], *, now: datetime) -> Recipient:
    """Read a row. Raises `RowFaultError` with every fault of it."""
    row = _Row(fields)
    given, family = row.read("given_name", _text), row.read("family_name", _text)
    parts = " ".join(part for part in (given, family) if part)
    found = Recipient(
        line=line,
        name=row.read("name", _text) or parts or None,
        email=row.read("email", _email),
        student_id=row.read("student_id", _text),
        did=row.read("did", _did),
        identity_hash=row.read("identity_hash", _hashed),
        identity_salt=row.read("identity_salt", str),
        awarded=row.read("awarded", _time),
        valid_until=row.read("valid_until", _time),
        evidence=row.read("evidence", _url),
        narrative=row.read("narrative", _text),
        score=row.read("score", _text),
        credits=row.read("credits", _number),
        license_number=row.read("license_number", _text),
        role=row.read("role", _text),
        term=row.read("term", _text),
    )
    faults = [*row.faults, *_contradictions(found, now, {field for field, _ in row.faults})]
    if faults:
        raise RowFaultError(faults)
    return found


class _Row:
    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self.faults: list[tuple[str, str]] = []

    def read(self, field: str, reader: Callable[[str], _T]) -> _T | None:
        text = self._fields.get(field, "").strip()
        if not text:
            return None
        try:
            _require_clean(text, _LIMITS.get(field, _LIMIT))
            return reader(text)
        except ValueError as exc:
            self.faults.append((field, str(exc)))
            return None


def _contradictions(row: Recipient, now: datetime, faulty: set[str]) -> Iterator[tuple[str, str]]:
    has_identity = any(getattr(row, field) for field in IDENTITIES)
    if not has_identity and faulty.isdisjoint(IDENTITIES):
        yield "email", "is empty, so nobody would get this badge"
    if row.awarded is not None and row.awarded > now + _TOMORROW:
        yield "awarded", "is in the future"
    if row.awarded is not None and row.awarded < _FIRST_DAY:
        yield "awarded", "is before 1950: is the year right?"
    if row.valid_until is None:
        return
    if row.awarded is not None and row.valid_until <= row.awarded:
        yield "valid_until", "is not after the award"
    elif row.valid_until <= now:
        yield "valid_until", "is over already"


def _require_clean(text: str, limit: int) -> None:
    if len(text) > limit:
        raise ValueError(f"has {len(text)} characters; the limit is {limit}")
    if "\ufffd" in text:
        raise ValueError("has a character that was lost when the file was saved: save it as UTF-8")
    hidden = next((c for c in text if unicodedata.category(c) in _UNSEEN and c != "\n"), None)
    if hidden is not None:
        raise ValueError(f"has a character that is not seen (U+{ord(hidden):04X})")


def _text(text: str) -> str:
    if text.startswith(_FORMULA):
        raise ValueError(f"begins with {text[0]!r}, as formulas of spreadsheets do")
    return unicodedata.normalize("NFC", text)


def _email(text: str) -> str:
    if _EMAIL.fullmatch(text) is None or ".." in text or len(text) > 254:
        raise ValueError("is no email address")
    return text


def _hashed(text: str) -> str:
    if _HASHED.fullmatch(text) is None:
        raise ValueError("is no hash as Open Badges write it: sha256$ and 64 hex digits")
    return text


def _did(text: str) -> str:
    if not text.startswith("did:"):
        raise ValueError("is no DID: it begins with `did:`")
    if _DID.fullmatch(text) is None:
        raise ValueError("is no DID of a method known here: key, web, jwk, pkh, ion, ebsi")
    return text


def _url(text: str) -> str:
    if _URL.fullmatch(text) is None:
        raise ValueError("is no address of the web: it begins with https://")
    return text


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("is no number, as 2.5")
    return float(text.replace(",", "."))


def _time(text: str) -> datetime:
    """A day, which begins at midnight in UTC, or an instant with its zone."""
    if _SLASHES.fullmatch(text) is not None:
        raise ValueError("may mean two days: write it as 2026-03-31")
    german = _GERMAN.fullmatch(text)
    try:
        if german is not None:
            day, month, year = (int(part) for part in german.groups())
            return datetime(year, month, day, tzinfo=UTC)
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date: write it as 2026-03-31") from None
    if _ISO.fullmatch(text) is not None:
        return time.replace(tzinfo=UTC)
    if time.tzinfo is None:
        raise ValueError("has a time without a time zone: write 2026-03-31T17:00+02:00")
    return time.astimezone(UTC)
