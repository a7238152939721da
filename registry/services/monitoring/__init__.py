"""The monitor: raises an alarm for what happens to an issuer on chain that its store did not ask.

Follows every block from where it was, and forgets nothing over a restart: its position is saved
after each look, with the alarms that their receiver has not taken yet. Signs nothing and sends
nothing. It has no threads; whoever runs it gives it clock, sleep and a way to be stopped.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from registry.core.address import format_address, format_chain
from registry.errors import ConflictError, UnavailableError
from registry.services.alarm import overdue_by
from registry.services.monitoring.alarms import Alarm, AlarmKind, overdue
from registry.services.monitoring.delivering import Delivering
from registry.services.monitoring.following import (
    begin,
    new_events,
    replaced_blocks,
    require_complete,
)
from registry.services.monitoring.judging import Judge, Remark, reorganisation
from registry.services.monitoring.memory import Memory
from registry.services.monitoring.positions import (
    MAX_EVENT_BLOCKS,
    ChainPosition,
    SeenLog,
    with_log,
)
from registry.services.ports import (
    Block,
    FollowedChain,
    IssuerAnchor,
    Store,
)
from registry.services.troubles import Trouble, Troubles

__all__ = ["Alarm", "AlarmKind", "Look", "Monitoring"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to: nothing is quiet unless `troubles` is empty, too."""

    alarms: tuple[Alarm, ...]
    troubles: tuple[Trouble, ...]


