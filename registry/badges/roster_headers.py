"""Columns of rosters: which field each one is, by the names that people and platforms give them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from registry.core.documents import printable
from registry.errors import InvalidInputError

# Every field, with the names by which it is known; in lower case, with single spaces.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "email": (
            "email", "e mail", "mail", "email address", "recipient email", "learner email",
            "recipient.email", "e mail adresse", "emailadresse", "mailadresse", "earner email",
            "issued to email",
        ),
        "name": (
            "name", "full name", "recipient name", "recipient", "learner", "student",
            "student name", "recipient.name", "teilnehmer", "teilnehmerin", "vollständiger name",
            "earner name", "issued to",
        ),
        "given_name": (
            "given name", "first name", "firstname", "forename", "vorname", "issued to first name",
        ),
        "family_name": (
            "family name", "last name", "lastname", "surname", "nachname", "familienname",
            "issued to last name",
        ),
        "did": ("did", "subject id", "wallet", "holder", "recipient did"),
        "student_id": (
            "student id", "learner id", "sourced id", "matriculation number", "matrikelnummer",
            "student number", "external id", "issuer earner id", "id",
        ),
        "identity_hash": ("identity hash",),
        "identity_salt": ("identity salt",),
        "awarded": (
            "awarded", "awarded on", "award date", "date", "issued on", "issue date", "issued at",
            "issued at date", "credential.issued on",
            "completion date", "completed", "issued", "datum", "ausgestellt am", "abschlussdatum",
        ),
        "valid_until": (
            "valid until", "expires", "expires at", "expiry", "expiry date", "expired on",
            "credential.expired on",
            "expiration date", "gültig bis", "ablaufdatum",
        ),
        "evidence": ("evidence", "evidence url", "evidence link", "nachweis", "work", "portfolio"),
        "narrative": ("narrative", "comment", "remarks", "bemerkung", "notes", "kommentar"),
        "score": ("score", "grade", "result", "points", "percent", "note", "punkte", "ergebnis"),
        "credits": ("credits", "credits earned", "ects", "leistungspunkte", "credit points"),
        "license_number": (
            "license number", "licence number", "certificate number", "certificate id",
            "license no", "zertifikatsnummer",
        ),
        "role": ("role", "rolle"),
        "term": ("term", "semester"),
    }
)  # fmt: skip
IDENTITIES: Final = ("email", "student_id", "did", "identity_hash")  # one of these says who it is
_KNOWN: Final = {name: field for field, names in FIELDS.items() for name in names}
_BETWEEN: Final = re.compile(r"[\s_\-/]+")


def plain(name: str) -> str:
    """The name of a column in lower case, with single spaces."""
    return _BETWEEN.sub(" ", name.strip().lstrip("\ufeff").lower())


def field_of(name: str) -> str | None:
    """The field that a column is by its name, which is `plain`; None if it says none."""
    return _KNOWN.get(name)


@dataclass(frozen=True, slots=True)
class Header:
    """Of a roster: the column of each field, where columns stand, and what is not used."""

    used: Mapping[str, str]
    index: Mapping[str, int]
    unused: tuple[str, ...]


def read_header(names: Sequence[str], mapping: Mapping[str, str]) -> Header:
    """Find the fields; `mapping` has a field for columns whose names say none.

    Raises `InvalidInputError` with everything that is wrong with it.
    """
    columns = [printable(name.strip().lstrip("\ufeff")) for name in names]
    faults = [f"column {i + 1} has no name" for i, name in enumerate(columns) if not name]
    faults += [
        f"two columns are called {n!r}" for n in sorted(set(columns)) if columns.count(n) > 1
    ]
    faults += [f"there is no column {name!r} to use" for name in mapping if name not in columns]
    faults += [
        f"there is no field {field!r}: {', '.join(FIELDS)}"
        for field in mapping.values()
        if field not in FIELDS
    ]
    used: dict[str, str] = {}
    for column in dict.fromkeys(columns):
        field = mapping.get(column, field_of(plain(column)))
        if field in used:
            faults.append(f"columns {used[field]!r} and {column!r} are both {field}")
        elif field is not None:
            used[field] = column
    if not any(field in used for field in IDENTITIES):
        faults.append(
            "no column says who gets the badge: name one email, student_id or did, "
            "or use --column NAME=email"
        )
    if faults:
        raise InvalidInputError(f"the roster's header: {'; '.join(faults)}", place="line 1")
    unused = tuple(column for column in columns if column not in used.values())
    return Header(used, {name: i for i, name in enumerate(columns)}, unused)
