"""The nightly job: seal, anchor on every chain, change statuses, until all of it is final.

One run at a time for an issuer, by a lease in the store; others wait, and find the work done.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from registry.core.batch import UNFINISHED, BatchState
from registry.errors import (
    ConflictError,
    GasTooExpensiveError,
    LeaseHeldError,
    NeedsAuthorizationError,
    NotAllowedError,
    StaleStateError,
    UnavailableError,
)
from registry.services.anchoring import Anchoring
from registry.services.leases import Shift
from registry.services.ports import Batch, StatusChange, Store
from registry.services.preflight import require_ready
from registry.services.status import advance_status_changes

_log = logging.getLogger(__name__)
Obstacle = ConflictError | NotAllowedError


@dataclass(frozen=True, slots=True)
class Night:
    """What one issuer's anchoring run came to. `waiting` says for what, if it is not final."""

    batches: tuple[Batch, ...]
    changes: tuple[StatusChange, ...]
    is_final: bool
    waiting: tuple[str, ...]
    is_stuck: bool = False  # it waits for people, and for nothing that time alone would bring


Progress = Callable[[Night], None]


@dataclass(slots=True)
class _Tally:
    """What one move for everything came to."""

    shift: Shift
    outages: list[UnavailableError] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    for_people: list[str] = field(default_factory=list)  # waiting too, but for hours or days
    moved: int = 0

    @property
    def is_stuck(self) -> bool:
        """Whether waiting here helps nobody: obstacles, or people, and nothing beside them."""
        is_held_up = bool(self.obstacles or self.for_people)
        return is_held_up and not (self.moved or self.outages or self.waiting)

    def run(self, move: Callable[[], object], *, counts: bool = True) -> None:
        """Make a move, and count it if it leads on; what stands against it holds up no other."""
        try:
            move()
        except (GasTooExpensiveError, LeaseHeldError) as exc:
            self.waiting.append(str(exc))
        except NeedsAuthorizationError as exc:
            self.for_people.append(str(exc))
        except StaleStateError as exc:
            _log.info("another run moved first", extra={"detail": str(exc)})
            self.shift.end()  # another may have the lease by now: the store is asked again
        except UnavailableError as exc:
            _log.warning("could not ask", extra={"detail": str(exc)})
            self.outages.append(exc)
        except (ConflictError, NotAllowedError) as exc:
            _log.warning("refused", extra={"detail": str(exc)})
            self.obstacles.append(exc)
        else:
            self.moved += counts


