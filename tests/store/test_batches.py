import pytest

from registry.core.batch import UNFINISHED, BatchState
from registry.errors import NotFoundError
from registry.services.ports import IssuerTotals
from registry.store import SqlStore
from tests.store.builders import (
    ISSUER,
    LATER,
    NOW,
    OTHER,
    anchored_batch,
    credentials,
    move,
    sealed_batch,
)


def test_an_unknown_batch_is_not_found(store: SqlStore) -> None:
    with pytest.raises(NotFoundError, match="17"):
        store.batch(17)


def test_equal_sets_of_two_issuers_are_found_by_their_one_seal(store: SqlStore) -> None:
    second = sealed_batch(store, range(3), issuer=OTHER)
    first = sealed_batch(store, range(3), issuer=ISSUER)
    assert first.head is not None
    assert store.batches_with_seal(first.head.seal) == [first, second]


def test_an_unknown_seal_has_no_batches(store: SqlStore) -> None:
    sealed_batch(store, range(3))
    assert store.batches_with_seal(b"\x07" * 32) == []


def test_batches_are_listed_from_the_newest(store: SqlStore) -> None:
    made = [sealed_batch(store, [number]) for number in range(5)]
    assert store.batches() == made[::-1]


def test_batches_are_paged_by_id(store: SqlStore) -> None:
    made = [sealed_batch(store, [number]) for number in range(5)]
    assert store.batches(limit=2) == [made[4], made[3]]
    assert store.batches(limit=2, before_id=made[3].id) == [made[2], made[1]]
    assert store.batches(before_id=made[0].id) == []


def test_batches_are_chosen_by_issuer_and_state(store: SqlStore) -> None:
    anchored = anchored_batch(store, range(2))
    sealed = sealed_batch(store, range(2, 4))
    other = sealed_batch(store, range(2), issuer=OTHER)
    store.add_credentials(ISSUER, credentials([9]), now=NOW)
    assert store.batches(issuer=OTHER) == [other]
    assert store.batches(states=UNFINISHED) == [other, sealed, anchored]
    assert store.batches(issuer=ISSUER, states=[BatchState.SEALED]) == [sealed]
    assert store.batches(states=iter([BatchState.FINAL])) == []


def test_no_state_at_all_chooses_no_batch(store: SqlStore) -> None:
    sealed_batch(store, range(2))
    assert store.batches(states=[]) == []


def test_only_the_open_batch_is_counted(store: SqlStore) -> None:
    assert store.open_count(ISSUER) == 0
    sealed_batch(store, range(5))
    assert store.open_count(ISSUER) == 0
    store.add_credentials(ISSUER, credentials(range(5, 8)), now=NOW)
    assert store.open_count(ISSUER) == 3


def test_issuers_are_listed_by_address(store: SqlStore) -> None:
    assert store.issuers() == []
    for issuer in (OTHER, ISSUER):
        sealed_batch(store, range(2), issuer=issuer)
        sealed_batch(store, range(2, 4), issuer=issuer)
    assert store.issuers() == [ISSUER, OTHER]


def test_issuers_have_totals_of_what_they_sealed(store: SqlStore) -> None:
    assert store.issuer_totals() == []
    for issuer, numbers in [(OTHER, [1]), (ISSUER, [1, 2, 3]), (ISSUER, [4, 5])]:
        sealed_batch(store, numbers, issuer=issuer)
    store.add_credentials(ISSUER, credentials([6]), now=NOW)
    store.add_credentials(b"\x01" * 20, credentials([7]), now=NOW)  # which sealed nothing yet
    own, others = IssuerTotals(ISSUER, 2, 5, LATER), IssuerTotals(OTHER, 1, 1, LATER)
    assert store.issuer_totals() == [own, others]
    assert store.issuer_totals(limit=1) == [own]
    assert store.issuer_totals(after=ISSUER) == [others]
    assert store.issuer_totals(issuer=ISSUER) == [own]
    assert store.issuer_totals(issuer=b"\x01" * 20) == []


def test_nothing_is_unanchored_in_an_empty_store(store: SqlStore) -> None:
    assert store.oldest_unanchored() is None
    assert store.oldest_unanchored(ISSUER) is None


def test_the_oldest_credential_counts_even_if_it_came_last(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials([1]), now=LATER)
    store.add_credentials(ISSUER, credentials([2]), now=NOW)
    assert store.oldest_unanchored(ISSUER) == NOW


def test_a_sealed_batch_is_unanchored_until_its_anchor_is_found(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    assert store.oldest_unanchored() == NOW
    move(store, batch, BatchState.SEALED, BatchState.ANCHORED)
    assert store.oldest_unanchored() is None


def test_a_reorganised_batch_is_unanchored_again(store: SqlStore) -> None:
    batch = anchored_batch(store, range(3))
    move(store, batch, BatchState.ANCHORED, BatchState.ANCHORING)
    assert store.oldest_unanchored() == NOW


def test_unanchored_credentials_are_asked_for_by_issuer(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials([1]), now=LATER)
    store.add_credentials(OTHER, credentials([1]), now=NOW)
    assert store.oldest_unanchored(ISSUER) == LATER
    assert store.oldest_unanchored(OTHER) == NOW
    assert store.oldest_unanchored() == NOW


def test_batches_are_counted_in_every_state(store: SqlStore) -> None:
    assert store.batch_counts() == dict.fromkeys(BatchState, 0)
    anchored_batch(store, range(2))
    sealed_batch(store, range(2, 4))
    sealed_batch(store, range(2), issuer=OTHER)
    store.add_credentials(ISSUER, credentials([9]), now=NOW)
    assert store.batch_counts() == {
        BatchState.OPEN: 1,
        BatchState.SEALED: 2,
        BatchState.ANCHORING: 0,
        BatchState.ANCHORED: 1,
        BatchState.FINAL: 0,
    }


def test_only_the_open_batch_of_the_issuer_waits(store: SqlStore) -> None:
    assert store.oldest_waiting(ISSUER) is None
    sealed_batch(store, range(2))
    store.add_credentials(OTHER, credentials([1]), now=NOW)
    assert store.oldest_waiting(ISSUER) is None
    store.add_credentials(ISSUER, credentials([9]), now=LATER)
    assert store.oldest_waiting(ISSUER) == LATER
    store.add_credentials(ISSUER, credentials([10]), now=NOW)
    assert store.oldest_waiting(ISSUER) == NOW
