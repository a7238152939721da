from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.errors import ConflictError
from registry.services.ports import StatusEntry
from registry.store import SqlStore
from tests.store.builders import ISSUER, OTHER, contents, credential

MANY = 2_500  # more than one statement takes


def entry(position: int, number: int) -> StatusEntry:
    return StatusEntry(position, credential(number).credential_hash)


def test_places_are_given_once(store: SqlStore) -> None:
    assert [store.reserve_positions(ISSUER, count) for count in (3, 1, 10)] == [0, 3, 4]
    assert store.reserve_positions(OTHER, 1) == 0


def test_places_are_given_once_to_many_at_a_time(store: SqlStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda _: store.reserve_positions(ISSUER, 5), range(40)))
    assert sorted(firsts) == list(range(0, 200, 5))


def test_entries_come_back_in_order(store: SqlStore) -> None:
    store.reserve_positions(ISSUER, MANY)
    entries = [entry(position, position) for position in reversed(range(MANY))]
    store.put_status_entries(ISSUER, entries)
    assert store.status_entries(ISSUER, first=0, below=MANY) == entries[::-1]
    assert store.status_entries(ISSUER, first=7, below=9) == [entry(7, 7), entry(8, 8)]
    assert store.status_entries(OTHER, first=0, below=MANY) == []


def test_the_same_again_changes_nothing(store: SqlStore) -> None:
    store.reserve_positions(ISSUER, 2)
    store.put_status_entries(ISSUER, [entry(0, 1), entry(1, 2)])
    before = contents(store)
    store.put_status_entries(ISSUER, [entry(1, 2), entry(0, 1)])
    assert contents(store) == before


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: [entry(3, 4), entry(0, 5)], id="place taken"),
        pytest.param(lambda: [entry(3, 4), entry(2, 1)], id="credential placed elsewhere"),
        pytest.param(lambda: [entry(3, 4), entry(2, 4)], id="one credential, two places"),
        pytest.param(lambda: [entry(3, 4), entry(3, 5)], id="one place, two credentials"),
        pytest.param(lambda: [entry(3, 4), entry(5, 5)], id="not reserved"),
    ],
)
def test_a_conflict_changes_nothing(
    store: SqlStore, wrong: Callable[[], list[StatusEntry]]
) -> None:
    store.reserve_positions(ISSUER, 5)
    store.put_status_entries(ISSUER, [entry(0, 1), entry(1, 2)])
    before = contents(store)
    with pytest.raises(ConflictError):
        store.put_status_entries(ISSUER, wrong())
    assert contents(store) == before


def test_without_any_reservation_nothing_is_put(store: SqlStore) -> None:
    with pytest.raises(ConflictError, match="not reserved"):
        store.put_status_entries(ISSUER, [entry(0, 1)])
    assert store.status_entries(ISSUER, first=0, below=1) == []


@pytest.mark.parametrize("count", [0, -1])
def test_no_places_are_no_reservation(store: SqlStore, count: int) -> None:
    with pytest.raises(ValueError, match="places"):
        store.reserve_positions(ISSUER, count)
