"""Intake: from submitted credentials to hashed, salted rows in the issuer's open batch."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.core.new_credentials import NewCredentials
from registry.errors import InvalidInputError
from registry.services.hashing import HashAll, Rejection, Submitted, hash_here
from registry.services.ports import IntakeStore

MAX_REPORTED: Final = 1000  # rejections kept in memory and shown; the rest is only counted


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
    submitted: Iterable[Submitted],
    *,
    now: datetime,
    on_skip: Callable[[Rejection], None] | None = None,
    hash_all: HashAll = hash_here,
) -> IntakeResult:
    """Add credentials to the issuer's open batch, all of them or none.

    With `on_skip` faulty submissions are handed to it and the others are added; without it every
    submission is read to the end, and any fault raises `IntakeRefusedError` with the first
    `MAX_REPORTED` faults and changes nothing. `hash_all` may spread the hashing over processes;
    it keeps the order.
    """
    refused: list[Rejection] = []
    rejected = 0

    def credentials() -> Iterator[NewCredentials]:
        nonlocal rejected
        for found in hash_all(submitted):
            yield found.credentials
            rejected += len(found.rejections)
            for rejection in found.rejections:
                if on_skip is not None:
                    on_skip(rejection)
                elif len(refused) < MAX_REPORTED:
                    refused.append(Rejection(rejection.place, rejection.reason))
        if refused:
            raise IntakeRefusedError(refused, rejected)

    added = store.add_credentials(issuer, credentials(), now=now)
    return IntakeResult(new=added.new, known=added.known, rejected=rejected)
