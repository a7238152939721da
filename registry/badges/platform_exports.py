"""CSV files that badge platforms export: what was issued to whom, of many kinds in one file.

Known by their headers, in Credly's and Accredible's way of naming them; others go the same way if
a column says which badge a row is about.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from registry.badges.csv_tables import CsvTable, csv_rows, csv_table
from registry.badges.imported import Imported, ImportFault, LeftOut, Place, Template
from registry.badges.roster_headers import FIELDS, IDENTITIES, field_of, plain
from registry.badges.roster_values import RowFaultError, recipient_of
from registry.errors import InvalidInputError

_WHAT: Final = "the export"
# Of a template, and of what became of a badge. In lower case, with single spaces.
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "template": (
            "badge template name", "badge name", "badge template", "badge", "badge title",
            "group name", "group", "credential name", "credential.name", "course name",
            "certificate name", "achievement", "achievement name",
        ),
        "template_id": ("badge template id", "template id", "group id", "credential group id"),
        "description": (
            "badge description", "badge template description", "description",
            "credential description", "credential.description", "course description",
        ),
        "criteria_url": ("criteria url", "course link", "credential.course link"),
        # In order: beside a status, Credly's `State` is a part of a country.
        "state": ("badge status", "badge state", "status", "state"),
        "revoked_at": ("revoked at", "revocation date"),
        "approved": ("approve", "approved", "published"),
    }
)  # fmt: skip
_MEANING: Final = {name: field for field, names in _COLUMNS.items() for name in names}
_OF_BADGES: Final = frozenset({"id"})  # a person's in rosters; here it is the badge's own
_HELD: Final = frozenset({"", "accepted", "pending", "issued", "active", "published", "approved"})
_NO: Final = frozenset({"no", "false", "0"})
_SLASHES: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})(?=$|[ ,T])(.*)")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)\s*"
    r"(UTC|Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DATES: Final = ("awarded", "valid_until")
_MAX_MONTH: Final = 12


def read_platform_export(
    data: bytes, file: str, mapping: Mapping[str, str], *, now: datetime
) -> Iterator[Imported | LeftOut | ImportFault]:
    """Read an export; each row is a badge, left out for a reason, or at fault.

    `mapping` has a roster's field, or `template`, for columns whose names say none. Raises
    `InvalidInputError` for a file that is none, or does not say which badge its rows are about.
    """
    table = csv_table(data, _WHAT)
    columns = _columns(table, mapping)
    order = _order_of_dates(data, table, columns)
    for line, values in csv_rows(data, table, _WHAT):
        place = Place(file, line)
        if isinstance(values, str):
            yield ImportFault(place, values)
            continue
        texts = {field: values[index].strip() for field, index in columns.items()}
        own = {field: text for field, text in texts.items() if field in _COLUMNS}
        row = {field: text for field, text in texts.items() if text and field not in own}
        yield from _read(place, own, row, order, now)


def _columns(table: CsvTable, mapping: Mapping[str, str]) -> dict[str, int]:
    """Where each field stands, of templates and of rosters; exports have some twice."""
    names = [name.strip().lstrip("\ufeff") for name in table.names]
    for name, field in mapping.items():
        if name not in names or not (field in _COLUMNS or field in FIELDS):
            known = ", ".join((*_COLUMNS, *FIELDS))
            raise InvalidInputError(
                f"--column {name}={field}: a column of the export, and one of {known}"
            )
    found: dict[str, int] = {field: names.index(name) for name, field in mapping.items()}
    states = _COLUMNS["state"]
    by_state = sorted(
        enumerate(names),
        key=lambda each: states.index(plain(each[1])) if plain(each[1]) in states else 0,
    )
    for index, name in by_state:
        known = plain(name)
        meant = _MEANING.get(known) or (None if known in _OF_BADGES else field_of(known))
        if name not in mapping and meant is not None:
            found.setdefault(meant, index)
    if "template" not in found:
        raise InvalidInputError(
            "no column says which badge a row is about: if the file is a roster, `rootseal issue` "
            "takes it; else name the column with --column NAME=template",
            place="line 1",
        )
    if found.keys().isdisjoint(IDENTITIES):
        raise InvalidInputError(
            "no column says who has the badge: name one with --column NAME=email", place="line 1"
        )
    return found


def _read(
    place: Place, own: Mapping[str, str], row: dict[str, str], order: str | None, now: datetime
) -> Iterator[Imported | LeftOut | ImportFault]:
    reason = _not_held(own)
    if reason is not None:
        yield LeftOut(place, reason)
        return
    name = own["template"]
    if not name:
        yield ImportFault(place, "does not say which badge it is about")
        return
    faults = []
    for field in _DATES:
        try:
            text = row.pop(field, None)
            if text is not None:
                row[field] = _date(text, order)
        except ValueError as exc:
            faults.append(f"{field} {exc}")
    if _is_over(row.get("valid_until"), now):
        yield LeftOut(place, f"ended on {row['valid_until'][:10]}")
        return
    try:
        recipient_of(place.line or 0, row, now=now)
    except RowFaultError as exc:
        faults += [f"{field} {reason}" for field, reason in exc.faults]
    if faults:
        yield from (ImportFault(place, fault) for fault in faults)
        return
    yield Imported(place, _template(name, own), row)


def _template(name: str, own: Mapping[str, str]) -> Template:
    link = own.get("criteria_url", "")
    return Template(
        key=own.get("template_id") or name,
        name=name,
        description=own.get("description") or None,
        criteria_url=link if link.startswith(("https://", "http://")) else None,
    )


def _not_held(own: Mapping[str, str]) -> str | None:
    state = own.get("state", "").lower()
    if own.get("revoked_at"):
        return f"revoked on {own['revoked_at'][:20]}"
    if state not in _HELD:
        return f"its state is {state[:40]!r}"
    return "is not published" if own.get("approved", "").lower() in _NO else None


def _is_over(text: str | None, now: datetime) -> bool:
    if text is None:
        return False
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return False
    return (time if time.tzinfo else time.replace(tzinfo=UTC)) <= now


def _order_of_dates(data: bytes, table: CsvTable, columns: Mapping[str, int]) -> str | None:
    """Whether dates with slashes have the day or the month first, if some date shows it."""
    shown: set[str] = set()
    indexes = [columns[field] for field in _DATES if field in columns]
    for _, values in csv_rows(data, table, _WHAT):
        for index in () if isinstance(values, str) else indexes:
            found = _SLASHES.fullmatch(values[index].strip())
            if found is not None and int(found[1]) > _MAX_MONTH:
                shown.add("day")
            elif found is not None and int(found[2]) > _MAX_MONTH:
                shown.add("month")
    return shown.pop() if len(shown) == 1 else None


def _date(text: str, order: str | None) -> str:
    """As rosters have it. Raises `ValueError` where it may mean two days."""
    instant = _INSTANT.fullmatch(text)
    if instant is not None:
        day, time, zone = instant.groups()
        zone = "+00:00" if zone in {None, "Z", "UTC"} else zone
        return f"{day}T{time}{zone}"
    found = _SLASHES.fullmatch(text)
    if found is None:
        return text
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if first != second and order is None:
        raise ValueError(
            "may mean two days, and no other date of the file shows which is the month"
        )
    month, day = (second, first) if order == "day" else (first, second)
    return f"{year + 2000 if year < 100 else year:04}-{month:02}-{day:02}"
