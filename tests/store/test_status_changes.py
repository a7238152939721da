from typing import Any

import pytest

from registry.errors import NotFoundError
from registry.services.ports import CredentialStatus, StatusChange
from registry.store import SqlStore
from tests.store.builders import CHAIN, ISSUER, LATER, NOW, OTHER, contents, lease

SEAL = b"\x0a" * 32
REQUEST: dict[str, Any] = {
    "issuer": ISSUER,
    "seal": SEAL,
    "leaf_indexes": (1, 5, 2**39),
    "status": CredentialStatus.SUSPENDED,
    "reason": 4,
}


def test_a_change_comes_back_as_it_was_requested(store: SqlStore) -> None:
    change = store.request_status(**REQUEST, now=NOW)
    want = StatusChange(id=change.id, **REQUEST, requested_at=NOW, done_at=None, refusal=None)
    assert change == want
    assert store.status_change(change.id) == want
    assert store.open_status_changes() == [want]


@pytest.mark.parametrize("indexes", [None, (), (0,), tuple(range(10_000))])
def test_a_change_keeps_its_leaves(store: SqlStore, indexes: tuple[int, ...] | None) -> None:
    change = store.request_status(**{**REQUEST, "leaf_indexes": indexes}, now=NOW)
    assert store.status_change(change.id).leaf_indexes == indexes


def test_an_identical_open_request_is_the_same_change(store: SqlStore) -> None:
    change = store.request_status(**REQUEST, now=NOW)
    before = contents(store)
    again = {**REQUEST, "leaf_indexes": list(REQUEST["leaf_indexes"])}
    assert store.request_status(**again, now=LATER) == change
    assert contents(store) == before


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": OTHER},
        {"seal": b"\x0b" * 32},
        {"leaf_indexes": (1, 5)},
        {"leaf_indexes": None},
        {"status": CredentialStatus.REVOKED},
        {"reason": 5},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_request_that_differs_is_another_change(store: SqlStore, other: dict[str, Any]) -> None:
    first = store.request_status(**REQUEST, now=NOW)
    second = store.request_status(**{**REQUEST, **other}, now=NOW)
    assert store.open_status_changes() == [first, second]


def test_the_same_may_be_requested_again_once_it_is_done(store: SqlStore) -> None:
    first = store.request_status(**REQUEST, now=NOW)
    store.finish_status_change(first.id, lease=lease(store), chain_id=CHAIN, now=NOW)
    assert store.request_status(**REQUEST, now=LATER) == first
    store.close_status_changes(ISSUER, [CHAIN], lease=lease(store), now=NOW)
    second = store.request_status(**REQUEST, now=LATER)
    assert (second.id != first.id, second.requested_at) == (True, LATER)


def test_open_changes_are_listed_by_issuer_oldest_first(store: SqlStore) -> None:
    made = [store.request_status(**{**REQUEST, "reason": n}, now=LATER) for n in range(3)]
    other = store.request_status(**{**REQUEST, "issuer": OTHER}, now=NOW)
    assert store.open_status_changes(ISSUER) == made
    assert store.open_status_changes(OTHER) == [other]
    assert store.open_status_changes() == [*made, other]


def test_an_unknown_change_is_not_found(store: SqlStore) -> None:
    with pytest.raises(NotFoundError):
        store.status_change(7)
