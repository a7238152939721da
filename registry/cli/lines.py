"""Reading files of many credentials: NDJSON, and CSV with hashes. Streams; adds nothing."""

import csv
import re
from collections.abc import Iterator
from itertools import groupby, islice
from typing import IO, Final, TypeAlias

from registry.core.canonical import Canonicalization
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, TooLargeError
from registry.services.hashing import BOM, Hashes, Lines, LinesInFile, Rejection, inode_of

MAX_CSV_LINE_BYTES: Final = 64 * 2**10  # a hash and what else a roster has in a row
_BLOCK_BYTES: Final = 2**20  # of NDJSON at once, some thousand badges
_HASHES_AT_ONCE: Final = 1_000
_KINDS: Final = " or ".join(Canonicalization)
_DIGITS: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})", re.ASCII)

_Row: TypeAlias = tuple[Canonicalization, bytes]  # a credential hash, and what it is of


def read_ndjson(
    file: IO[bytes], name: str, path: str | None = None
) -> Iterator[Lines | LinesInFile | Rejection]:
    """One credential a line, many lines at a time; blank lines hold none.

    With the `path` of a file that can be read again, lines are left in it.
    """
    number, rest = 1, b""
    inode = (0, 0) if path is None else inode_of(file)

    def lines(data: bytes, count: int, behind: int) -> Iterator[Lines | LinesInFile]:
        if not data or data.isspace():
            return
        if path is None:
            yield Lines(f"{name}:", number, data)
        else:
            start = file.tell() - behind - len(data)
            yield LinesInFile(f"{name}:", number, count, path, inode, start, len(data))

    while piece := file.read(_BLOCK_BYTES):
        block = rest + (piece.removeprefix(BOM) if number == 1 and not rest else piece)
        end = block.rfind(b"\n") + 1
        if end:
            count = block.count(b"\n", 0, end)
            yield from lines(block[:end], count, behind=len(block) - end)
            number += count
        rest = block[end:]
        if len(rest) > MAX_DOCUMENT_BYTES + 1:  # one may be half a line end
            yield Rejection(f"{name}:{number}", f"line is longer than {MAX_DOCUMENT_BYTES} bytes")
            rest = _after_line(file)
            number += 1
    yield from lines(rest, 1, behind=0)


def _after_line(file: IO[bytes]) -> bytes:
    """Read on to the end of a line, and return what was read beyond it."""
    while piece := file.read(_BLOCK_BYTES):
        _, found, rest = piece.partition(b"\n")
        if found:
            return rest
    return b""


def read_csv(file: IO[bytes], name: str) -> Iterator[Hashes | Rejection]:
    """One credential hash a row, from the column `hash`; other columns are passed over.

    A column `canonicalization` says how the hash was made; without it, raw.
    Raises `InvalidInputError` if the header lacks `hash`, or names a column of ours twice, and
    if the file is no CSV in UTF-8.
    """
    for kind, alike in groupby(_rows(file, name), key=_kind):
        if kind is None:
            yield from (row for row in alike if isinstance(row, Rejection))
            continue
        hashes = (row[1] for row in alike if not isinstance(row, Rejection))
        while some := tuple(islice(hashes, _HASHES_AT_ONCE)):
            yield Hashes(some, kind)


def _kind(row: _Row | Rejection) -> Canonicalization | None:
    return None if isinstance(row, Rejection) else row[0]


def _rows(file: IO[bytes], name: str) -> Iterator[_Row | Rejection]:
    rows = csv.reader(_text(file, name), strict=True)
    header: list[str] | None = None
    try:
        for row in rows:
            place = f"{name}:{rows.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(row, place)
            else:
                yield _row(header, row, place)
    except csv.Error as exc:
        raise InvalidInputError(f"not CSV: {exc}", place=f"{name}:{rows.line_num}") from exc


def parse_hash_digits(text: str) -> bytes | None:
    """A hash as people paste it, with or without 0x, in any case; None if it is none."""
    match = _DIGITS.fullmatch(text.strip())
    return None if match is None else bytes.fromhex(match[1])


def _lines(file: IO[bytes], limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Lines by number, without their ends; None for one that is longer than `limit`."""
    number = 0
    while line := file.readline(limit + 3):  # with a line end, and one to see that it is longer
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        content = line.rstrip(b"\r\n")
        if len(content) <= limit:
            yield number, content
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(limit)
        yield number, None


def _text(file: IO[bytes], name: str) -> Iterator[str]:
    for number, line in _lines(file, MAX_CSV_LINE_BYTES):
        place = f"{name}:{number}"
        if line is None:
            raise TooLargeError(f"line is longer than {MAX_CSV_LINE_BYTES} bytes", place=place)
        try:
            yield line.decode("utf-8") + "\n"
        except UnicodeDecodeError as exc:
            raise InvalidInputError("not UTF-8", place=place) from exc


def _header(row: list[str], place: str) -> list[str]:
    header = [cell.strip() for cell in row]
    for column in ("hash", "canonicalization"):
        if header.count(column) > 1:
            raise InvalidInputError(f"the header names the column {column!r} twice", place=place)
    if "hash" not in header:
        names = ", ".join(repr(cell[:40]) for cell in header[:20])
        raise InvalidInputError(
            f"the header has no column 'hash'; its columns are {names}", place=place
        )
    return header


def _row(header: list[str], row: list[str], place: str) -> _Row | Rejection:
    if len(row) != len(header):
        return Rejection(place, f"{len(row)} cells in a table of {len(header)} columns")
    cells = dict(zip(header, row, strict=True))
    digest = parse_hash_digits(cells["hash"])
    if digest is None:
        return Rejection(place, f"not a hash (64 hex digits): {cells['hash'][:80]!r}")
    named = cells.get("canonicalization", "").strip() or Canonicalization.RAW.value
    try:
        canonicalization = Canonicalization(named)
    except ValueError:
        return Rejection(place, f"canonicalization is {_KINDS}, not {named[:40]!r}")
    return canonicalization, digest
