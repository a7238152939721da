from typing import Any

import pytest

from registry.core.batch import BatchState
from registry.errors import StaleStateError
from registry.services.ports import Attempt, Purpose, SignedTransaction
from registry.store import SqlStore
from tests.store.builders import (
    CHAIN,
    ISSUER,
    LATER,
    NOW,
    OTHER,
    SECOND_CHAIN,
    SENDER,
    anchored_batch,
    contents,
    credentials,
    lease,
    move,
    record,
    sealed_batch,
    signed,
    status_change,
)


def refused(store: SqlStore, subject: int, transaction: SignedTransaction, expected: int) -> None:
    lease(store)
    before = contents(store)
    with pytest.raises(StaleStateError):
        record(store, subject, transaction, expected=expected)
    assert contents(store) == before


def test_an_attempt_comes_back_as_it_was_stored(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    transaction = signed(nonce=5, max_fee=2**200 + 1)
    attempt = record(store, batch.id, transaction, expected=0)
    want = Attempt(
        id=attempt.id,
        purpose=Purpose.ANCHOR,
        subject_id=batch.id,
        chain_id=CHAIN,
        sender=SENDER,
        nonce=5,
        replacement=0,
        max_fee=2**200 + 1,
        priority_fee=(2**200 + 1) // 10,
        raw=transaction.raw,
        transaction=transaction.transaction,
        created_at=LATER,
    )
    assert attempt == want
    assert store.attempts(Purpose.ANCHOR, batch.id) == [want]


def test_the_first_attempt_moves_the_batch_to_anchoring(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    record(store, batch.id, signed(nonce=5), expected=0)
    assert store.batch(batch.id).state == BatchState.ANCHORING


def test_a_subject_may_replace_its_own_transaction(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    made = [
        record(store, batch.id, signed(nonce=nonce, max_fee=fee), expected=before)
        for before, (nonce, fee) in enumerate([(5, 100), (5, 113), (6, 100), (5, 128), (6, 200)])
    ]
    assert store.attempts(Purpose.ANCHOR, batch.id) == made
    assert [attempt.replacement for attempt in made] == [0, 1, 0, 2, 1]
    assert store.batch(batch.id).state == BatchState.ANCHORING


@pytest.mark.parametrize("expected", [0, 2, -1])
def test_a_wrong_number_of_attempts_changes_nothing(store: SqlStore, expected: int) -> None:
    batch = sealed_batch(store, range(3))
    record(store, batch.id, signed(nonce=5), expected=0)
    refused(store, batch.id, signed(nonce=5, max_fee=7), expected)


def test_the_wrong_number_leaves_a_sealed_batch_sealed(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    refused(store, batch.id, signed(nonce=5), 1)
    assert store.batch(batch.id).state == BatchState.SEALED


def test_a_nonce_of_another_batch_is_refused_and_changes_nothing(store: SqlStore) -> None:
    first, second = sealed_batch(store, range(3)), sealed_batch(store, range(3, 6))
    record(store, first.id, signed(nonce=5), expected=0)
    record(store, first.id, signed(nonce=5, max_fee=7), expected=1)
    refused(store, second.id, signed(nonce=5, label="second"), 0)
    assert store.batch(second.id).state == BatchState.SEALED


def test_a_nonce_of_a_status_change_is_refused_to_a_batch_of_the_same_id(store: SqlStore) -> None:
    batch, change = sealed_batch(store, range(3)), status_change(store)
    assert batch.id == change
    record(store, change, signed(nonce=5), expected=0, purpose=Purpose.STATUS)
    refused(store, batch.id, signed(nonce=5, label="batch"), 0)


def test_the_same_nonce_elsewhere_is_free(store: SqlStore) -> None:
    first, second = sealed_batch(store, range(3)), sealed_batch(store, range(3, 6))
    record(store, first.id, signed(nonce=5), expected=0)
    record(store, second.id, signed(nonce=5, chain_id=1), expected=0)
    record(store, second.id, signed(nonce=5, sender=b"\x77" * 20), expected=1)
    assert len(store.attempts(Purpose.ANCHOR, second.id)) == 2


def test_the_same_transaction_twice_is_refused(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    record(store, batch.id, signed(nonce=5), expected=0)
    refused(store, batch.id, signed(nonce=5), 1)


@pytest.mark.parametrize("final", [False, True])
def test_a_batch_that_is_anchored_takes_no_attempt(store: SqlStore, *, final: bool) -> None:
    batch = anchored_batch(store, range(3))
    if final:
        move(store, batch, BatchState.ANCHORED, BatchState.FINAL)
    refused(store, batch.id, signed(nonce=5), 0)


def test_an_open_or_unknown_batch_takes_no_attempt(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    (batch,) = store.batches()
    refused(store, batch.id, signed(nonce=5), 0)
    refused(store, batch.id + 1, signed(nonce=5), 0)


def test_attempts_of_a_status_change_do_not_touch_batches(store: SqlStore) -> None:
    batch, change = sealed_batch(store, range(3)), status_change(store)
    attempt = record(store, change, signed(nonce=1), expected=0, purpose=Purpose.STATUS)
    assert store.attempts(Purpose.STATUS, change) == [attempt]
    assert store.attempts(Purpose.ANCHOR, batch.id) == []
    assert store.batch(batch.id) == batch


@pytest.mark.parametrize("unknown", [False, True])
def test_a_status_change_that_is_done_takes_no_attempt(store: SqlStore, *, unknown: bool) -> None:
    change = status_change(store)
    store.finish_status_change(change, lease=lease(store), chain_id=CHAIN, now=LATER)
    before = contents(store)
    with pytest.raises(StaleStateError):
        record(store, change + unknown, signed(nonce=1), expected=0, purpose=Purpose.STATUS)
    assert contents(store) == before


def test_the_highest_nonce_is_that_of_the_sender_on_the_chain(store: SqlStore) -> None:
    assert store.highest_nonce(CHAIN, SENDER) is None
    batch, change = sealed_batch(store, range(3)), status_change(store)
    record(store, batch.id, signed(nonce=9), expected=0)
    record(store, batch.id, signed(nonce=4), expected=1)
    record(store, batch.id, signed(nonce=30, chain_id=1), expected=2)
    record(store, change, signed(nonce=11), expected=0, purpose=Purpose.STATUS)
    assert store.highest_nonce(CHAIN, SENDER) == 11
    assert store.highest_nonce(1, SENDER) == 30
    assert store.highest_nonce(CHAIN, ISSUER) is None


@pytest.mark.parametrize("reached", [BatchState.ANCHORED, BatchState.FINAL])
def test_a_replacement_is_taken_in_any_state_and_moves_nothing(
    store: SqlStore, reached: BatchState
) -> None:
    batch = sealed_batch(store, range(3))
    record(store, batch.id, signed(nonce=5), expected=0)
    move(store, batch, BatchState.ANCHORING, BatchState.ANCHORED)
    if reached is BatchState.FINAL:
        move(store, batch, BatchState.ANCHORED, BatchState.FINAL)
    standing = store.on_chains(batch.id)
    attempt = record(store, batch.id, signed(nonce=5, max_fee=7), expected=1)
    assert attempt.replacement == 1
    assert store.on_chains(batch.id) == standing
    assert store.batch(batch.id).state == reached
    refused(store, batch.id, signed(nonce=6), 2)


def test_a_replacement_of_a_change_that_is_done_is_taken(store: SqlStore) -> None:
    change = status_change(store)
    record(store, change, signed(nonce=5), expected=0, purpose=Purpose.STATUS)
    store.finish_status_change(change, lease=lease(store), chain_id=CHAIN, now=LATER)
    store.close_status_changes(ISSUER, [CHAIN], lease=lease(store), now=LATER)
    assert store.status_change(change).done_at == LATER
    again = signed(nonce=5, max_fee=7)
    attempt = record(store, change, again, expected=1, purpose=Purpose.STATUS)
    assert store.attempts(Purpose.STATUS, change)[1:] == [attempt]
    with pytest.raises(StaleStateError):
        record(store, change, signed(nonce=6), expected=2, purpose=Purpose.STATUS)


def test_a_change_that_is_done_on_one_chain_takes_attempts_on_another(store: SqlStore) -> None:
    change = status_change(store)
    store.finish_status_change(change, lease=lease(store), chain_id=CHAIN, now=LATER)
    elsewhere = signed(nonce=1, chain_id=SECOND_CHAIN)
    attempt = record(store, change, elsewhere, expected=0, purpose=Purpose.STATUS)
    assert store.attempts(Purpose.STATUS, change) == [attempt]


@pytest.mark.parametrize(
    "other", [{"chain_id": SECOND_CHAIN}, {"sender": OTHER}], ids=["chain", "sender"]
)
def test_the_same_nonce_elsewhere_replaces_nothing(store: SqlStore, other: dict[str, Any]) -> None:
    batch = sealed_batch(store, range(3))
    record(store, batch.id, signed(nonce=5), expected=0)
    assert record(store, batch.id, signed(nonce=5, **other), expected=1).replacement == 0


def test_a_batch_anchored_on_one_chain_takes_attempts_on_another(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    record(store, batch.id, signed(nonce=5, chain_id=SECOND_CHAIN), expected=0)
    states = {each.chain_id: each.state for each in store.on_chains(batch.id)}
    assert states == {CHAIN: BatchState.ANCHORED, SECOND_CHAIN: BatchState.ANCHORING}
    assert store.batch(batch.id).state == BatchState.ANCHORING


def test_attempts_are_found_by_nonce_and_then_by_age(store: SqlStore) -> None:
    first, second = sealed_batch(store, range(3)), sealed_batch(store, range(3, 6))
    late = record(store, first.id, signed(nonce=7), expected=0)
    early = record(store, second.id, signed(nonce=6), expected=0)
    again = record(store, second.id, signed(nonce=6, max_fee=7), expected=1)
    record(store, first.id, signed(nonce=8), expected=1)
    record(store, first.id, signed(nonce=5), expected=2)
    record(store, first.id, signed(nonce=6, chain_id=SECOND_CHAIN), expected=3)
    found = store.attempts_between(CHAIN, SENDER, first=6, below=8)
    assert found == [early, again, late]
    assert store.attempts_between(CHAIN, OTHER, first=0, below=9) == []


def test_attempts_and_replacements_are_counted_by_purpose(store: SqlStore) -> None:
    assert store.attempt_counts() == {Purpose.ANCHOR: (0, 0), Purpose.STATUS: (0, 0)}
    batch, change = sealed_batch(store, range(3)), status_change(store)
    for before, fee in enumerate([100, 200, 300]):
        record(store, batch.id, signed(nonce=5, max_fee=fee), expected=before)
    record(store, change, signed(nonce=6), expected=0, purpose=Purpose.STATUS)
    assert store.attempt_counts() == {Purpose.ANCHOR: (3, 2), Purpose.STATUS: (1, 0)}
