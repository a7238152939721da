from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, islice

import pytest
from sqlalchemy.exc import StatementError

from registry.core.batch import BatchState
from registry.core.new_credentials import NewCredentials
from registry.services.ports import Added
from registry.store import SqlStore
from tests.store.builders import (
    ISSUER,
    LATER,
    NOW,
    OTHER,
    contents,
    credential,
    credentials,
    new,
    part_of,
    sealed_batch,
    stored,
)

# On both sides of the size from which an intake is staged, and over more than one chunk.
SIZES = [1, 2, 999, 1_000, 1_001, 12_000]


# How large the parts of an intake are. A chunk is full at 10,923 rows.
PARTS = {
    "one part": [12_000],
    "a chunk and nothing after it": [11_000],
    "the last part fills a chunk": [1_000] * 11,
    "nothing at either end": [0, 1_000, 0],
    "nothing in between": [600, 0, 600],
}


class UploadBrokeOffError(Exception):
    pass


def broken_upload(size: int) -> Iterator[NewCredentials]:
    yield from credentials(range(size))
    raise UploadBrokeOffError


@pytest.mark.parametrize("size", SIZES)
def test_every_new_credential_is_counted_and_kept(store: SqlStore, size: int) -> None:
    assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW) == Added(size, 0)
    assert store.open_count(ISSUER) == size


@pytest.mark.parametrize("size", SIZES)
def test_a_second_intake_of_the_same_changes_nothing(store: SqlStore, size: int) -> None:
    store.add_credentials(ISSUER, credentials(range(size)), now=NOW)
    before = contents(store)
    assert store.add_credentials(ISSUER, credentials(range(size)), now=LATER) == Added(0, size)
    assert contents(store) == before


@pytest.mark.parametrize("size", [3, 1_500])
def test_a_hash_twice_in_one_intake_is_known_the_second_time(store: SqlStore, size: int) -> None:
    first = credential(0)
    again = first._replace(salt=b"\x99" * 32)
    intake = [*credentials(range(size)), *new(again, again)]
    assert store.add_credentials(ISSUER, intake, now=NOW) == Added(size, 2)
    assert store.find_credentials(first.credential_hash)[0].salt == first.salt


@pytest.mark.parametrize("sizes", PARTS.values(), ids=PARTS.keys())
def test_an_intake_may_come_in_parts_of_any_size(store: SqlStore, sizes: list[int]) -> None:
    expected = [credential(number) for number in range(sum(sizes))]
    waiting = iter(expected)
    parts = [part_of(list(islice(waiting, size))) for size in sizes]
    assert store.add_credentials(ISSUER, parts, now=NOW) == Added(len(expected), 0)
    found = store.find_all_credentials([each.credential_hash for each in expected])
    salts = {each.credential_hash: each.salt for each in found}
    assert salts == {each.credential_hash: each.salt for each in expected}


@pytest.mark.parametrize("size", [3, 1_500])
def test_a_partly_known_intake_counts_both(store: SqlStore, size: int) -> None:
    store.add_credentials(ISSUER, credentials(range(2)), now=NOW)
    assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW) == Added(size - 2, 2)


@pytest.mark.parametrize("size", [0, 1, 999, 1_000, 12_000])
def test_an_intake_that_breaks_off_changes_nothing(store: SqlStore, size: int) -> None:
    store.add_credentials(OTHER, credentials(range(3)), now=NOW)
    before = contents(store)
    with pytest.raises(UploadBrokeOffError):
        store.add_credentials(ISSUER, broken_upload(size), now=NOW)
    assert contents(store) == before


@pytest.mark.parametrize("size", [5, 12_000])
def test_an_intake_can_be_repeated_after_it_broke_off(store: SqlStore, size: int) -> None:
    with pytest.raises(UploadBrokeOffError):
        store.add_credentials(ISSUER, broken_upload(size), now=NOW)
    assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW) == Added(size, 0)


