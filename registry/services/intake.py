"""Intake: from submitted credentials to hashed, salted rows in the issuer's open batch."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.core.canonical import Canonicalization, credential_hash
from registry.errors import InvalidInputError
from registry.services.ports import IntakeStore, NewCredential

MAX_REPORTED: Final = 1000  # rejections kept in memory and shown; the rest is only counted


@dataclass(frozen=True, slots=True)
class Submission:
    """One credential as it came in: its bytes, or only its hash. `place` names it to a person."""

    place: str
    data: bytes
    canonicalization: Canonicalization
    is_hash: bool = False
    is_line: bool = False  # one line of many, which makes sense by itself


@dataclass(frozen=True, slots=True)
class Rejection:
    """A submission that cannot be taken, and why.

    `data` is there only for what was skipped: a thousand faulty documents would fill the memory.
    """

    place: str
    reason: str
    data: bytes = b""
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What became of an intake."""

    new: int
    known: int
    rejected: int


class IntakeRefusedError(InvalidInputError):
    """Some submissions are faulty, so nothing of the intake was added."""

    code = "intake-refused"
    advice = "Mend them, or leave them out with --skip-invalid FILE."

    def __init__(self, rejections: list[Rejection], count: int) -> None:
        first = rejections[0]
        super().__init__(f"{count} faulty, nothing was added; first: {first.place}: {first.reason}")
        self.rejections = rejections
        self.count = count


class RosterRefusedError(IntakeRefusedError):
    """Some rows of a roster or an export are faulty, so nothing was made of any."""

    code = "roster-refused"
    advice = "Mend them, and run the same command again."


def add_credentials(
    store: IntakeStore,
    issuer: bytes,
    submissions: Iterable[Submission | Rejection],
    *,
    now: datetime,
    new_salt: Callable[[], bytes],
    on_skip: Callable[[Rejection], None] | None = None,
) -> IntakeResult:
    """Add credentials to the issuer's open batch, all of them or none.

    What a reader could not even make a submission of comes as a `Rejection` in its place.
    With `on_skip` faulty submissions are handed to it and the others are added; without it every
    submission is read to the end, and any fault raises `IntakeRefusedError` with the first
    `MAX_REPORTED` faults and changes nothing.
    """
    refused: list[Rejection] = []
    rejected = 0

    def credentials() -> Iterator[NewCredential]:
        nonlocal rejected
        for submission in submissions:
            found = _hashed(submission, new_salt)
            if isinstance(found, NewCredential):
                yield found
                continue
            rejected += 1
            if on_skip is not None:
                on_skip(found)
            elif len(refused) < MAX_REPORTED:
                refused.append(Rejection(found.place, found.reason))
        if refused:
            raise IntakeRefusedError(refused, rejected)

    added = store.add_credentials(issuer, credentials(), now=now)
    return IntakeResult(new=added.new, known=added.known, rejected=rejected)


def _hashed(
    submission: Submission | Rejection, new_salt: Callable[[], bytes]
) -> NewCredential | Rejection:
    if isinstance(submission, Rejection):
        return submission
    digest = submission.data
    if not submission.is_hash:
        try:
            digest = credential_hash(submission.data, submission.canonicalization)
        except InvalidInputError as exc:
            return Rejection(submission.place, str(exc), submission.data, submission.is_line)
    return NewCredential(digest, new_salt(), submission.canonicalization)
