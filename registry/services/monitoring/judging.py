"""Which events are this registry's own work, by its store, and which are alarms. Writes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from registry.core.address import format_chain
from registry.services.books.statuses import changes_of
from registry.services.monitoring.alarms import (
    Alarm,
    Evidence,
    alarm_of,
    place_of,
    reorganised,
    unknown_anchor,
)
from registry.services.monitoring.following import Replaced
from registry.services.ports import (
    CredentialStatus,
    Event,
    IssuerAnchor,
    Purpose,
    SealAnchored,
    StatusChange,
    StatusChanged,
    Store,
)

_SHOWN: Final = 100  # blocks of a reorganisation, those with events first; and anchors in them
_Wanted: TypeAlias = tuple[bytes, tuple[int, ...] | None, CredentialStatus, int]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is as it should be: for the log alone."""

    event: str
    fields: Evidence


@dataclass(slots=True)
class Judge:
    """Judges what is found in one look at one chain; `open_store` is None for an outsider.

    Raises `UnavailableError` where the store would have to say and does not answer.
    """

    open_store: Callable[[], Store] | None
    issuer: bytes
    chain_id: int
    now: datetime
    _asked_for: dict[_Wanted, list[StatusChange]] | None = field(default=None, init=False)

    def event(self, event: Event) -> Alarm | Remark:
        """Judge an event. An outsider cannot tell a strange seal, and takes none for one."""
        content = event.content
        match content:
            case SealAnchored() if self._is_known(content.seal):
                return self._remark("anchor seen", {"seal": content.seal.hex(), **place_of(event)})
            case StatusChanged() if self._is_own(content, event.transaction):
                fields: Evidence = {
                    "seal": content.seal.hex(),
                    "status": content.status.name.lower(),
                    **place_of(event),
                }
                return self._remark("status change seen", fields)
        return alarm_of(event, self.chain_id, now=self.now)

    def anchor(self, found: IssuerAnchor) -> Alarm | Remark:
        """Judge an anchor that was there before anybody looked."""
        if self._is_known(found.seal):
            fields: Evidence = {
                "seal": found.seal.hex(),
                "sequence": found.sequence,
                "blockNumber": found.anchor.block_number,
            }
            return self._remark("anchor seen", fields)
        return unknown_anchor(found, now=self.now)

    def _remark(self, event: str, fields: Evidence) -> Remark:
        return Remark(event, {"chain": format_chain(self.chain_id), **fields})

    def _is_known(self, seal: bytes) -> bool:
        if self.open_store is None:
            return True
        batches = self.open_store().batches_with_seal(seal)
        return any(batch.issuer == self.issuer for batch in batches)

    def _is_own(self, change: StatusChanged, transaction: bytes) -> bool:
        """Whether a transaction of this registry made it.

        That the same change was once asked for is not enough: whoever has the key could suspend
        again what was suspended and reinstated.
        """
        if self.open_store is None:
            return False
        store = self.open_store()
        wanted = (change.seal, change.leaf_indexes, change.status, change.reason)
        return any(
            attempt.transaction == transaction
            for asked in self._changes(store).get(wanted, [])
            for attempt in store.attempts(Purpose.STATUS, asked.id)
        )

    def _changes(self, store: Store) -> dict[_Wanted, list[StatusChange]]:
        """Every change that was asked for; read once for a look, after its events."""
        if self._asked_for is None:
            found: dict[_Wanted, list[StatusChange]] = {}
            for asked in changes_of(store, self.issuer):
                wanted = (asked.seal, asked.leaf_indexes, asked.status, asked.reason)
                found.setdefault(wanted, []).append(asked)
            self._asked_for = found
        return self._asked_for


def reorganisation(gone: Replaced, chain_id: int, *, now: datetime) -> Alarm:
    """The alarm about blocks that were seen and are gone, with the anchors that were in them."""
    first, last = gone.blocks[0], gone.blocks[-1]
    seals = [seal.hex() for block in gone.blocks for seal in block.seals]
    events = sum(len(block.logs) for block in gone.blocks)
    shown = sorted(gone.blocks, key=lambda block: (not block.logs, -block.number))[:_SHOWN]
    after = None if gone.rest is None else gone.rest.head_number
    evidence: Evidence = {
        "firstBlock": first.number,
        "lastBlock": last.number,
        "stillThere": after,  # the newest block that was seen and stands; None if none does
        "blocks": [
            {"number": block.number, "hash": "0x" + block.hash.hex(), "events": len(block.logs)}
            for block in sorted(shown, key=lambda block: block.number)
        ],
        "events": events,
        "anchors": list(seals[:_SHOWN]),
        "anchorCount": len(seals),
    }
    whose = f"with {len(seals)} anchors of the issuer" if seals else "with no anchor of the issuer"
    blocks = f"blocks {first.number} to {last.number} of {format_chain(chain_id)} were replaced"
    return reorganised(
        chain_id,
        evidence,
        f"{blocks}, {whose}",
        oldest=first.hash,
        newest=last.hash,
        now=now,
    )
