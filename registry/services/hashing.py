"""From what was submitted to new credentials. Imports little: worker processes run it."""

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, Final, TypeAlias

from registry.core.canonical import Canonicalization, credential_hash
from registry.core.new_credentials import NewCredentials, new_credentials
from registry.core.tiles import split_hashes
from registry.core.tree import HASH_BYTES, SALT_BYTES
from registry.errors import InvalidInputError

BOM: Final = b"\xef\xbb\xbf"  # which spreadsheets like to put before the first line


@dataclass(frozen=True, slots=True)
class Submission:
    """One credential as it came in: its bytes. `place` names it to a person."""

    place: str
    data: bytes
    canonicalization: Canonicalization


@dataclass(frozen=True, slots=True)
class Lines:
    """Neighbouring lines of NDJSON, whole ones: a JSON credential in each, or nothing."""

    place: str  # what stands before a line's number, to a person
    first: int  # number of the first line
    data: bytes


@dataclass(frozen=True, slots=True)
class LinesInFile:
    """As `Lines`, left in their file: another process reads them sooner than it is sent them."""

    place: str
    first: int
    count: int
    path: str
    inode: tuple[int, int]  # device and number of the file
    start: int  # bytes before them
    size: int  # in bytes

    def read(self) -> Lines:
        """The lines. Raises `OSError`, also if the file is another or shorter one by now."""
        with open(self.path, "rb") as file:  # noqa: PTH123 - imports little
            if inode_of(file) != self.inode:
                raise OSError(errno.ESTALE, "another file took its place while it was read")
            file.seek(self.start)
            data = file.read(self.size)
        if len(data) != self.size:
            raise OSError(errno.EIO, "the file became shorter while it was read")
        return Lines(self.place, self.first, data)


def inode_of(file: IO[bytes]) -> tuple[int, int]:
    """Device and number of an open file, by which it is known again."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class Hashes:
    """Credentials of which only the hashes came in."""

    hashes: tuple[bytes, ...]
    canonicalization: Canonicalization


@dataclass(frozen=True, slots=True)
class Rejection:
    """What cannot be taken, and why; `data` if it is a line, which makes sense by itself."""

    place: str
    reason: str
    data: bytes = b""
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class Hashed:
    """New credentials, salted, and what could not be hashed."""

    credentials: NewCredentials
    rejections: tuple[Rejection, ...] = ()


# What a reader could not even make a submission of comes as a `Rejection` in its place.
Submitted: TypeAlias = Submission | Lines | LinesInFile | Hashes | Rejection
HashAll: TypeAlias = Callable[[Iterable[Submitted]], Iterator[Hashed]]


def count_of(submitted: Submitted) -> int:
    """How many credentials these are, at most: lines may be blank."""
    match submitted:
        case Lines(data=data):
            return data.count(b"\n") + (not data.endswith(b"\n"))
        case LinesInFile(count=count):
            return count
        case Hashes(hashes=hashes):
            return len(hashes)
    return 1


def size_of(submitted: Submitted) -> int:
    """How many bytes these take."""
    match submitted:
        case Hashes(hashes=hashes):
            return len(hashes) * HASH_BYTES
        case LinesInFile(size=size):
            return size
        case Submission(data=data) | Lines(data=data) | Rejection(data=data):
            return len(data)


def hashed(submitted: Submitted) -> Hashed:
    """Hash one submission or many; what is faulty is told in the answer.

    Raises `InvalidInputError` if lines are no longer in their file: which they were, nobody knows.
    """
    match submitted:
        case Submission(place, data, kind):
            try:
                found = _hashed((credential_hash(data, kind),), kind)
            except InvalidInputError as exc:
                found = _hashed((), kind, Rejection(place, str(exc)))
        case Lines():
            found = _hashed_lines(submitted)
        case LinesInFile(place, first):
            try:
                found = _hashed_lines(submitted.read())
            except OSError as exc:
                raise InvalidInputError(
                    f"cannot be read any more, nothing was added: {exc.strerror}",
                    place=f"{place}{first}",
                ) from exc
        case Hashes(hashes, kind):
            found = _hashed(hashes, kind)
        case Rejection():
            found = _hashed((), Canonicalization.RAW, submitted)
    return found


hash_here: Final[HashAll] = partial(map, hashed)


def salted(hashes: Sequence[bytes], canonicalization: Canonicalization) -> NewCredentials:
    """Credentials by their hashes, each with a salt from the system's randomness."""
    salts = split_hashes(secrets.token_bytes(len(hashes) * SALT_BYTES))
    return new_credentials(hashes, canonicalization, salts=salts)


def _hashed(
    hashes: tuple[bytes, ...], canonicalization: Canonicalization, *rejections: Rejection
) -> Hashed:
    return Hashed(salted(hashes, canonicalization), rejections)


def _hashed_lines(lines: Lines) -> Hashed:
    hashes, rejections = [], []
    for number, line in enumerate(lines.data.split(b"\n"), lines.first):
        credential = line.rstrip(b"\r")
        if not credential.strip():
            continue
        try:
            hashes.append(credential_hash(credential, Canonicalization.JCS))
        except InvalidInputError as exc:
            place = f"{lines.place}{number}"
            rejections.append(Rejection(place, str(exc), credential, is_line=True))
    return _hashed(tuple(hashes), Canonicalization.JCS, *rejections)
