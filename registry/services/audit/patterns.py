"""What is unusual for the issuer itself: dear anchors, and long silence. Proves nothing wrong."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from registry.services.audit.evidence import at_event
from registry.services.audit.nodes import AnchoredSeal
from registry.services.findings import Finding, FindingCode
from registry.services.ports import History, Sent, Way

ENOUGH: Final = 5  # anchors, from which on anything is usual
_GAS_FACTOR: Final = 1.5  # an issuer's first anchor takes 1.3 times as much as its others
_SILENCE_FACTOR: Final = 3.0


def check_gas(history: History, anchors: Sequence[AnchoredSeal]) -> Iterator[Finding]:
    """Anchors that took far more gas than most that were made in the same way.

    What was paid for it says nothing: prices rise and fall a hundredfold for everybody.
    """
    by_way: dict[Way, list[tuple[AnchoredSeal, Sent]]] = {}
    for anchor in anchors:
        sent = history.sent(anchor.event.transaction)
        if sent is not None:
            by_way.setdefault(sent.way, []).append((anchor, sent))
    for same in by_way.values():
        if len(same) < ENOUGH:
            continue
        usual = median(sent.gas_used for _, sent in same)
        for anchor, sent in same:
            if sent.gas_used > _GAS_FACTOR * usual:
                yield Finding(
                    FindingCode.GAS_ANOMALY,
                    f"anchor {anchor.sequence} took {sent.gas_used:,} gas; {usual:,.0f} is usual",
                    at_event(history, anchor.event, seal=anchor.seal.hex(), gasUsed=sent.gas_used),
                )


def check_cadence(
    history: History, anchors: Sequence[AnchoredSeal], promised: timedelta
) -> Iterator[Finding]:
    """Silence that is far longer than promised and than most of the issuer's."""
    if len(anchors) < ENOUGH:
        return
    gaps = [later.event.time - earlier.event.time for earlier, later in pairwise(anchors)]
    usual = max(promised, timedelta(seconds=median(gap.total_seconds() for gap in gaps)))
    for gap, anchor in zip(gaps, anchors[1:], strict=True):
        if gap > _SILENCE_FACTOR * usual:
            hours = f"{gap.total_seconds() / 3600:,.0f} hours"
            yield Finding(
                FindingCode.CADENCE_ANOMALY,
                f"nothing was anchored for {hours} before anchor {anchor.sequence}",
                at_event(
                    history,
                    anchor.event,
                    seal=anchor.seal.hex(),
                    seconds=int(gap.total_seconds()),
                ),
            )
