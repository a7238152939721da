"""Whether the nodes tell the truth: their events against the state that a block's hash proves.

Sequences of anchors are free of gaps and counted by the contract, so that what a node withholds or
makes up shows. What is left after this is believed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from registry.errors import VerificationError
from registry.services.audit.evidence import at_event, where
from registry.services.findings import Finding, FindingCode
from registry.services.ports import Event, History, SealAnchored

_NAMED: Final = 10  # of the anchors that are not shown


@dataclass(frozen=True, slots=True)
class AnchoredSeal:
    """An anchor that the state confirms."""

    seal: bytes
    sequence: int
    event: Event


@dataclass(frozen=True, slots=True)
class Believed:
    """What the nodes' events come to: those that nothing denies, and what was found of others."""

    events: tuple[Event, ...]
    anchors: tuple[AnchoredSeal, ...]
    findings: tuple[Finding, ...]


def believed_events(history: History) -> Believed:
    """Compare the events with the proved state.

    Raises `VerificationError` with reason `not-proved` if the state is not proved.
    """
    try:
        events = history.events()
    except VerificationError as exc:
        if exc.reason != "not-an-event":
            raise
        return Believed((), (), (Finding(FindingCode.EVENT_FORGED, str(exc), where(history)),))
    kept: list[Event] = []
    forged: list[Event] = []
    seals: set[bytes] = set()
    for event in events:
        is_denied = _is_denied(history, event, seals)
        (forged if is_denied else kept).append(event)
    anchors = tuple(
        AnchoredSeal(event.content.seal, event.content.sequence, event)
        for event in kept
        if isinstance(event.content, SealAnchored)
    )
    findings = [*_forged(history, forged), *_withheld(history, events), *_lies(history)]
    return Believed(tuple(kept), anchors, tuple(findings))


def _is_denied(history: History, event: Event, before: set[bytes]) -> bool:
    """Whether the state has no such anchor, or its seal was anchored `before` already."""
    if not isinstance(event.content, SealAnchored):
        return False
    seal = event.content.seal
    record = history.anchor_record(seal)
    if record is None or seal in before:
        return True
    before.add(seal)
    return (record.sequence, record.anchored_at) != (event.content.sequence, event.time)


def _forged(history: History, events: Sequence[Event]) -> Iterator[Finding]:
    for event in events:
        assert isinstance(event.content, SealAnchored)  # noqa: S101 - others are denied by nothing
        record = history.anchor_record(event.content.seal)
        says = "holds it once, with one number and time" if record else "holds no such seal"
        yield Finding(
            FindingCode.EVENT_FORGED,
            f"an event anchors seal {event.content.seal.hex()} as number {event.content.sequence}; "
            f"the contract {says}",
            at_event(history, event, seal=event.content.seal.hex()),
        )


def _withheld(history: History, events: Sequence[Event]) -> Iterator[Finding]:
    count = history.issuer_record().anchor_count
    anchored = (e.content.sequence for e in events if isinstance(e.content, SealAnchored))
    shown = {sequence for sequence in anchored if 0 < sequence <= count}
    missing = count - len(shown)
    if missing:
        # Never all of them: the state of a made-up chain may count up to 2^64.
        first = list(islice((n for n in range(1, count + 1) if n not in shown), _NAMED))
        numbers = ", ".join(map(str, first)) + (", …" if missing > _NAMED else "")
        yield Finding(
            FindingCode.EVENT_WITHHELD,
            f"the contract counts {count} anchors; the nodes show no event of number {numbers}",
            where(history, anchorCount=count, missing=missing, first=first[0]),
        )


def _lies(history: History) -> Iterator[Finding]:
    for sentence in history.contradictions():
        yield Finding(FindingCode.NODE_LIES, sentence, where(history))
