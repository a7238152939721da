"""Whether what an issuer shows of its batches is what was anchored for it, and in time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.core.address import format_chain
from registry.services.audit.evidence import at_event, where
from registry.services.audit.nodes import AnchoredSeal
from registry.services.findings import Finding, FindingCode
from registry.services.ports import Anchor, DisclosedBatch, History


@dataclass(frozen=True, slots=True)
class Seen:
    """Batches as they are shown, beside anchors as the chain has them."""

    history: History
    batches: Mapping[bytes, DisclosedBatch]
    anchors: Mapping[bytes, AnchoredSeal]

    @classmethod
    def of(
        cls,
        history: History,
        batches: Sequence[DisclosedBatch],
        anchors: Sequence[AnchoredSeal],
    ) -> "Seen":
        """Arranged by seal."""
        return cls(
            history,
            {batch.seal: batch for batch in batches},
            {anchor.seal: anchor for anchor in anchors},
        )


def check_known(seen: Seen) -> Iterator[Finding]:
    """That every anchor is of a batch that is shown."""
    for seal, anchor in seen.anchors.items():
        if seal not in seen.batches:
            yield Finding(
                FindingCode.UNKNOWN_ANCHOR,
                f"anchor {anchor.sequence}, of seal {seal.hex()}, is of no batch that is shown",
                at_event(seen.history, anchor.event, seal=seal.hex(), sequence=anchor.sequence),
            )


def check_anchored(seen: Seen) -> Iterator[Finding]:
    """That every batch is anchored where its issuer says."""
    for batch in seen.batches.values():
        for said in batch.anchors:
            if said.chain_id == seen.history.chain_id:
                yield from _check_said(seen, batch, said)


def check_in_time(
    chains: Sequence[Seen], batches: Iterable[DisclosedBatch], promised: timedelta
) -> Iterator[Finding | str]:
    """That every batch is anchored on one of the chains within `promised`.

    A sentence for each that is said to be on a chain that was not asked, and on no other.
    """
    for batch in batches:
        records = [(seen.history.anchor_record(batch.seal), seen) for seen in chains]
        found = [(record.anchored_at, seen) for record, seen in records if record is not None]
        time, seen = min(found, key=_first, default=(None, None))
        asked = {each.history.chain_id for each in chains}
        elsewhere = [said for said in batch.anchors if said.chain_id not in asked]
        if time is not None and seen is not None:
            if time - batch.opened_at <= promised:
                continue
            if all(said.anchored_at - batch.opened_at > promised for said in elsewhere):
                yield _late(seen, batch, time - batch.opened_at, promised)
                continue
        if elsewhere:
            names = ", ".join(sorted({format_chain(said.chain_id) for said in elsewhere}))
            yield f"batch of seal {batch.seal.hex()}: it is said to be on {names}, not asked here"
        else:
            yield from _waiting(chains, batch, promised)


def differs(said: Anchor, anchor: AnchoredSeal, history: History) -> bool:
    """Whether an anchor is said to be elsewhere than the chain has it."""
    event = anchor.event
    return (said.contract, said.transaction, said.block_hash, said.block_number) != (
        history.contract,
        event.transaction,
        event.block_hash,
        event.block_number,
    ) or (said.log_index, said.anchored_at) != (event.log_index, event.time)


def _check_said(seen: Seen, batch: DisclosedBatch, said: Anchor) -> Iterator[Finding]:
    history, seal = seen.history, batch.seal.hex()
    if history.anchor_record(batch.seal) is None:
        if said.block_number <= history.block.number:  # else it is newer than what is audited
            yield Finding(
                FindingCode.ANCHOR_MISSING,
                f"the batch of seal {seal} is called anchored, and the contract does not hold it",
                where(history, seal=seal, transaction="0x" + said.transaction.hex()),
            )
        return
    anchor = seen.anchors.get(batch.seal)
    # Without its event, which is then found to be withheld, there is nothing to compare.
    if anchor is not None and differs(said, anchor, history):
        yield Finding(
            FindingCode.ANCHOR_ELSEWHERE,
            f"seal {seal} is anchored in block {anchor.event.block_number}, not where it is said",
            at_event(
                history,
                anchor.event,
                seal=seal,
                saidTransaction="0x" + said.transaction.hex(),
                saidBlock=said.block_number,
            ),
        )


def _late(seen: Seen, batch: DisclosedBatch, waited: timedelta, promised: timedelta) -> Finding:
    history, seal = seen.history, batch.seal.hex()
    anchor = seen.anchors.get(batch.seal)
    evidence = where(history) if anchor is None else at_event(history, anchor.event)
    return Finding(
        FindingCode.LATE_BATCH,
        f"the batch of seal {seal} was anchored {_hours(waited)} after its first "
        f"credential came; {_hours(promised)} are promised",
        {**evidence, "seal": seal, "seconds": int(waited.total_seconds())},
    )


def _waiting(
    chains: Sequence[Seen], batch: DisclosedBatch, promised: timedelta
) -> Iterator[Finding]:
    """Of a batch on no chain, whatever is said of blocks after the audited ones."""
    for seen in chains:
        history, seal = seen.history, batch.seal.hex()
        waited = history.block.time - batch.opened_at
        said = [each for each in batch.anchors if each.chain_id == history.chain_id]
        if any(each.block_number <= history.block.number for each in said):
            return  # found to be missing
        if waited > promised:
            yield Finding(
                FindingCode.BATCH_UNANCHORED,
                f"the batch of seal {seal} waits for {_hours(waited)}; {_hours(promised)} are "
                "promised",
                where(history, seal=seal, seconds=int(waited.total_seconds())),
            )
            return


def _first(found: tuple[datetime, Seen]) -> datetime:
    return found[0]


def _hours(time: timedelta) -> str:
    return f"{time.total_seconds() / 3600:,.1f} hours"
