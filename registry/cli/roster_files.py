"""A roster that was looked through once, and is read again where it is needed: it may be long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from registry.badges.roster_values import Recipient
from registry.badges.rosters import Fault, RosterForm, roster_form, roster_rows
from registry.cli.inputs import shown
from registry.cli.session import Session
from registry.services.hashing import Rejection
from registry.services.intake import RosterRefusedError


@dataclass(frozen=True, slots=True)
class CheckedRoster:
    """A roster without faults."""

    data: bytes
    form: RosterForm
    now: datetime  # by which it was checked, and is read
    count: int
    characters: frozenset[str]  # of names, or of addresses where there is none

    def recipients(self) -> Iterator[Recipient]:
        """Everybody on it, in order."""
        for row in roster_rows(self.data, self.form, now=self.now):
            if isinstance(row, Fault):
                raise TypeError("a fault that was not there before")
            yield row


def check_roster(
    session: Session, path: Path, data: bytes, mapping: dict[str, str]
) -> CheckedRoster:
    """Look a roster through, and say what it was taken for.

    Raises `RosterRefusedError` with every fault, and as `roster_form`.
    """
    form = roster_form(data, mapping)
    for note in form.notes():
        session.output.note(f"{shown(path)}: {note}")
    now = session.registry.now()
    rejections: list[Rejection] = []
    characters: set[str] = set()
    count = 0
    rows = roster_rows(data, form, now=now)
    for row in session.output.counted(rows, "rows read"):
        if isinstance(row, Fault):
            place = f"{shown(path)}:{row.line}"
            rejections.append(Rejection(place, f"{row.column} {row.reason}".strip()))
        else:
            count += 1
            characters.update(row.name or row.key)
    if rejections:
        raise RosterRefusedError(rejections, len(rejections))
    return CheckedRoster(data, form, now, count, frozenset(characters))
