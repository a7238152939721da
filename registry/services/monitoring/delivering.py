"""Hands alarms to their receiver until it has taken them; no outage of it holds anything up.

At least once: a receiver that took a message and did not say so gets it again, with the same id.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from registry.errors import UnavailableError
from registry.services.monitoring.alarms import Alarm, message_of
from registry.services.ports import AlarmReceiver

_log = logging.getLogger("registry.services.monitoring")

_LONGEST_PAUSE: Final = 300.0  # seconds until a receiver that does not answer is tried again
_AT_ONCE: Final = timedelta(seconds=5)  # for deliveries in one look: blocks do not wait


@dataclass(slots=True)
class Delivering:
    """Deliveries to one receiver, which is left alone for longer and longer while it fails."""

    receiver: AlarmReceiver
    issuer: bytes
    clock: Callable[[], datetime]
    _failures: int = field(default=0, init=False)
    _not_before: datetime | None = field(default=None, init=False)
    _told: str | None = field(default=None, init=False)

    def run(self, waiting: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
        """Deliver what can be delivered now; return what still waits.

        An alarm that was refused goes to the end: it may be the only one that is.
        """
        begun = self.clock()
        if self._not_before is not None and begun < self._not_before:
            return waiting
        left = list(waiting)
        while left and self.clock() - begun < _AT_ONCE:
            alarm = left.pop(0)
            try:
                self.receiver.deliver(alarm.id, message_of(alarm, self.issuer), now=self.clock())
            except UnavailableError as exc:
                left.append(alarm)
                self._failed(exc)
                break
            self._succeeded(alarm)
        return tuple(left)

    def _failed(self, failure: UnavailableError) -> None:
        self._failures += 1
        pause = min(2.0 ** min(self._failures, 16), _LONGEST_PAUSE)
        self._not_before = self.clock() + timedelta(seconds=pause)
        if self._told != str(failure):
            self._told = str(failure)
            _log.warning("alarm not delivered", extra={"detail": str(failure)})

    def _succeeded(self, alarm: Alarm) -> None:
        self._failures, self._not_before, self._told = 0, None, None
        _log.info("alarm delivered", extra={"id": alarm.id, "kind": alarm.kind.value})
