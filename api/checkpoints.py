"""Checkpoints of issuers, kept for a minute: each costs questions to the chain and a signature.

What could not be asked is kept for nobody. The events of an issuer are read once: later only those
above what is known, and none while nothing new is final.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from registry.core.address import format_address
from registry.core.signed_note import print_note
from registry.errors import NotFoundError, UnavailableError
from registry.services.checkpoints import SealLog, read_log
from registry.services.ports import Chain
from registry.vc.notes import NoteSigner

FRESH_SECONDS: Final = 60.0
WAIT_SECONDS: Final = 5.0  # for another log to be read, of which there is one at a time
MAX_ANCHORS: Final = 100_000  # of one issuer: for a reader who is a stranger; 10 MB, read at once
_MAX_KEPT: Final = 64  # issuers; most have some hundred seals of 32 bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    log: SealLog
    data: bytes


class Checkpoints:
    """The first chain's checkpoints, for many threads at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[bytes, _Kept] = {}

    def get(self, chain: Chain, issuer: bytes, signer: NoteSigner | None) -> bytes:
        """The checkpoint as a signed note, or its text alone if nobody signs.

        Raises `NotFoundError` for an issuer without a final anchor, and as `read_log`;
        `UnavailableError` too if others' logs take too long to read.
        """
        kept = self._fresh(issuer)
        if kept is None:
            kept = self._read(chain, issuer, signer)
        if not kept.log.seals:
            raise NotFoundError(f"the chain has no final anchor of {format_address(issuer)}")
        return kept.data

    def _fresh(self, issuer: bytes) -> _Kept | None:
        kept = self._kept.get(issuer)
        return None if kept is None or self._clock() >= kept.until else kept

    def _read(self, chain: Chain, issuer: bytes, signer: NoteSigner | None) -> _Kept:
        """One log at a time, however many ask: an issuer of many anchors takes a while."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise UnavailableError("other logs are being read", source="checkpoints")
        try:
            kept = self._fresh(issuer)  # who waited may find it read
            if kept is None:
                known = self._known(issuer)
                log = read_log(chain, issuer, known=known, most=MAX_ANCHORS)
                kept = self._keep(issuer, log, signer)
            return kept
        finally:
            self._lock.release()

    def _known(self, issuer: bytes) -> SealLog | None:
        kept = self._kept.get(issuer)
        return None if kept is None else kept.log

    def _keep(self, issuer: bytes, log: SealLog, signer: NoteSigner | None) -> _Kept:
        kept = _Kept(self._clock() + FRESH_SECONDS, log, _printed(log, signer))
        self._kept.pop(issuer, None)  # what was read last is dropped last
        self._kept[issuer] = kept
        while len(self._kept) > _MAX_KEPT:
            self._kept.pop(self._cheapest())
        return kept

    def _cheapest(self) -> bytes:
        """An empty log if there is one: else addresses made up would have all events read again."""
        empty = (issuer for issuer, kept in self._kept.items() if not kept.log.seals)
        return next(empty, next(iter(self._kept)))


def _printed(log: SealLog, signer: NoteSigner | None) -> bytes:
    text = log.checkpoint.text
    return text.encode() if signer is None else print_note(signer.sign(text))
