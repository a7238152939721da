"""Signed status lists, kept for a minute: each costs questions to the chain and a signature."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Final

from registry.services.issuer_documents import IssuerDocuments
from registry.services.issuing import Proofs

FRESH_SECONDS: Final = 60.0
_MAX_KEPT: Final = 64  # of 20 kB each


class SignedLists:
    """Made one at a time, however many ask. What could not be asked is kept for nobody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[tuple[int, Proofs], tuple[float, bytes]] = {}

    def get(self, documents: IssuerDocuments, number: int, proofs: Proofs, now: datetime) -> bytes:
        """A list; raises as `IssuerDocuments.status_list`."""
        key = (number, proofs)
        with self._lock:
            until, data = self._kept.pop(key, (0.0, b""))
            if self._clock() >= until:
                data = documents.status_list(number, proofs, now)
                until = self._clock() + FRESH_SECONDS
            self._kept[key] = until, data
            while len(self._kept) > _MAX_KEPT:
                self._kept.pop(next(iter(self._kept)))
            return data
