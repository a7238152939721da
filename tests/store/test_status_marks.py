import pytest

from registry.core.batch import BatchState
from registry.errors import NotFoundError
from registry.services.ports import Batch
from registry.store import SqlStore
from tests.store.builders import (
    CHAIN,
    HOUR,
    ISSUER,
    LATER,
    NOW,
    OTHER,
    SECOND_CHAIN,
    anchored_batch,
    contents,
    lease,
    move,
    seal_of,
    sealed_batch,
    status_change,
)

BOTH = [CHAIN, SECOND_CHAIN]
SEALED, ANCHORING, ANCHORED, FINAL = (
    BatchState.SEALED,
    BatchState.ANCHORING,
    BatchState.ANCHORED,
    BatchState.FINAL,
)


def batch_on_both(store: SqlStore) -> Batch:
    batch = anchored_batch(store, range(3))
    move(store, batch, SEALED, ANCHORED, chain_id=SECOND_CHAIN)
    return batch


def finish(store: SqlStore, change: int, chain_id: int, *, refusal: str | None = None) -> None:
    store.finish_status_change(
        change, lease=lease(store), chain_id=chain_id, now=NOW, refusal=refusal
    )


def close(store: SqlStore, chain_ids: list[int]) -> None:
    store.close_status_changes(ISSUER, chain_ids, lease=lease(store), now=LATER)


def open_on(store: SqlStore, chain_id: int, issuer: bytes = ISSUER) -> list[int]:
    return [change.id for change in store.open_status_changes_on(issuer, chain_id)]


def is_open(store: SqlStore, change: int) -> bool:
    return change in {each.id for each in store.open_status_changes()}


