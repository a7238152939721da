"""Whether a batch's state and those on its chains fit each other. Asks no chain."""

from collections.abc import Iterator, Sequence
from typing import Final

from registry.core.batch import BatchState, least
from registry.services.findings import Finding, FindingCode, of_batch
from registry.services.ports import Batch, OnChain

_STANDING: Final = frozenset({BatchState.ANCHORED, BatchState.FINAL})  # with an anchor, that is


def check_state(batch: Batch, standings: Sequence[OnChain]) -> Iterator[Finding]:
    """That a batch's state is the least of those of its chains."""
    start = BatchState.OPEN if batch.head is None else BatchState.SEALED
    expected = least(standing.state for standing in standings) if standings else start
    if batch.state is not expected:
        yield Finding(
            FindingCode.STATE_DIFFERS,
            f"batch {batch.id} is {batch.state.value}, its chains make it {expected.value}",
            of_batch(batch, state=batch.state.value, expected=expected.value),
        )


def check_anchor_rows(batch: Batch, standings: Sequence[OnChain]) -> Iterator[Finding]:
    """That the store has an anchor where the batch is anchored, and only there."""
    for standing in standings:
        if (standing.anchor is not None) is not (standing.state in _STANDING):
            has = "no anchor" if standing.anchor is None else "an anchor"
            yield Finding(
                FindingCode.ANCHOR_MISPLACED,
                f"batch {batch.id} is {standing.state.value} on chain {standing.chain_id}, "
                f"with {has}",
                of_batch(batch, chain=standing.chain_id, state=standing.state.value),
            )
