"""CSV files as spreadsheets and course platforms write them: encoding, separator, rows."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.errors import InvalidInputError, TooLargeError

MAX_CSV_BYTES: Final = 256 * 2**20
MAX_ROWS: Final = 1_000_000
MAX_FIELD: Final = 10_000  # characters of one field
_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class CsvTable:
    """What a file was taken for."""

    encoding: str
    separator: str
    names: tuple[str, ...]  # of its columns, as they are written

    def note(self) -> str:
        """In words, for the person who has to agree."""
        name = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16"}
        return (
            f"read as {name.get(self.encoding, 'Windows-1252, since it is not UTF-8')}, "
            f"fields separated by {_SEPARATORS[self.separator]}"
        )


def csv_table(data: bytes, what: str) -> CsvTable:
    """Find encoding, separator and names of columns of `what`.

    Raises `InvalidInputError` for a file without a header; `TooLargeError` past `MAX_CSV_BYTES`.
    """
    if len(data) > MAX_CSV_BYTES:
        raise TooLargeError(f"{what} of {len(data)} bytes; the limit is {MAX_CSV_BYTES}")
    encoding = _encoding(data)
    with _opened(data, encoding) as text:
        first = text.readline()
        while first and not first.strip():
            first = text.readline()
    if not first:
        raise InvalidInputError(f"{what} is empty")
    separator = max(_SEPARATORS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=separator, strict=True))
    except csv.Error as exc:
        raise InvalidInputError(f"the header cannot be read: {exc}", place="line 1") from exc
    return CsvTable(encoding, separator, tuple(names))


def csv_rows(data: bytes, table: CsvTable, what: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and fields of each row below the header; a sentence where it cannot be read.

    Empty rows are passed over. Raises `InvalidInputError` if there are no others, `TooLargeError`
    past `MAX_ROWS`.
    """
    count = 0
    for line, values in _lines(data, table):
        if not isinstance(values, str) and not any(value.strip() for value in values):
            continue
        count += 1
        if count > MAX_ROWS:
            raise TooLargeError(f"more than {MAX_ROWS:,} rows in {what}")
        if isinstance(values, str) or len(values) == len(table.names):
            yield line, values
        else:
            yield line, f"has {len(values)} fields, the header {len(table.names)}"
    if count == 0:
        raise InvalidInputError(f"{what} has a header and no rows")


def _lines(data: bytes, table: CsvTable) -> Iterator[tuple[int, list[str] | str]]:
    with _opened(data, table.encoding) as text:
        reader = csv.reader(text, delimiter=table.separator, strict=True)
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