@dataclass(slots=True)
class Monitoring:
    """The monitor of one issuer. `open_store` is None for an outsider, who has none.

    `looked_at` is when everything could be asked for the last time, at first when it was made.
    """

    chains: Sequence[FollowedChain]
    issuer: bytes
    open_store: Callable[[], Store] | None
    memory: Memory
    delivering: Delivering | None
    alarm_after: timedelta
    clock: Callable[[], datetime]
    sleep: Callable[[float], object]  # which may end early when it is stopped
    is_stopped: Callable[[], bool]
    every: float  # seconds from one look to the next
    raised: Counter[AlarmKind] = field(default_factory=Counter, init=False)
    looked_at: datetime = field(init=False)
    _alarms: list[Alarm] = field(default_factory=list, init=False)
    _told: dict[str, Troubles] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.looked_at = self.clock()

    def start(self) -> None:
        """Take the saved position up, and raise what is configured wrongly; an outage is not.

        Raises `InvalidInputError` as `Memory.load`, `ConflictError` for a contract that is not
        ours.
        """
        self.memory.load()
        for chain in self.chains:
            try:
                _require_genuine(chain, chain.head())
            except UnavailableError as exc:
                self._tell(format_chain(chain.chain_id), exc)

    def run(self) -> None:
        """Look until stopped. No outage ends it: it is logged, once, and tried again."""
        while not self.is_stopped():
            self.look()
            if not self.is_stopped():
                self.sleep(self.every)

    def look(self) -> Look:
        """Find what happened since the last look, raise it, save, and deliver."""
        self._alarms.clear()
        troubles = [self._try(format_chain(c.chain_id), self._follow, c) for c in self.chains]
        troubles.append(self._try("store", self._watch_waiting))
        troubles.append(self._try("position", self.memory.save))
        found = tuple(trouble for trouble in troubles if trouble is not None)
        if not found:
            self.looked_at = self.clock()
        self._deliver()
        return Look(tuple(self._alarms), found)

    def _try(self, what: str, work: Callable[..., None], *given: FollowedChain) -> Trouble | None:
        trouble: Trouble | None = None
        try:
            work(*given)
        except (ConflictError, UnavailableError) as exc:
            trouble = exc
        self._tell(what, trouble)
        return trouble

    def _tell(self, what: str, trouble: Trouble | None) -> None:
        self._told.setdefault(what, Troubles(_log, {"about": what})).tell(trouble)

    # -- a chain

    def _follow(self, chain: FollowedChain) -> None:
        head = chain.head()
        position = self.memory.of(chain)
        if position is not None:
            position = self._check_replaced(chain, position, head)
        if position is None:
            _require_genuine(chain, head)
            position = begin(chain, self.issuer, head)
            self.memory.put(chain, position)
        if position.head != head.hash:
            position = self._read(chain, position, head)
        if not position.is_compared:
            self._compare(chain, position)

    def _check_replaced(
        self, chain: FollowedChain, position: ChainPosition, head: Block
    ) -> ChainPosition | None:
        """The position without what a reorganisation took; None if that was all."""
        gone = replaced_blocks(chain, self.issuer, position, head)
        if gone is None:
            return position
        self._raise(reorganisation(gone, chain.chain_id, now=self.clock()))
        self.memory.put(chain, gone.rest)
        return gone.rest

    def _read(self, chain: FollowedChain, position: ChainPosition, head: Block) -> ChainPosition:
        """Tell the new events; those that the store must judge and cannot are left for later.

        Raises `UnavailableError` if not all could be told, when the others are.
        """
        events = new_events(chain, self.issuer, position, head)
        judge = self._judge(chain)
        failure: UnavailableError | None = None
        for event in events:
            try:
                self._say(judge.event(event))
            except UnavailableError as exc:
                failure = exc
                continue
            position = position.after(event)
            self.memory.put(chain, position)
        if failure is not None:
            raise failure
        require_complete(chain, self.issuer, position, head)
        position = position.at(head)
        self.memory.put(chain, position)
        return position

    def _compare(self, chain: FollowedChain, position: ChainPosition) -> None:
        """Hold the anchors of before the beginning against the store, once."""
        judge = self._judge(chain)
        found = [
            each
            for each in chain.issuer_anchors(self.issuer)
            if each.anchor.block_number <= position.begun
            and not position.has_told(each.anchor.block_hash, each.anchor.log_index)
        ]
        told = [judge.anchor(each) for each in found]
        for judged in told:
            self._say(judged)
        blocks = position.blocks
        for each in found[-MAX_EVENT_BLOCKS:]:
            blocks = with_log(blocks, *_place(each))
        self.memory.put(chain, position.model_copy(update={"is_compared": True, "blocks": blocks}))

    def _judge(self, chain: FollowedChain) -> Judge:
        return Judge(self.open_store, self.issuer, chain.chain_id, self.clock())

    # -- who waits

    def _watch_waiting(self) -> None:
        """Raise the alarm for a missed night when it begins, and say when it is over."""
        if self.open_store is None:
            return
        now, since = self.clock(), self.memory.position.overdue_since
        waited = overdue_by(self.open_store(), now=now, limit=self.alarm_after, issuer=self.issuer)
        if waited is not None and since is None:
            since = now - waited
            self._raise(overdue(self.issuer, since, waited, now=now))
        elif waited is None and since is not None:
            since = None
            _log.info("alarm over")
        self.memory.overdue(since)

    # -- telling

    def _say(self, told: Alarm | Remark) -> None:
        if isinstance(told, Remark):
            _log.info(told.event, extra=told.fields)
        else:
            self._raise(told)

    def _raise(self, alarm: Alarm) -> None:
        # Logged before it is saved: killed between the two, it is told again and not never.
        about = {} if alarm.chain is None else {"chain": format_chain(alarm.chain)}
        fields = {"id": alarm.id, "kind": alarm.kind.value, "detail": alarm.detail}
        _log.error("monitor alarm", extra=fields | about | {"evidence": dict(alarm.evidence)})
        self.raised[alarm.kind] += 1
        self._alarms.append(alarm)
        if self.delivering is not None and not self.memory.queue(alarm):
            _log.error("alarm not kept for the webhook", extra=fields)

    def _deliver(self) -> None:
        waiting = self.memory.position.waiting
        if self.delivering is None or not waiting:
            return
        left = self.delivering.run(waiting)
        if left != waiting:
            self.memory.wait(*left)
            self._try("position", self.memory.save)


def _require_genuine(chain: FollowedChain, head: Block) -> None:
    if not chain.is_genuine(chain.contract, at=head):
        raise ConflictError(
            f"{format_address(chain.contract)} on {format_chain(chain.chain_id)} does not run "
            "our contract: check the setting contract"
        )


def _place(found: IssuerAnchor) -> tuple[int, bytes, SeenLog]:
    anchor = found.anchor
    log = SeenLog(log_index=anchor.log_index, seal=found.seal)
    return anchor.block_number, anchor.block_hash, log
