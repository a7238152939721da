"""Replays the statuses: what the events make them must be what the contract's state says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from registry.services.audit.evidence import at_event, where
from registry.services.exploring import LANES
from registry.services.findings import Finding, FindingCode
from registry.services.ports import (
    AnchorRecord,
    CredentialStatus,
    Event,
    History,
    Place,
    StatusChanged,
)


@dataclass(slots=True)
class SealStatuses:
    """Statuses under one seal: of all of it, and own ones, words of 128 by number."""

    whole: CredentialStatus = CredentialStatus.ACTIVE
    words: dict[int, int] = field(default_factory=dict)

    def of(self, leaf_index: int) -> CredentialStatus:
        """The one that holds for a credential: the worse of its own and the seal's."""
        return max(self.whole, self.own(leaf_index))

    def own(self, leaf_index: int) -> CredentialStatus:
        """A credential's own."""
        word, lane = divmod(leaf_index, LANES)
        return CredentialStatus(self.words.get(word, 0) >> (2 * lane) & 0b11)

    def set(self, leaf_index: int, status: CredentialStatus) -> None:
        """Give a credential a status of its own."""
        word, lane = divmod(leaf_index, LANES)
        kept = self.words.get(word, 0) & ~(0b11 << (2 * lane))
        self.words[word] = kept | status << (2 * lane)


@dataclass(frozen=True, slots=True)
class WorstStatuses:
    """The worst status that any of several chains has of a credential: it holds everywhere."""

    histories: Sequence[History]
    _read: dict[bytes, list[SealStatuses]] = field(default_factory=dict)

    def of(self, place: Place) -> CredentialStatus:
        """A credential's. Raises `VerificationError` for a seal whose state is not proved."""
        if place.seal not in self._read:
            self._read[place.seal] = [proved_statuses(each, place.seal) for each in self.histories]
        return max(statuses.of(place.leaf_index) for statuses in self._read[place.seal])


def check_statuses(
    history: History, events: Sequence[Event], seals: Sequence[bytes]
) -> Iterator[Finding]:
    """Replay the events, and compare with the state under `seals` and all that events name."""
    replayed: dict[bytes, SealStatuses] = {seal: SealStatuses() for seal in seals}
    for event in events:
        if isinstance(event.content, StatusChanged):
            statuses = replayed.setdefault(event.content.seal, SealStatuses())
            yield from _apply(history, statuses, event, event.content)
    for seal, statuses in replayed.items():
        yield from _compare(history, seal, statuses)


def proved_statuses(history: History, seal: bytes) -> SealStatuses:
    """What the contract's state says under a seal, of the words that are proved."""
    record = history.anchor_record(seal)
    words = {word: history.status_word(seal, word) for word in history.status_words(seal)}
    return SealStatuses(_whole(record), {word: value for word, value in words.items() if value})


def _apply(
    history: History, statuses: SealStatuses, event: Event, change: StatusChanged
) -> Iterator[Finding]:
    leaves = [None] if change.leaf_indexes is None else change.leaf_indexes
    for leaf in leaves:
        before = statuses.whole if leaf is None else statuses.own(leaf)
        if before is CredentialStatus.REVOKED and change.status is not CredentialStatus.REVOKED:
            yield Finding(
                FindingCode.REVOCATION_UNDONE,
                f"{_what(change.seal, leaf)} was revoked, and an event makes it "
                f"{change.status.name.lower()}",
                at_event(history, event, seal=change.seal.hex(), leafIndex=leaf),
            )
        if leaf is None:
            statuses.whole = change.status
        else:
            statuses.set(leaf, change.status)


def _compare(history: History, seal: bytes, replayed: SealStatuses) -> Iterator[Finding]:
    proved = proved_statuses(history, seal)
    leaves: list[int | None] = [None] if proved.whole is not replayed.whole else []
    for word in sorted(proved.words.keys() | replayed.words.keys()):
        differing = proved.words.get(word, 0) ^ replayed.words.get(word, 0)
        leaves += [word * LANES + lane for lane in range(LANES) if differing >> (2 * lane) & 0b11]
    by_code: dict[FindingCode, list[int | None]] = {}
    for leaf in leaves:
        was = replayed.whole if leaf is None else replayed.own(leaf)
        is_undone = was is CredentialStatus.REVOKED
        code = FindingCode.REVOCATION_UNDONE if is_undone else FindingCode.STATUS_UNEXPLAINED
        by_code.setdefault(code, []).append(leaf)
    for code, same in by_code.items():
        yield _unexplained(history, seal, code, same, replayed, proved)


def _unexplained(
    history: History,
    seal: bytes,
    code: FindingCode,
    leaves: Sequence[int | None],
    replayed: SealStatuses,
    proved: SealStatuses,
) -> Finding:
    """One finding for all of a seal: a cheat may have changed a million statuses."""
    leaf = leaves[0]
    was = replayed.whole if leaf is None else replayed.own(leaf)
    now = proved.whole if leaf is None else proved.own(leaf)
    more = "" if len(leaves) == 1 else f", and {len(leaves) - 1:,} more like it"
    return Finding(
        code,
        f"{_what(seal, leaf)} is {now.name.lower()} in the contract, the events make it "
        f"{was.name.lower()}{more}",
        where(
            history,
            seal=seal.hex(),
            leafIndex=leaf,
            state=now.name.lower(),
            events=was.name.lower(),
            count=len(leaves),
        ),
    )


def _what(seal: bytes, leaf: int | None) -> str:
    return f"seal {seal.hex()}" if leaf is None else f"leaf {leaf} of seal {seal.hex()}"


def _whole(record: AnchorRecord | None) -> CredentialStatus:
    return CredentialStatus.ACTIVE if record is None else record.status
