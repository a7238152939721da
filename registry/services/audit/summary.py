"""What an audit saw of a chain, and what it cannot show."""

from collections.abc import Iterable, Iterator, Sequence

from registry.core.address import format_chain
from registry.services.audit.nodes import AnchoredSeal, Believed
from registry.services.audit.report import (
    ChainAudit,
    ReportedAnchor,
    ReportedChange,
    ReportedOperator,
)
from registry.services.exploring import LANES
from registry.services.ports import (
    MAX_STATUS_WORDS,
    DisclosedBatch,
    Event,
    History,
    OperatorSet,
    Role,
    StatusChanged,
    Way,
)

_STATUSES = ("active", "suspended", "revoked")


def chain_audit(
    history: History, believed: Believed | None, batches: Sequence[DisclosedBatch]
) -> ChainAudit:
    """What was seen; of a contract that is not ours nothing but where it is."""
    record = None if believed is None else history.issuer_record()
    events = () if believed is None else believed.events
    anchors = () if believed is None else believed.anchors
    shown = {batch.seal: batch for batch in batches}
    return ChainAudit(
        chain=history.chain_id,
        contract=history.contract,
        block_number=history.block.number,
        block_hash=history.block.hash,
        block_time=history.block.time,
        owner=None if record is None else record.owner,
        pending_owner=None if record is None else record.pending_owner,
        operators=tuple(_operators(history, events)),
        events=len(events),
        status_words=sum(len(list(history.status_words(seal))) for seal in _seals(events, shown)),
        anchors=tuple(_anchor(history, anchor, shown.get(anchor.seal)) for anchor in anchors),
        changes=tuple(_changes(events)),
    )


def limits_of(
    chains: Iterable[tuple[History, Believed]],
    batches: Sequence[DisclosedBatch],
    *,
    openings: int,
    places: int,
    is_block_known: bool,
) -> Iterator[str]:
    """What this audit does not show, in sentences."""
    if batches and not openings:
        yield (
            "What the leaves are made of was not shown: credentials in two batches are found only "
            "if their leaves are the same."
        )
    yield "When a batch was opened and sealed is the issuer's word."
    if batches and not places:
        yield "No published status list was compared with the chains."
    knows = "named" if is_block_known else "must know to be the chain's"
    for history, believed in chains:
        chain = format_chain(history.chain_id)
        sent = [history.sent(event.transaction) for event in believed.events]
        missing = sum(each is None for each in sent)
        known = [each for each in sent if each is not None]
        unproved = sum(not each.is_proved for each in known)
        by_contracts = sum(each.way is Way.CONTRACT for each in known)
        by_wallets = sum(
            each.authorization is not None and each.recovered != each.authorization.signer
            for each in known
        )
        unproved_words = unproved_statuses(history, batches)
        if not believed.anchors:
            yield f"On {chain} the issuer had anchored nothing: check that its address is right."
        if missing:
            yield f"On {chain} the nodes do not have the transactions of {missing:,} events."
        if unproved:
            yield f"On {chain} {unproved:,} transactions have a form that is not known here."
        if by_contracts:
            yield f"On {chain} contracts made {by_contracts:,} events: who had them do so is open."
        if by_wallets:
            yield (
                f"On {chain} {by_wallets:,} events rest on signatures that only a contract wallet "
                "can judge: the contract took them."
            )
        if unproved_words:
            yield f"On {chain} the statuses of {unproved_words:,} batches are not proved whole."
        yield (
            f"On {chain} state is proved under block {history.block.number}'s hash, "
            f"0x{history.block.hash.hex()}, which the auditor {knows}; in which transaction an "
            "event happened is the nodes' word, and status changes that undid each other could "
            "have been left out."
        )


def unknown_statuses(history: History, batches: Sequence[DisclosedBatch]) -> Iterator[str]:
    """A sentence if statuses are not proved although they are not too many to be.

    Events of statuses are not counted by the contract: without the words a revocation can be
    left out together with its event.
    """
    wanted = sum(_words_of(batch) for batch in batches)
    missing = unproved_statuses(history, batches)
    if missing and wanted <= MAX_STATUS_WORDS:
        chain = format_chain(history.chain_id)
        yield f"statuses of {missing:,} batches on {chain}: they are not proved whole"


def unproved_statuses(history: History, batches: Sequence[DisclosedBatch]) -> int:
    """Of how many batches not all statuses are proved."""
    return sum(
        not set(range(_words_of(batch))) <= set(history.status_words(batch.seal))
        for batch in batches
        if _words_of(batch) <= MAX_STATUS_WORDS
    ) + sum(_words_of(batch) > MAX_STATUS_WORDS for batch in batches)


def _words_of(batch: DisclosedBatch) -> int:
    return -(-batch.tree_size // LANES)


def _operators(history: History, events: Sequence[Event]) -> Iterator[ReportedOperator]:
    appointed = {e.content.operator for e in events if isinstance(e.content, OperatorSet)}
    for operator in sorted(appointed):
        record = history.operator_record(operator)
        roles = (("anchor", Role.ANCHOR), ("status", Role.STATUS))
        yield ReportedOperator(
            operator=operator,
            roles=tuple(name for name, role in roles if role in record.roles),  # type: ignore[misc] # mypy widens the names to str
            valid_until=str(record.valid_until),
        )


def _seals(events: Sequence[Event], shown: Iterable[bytes]) -> set[bytes]:
    named = {e.content.seal for e in events if isinstance(e.content, StatusChanged)}
    return named | set(shown)


def _anchor(history: History, anchor: AnchoredSeal, batch: DisclosedBatch | None) -> ReportedAnchor:
    sent = history.sent(anchor.event.transaction)
    return ReportedAnchor(
        sequence=anchor.sequence,
        seal=anchor.seal,
        anchored_at=anchor.event.time,
        block_number=anchor.event.block_number,
        transaction=anchor.event.transaction,
        actor=None if sent is None else sent.actor,
        way=None if sent is None else sent.way.value,
        gas_used=None if sent is None else sent.gas_used,
        gas_price=None if sent is None else sent.gas_price,
        tree_size=None if batch is None else batch.tree_size,
        opened_at=None if batch is None else batch.opened_at,
        sealed_at=None if batch is None else batch.sealed_at,
    )


def _changes(events: Sequence[Event]) -> Iterator[ReportedChange]:
    for event in events:
        change = event.content
        if isinstance(change, StatusChanged):
            yield ReportedChange(
                time=event.time,
                block_number=event.block_number,
                transaction=event.transaction,
                seal=change.seal,
                credentials=None if change.leaf_indexes is None else len(change.leaf_indexes),
                status=_STATUSES[change.status],  # type: ignore[arg-type] # mypy widens it to str
                reason=change.reason,
            )
