"""One run's lease: taken when there is something to do, kept while it lasts, and given back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from registry.errors import UnavailableError
from registry.services.ports import Lease, Store

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Shift:
    """The time in which one run, `holder`, acts for an issuer."""

    store: Store
    issuer: bytes
    holder: str
    duration: timedelta
    clock: Callable[[], datetime]
    _lease: Lease | None = field(default=None, init=False)

    def lease(self) -> Lease:
        """The lease, taken or renewed so that at least half of it is left.

        Raises `LeaseHeldError` if another run has it. A run that was slower than its lease, and
        whose lease another took meanwhile, is found out by the store at its next write.
        """
        now = self.clock()
        if self._lease is None or self._lease.expires_at - now < self.duration / 2:
            self._lease = None
            self._lease = self.store.acquire_lease(
                self.issuer, self.holder, now=now, duration=self.duration
            )
        return self._lease

    def end(self) -> None:
        """Let the next run begin at once; if that fails, the lease ends by itself."""
        if self._lease is None:
            return
        try:
            self.store.release_lease(self._lease)
        except UnavailableError as exc:
            _log.warning("lease not released", extra={"detail": str(exc)})
        self._lease = None
