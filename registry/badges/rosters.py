"""Rosters: who gets a badge, from CSV files as spreadsheets and course platforms write them.

Says what it took the file for. Every faulty row is named with column and reason; nothing is guessed
that could mean two things. Headers: `roster_headers`; values: `roster_values`.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from registry.badges.roster_headers import FIELDS, Header, read_header
from registry.badges.roster_values import Recipient, RowFaultError, recipient_of
from registry.errors import InvalidInputError, TooLargeError

MAX_ROSTER_BYTES: Final = 256 * 2**20
MAX_ROWS: Final = 1_000_000
MAX_FIELD: Final = 10_000  # characters of one field
_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


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

    encoding: str
    separator: str
    header: Header

    def notes(self) -> list[str]:
        """In words, for the person who has to agree."""
        name = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16"}
        told = [
            (
                f"read as {name.get(self.encoding, 'Windows-1252, since it is not UTF-8')}, "
                f"fields separated by {_SEPARATORS[self.separator]}"
            )
        ]
        told += [f"column {column!r} is {field}" for field, column in self.header.used.items()]
        if self.header.unused:
            names = ", ".join(map(repr, self.header.unused))
            told.append(f"not used: {names}; --column NAME=FIELD uses one ({', '.join(FIELDS)})")
        return told


def roster_form(data: bytes, mapping: Mapping[str, str]) -> RosterForm:
    """Find encoding, separator and columns; `mapping` names fields of columns by their headers.

    Raises `InvalidInputError` for a file without rows, for columns that are missing, named twice
    or mapped wrongly; `TooLargeError` past `MAX_ROSTER_BYTES`.
    """
    if len(data) > MAX_ROSTER_BYTES:
        raise TooLargeError(f"a roster of {len(data)} bytes; the limit is {MAX_ROSTER_BYTES}")
    encoding = _encoding(data)
    with _opened(data, encoding) as text:
        first = text.readline()
        while first and not first.strip():
            first = text.readline()
    if not first:
        raise InvalidInputError("the roster is empty")
    separator = max(_SEPARATORS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=separator, strict=True))
    except csv.Error as exc:
        raise InvalidInputError(f"the header cannot be read: {exc}", place="line 1") from exc
    return RosterForm(encoding, separator, read_header(names, mapping))


def roster_rows(data: bytes, form: RosterForm, *, now: datetime) -> Iterator[Recipient | Fault]:
    """Read the rows in order: a recipient, or the faults of a row. Empty rows are passed over."""
    seen: dict[str, int] = {}
    count = 0
    for line, values in _lines(data, form):
        if not isinstance(values, str) and not any(value.strip() for value in values):
            continue
        count += 1
        if count > MAX_ROWS:
            raise TooLargeError(f"more than {MAX_ROWS:,} rows in one roster")
        if isinstance(values, str):
            yield Fault(line, "", values)
            continue
        yield from _read(line, values, form.header, seen, now)
    if count == 0:
        raise InvalidInputError("the roster has a header and no rows")


def _read(
    line: int, values: list[str], header: Header, seen: dict[str, int], now: datetime
) -> Iterator[Recipient | Fault]:
    if len(values) != header.width:
        yield Fault(line, "", f"has {len(values)} fields, the header {header.width}")
        return
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


def _lines(data: bytes, form: RosterForm) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and fields of each row below the header; a sentence where it cannot be read."""
    with _opened(data, form.encoding) as text:
        reader = csv.reader(text, delimiter=form.separator, strict=True)
        csv.field_size_limit(MAX_FIELD)
        header_seen, start = False, 1
        while True:
            start = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield start, f"cannot be read: {exc}"
                continue
            if header_seen:
                yield start, values
            header_seen = header_seen or any(value.strip() for value in values)


def _opened(data: bytes, encoding: str) -> io.TextIOWrapper:
    # What is no text becomes a sign that no field may have: so the fault has line and column.
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="replace", newline="")


def _encoding(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if b"\0" in data[:4_000]:
        raise InvalidInputError("not a CSV file: it has zero bytes")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
