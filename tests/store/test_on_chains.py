from itertools import pairwise, product

import pytest

from registry.core.batch import BatchState, may_move
from registry.errors import StaleStateError
from registry.services.ports import Anchor, Batch, OnChain
from registry.store import SqlStore
from tests.store.builders import (
    CHAIN,
    ISSUER,
    LATER,
    NOW,
    SECOND_CHAIN,
    anchor,
    anchored_batch,
    contents,
    credentials,
    lease,
    move,
    record,
    sealed_batch,
    signed,
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
STEPS = [SEALED, ANCHORING, ANCHORED, FINAL]


def bring(store: SqlStore, batch: Batch, target: BatchState, *, chain_id: int = CHAIN) -> None:
    """Move a batch on a chain from sealed to `target`, step by step."""
    for source, following in pairwise(STEPS[: STEPS.index(target) + 1]):
        move(store, batch, source, following, chain_id=chain_id)


def states(store: SqlStore, batch: Batch) -> dict[int, BatchState]:
    return {each.chain_id: each.state for each in store.on_chains(batch.id)}


def test_an_anchor_comes_back_as_it_was_found(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    move(store, batch, SEALED, ANCHORED, found=anchor())
    assert store.batch(batch.id).state == ANCHORED
    assert store.anchors(batch.id) == [anchor()]
    assert store.on_chains(batch.id) == [OnChain(CHAIN, ANCHORED, anchor(), 0)]


def test_a_batch_that_was_only_sealed_stands_nowhere(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    for batch_id in (batch.id, 999):
        assert store.anchors(batch_id) == []
        assert store.on_chains(batch_id) == []


def test_anchors_on_several_chains_stand_side_by_side_by_chain(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    low = anchor(chain_id=1)
    move(store, batch, SEALED, ANCHORED, chain_id=1, found=low)
    assert store.anchors(batch.id) == [low, anchor()]


def test_a_reorganisation_drops_the_anchor_on_that_chain_of_that_batch_alone(
    store: SqlStore,
) -> None:
    other = anchored_batch(store, range(3))
    batch = anchored_batch(store, range(3, 6))
    second = anchor(chain_id=SECOND_CHAIN)
    move(store, batch, SEALED, ANCHORED, chain_id=SECOND_CHAIN)
    move(store, batch, ANCHORED, ANCHORING)
    assert store.on_chains(batch.id) == [
        OnChain(CHAIN, ANCHORING, None, 1),
        OnChain(SECOND_CHAIN, ANCHORED, second, 0),
    ]
    assert store.anchors(batch.id) == [second]
    assert store.anchors(other.id) == [anchor()]
    assert store.batch(batch.id).head == batch.head


def test_every_way_back_counts_as_a_reorganisation(store: SqlStore) -> None:
    assert store.reorg_count() == 0
    batch, other = anchored_batch(store, range(3)), anchored_batch(store, range(3, 6))
    move(store, batch, ANCHORED, ANCHORING)
    move(store, batch, ANCHORING, ANCHORED, found=anchor(block_number=9))
    move(store, batch, ANCHORED, FINAL)
    move(store, batch, FINAL, ANCHORING)
    assert store.on_chains(batch.id) == [OnChain(CHAIN, ANCHORING, None, 2)]
    move(store, other, ANCHORED, ANCHORING)
    assert store.reorg_count() == 3


def test_the_way_there_is_no_reorganisation(store: SqlStore) -> None:
    bring(store, sealed_batch(store, range(3)), FINAL)
    assert store.reorg_count() == 0


def test_the_move_to_final_keeps_the_anchor(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    move(store, batch, ANCHORED, FINAL)
    assert store.on_chains(batch.id) == [OnChain(CHAIN, FINAL, anchor(), 0)]


def test_when_it_was_seen_to_be_final_is_kept_until_a_reorganisation(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    move(store, batch, ANCHORED, FINAL, final_at=LATER)
    assert store.on_chains(batch.id) == [OnChain(CHAIN, FINAL, anchor(), 0, final_at=LATER)]
    move(store, batch, FINAL, ANCHORING)
    move(store, batch, ANCHORING, ANCHORED)
    assert store.on_chains(batch.id) == [OnChain(CHAIN, ANCHORED, anchor(), 1)]


def test_a_time_of_finality_comes_with_no_other_move(sqlite_store: SqlStore) -> None:
    batch = anchored_batch(sqlite_store, range(3))
    before = contents(sqlite_store)
    with pytest.raises(ValueError, match="final_at"):
        move(sqlite_store, batch, ANCHORED, ANCHORING, final_at=LATER)
    assert contents(sqlite_store) == before


@pytest.mark.parametrize(("first", "second"), list(product(STEPS, STEPS)))
def test_a_batch_is_where_the_slower_of_its_chains_is(
    sqlite_store: SqlStore, first: BatchState, second: BatchState
) -> None:
    batch = sealed_batch(sqlite_store, range(3))
    chains = [CHAIN, SECOND_CHAIN]
    sqlite_store.set_chains(batch.id, chains, lease=lease(sqlite_store))
    bring(sqlite_store, batch, first, chain_id=CHAIN)
    bring(sqlite_store, batch, second, chain_id=SECOND_CHAIN)
    slower = min(first, second, key=STEPS.index)
    assert sqlite_store.batch(batch.id).state == slower


def test_a_batch_moves_with_its_chains_on_either_database(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    store.set_chains(batch.id, [CHAIN, SECOND_CHAIN], lease=lease(store))
    seen = []
    for source, target in pairwise(STEPS):
        for chain_id in (CHAIN, SECOND_CHAIN):
            move(store, batch, source, target, chain_id=chain_id)
            seen.append(store.batch(batch.id).state)
    assert seen == [SEALED, ANCHORING, ANCHORING, ANCHORED, ANCHORED, FINAL]


def test_the_first_attempt_on_one_chain_leaves_the_other(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    store.set_chains(batch.id, [CHAIN, SECOND_CHAIN], lease=lease(store))
    record(store, batch.id, signed(nonce=5), expected=0)
    assert states(store, batch) == {CHAIN: ANCHORING, SECOND_CHAIN: SEALED}
    assert store.batch(batch.id).state == SEALED


def test_chains_that_are_set_begin_sealed(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    store.set_chains(batch.id, iter([SECOND_CHAIN, CHAIN, CHAIN]), lease=lease(store))
    want = [OnChain(CHAIN, SEALED, None, 0), OnChain(SECOND_CHAIN, SEALED, None, 0)]
    assert store.on_chains(batch.id) == want
    assert store.batch(batch.id) == batch


def test_a_chain_that_is_added_leaves_the_others_as_they_are(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    store.set_chains(batch.id, [CHAIN, SECOND_CHAIN], lease=lease(store))
    assert states(store, batch) == {CHAIN: ANCHORED, SECOND_CHAIN: SEALED}
    assert store.batch(batch.id).state == SEALED
    before = contents(store)
    store.set_chains(batch.id, [CHAIN, SECOND_CHAIN], lease=lease(store))
    assert contents(store) == before


@pytest.mark.parametrize("left", [SEALED, ANCHORING, ANCHORED])
def test_a_chain_that_is_asked_no_more_is_dropped(store: SqlStore, left: BatchState) -> None:
    batch = anchored_batch(store, range(3))
    other = sealed_batch(store, range(3, 6))
    store.set_chains(batch.id, [CHAIN, SECOND_CHAIN], lease=lease(store))
    store.set_chains(other.id, [CHAIN, SECOND_CHAIN], lease=lease(store))
    bring(store, batch, left, chain_id=SECOND_CHAIN)
    store.set_chains(batch.id, [CHAIN], lease=lease(store))
    assert store.on_chains(batch.id) == [OnChain(CHAIN, ANCHORED, anchor(), 0)]
    assert store.batch(batch.id).state == ANCHORED
    assert len(store.on_chains(other.id)) == 2


def test_a_chain_on_which_the_batch_is_final_is_kept(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    move(store, batch, ANCHORED, FINAL)
    store.set_chains(batch.id, [SECOND_CHAIN], lease=lease(store))
    assert states(store, batch) == {CHAIN: FINAL, SECOND_CHAIN: SEALED}
    assert store.anchors(batch.id) == [anchor()]


def test_an_open_or_unknown_batch_stands_on_no_chain(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    (batch,) = store.batches()
    held = lease(store)
    before = contents(store)
    for batch_id in (batch.id, batch.id + 1):
        with pytest.raises(StaleStateError, match=f"no sealed batch {batch_id}"):
            store.set_chains(batch_id, [CHAIN], lease=held)
        with pytest.raises(StaleStateError, match=f"no sealed batch {batch_id}"):
            store.move_batch(
                batch_id, lease=held, chain_id=CHAIN, source=SEALED, target=ANCHORING, anchor=None
            )
    assert contents(store) == before


def test_no_chain_at_all_is_a_mistake_of_the_program(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    before = contents(store)
    with pytest.raises(ValueError, match="at least one chain"):
        store.set_chains(batch.id, [], lease=lease(store))
    assert contents(store) == before


@pytest.mark.parametrize("chain_id", [CHAIN, SECOND_CHAIN], ids=["set", "not set"])
def test_a_lost_comparison_changes_nothing(store: SqlStore, chain_id: int) -> None:
    batch = anchored_batch(store, range(3))
    before = contents(store)
    with pytest.raises(StaleStateError, match=f"{batch.id} is not anchoring on chain {chain_id}"):
        move(store, batch, ANCHORING, ANCHORED, chain_id=chain_id)
    assert contents(store) == before


@pytest.mark.parametrize(("source", "target"), FORBIDDEN)
def test_a_forbidden_move_is_a_mistake_of_the_program(
    sqlite_store: SqlStore, source: BatchState, target: BatchState
) -> None:
    sealed_batch(sqlite_store, range(3))
    sqlite_store.add_credentials(ISSUER, credentials([9]), now=NOW)
    lease(sqlite_store)
    before = contents(sqlite_store)
    for batch in sqlite_store.batches():
        with pytest.raises(ValueError, match=f"from {source} to {target}"):
            move(sqlite_store, batch, source, target)
    assert contents(sqlite_store) == before


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        pytest.param(SEALED, ANCHORED, None, id="none"),
        pytest.param(SEALED, ANCHORED, anchor(chain_id=SECOND_CHAIN), id="on another chain"),
        pytest.param(SEALED, ANCHORING, anchor(), id="too early"),
        pytest.param(ANCHORED, FINAL, anchor(), id="too late"),
        pytest.param(ANCHORED, ANCHORING, anchor(), id="on the way back"),
    ],
)
def test_an_anchor_comes_with_the_move_to_anchored_and_no_other(
    sqlite_store: SqlStore, source: BatchState, target: BatchState, found: Anchor | None
) -> None:
    batch = sealed_batch(sqlite_store, range(3))
    bring(sqlite_store, batch, source)
    held = lease(sqlite_store)
    before = contents(sqlite_store)
    with pytest.raises(ValueError, match="an anchor"):
        sqlite_store.move_batch(
            batch.id, lease=held, chain_id=CHAIN, source=source, target=target, anchor=found
        )
    assert contents(sqlite_store) == before
