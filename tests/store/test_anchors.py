from itertools import product

import pytest

from registry.core.batch import BatchState, may_move
from registry.errors import StaleStateError
from registry.store import SqlStore
from tests.store.builders import (
    ISSUER,
    NOW,
    anchor,
    anchored_batch,
    contents,
    credentials,
    sealed_batch,
)

SEALED, ANCHORING, ANCHORED, FINAL = (
    BatchState.SEALED,
    BatchState.ANCHORING,
    BatchState.ANCHORED,
    BatchState.FINAL,
)
FORBIDDEN = [
    pytest.param(source, target, id=f"{source}-{target}")
    for source, target in product(BatchState, BatchState)
    if source is BatchState.OPEN or not may_move(source, target)
]


def test_an_anchor_comes_back_as_it_was_found(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    store.move_batch(batch.id, source=SEALED, target=ANCHORED, anchor=anchor())
    assert store.batch(batch.id).state == ANCHORED
    assert store.anchors(batch.id) == [anchor()]


def test_a_batch_without_anchors_has_none(store: SqlStore) -> None:
    assert store.anchors(sealed_batch(store, range(3)).id) == []
    assert store.anchors(999) == []


def test_an_anchor_takes_the_place_of_the_one_on_its_chain(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    moved = anchor(block_number=9)
    store.move_batch(batch.id, source=ANCHORED, target=FINAL, anchor=moved)
    assert store.anchors(batch.id) == [moved]


def test_anchors_on_several_chains_stand_side_by_side_by_chain(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    low = anchor(chain_id=1)
    store.move_batch(batch.id, source=ANCHORED, target=FINAL, anchor=low)
    assert store.anchors(batch.id) == [low, anchor()]


def test_a_reorganisation_drops_all_anchors_of_that_batch_alone(store: SqlStore) -> None:
    other = anchored_batch(store, range(3))
    batch = anchored_batch(store, range(3, 6))
    store.move_batch(batch.id, source=ANCHORED, target=ANCHORING, anchor=None)
    assert store.anchors(batch.id) == []
    assert store.anchors(other.id) == [anchor()]
    assert store.batch(batch.id).head == batch.head


def test_the_move_to_final_keeps_anchors(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    store.move_batch(batch.id, source=ANCHORED, target=FINAL, anchor=None)
    assert store.batch(batch.id).state == FINAL
    assert store.anchors(batch.id) == [anchor()]


@pytest.mark.parametrize("given", [None, anchor(block_number=9)], ids=["none", "anchor"])
def test_a_lost_comparison_changes_nothing(store: SqlStore, given: None) -> None:
    batch = anchored_batch(store, range(3))
    before = contents(store)
    with pytest.raises(StaleStateError, match=f"batch {batch.id} is not anchoring"):
        store.move_batch(batch.id, source=ANCHORING, target=ANCHORED, anchor=given)
    assert contents(store) == before


def test_an_unknown_batch_is_in_no_state(store: SqlStore) -> None:
    with pytest.raises(StaleStateError):
        store.move_batch(999, source=SEALED, target=ANCHORED, anchor=anchor())


@pytest.mark.parametrize(("source", "target"), FORBIDDEN)
def test_a_forbidden_move_is_a_mistake_of_the_program(
    sqlite_store: SqlStore, source: BatchState, target: BatchState
) -> None:
    sealed_batch(sqlite_store, range(3))
    sqlite_store.add_credentials(ISSUER, credentials([9]), now=NOW)
    before = contents(sqlite_store)
    for batch in sqlite_store.batches():
        with pytest.raises(ValueError, match=f"from {source} to {target}"):
            sqlite_store.move_batch(batch.id, source=source, target=target, anchor=anchor())
    assert contents(sqlite_store) == before