def test_a_change_is_done_when_it_is_done_on_both_chains(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    finish(store, change, CHAIN)
    close(store, BOTH)
    assert is_open(store, change)
    finish(store, change, SECOND_CHAIN)
    assert is_open(store, change)
    close(store, BOTH)
    found = store.status_change(change)
    assert (found.done_at, found.refusal) == (LATER, None)
    assert not is_open(store, change)


def test_a_change_is_open_on_a_chain_until_it_is_done_there(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    assert (open_on(store, CHAIN), open_on(store, SECOND_CHAIN)) == ([change], [change])
    finish(store, change, CHAIN)
    assert (open_on(store, CHAIN), open_on(store, SECOND_CHAIN)) == ([], [change])
    close(store, [CHAIN])
    assert (open_on(store, CHAIN), open_on(store, SECOND_CHAIN)) == ([], [])


def test_changes_open_on_a_chain_are_the_issuers_own_oldest_first(store: SqlStore) -> None:
    seal = seal_of(anchored_batch(store, range(3)))
    assert seal_of(anchored_batch(store, range(3), issuer=OTHER)) == seal
    made = [status_change(store, seal=seal, reason=reason) for reason in range(3)]
    theirs = status_change(store, seal=seal, issuer=OTHER)
    assert open_on(store, CHAIN) == made
    assert open_on(store, CHAIN, OTHER) == [theirs]
    assert open_on(store, SECOND_CHAIN) == []


def test_a_change_waits_for_its_batch_on_each_chain(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    change = status_change(store, seal=seal_of(batch))
    seen = [open_on(store, CHAIN)]
    for source, target in [
        (SEALED, ANCHORING),
        (ANCHORING, ANCHORED),
        (ANCHORED, ANCHORING),
        (ANCHORING, ANCHORED),
        (ANCHORED, FINAL),
    ]:
        move(store, batch, source, target)
        seen.append(open_on(store, CHAIN))
    assert seen == [[], [], [change], [], [change], [change]]


def test_another_issuers_batch_with_the_same_seal_does_not_count(store: SqlStore) -> None:
    seal = seal_of(anchored_batch(store, range(3), issuer=OTHER))
    status_change(store, seal=seal)
    assert open_on(store, CHAIN) == []


def test_a_change_stays_open_for_a_chain_where_its_batch_comes_late(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    store.set_chains(batch.id, BOTH, lease=lease(store))
    change = status_change(store, seal=seal_of(batch))
    finish(store, change, CHAIN)
    close(store, BOTH)
    assert is_open(store, change)
    move(store, batch, SEALED, ANCHORED, chain_id=SECOND_CHAIN)
    assert open_on(store, SECOND_CHAIN) == [change]


def test_a_chain_without_the_batch_is_not_waited_for(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(anchored_batch(store, range(3))))
    finish(store, change, CHAIN)
    close(store, BOTH)
    assert store.status_change(change).done_at == LATER


def test_another_issuers_batch_with_the_same_seal_is_not_waited_for(store: SqlStore) -> None:
    theirs = anchored_batch(store, range(3), issuer=OTHER)
    move(store, theirs, SEALED, ANCHORED, chain_id=SECOND_CHAIN)
    change = status_change(store, seal=seal_of(anchored_batch(store, range(3))))
    finish(store, change, CHAIN)
    close(store, BOTH)
    assert store.status_change(change).done_at == LATER


def test_a_retired_chain_is_not_waited_for(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    finish(store, change, SECOND_CHAIN)
    close(store, [SECOND_CHAIN])
    assert store.status_change(change).done_at == LATER


def test_a_change_that_is_done_nowhere_stays_open(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(anchored_batch(store, range(3))))
    before = contents(store)
    close(store, [SECOND_CHAIN])
    close(store, [])
    assert contents(store) == before
    assert is_open(store, change)


def test_what_was_done_before_its_chain_was_retired_is_done(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(anchored_batch(store, range(3))))
    finish(store, change, CHAIN)
    close(store, [SECOND_CHAIN])
    assert store.status_change(change).done_at == LATER


@pytest.mark.parametrize("refusing", BOTH)
def test_a_change_that_one_chain_refused_is_refused(store: SqlStore, refusing: int) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    for chain_id in BOTH:
        refusal = "revoked is final" if chain_id == refusing else None
        finish(store, change, chain_id, refusal=refusal)
    close(store, BOTH)
    found = store.status_change(change)
    assert (found.done_at, found.refusal) == (LATER, "revoked is final")


@pytest.mark.parametrize(
    ("second", "want"), [("no", "no"), ("never", "no; never")], ids=["the same", "differently"]
)
def test_refusals_of_both_chains_are_told(store: SqlStore, second: str, want: str) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    finish(store, change, SECOND_CHAIN, refusal=second)
    finish(store, change, CHAIN, refusal="no")
    close(store, BOTH)
    assert store.status_change(change).refusal == want


def test_only_changes_that_are_done_are_closed(store: SqlStore) -> None:
    seal = seal_of(batch_on_both(store))
    done, half, none = (status_change(store, seal=seal, reason=n) for n in range(3))
    for chain_id in BOTH:
        finish(store, done, chain_id)
    finish(store, half, CHAIN)
    close(store, BOTH)
    assert [change.id for change in store.open_status_changes()] == [half, none]


def test_finishing_twice_on_a_chain_changes_nothing(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    finish(store, change, CHAIN)
    before = contents(store)
    store.finish_status_change(
        change, lease=lease(store), chain_id=CHAIN, now=LATER, refusal="too late"
    )
    assert contents(store) == before


def test_a_closed_change_keeps_its_end(store: SqlStore) -> None:
    change = status_change(store, seal=seal_of(batch_on_both(store)))
    finish(store, change, CHAIN)
    close(store, [CHAIN])
    before = contents(store)
    finish(store, change, SECOND_CHAIN, refusal="too late")
    store.close_status_changes(ISSUER, BOTH, lease=lease(store), now=LATER + HOUR)
    assert contents(store) == before


def test_an_unknown_change_cannot_be_finished(store: SqlStore) -> None:
    lease(store)
    before = contents(store)
    with pytest.raises(NotFoundError, match="7"):
        finish(store, 7, CHAIN)
    assert contents(store) == before
