"""From paths to submissions: which file holds what, and reading it within limits.

Faulty content becomes a `Rejection`; a path that cannot be read at all is an error.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, Final, TextIO

from registry.cli.lines import read_csv, read_ndjson
from registry.core.canonical import Canonicalization
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, NotFoundError, TooLargeError
from registry.services.hashing import Rejection, Submission, Submitted, count_of

STDIN: Final = Path("-")
RECEIPT_SUFFIX: Final = ".receipt.json"
MAX_FILE_BYTES: Final = 256 * 2**20  # of one raw file, which is read whole
MAX_CREDENTIALS: Final = 10_000_000  # of one run
MAX_FOLDER_DEPTH: Final = 32


class Kind(StrEnum):
    """What a file holds."""

    JCS = "jcs"  # one JSON credential
    RAW = "raw"  # one credential that is its bytes
    NDJSON = "ndjson"  # a JSON credential a line
    CSV = "csv"  # a credential hash a row


_KINDS: Final = {
    ".json": Kind.JCS,
    ".ndjson": Kind.NDJSON,
    ".jsonl": Kind.NDJSON,
    ".csv": Kind.CSV,
}


def submissions(
    paths: Iterable[Path],
    *,
    kind: Kind | None,
    on_receipt: Callable[[str], None],
    but: Path | None = None,
) -> Iterator[Submitted]:
    """Read all credentials under `paths`, in order; `-` is stdin, NDJSON unless `kind` says.

    `but` is a file in a folder that is passed over: it is written meanwhile.
    `on_receipt` is told of receipts among the files, which are no credentials and passed over.
    Raises `InvalidInputError` for a path that cannot be read, for one without credentials, and
    as `read_csv`; `TooLargeError` past `MAX_CREDENTIALS` and `MAX_FOLDER_DEPTH`.
    """
    total = 0
    for path in paths:
        found = 0
        for submission in _of_path(path, kind, on_receipt, but):
            found += 1
            total += count_of(submission)
            if total > MAX_CREDENTIALS:
                raise TooLargeError(f"more than {MAX_CREDENTIALS:,} credentials in one run")
            yield submission
        if found == 0 and not is_receipt(path):
            raise InvalidInputError(f"there is no credential in {shown(path)}")


def read_whole(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file. Raises `InvalidInputError`, `NotFoundError`, `TooLargeError`."""
    with _opened(path) as file:
        data = _read(file, path, limit)
    if data is None:
        raise TooLargeError(f"{shown(path)} has more than {limit} bytes")
    return data


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, all of it or nothing. Raises `InvalidInputError`."""
    partial = _partial(path)
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise InvalidInputError(f"cannot write {shown(path)}: {exc.strerror}") from exc


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A file of text to write to, which is there once all of it is. Raises `InvalidInputError`."""
    partial = _partial(path)
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    except OSError as exc:
        raise InvalidInputError(f"cannot write {shown(path)}: {exc.strerror}") from exc
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def receipt_path(path: Path) -> Path:
    """Where a file's receipt lies: beside it."""
    return path.with_name(path.name + RECEIPT_SUFFIX)


def column_mapping(columns: list[str]) -> dict[str, str]:
    """Field by column, of options NAME=FIELD. Raises `InvalidInputError`."""
    found = {}
    for text in columns:
        name, mark, field = text.rpartition("=")
        if not mark or not name:
            raise InvalidInputError("--column takes NAME=FIELD", place=text)
        found[name] = field
    return found


def shown(path: Path) -> str:
    """A path for messages: file names may hold bytes that are no text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _of_path(
    path: Path, kind: Kind | None, on_receipt: Callable[[str], None], but: Path | None
) -> Iterator[Submitted]:
    if path == STDIN:
        yield from _of_file(sys.stdin.buffer, path, "stdin", kind or Kind.NDJSON)
        return
    files = walk(path, 0) if path.is_dir() else iter([path])
    for file in files:
        if kind is None and is_receipt(file):
            on_receipt(shown(file))
            continue
        if but is not None and file != path and file.resolve() == but.resolve():
            continue
        found = _KINDS.get(file.suffix.lower(), Kind.RAW) if kind is None else kind
        with _opened(file) as opened:
            yield from _of_file(opened, file, shown(file), found)


def _of_file(file: IO[bytes], path: Path, name: str, kind: Kind) -> Iterator[Submitted]:
    try:
        match kind:
            case Kind.NDJSON:
                yield from read_ndjson(file, name, _path_of(file, path))
            case Kind.CSV:
                yield from read_csv(file, name)
            case Kind.JCS:
                yield _whole(file, path, name, Canonicalization.JCS, MAX_DOCUMENT_BYTES)
            case Kind.RAW:
                yield _whole(file, path, name, Canonicalization.RAW, MAX_FILE_BYTES)
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _path_of(file: IO[bytes], path: Path) -> str | None:
    """Where the same bytes can be read again; None of a pipe."""
    if path == STDIN or not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return None
    resolved = path.resolve()  # /dev/fd/7 is another process's own
    with suppress(OSError):
        if os.path.samestat(resolved.stat(), os.fstat(file.fileno())):
            return str(resolved)
    return None


def _whole(
    file: IO[bytes], path: Path, name: str, canonicalization: Canonicalization, limit: int
) -> Submission | Rejection:
    data = _read(file, path, limit)
    if data is None:
        return Rejection(name, f"file is larger than {limit} bytes")
    if not data:
        return Rejection(name, "file is empty")
    return Submission(name, data, canonicalization)


def _read(file: IO[bytes], path: Path, limit: int) -> bytes | None:
    """All bytes; None if there are more than `limit`."""
    try:
        data = file.read(limit + 1)
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    return None if len(data) > limit else data


def _opened(path: Path) -> IO[bytes]:
    try:
        if path.is_dir():
            raise InvalidInputError(f"{shown(path)} is a folder; a file is wanted here")
        return path.open("rb")
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def walk(folder: Path, depth: int) -> Iterator[Path]:
    """Files under a folder in order of their names; no hidden ones, and no links to folders."""
    if depth >= MAX_FOLDER_DEPTH:
        raise TooLargeError(f"folders are nested deeper than {MAX_FOLDER_DEPTH}: {shown(folder)}")
    try:
        entries = sorted(folder.iterdir())
    except OSError as exc:
        raise _unreadable(folder, exc) from exc
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from walk(entry, depth + 1)
        elif _is_regular(entry):
            yield entry


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def is_receipt(path: Path) -> bool:
    """Whether a file is named as a receipt."""
    return path.name.endswith(RECEIPT_SUFFIX)


def _unreadable(path: Path, exc: OSError) -> InvalidInputError:
    if isinstance(exc, FileNotFoundError):
        return NotFoundError(f"there is no {shown(path)}")
    return InvalidInputError(f"cannot read {shown(path)}: {exc.strerror}")