def test_a_credential_of_the_wrong_length_changes_nothing(store: SqlStore) -> None:
    before = contents(store)
    wrong = credential(5)._replace(credential_hash=b"\x01" * 31)
    with pytest.raises(ValueError, match="32 bytes"):
        store.add_credentials(ISSUER, chain(credentials(range(5)), new(wrong)), now=NOW)
    assert contents(store) == before


def test_an_empty_intake_opens_no_batch(store: SqlStore) -> None:
    assert store.add_credentials(ISSUER, [], now=NOW) == Added(0, 0)
    assert store.issuers() == []


@pytest.mark.parametrize("size", [3, 1_500])
def test_a_credential_of_a_sealed_batch_is_known_and_opens_no_batch(
    store: SqlStore, size: int
) -> None:
    batch = sealed_batch(store, range(size))
    assert store.add_credentials(ISSUER, credentials(range(size)), now=NOW) == Added(0, size)
    assert store.batches() == [batch]


def test_intakes_share_the_open_batch(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    store.add_credentials(ISSUER, credentials(range(3, 2_000)), now=LATER)
    (batch,) = store.batches(issuer=ISSUER)
    assert (batch.state, batch.opened_at, batch.head) == (BatchState.OPEN, NOW, None)


def test_issuers_do_not_share_a_batch(store: SqlStore) -> None:
    for issuer in (ISSUER, OTHER):
        store.add_credentials(issuer, credentials(range(3)), now=NOW)
    assert {batch.issuer for batch in store.batches()} == {ISSUER, OTHER}


def test_a_credential_is_found_as_it_was_added(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(5)), now=NOW)
    (batch,) = store.batches()
    want = stored(batch, 3)
    assert store.find_credentials(want.credential_hash) == [want]


def test_a_credential_is_found_under_every_issuer_by_address(store: SqlStore) -> None:
    for issuer in (OTHER, ISSUER):
        store.add_credentials(issuer, credentials(range(1_200)), now=NOW)
    found = store.find_credentials(credential(7).credential_hash)
    assert [each.issuer for each in found] == [ISSUER, OTHER]


def test_many_credentials_are_found_by_hash_and_address(store: SqlStore) -> None:
    for issuer in (OTHER, ISSUER):
        store.add_credentials(issuer, credentials(range(20)), now=NOW)
    wanted = [credential(number).credential_hash for number in (7, 3, 99, 7)]
    found = store.find_all_credentials(wanted)
    assert [(each.credential_hash, each.issuer) for each in found] == [
        (digest, issuer) for digest in sorted(wanted[:2]) for issuer in (ISSUER, OTHER)
    ]
    assert store.find_all_credentials([]) == []


def test_an_unknown_credential_is_not_found(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    assert store.find_credentials(credential(99).credential_hash) == []


def test_times_come_back_in_utc_to_the_microsecond(store: SqlStore) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    store.add_credentials(ISSUER, credentials(range(1)), now=local)
    (found,) = store.find_credentials(credential(0).credential_hash)
    assert (found.added_at, found.added_at.tzinfo) == (NOW, UTC)


@pytest.mark.parametrize("size", [3, 1_500])
def test_a_time_without_a_zone_is_refused(store: SqlStore, size: int) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(StatementError, match="without a time zone"):
        store.add_credentials(ISSUER, credentials(range(size)), now=naive)
    assert store.issuers() == []


@pytest.mark.parametrize("size", [1_000, 12_000])
def test_a_slow_upload_keeps_nobody_from_intake_and_sealing(store: SqlStore, size: int) -> None:
    def upload() -> Iterator[NewCredentials]:
        yield from credentials(range(size))
        sealed_batch(store, range(size, size + 5))

    assert store.add_credentials(ISSUER, upload(), now=NOW) == Added(size, 0)
    sizes = [batch.head.tree_size if batch.head else None for batch in store.batches()]
    assert sizes == [None, 5]
