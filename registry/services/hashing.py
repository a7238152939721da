"""From what was submitted to credential hashes. Imports little: worker processes run it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from registry.core.canonical import Canonicalization, credential_hash
from registry.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Submission:
    """One credential as it came in: its bytes, or only its hash. `place` names it to a person."""

    place: str
    data: bytes
    canonicalization: Canonicalization
    is_hash: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Neighbouring lines of an NDJSON file, whole ones: a JSON credential in each, or nothing."""

    name: str  # of the file, to a person
    first: int  # number of the first line
    data: bytes

    @property
    def count(self) -> int:
        """Number of lines."""
        return self.data.count(b"\n") + (not self.data.endswith(b"\n"))


@dataclass(frozen=True, slots=True)
class Rejection:
    """What cannot be taken, and why; `data` if it is a line, which makes sense by itself."""

    place: str
    reason: str
    data: bytes = b""
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class Hashed:
    """Credential hashes, end to end, of one canonicalization, and what could not be hashed."""

    hashes: bytes
    canonicalization: Canonicalization
    rejections: tuple[Rejection, ...] = ()


# What a reader could not even make a submission of comes as a `Rejection` in its place.
Submitted: TypeAlias = Submission | Lines | Rejection
HashAll: TypeAlias = Callable[[Iterable[Submitted]], Iterator[Hashed]]


def count_of(submitted: Submitted) -> int:
    """How many credentials these are, at most: lines may be blank."""
    return submitted.count if isinstance(submitted, Lines) else 1


def hashed(submitted: Submitted) -> Hashed:
    """Hash one submission or some lines; what is faulty is told in the answer."""
    match submitted:
        case Lines():
            return _hashed_lines(submitted)
        case Rejection():
            return Hashed(b"", Canonicalization.RAW, (submitted,))
        case Submission(data=data, canonicalization=kind, is_hash=True):
            return Hashed(data, kind)
        case Submission(place, data, kind):
            try:
                return Hashed(credential_hash(data, kind), kind)
            except InvalidInputError as exc:
                return Hashed(b"", kind, (Rejection(place, str(exc)),))


hash_here: Final[HashAll] = partial(map, hashed)


def _hashed_lines(lines: Lines) -> Hashed:
    hashes, rejections = [], []
    for number, line in enumerate(lines.data.split(b"\n"), lines.first):
        credential = line.rstrip(b"\r")
        if not credential.strip():
            continue
        try:
            hashes.append(credential_hash(credential, Canonicalization.JCS))
        except InvalidInputError as exc:
            place = f"{lines.name}:{number}"
            rejections.append(Rejection(place, str(exc), credential, is_line=True))
    return Hashed(b"".join(hashes), Canonicalization.JCS, tuple(rejections))