@dataclass(frozen=True, slots=True)
class Nightly:
    """The nightly job of issuers, on all chains of this registry."""

    store: Store
    anchorings: tuple[Anchoring, ...]
    holder: str
    lease_time: timedelta
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    poll_seconds: float

    def run(
        self, issuer: bytes, *, patience: timedelta, on_progress: Progress | None = None
    ) -> Night:
        """Seal what is open and anchor all that is sealed; raises as `anchor`.

        What is configured wrongly stops it before anything is sealed or sent. Gas above the cap
        is waited for; an outage is not, since sealing needs no chain.
        """
        deadline = self.clock() + patience
        while self._has_work(issuer):
            try:
                self._require_ready(issuer)
                break
            except GasTooExpensiveError as exc:
                if self.clock() >= deadline:
                    raise
                if on_progress is not None:
                    on_progress(Night((), (), is_final=False, waiting=(str(exc),)))
                self.sleep(self.poll_seconds)
        self.store.seal_open_batch(issuer, now=self.clock())
        return self.anchor(issuer, patience=deadline - self.clock(), on_progress=on_progress)

    def anchor(
        self, issuer: bytes, *, patience: timedelta, on_progress: Progress | None = None
    ) -> Night:
        """Advance the issuer's unfinished batches and status changes until all are final.

        Gives up waiting after `patience`, which loses nothing: the next run goes on from here.
        Raises the last `UnavailableError` if a chain could not be asked at the end; and what
        stands against one move, such as `TransactionRefusedError`, when nothing else moves.
        """
        deadline = self.clock() + patience
        shift = Shift(self.store, issuer, self.holder, self.lease_time, self.clock)
        try:
            looked = self._recheck(issuer, shift)
            begun = [b.id for b in self.unfinished(issuer)]
            wanted = [change.id for change in self.store.open_status_changes(issuer)]
            while True:
                tally = self._round(issuer, shift)
                # A chain that was reset stays so; what could not be asked is told once.
                tally.obstacles += looked.obstacles
                night = self._night(issuer, begun, wanted, tally, looked)
                looked = replace(looked, outages=[], waiting=[])
                if on_progress is not None:
                    on_progress(night)
                if night.is_final and not looked.obstacles:
                    return night
                if night.is_final or tally.is_stuck or self.clock() >= deadline:
                    for fault in (*tally.obstacles, *tally.outages):
                        raise fault
                    return night
                self.sleep(self.poll_seconds)
        finally:
            shift.end()

    def unfinished(self, issuer: bytes) -> list[Batch]:
        """Sealed batches that are not final on all chains, oldest first."""
        found = self.store.batches(issuer=issuer, states=UNFINISHED, limit=1000)
        return sorted(found, key=lambda batch: batch.id)

    def require_ready(self, issuer: bytes) -> None:
        """Raise what is configured wrongly, before anything is sent; gas is waited for later."""
        if self._has_work(issuer):
            with suppress(GasTooExpensiveError):
                self._require_ready(issuer)

    def _has_work(self, issuer: bytes) -> bool:
        return self._has_batches(issuer) or bool(self.store.open_status_changes(issuer))

    def _has_batches(self, issuer: bytes) -> bool:
        return self.store.oldest_waiting(issuer) is not None or bool(self.unfinished(issuer))

    def _require_ready(self, issuer: bytes) -> None:
        """Raise what would stop the night; gas above the cap only if it is so on every chain."""
        to_anchor = self._has_batches(issuer)
        dear: list[GasTooExpensiveError] = []
        for anchoring in self.anchorings:
            try:
                require_ready(anchoring, issuer, to_anchor=to_anchor)
            except GasTooExpensiveError as exc:
                dear.append(exc)
        if len(dear) == len(self.anchorings):
            raise dear[0]

    # -- one round

    def _recheck(self, issuer: bytes, shift: Shift) -> _Tally:
        """Look once a run whether what is final still stands, on every chain and in its status."""
        tally = _Tally(shift)
        if self.store.batches(issuer=issuer, states={BatchState.FINAL}, limit=1):
            tally.run(partial(self._reopen_changes, issuer, shift))
            for anchoring in self.anchorings:
                tally.run(partial(self._recheck_on, anchoring, issuer, shift))
        return tally

    def _reopen_changes(self, issuer: bytes, shift: Shift) -> None:
        self.store.reopen_status_changes(issuer, self._chain_ids, lease=shift.lease())

    @staticmethod
    def _recheck_on(anchoring: Anchoring, issuer: bytes, shift: Shift) -> None:
        anchoring.recheck_final(issuer, lease=shift.lease())

    def _round(self, issuer: bytes, shift: Shift) -> _Tally:
        """One move for everything on every chain."""
        tally = _Tally(shift)
        if self.store.open_status_changes(issuer):
            for anchoring in self.anchorings:
                tally.run(partial(self._advance_changes, anchoring, issuer, shift))
        for batch in self.unfinished(issuer):
            chains = self._missing_chains(batch)
            if chains is not None:
                tally.run(partial(self._set_chains, batch, chains, shift), counts=False)
            for anchoring in self._anchorings_of(batch):
                if anchoring.standing(batch).state in UNFINISHED:
                    tally.run(partial(self._advance, anchoring, batch, shift))
        return tally

    def _advance(self, anchoring: Anchoring, batch: Batch, shift: Shift) -> None:
        anchoring.advance(batch, lease=shift.lease())

    def _set_chains(self, batch: Batch, chains: set[int], shift: Shift) -> None:
        self.store.set_chains(batch.id, chains, lease=shift.lease())

    def _anchorings_of(self, batch: Batch) -> list[Anchoring]:
        chains = {found.chain_id for found in self.store.on_chains(batch.id)}
        return [each for each in self.anchorings if each.chain.chain_id in chains]

    def _missing_chains(self, batch: Batch) -> set[int] | None:
        """The chains on which the batch is to stand, if they are not those that it has.

        Configured chains that are new to it, only before it is anchored: later its statuses may
        have changed already, and would not be told there. None that are configured no more.
        """
        standing = self.store.on_chains(batch.id)
        kept = {found.chain_id for found in standing} & self._chain_ids
        wanted = kept if kept and batch.state is BatchState.ANCHORED else self._chain_ids
        retired = any(
            found.chain_id not in wanted and found.state in UNFINISHED for found in standing
        )
        return wanted if retired or kept != wanted else None

    def _advance_changes(self, anchoring: Anchoring, issuer: bytes, shift: Shift) -> None:
        lease = shift.lease()
        advance_status_changes(anchoring.sending, self.store, issuer, lease=lease)
        self.store.close_status_changes(issuer, self._chain_ids, lease=lease, now=self.clock())

    @property
    def _chain_ids(self) -> set[int]:
        return {anchoring.chain.chain_id for anchoring in self.anchorings}

    def _night(
        self, issuer: bytes, begun: list[int], wanted: list[int], tally: _Tally, looked: _Tally
    ) -> Night:
        outages = map(str, (*tally.outages, *looked.outages))
        changes = tuple(self.store.status_change(change_id) for change_id in wanted)
        return Night(
            batches=tuple(self.store.batch(batch_id) for batch_id in begun),
            changes=changes,
            is_final=not self.unfinished(issuer) and not self.store.open_status_changes(issuer),
            waiting=tuple(
                dict.fromkeys([*tally.waiting, *looked.waiting, *tally.for_people, *outages])
            ),
            is_stuck=tally.is_stuck,
        )
