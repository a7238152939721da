"""The life of a batch: the states it may be in and the moves between them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class BatchState(StrEnum):
    """Where a batch stands. Stored by these names."""

    OPEN = "open"  # takes credentials
    SEALED = "sealed"  # its set of leaves is fixed, tree and seal are stored
    ANCHORING = "anchoring"  # at least one signed transaction is stored
    ANCHORED = "anchored"  # the seal is in a block, which may still be replaced
    FINAL = "final"  # the chain's finality covers that block


_ORDER: Final = tuple(BatchState)
_MOVES: Final[dict[BatchState, frozenset[BatchState]]] = {
    BatchState.OPEN: frozenset({BatchState.SEALED}),
    BatchState.SEALED: frozenset({BatchState.ANCHORING, BatchState.ANCHORED}),
    BatchState.ANCHORING: frozenset({BatchState.ANCHORED}),
    # Back again when a reorganisation of the chain takes the anchor's block away.
    BatchState.ANCHORED: frozenset({BatchState.FINAL, BatchState.ANCHORING}),
    # A chain that breaks its own finality; never by itself, see registry.services.anchoring.
    BatchState.FINAL: frozenset({BatchState.ANCHORING}),
}

UNFINISHED: Final = frozenset({BatchState.SEALED, BatchState.ANCHORING, BatchState.ANCHORED})


def may_move(source: BatchState, target: BatchState) -> bool:
    """Whether a batch may go from `source` to `target` in one step."""
    return target in _MOVES[source]


def least(states: Iterable[BatchState]) -> BatchState:
    """The state furthest from final: that of a batch which stands on several chains.

    Raises `ValueError` for none.
    """
    return min(states, key=_ORDER.index)
