"""Anchoring: one function that looks at store and chain and makes the next legal move.

First run, second run, the run after a crash and the nightly job are all `advance`. Whatever the
store remembers, the chain decides: a seal that is there is anchored, whoever sent it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from registry.core.batch import UNFINISHED, BatchState
from registry.errors import (
    ConflictError,
    NotAllowedError,
    StaleStateError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.ports import Anchor, Batch, Chain, Purpose, StatusChange, Store
from registry.services.sending import Sending
from registry.services.status import advance_status_changes

_log = logging.getLogger(__name__)
_CLOCK_SKEW: Final = timedelta(hours=2)  # between us and a block's miner, generously


@dataclass(frozen=True, slots=True)
class Night:
    """What one issuer's anchoring run came to."""

    batches: tuple[Batch, ...]
    changes: tuple[StatusChange, ...]
    is_final: bool


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Moves batches from sealed to final."""

    store: Store
    chain: Chain
    sending: Sending

    def advance(self, batch: Batch) -> Batch:
        """Make the next move for a sealed batch and return it as it then stands.

        Raises `UnavailableError` if something could not be asked (nothing has moved then), and
        as `Sending.ensure_sent`. A final batch stays as it is.
        """
        try:
            self._advance(batch)
        except StaleStateError:
            _log.info("another run moved batch %d first", batch.id)
        return self.store.batch(batch.id)

    def _advance(self, batch: Batch) -> None:
        if batch.head is None:
            raise ConflictError(f"batch {batch.id} is not sealed yet")
        if batch.state is BatchState.FINAL:
            return
        head = self.chain.head()
        if not self.chain.is_genuine(self.chain.contract, at=head):
            raise ConflictError("the configured contract address does not run our contract")
        seal = batch.head.seal
        if self.chain.anchor_record(self.chain.contract, batch.issuer, seal, at=head) is None:
            self._send(batch, seal)
        else:
            self._observe(batch, self._locate(batch, seal))

    def _send(self, batch: Batch, seal: bytes) -> None:
        if batch.state is BatchState.ANCHORED:
            _log.warning("the anchor of batch %d left the chain; anchoring it again", batch.id)
            self.store.move_batch(
                batch.id, source=batch.state, target=BatchState.ANCHORING, anchor=None
            )
        self._require_memory()
        call = self.chain.anchor_call(batch.issuer, seal)
        try:
            self.sending.ensure_sent(Purpose.ANCHOR, batch.id, call)
        except TransactionRefusedError:
            # The contract takes a seal once. If it stands there now, somebody was faster.
            if self.chain.anchor_record(self.chain.contract, batch.issuer, seal) is None:
                raise

    def _require_memory(self) -> None:
        """Refuse to go on with a chain that forgot what is final: its nonces are not ours."""
        for batch in self.store.batches(states={BatchState.FINAL}, limit=1):
            for anchor in self.store.anchors(batch.id):
                if batch.head is None or anchor.chain_id != self.chain.chain_id:
                    continue
                seal = batch.head.seal
                if self.chain.anchor_record(anchor.contract, batch.issuer, seal) is None:
                    raise ConflictError(
                        f"the chain does not hold batch {batch.id}, which is final: it was reset, "
                        "or is another chain of the same id"
                    )

    def _locate(self, batch: Batch, seal: bytes) -> Anchor:
        for attempt in reversed(self.store.attempts(Purpose.ANCHOR, batch.id)):
            anchor = self.chain.anchor_in_transaction(
                self.chain.contract, attempt.transaction, batch.issuer, seal
            )
            if anchor is not None:
                return anchor
        # Not by us: a relayer, or this registry before its store was restored from a backup.
        # Then its sealing may be of today and the anchor of last week, but no salt, and so no seal,
        # is older than the batch.
        anchor = self.chain.find_anchor(batch.issuer, seal, since=batch.opened_at - _CLOCK_SKEW)
        if anchor is None:
            raise UnavailableError(
                "the contract holds the seal, but the node does not give its event", source="chain"
            )
        return anchor

    def _observe(self, batch: Batch, anchor: Anchor) -> None:
        state = batch.state
        if state is BatchState.ANCHORED and anchor not in self.store.anchors(batch.id):
            # In another block than remembered: through `anchoring`, so that no state is skipped.
            self.store.move_batch(batch.id, source=state, target=BatchState.ANCHORING, anchor=None)
            state = BatchState.ANCHORING
        if state is not BatchState.ANCHORED:
            self.store.move_batch(batch.id, source=state, target=BatchState.ANCHORED, anchor=anchor)
        if anchor.block_number <= self.chain.finalized() and self._still_stands(batch, anchor):
            self.store.move_batch(
                batch.id, source=BatchState.ANCHORED, target=BatchState.FINAL, anchor=None
            )

    def _still_stands(self, batch: Batch, anchor: Anchor) -> bool:
        """Ask once more: a reorganisation may have come between the look and the finality."""
        if batch.head is None:
            return False
        again = self.chain.anchor_in_transaction(
            anchor.contract, anchor.transaction, batch.issuer, batch.head.seal
        )
        return again == anchor


@dataclass(frozen=True, slots=True)
class Nightly:
    """The nightly job: status changes, sealing, and anchoring until final."""

    store: Store
    anchoring: Anchoring
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    poll_seconds: float

    def seal(self, issuer: bytes) -> Batch | None:
        """Seal the issuer's open batch; None if it has no credentials."""
        return self.store.seal_open_batch(issuer, now=self.clock())

    def anchor(
        self,
        issuer: bytes,
        *,
        patience: timedelta,
        on_progress: Callable[[list[Batch]], None] | None = None,
    ) -> Night:
        """Advance the issuer's unfinished batches and status changes until all are final.

        Gives up waiting after `patience`, which loses nothing: the next run goes on from here.
        Raises the last `UnavailableError` if the chain could not be asked at the end; and what
        stands against one move, such as `TransactionRefusedError`, when all others had their turn.
        """
        deadline = self.clock() + patience
        begun = [b.id for b in self._unfinished(issuer)]
        wanted = [change.id for change in self.store.open_status_changes(issuer)]
        while True:
            fault = self._round(issuer)
            batches = [self.store.batch(batch_id) for batch_id in begun]
            if on_progress is not None:
                on_progress(batches)
            is_final = not self._unfinished(issuer) and not self.store.open_status_changes(issuer)
            if is_final or self.clock() >= deadline:
                if fault is not None:
                    raise fault
                changes = tuple(self.store.status_change(change_id) for change_id in wanted)
                return Night(tuple(batches), changes, is_final=is_final)
            self.sleep(self.poll_seconds)

    def _round(self, issuer: bytes) -> UnavailableError | None:
        """One move for everything; an outage is remembered, and ends only this round."""
        moves: list[Callable[[], object]] = [
            partial(advance_status_changes, self.anchoring.sending, self.store, issuer)
        ]
        moves += [partial(self.anchoring.advance, batch) for batch in self._unfinished(issuer)]
        obstacles: list[ConflictError | NotAllowedError] = []
        for move in moves:
            try:
                move()
            except UnavailableError as exc:
                _log.warning("could not ask: %s", exc)
                return exc
            except (ConflictError, NotAllowedError) as exc:
                obstacles.append(exc)
        if obstacles:
            raise obstacles[0]
        return None

    def _unfinished(self, issuer: bytes) -> list[Batch]:
        found = self.store.batches(issuer=issuer, states=UNFINISHED, limit=1000)
        return sorted(found, key=lambda batch: batch.id)
