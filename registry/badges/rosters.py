"""Rosters: who gets a badge, from CSV files as spreadsheets and course platforms write them.

Says what it took the file for. Every faulty row is named with column and reason; nothing is guessed
that could mean two things. Headers: `roster_headers`; values: `roster_values`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from registry.badges.csv_tables import MAX_CSV_BYTES, CsvTable, csv_rows, csv_table
from registry.badges.roster_headers import FIELDS, Header, read_header
from registry.badges.roster_values import Recipient, RowFaultError, recipient_of

MAX_ROSTER_BYTES: Final = MAX_CSV_BYTES
_WHAT: Final = "the roster"


class Fault(NamedTuple):
    """Why a row cannot be taken. `column` is its header, or empty for the whole row."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column!r}" if self.column else "")
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class RosterForm:
    """What a file was taken for."""

    table: CsvTable
    header: Header

    def notes(self) -> list[str]:
        """In words, for the person who has to agree."""
        told = [self.table.note()]
        told += [f"column {column!r} is {field}" for field, column in self.header.used.items()]
        if self.header.unused:
            names = ", ".join(map(repr, self.header.unused))
            told.append(f"not used: {names}; --column NAME=FIELD uses one ({', '.join(FIELDS)})")
        return told


def roster_form(data: bytes, mapping: Mapping[str, str]) -> RosterForm:
    """Find encoding, separator and columns; `mapping` names fields of columns by their headers.

    Raises `InvalidInputError` for a file without a header, for columns that are missing, named
    twice or mapped wrongly; `TooLargeError` past `MAX_ROSTER_BYTES`.
    """
    table = csv_table(data, _WHAT)
    return RosterForm(table, read_header(table.names, mapping))


def roster_rows(data: bytes, form: RosterForm, *, now: datetime) -> Iterator[Recipient | Fault]:
    """Read the rows in order: a recipient, or the faults of a row; raises as `csv_rows`."""
    seen: dict[str, int] = {}
    for line, values in csv_rows(data, form.table, _WHAT):
        if isinstance(values, str):
            yield Fault(line, "", values)
        else:
            yield from _read(line, values, form.header, seen, now)


def _read(
    line: int, values: list[str], header: Header, seen: dict[str, int], now: datetime
) -> Iterator[Recipient | Fault]:
    fields = {field: values[header.index[column]] for field, column in header.used.items()}
    try:
        found = recipient_of(line, fields, now=now)
    except RowFaultError as exc:
        for field, reason in exc.faults:
            yield Fault(line, header.used.get(field, field), reason)
        return
    before = seen.setdefault(found.key, line)
    if before != line:
        yield Fault(line, header.used[found.identity_field], f"is in line {before} already")
        return
    yield found
