from dataclasses import replace

import pytest

from registry.errors import ConflictError, NotFoundError
from registry.services.ports import ApiKey, Scope
from registry.store import SqlStore
from tests.store.builders import ISSUER, LATER, NOW, OTHER, contents

KEY = ApiKey(
    id="rs_one",
    issuer=ISSUER,
    scopes=frozenset({Scope.ADD, Scope.STATUS}),
    secret_hash=b"\x0c" * 32,
    created_at=NOW,
    expires_at=LATER,
    revoked_at=None,
)


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        replace(KEY, scopes=frozenset(Scope), expires_at=None),
        replace(KEY, scopes=frozenset(), revoked_at=LATER),
    ],
    ids=["expiring", "all scopes", "revoked without scopes"],
)
def test_a_key_comes_back_as_it_was_put(store: SqlStore, key: ApiKey) -> None:
    store.put_api_key(key)
    assert store.api_key(key.id) == key


def test_an_unknown_key_is_none(store: SqlStore) -> None:
    assert store.api_key("nobody") is None


def test_a_taken_id_is_a_conflict_and_changes_nothing(store: SqlStore) -> None:
    store.put_api_key(KEY)
    before = contents(store)
    with pytest.raises(ConflictError, match="rs_one"):
        store.put_api_key(replace(KEY, issuer=OTHER, secret_hash=b"\x0d" * 32))
    assert contents(store) == before


def test_keys_are_listed_by_issuer_oldest_first(store: SqlStore) -> None:
    late = replace(KEY, id="a", created_at=LATER)
    other = replace(KEY, id="b", issuer=OTHER)
    for key in (late, KEY, other):
        store.put_api_key(key)
    assert store.api_keys(ISSUER) == [KEY, late]
    assert store.api_keys() == [other, KEY, late]


def test_a_key_is_revoked_for_good(store: SqlStore) -> None:
    store.put_api_key(KEY)
    store.revoke_api_key(KEY.id, now=NOW)
    store.revoke_api_key(KEY.id, now=LATER)
    assert store.api_key(KEY.id) == replace(KEY, revoked_at=NOW)


def test_revoking_one_key_leaves_the_others(store: SqlStore) -> None:
    other = replace(KEY, id="rs_two")
    store.put_api_key(KEY)
    store.put_api_key(other)
    store.revoke_api_key(KEY.id, now=NOW)
    assert store.api_key(other.id) == other


def test_an_unknown_key_cannot_be_revoked(store: SqlStore) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        store.revoke_api_key("nobody", now=NOW)
