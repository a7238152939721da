"""The worker: does every night when it is due, and goes on with what is not final yet.

It remembers nothing that matters: what is due is derived from the store and the clock, so a night
that was missed is caught up with, and several workers on several hosts do each night once. It has
no threads; whoever runs it gives it clock, sleep and a way to be stopped.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from registry.core.schedule import last_due
from registry.errors import (
    ConflictError,
    GasTooExpensiveError,
    LeaseHeldError,
    NotAllowedError,
    UnavailableError,
)
from registry.services.alarm import overdue_by
from registry.services.nightly import Night, Nightly
from registry.services.preflight import require_ready
from registry.services.troubles import Trouble, Troubles, kind_of

_log = logging.getLogger(__name__)

_NOW: Final = timedelta(0)
_LONGEST_PAUSE: Final = 30.0  # seconds between looks while the same thing holds it up


@dataclass(frozen=True, slots=True)
class Schedule:
    """When nights are due, and how long a credential may wait for its anchor."""

    at: time
    zone: tzinfo
    alarm_after: timedelta


@dataclass(slots=True)
class _Told:
    """What was said and done already; numbers, which change from look to look, are left out."""

    due: datetime | None = None
    trouble: Troubles = field(default_factory=lambda: Troubles(_log))
    waiting: str | None = None
    is_alarmed: bool = False
    looked_at: datetime | None = None  # the night in which what is final was looked at
    stuck: str | None = None  # what holds it up, if that is no matter of seconds
    looks: int = 0  # that found it held up by the same as the look before


@dataclass(frozen=True, slots=True)
class Watching:
    """The worker of one issuer, on all chains of its nightly job."""

    nightly: Nightly
    issuer: bytes
    schedule: Schedule
    sleep: Callable[[float], object]  # which may end early when it is stopped
    is_stopped: Callable[[], bool]
    each_look: Callable[[], None] = lambda: None  # for metrics
    _told: _Told = field(default_factory=_Told, init=False, repr=False)

    def require_ready(self) -> None:
        """Raise what is configured wrongly, as `preflight.require_ready`; cheaper gas may come."""
        for anchoring in self.nightly.anchorings:
            try:
                require_ready(anchoring, self.issuer)
            except GasTooExpensiveError as exc:
                _log.info("waiting", extra={"detail": str(exc)})

    def run(self) -> None:
        """Work until stopped. The move that is under way is finished first, the lease given back.

        No outage and no obstacle ends it: they are logged, once for each, and tried again.
        """
        while not self.is_stopped():
            self.look()
            self.each_look()
            if not self.is_stopped():
                self.sleep(self._pause())

    def look(self) -> None:
        """Make the moves that can be made now, and see to the alarm."""
        trouble: Trouble | None = None
        night: Night | None = None
        waiting: tuple[str, ...] = ()
        try:
            night = self._work()
            waiting = () if night is None else night.waiting
        except (GasTooExpensiveError, LeaseHeldError) as exc:
            waiting = (str(exc),)
        except (ConflictError, NotAllowedError, UnavailableError) as exc:
            trouble = exc
        try:
            self._watch_alarm()
        except UnavailableError as exc:
            trouble = trouble or exc
        self._tell_waiting(waiting)
        self._told.trouble.tell(trouble)
        for_people = kind_of("; ".join(waiting)) if night is not None and night.is_stuck else None
        self._count_look(self._told.trouble.reason or for_people)

    # -- work

    def _work(self) -> Night | None:
        """One move for everything; None if there is nothing to do."""
        due = self._due()
        if due is None:
            return self._go_on()
        self._tell_due(due)
        try:
            return self.nightly.run(self.issuer, patience=_NOW)
        except (ConflictError, NotAllowedError, UnavailableError):
            if self._due() is not None:  # stopped before it sealed: what was sealed earlier goes on
                self._go_on()
            raise

    def _go_on(self) -> Night | None:
        """Go on with what is under way; once a night also without, to look at what is final."""
        due = last_due(self.nightly.clock(), self.schedule.at, self.schedule.zone)
        has_work = self.nightly.unfinished(self.issuer) or self._has_changes()
        if not has_work and self._told.looked_at == due:
            return None
        night = self.nightly.anchor(self.issuer, patience=_NOW)
        if not night.waiting:  # for a chain that could not be asked, say: then it looks again
            self._told.looked_at = due
        return night

    def _has_changes(self) -> bool:
        return bool(self.nightly.store.open_status_changes(self.issuer))

    def _due(self) -> datetime | None:
        """Since when the open batch should be sealed; None if it should not be yet."""
        oldest = self.nightly.store.oldest_waiting(self.issuer)
        due = last_due(self.nightly.clock(), self.schedule.at, self.schedule.zone)
        return due if oldest is not None and oldest < due else None

    def _pause(self) -> float:
        """Seconds until the next look: longer and longer while the same thing holds it up."""
        poll = self.nightly.poll_seconds
        if self._told.stuck is None:
            return poll
        return max(poll, min(poll * 2.0 ** min(self._told.looks, 10), _LONGEST_PAUSE))

    def _count_look(self, stuck: str | None) -> None:
        is_same = stuck is not None and stuck == self._told.stuck
        self._told.looks = self._told.looks + 1 if is_same else 0
        self._told.stuck = stuck

    # -- telling, once for each thing

    def _tell_due(self, due: datetime) -> None:
        if self._told.due == due:
            return
        self._told.due = due
        self._told.waiting = None  # a new night's reasons are news
        _log.info("night is due", extra={"due": due.isoformat()})

    def _tell_waiting(self, reasons: Iterable[str]) -> None:
        detail = "; ".join(reasons)
        # Nothing to wait for is not remembered: a lease that two workers hand to and fro would be
        # told at every look.
        if detail and kind_of(detail) != self._told.waiting:
            self._told.waiting = kind_of(detail)
            _log.info("waiting", extra={"detail": detail})

    def _watch_alarm(self) -> None:
        waited = overdue_by(
            self.nightly.store, now=self.nightly.clock(), limit=self.schedule.alarm_after
        )
        if self._told.is_alarmed is (waited is not None):
            return
        self._told.is_alarmed = waited is not None
        if waited is None:
            _log.info("alarm over")
        else:
            hours = round(waited.total_seconds() / 3600, 1)
            _log.error("alarm", extra={"oldest_waiting_hours": hours})
