"""The books: whether the store tells the truth about itself and about the chains.

Asks everything again from the beginning and changes nothing. What could not be asked is an
`UnavailableError`, never a finding. It believes the nodes it asks, and the store's own rows where
nothing else knows them; it does not look into documents, which the store does not have.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from registry.services.books.anchors import check_anchor, check_contract, check_known, check_once
from registry.services.books.attempts import (
    Target,
    attempts_on,
    check_bytes,
    check_calls,
    check_mined_once,
    check_nonces,
    check_replacements,
)
from registry.services.books.standing import check_anchor_rows, check_state
from registry.services.books.statuses import changes_of, check_statuses, wanted_statuses
from registry.services.books.trees import check_leaves, check_one_batch_each, check_tree
from registry.services.findings import Finding
from registry.services.ports import (
    Attempt,
    Batch,
    Chain,
    OnChain,
    Purpose,
    StatusChange,
    Store,
)

__all__ = ["BooksReport", "books_report", "check_books"]

_Sender = tuple[int, bytes]  # chain id, address
_LOOKS = 3  # at a batch that a run moves on while it is looked at


@dataclass(frozen=True, slots=True)
class BooksReport:
    """What was looked at, and what was found: nothing, if all agree."""

    batches: int
    credentials: int
    anchors: int  # of the issuer, on all chains that were asked
    findings: tuple[Finding, ...]


def check_books(store: Store, chains: Sequence[Chain], issuer: bytes) -> list[Finding]:
    """All that is wrong with an issuer's records; nothing, if the store tells the truth.

    Memory grows with findings, changed statuses and anchors, not with credentials. Raises
    `UnavailableError` if anything could not be asked, `ConflictError` if a node serves another
    chain. What stands on chains that are not given is not looked at there.
    """
    return list(books_report(store, chains, issuer).findings)


def books_report(store: Store, chains: Sequence[Chain], issuer: bytes) -> BooksReport:
    """As `check_books`, with how much was looked at."""
    findings: list[Finding] = []
    asked: list[Chain] = []
    for chain in chains:
        strange = list(check_contract(chain, chain.contract))
        findings += strange
        if not strange:
            asked.append(chain)
    batches = credentials = 0
    senders: set[_Sender] = set()
    for batch in batches_of(store, issuer):
        batches += 1
        credentials += store.open_count(issuer) if batch.head is None else batch.head.tree_size
        findings += _check_batch(store, asked, batch)
        senders |= _senders(store, Purpose.ANCHOR, batch.id)
    for change in changes_of(store, issuer):
        findings += _check_change(store, asked, change)
        senders |= _senders(store, Purpose.STATUS, change.id)
    wanted = wanted_statuses(changes_of(store, issuer))
    anchors = 0
    for chain in asked:
        found = chain.issuer_anchors(issuer)
        anchors += len(found)
        findings += check_known(store, issuer, found)
        findings += check_once(found)
        findings += check_statuses(store, chain, issuer, wanted)
        for chain_id, sender in sorted(senders):
            if chain_id == chain.chain_id:
                findings += check_nonces(store, chain, sender)
    return BooksReport(batches, credentials, anchors, tuple(findings))


def batches_of(store: Store, issuer: bytes) -> Iterator[Batch]:
    """Every batch of an issuer, the newest first."""
    before: int | None = None
    while page := store.batches(issuer=issuer, before_id=before):
        yield from page
        before = page[-1].id


def _check_batch(store: Store, chains: Sequence[Chain], batch: Batch) -> list[Finding]:
    """All that is asked of one batch; again, if a run moved it meanwhile."""
    findings: list[Finding] = []
    for _ in range(_LOOKS):
        standings = store.on_chains(batch.id)
        findings = list(_questions(store, chains, batch, standings))
        batch, before = store.batch(batch.id), batch
        if not findings or (batch, store.on_chains(batch.id)) == (before, standings):
            break
    return findings


def _questions(
    store: Store, chains: Sequence[Chain], batch: Batch, standings: Sequence[OnChain]
) -> Iterator[Finding]:
    yield from check_state(batch, standings)
    yield from check_anchor_rows(batch, standings)
    if batch.head is None:
        return
    yield from check_one_batch_each(store, batch)
    yield from check_leaves(store, batch)
    yield from check_tree(store, batch)
    for chain in chains:
        here = [standing for standing in standings if standing.chain_id == chain.chain_id]
        attempts = attempts_on(store, chain, Purpose.ANCHOR, batch.id)
        yield from _check_attempts(chain, attempts, _anchor_targets(store, chain, batch, here))
        yield from check_mined_once(chain, attempts)
        for standing in here:
            yield from _check_standing(chain, batch, standing)


def _check_standing(chain: Chain, batch: Batch, standing: OnChain) -> Iterator[Finding]:
    """An anchor in another contract than the configured one counts if that one is ours too."""
    anchor = standing.anchor
    if anchor is not None and anchor.contract != chain.contract:
        strange = list(check_contract(chain, anchor.contract))
        if strange:
            yield from strange
            return
    yield from check_anchor(chain, batch, standing)


def _check_change(store: Store, chains: Sequence[Chain], change: StatusChange) -> Iterator[Finding]:
    for chain in chains:
        attempts = attempts_on(store, chain, Purpose.STATUS, change.id)
        call = chain.status_call(change)
        yield from _check_attempts(chain, attempts, {(call.to, call.data)})


def _check_attempts(
    chain: Chain, attempts: Sequence[Attempt], targets: Collection[Target]
) -> Iterator[Finding]:
    yield from check_bytes(chain, attempts)
    yield from check_calls(chain, attempts, targets)
    yield from check_replacements(attempts)


def _anchor_targets(
    store: Store, chain: Chain, batch: Batch, here: Sequence[OnChain]
) -> set[Target]:
    """Calls that anchor a batch: in the issuer's own right, or by an authorization."""
    if batch.head is None:
        return set()
    seal = batch.head.seal
    # The call does not name its contract, and a permission may be for a former one.
    permitted = [
        replace(permission, contract=chain.contract)
        for permission in store.authorizations(batch.issuer, seal, chain.chain_id)
    ]
    calls = [
        chain.anchor_call(batch.issuer, seal),
        chain.raw_anchor_call(batch.issuer, seal),
        *map(chain.relayed_anchor_call, permitted),
    ]
    # The contract that was configured when they were made may not be today's.
    contracts = {standing.anchor.contract for standing in here if standing.anchor is not None}
    return {(to, call.data) for call in calls for to in {call.to, *contracts}}


def _senders(store: Store, purpose: Purpose, subject_id: int) -> set[_Sender]:
    return {(each.chain_id, each.sender) for each in store.attempts(purpose, subject_id)}
