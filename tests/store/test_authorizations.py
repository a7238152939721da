from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from registry.errors import InvalidInputError
from registry.services.ports import Authorization
from registry.store import SqlStore
from tests.store.builders import CHAIN, ISSUER, LATER, NOW, OTHER, SECOND_CHAIN, SENDER, contents

SEAL = b"\x0a" * 32
PERMISSION = Authorization(
    issuer=ISSUER,
    seal=SEAL,
    chain_id=CHAIN,
    contract=b"\x44" * 20,
    deadline=2_000_000_000,
    signer=SENDER,
    signature=b"\x05" * 65,
)
OTHERS: list[dict[str, Any]] = [
    {"issuer": OTHER},
    {"seal": b"\x0b" * 32},
    {"chain_id": SECOND_CHAIN},
    {"contract": b"\x45" * 20},
    {"deadline": 2_000_000_001},
    {"signer": OTHER},
    {"signature": b"\x06" * 65},
]


@pytest.mark.parametrize(
    "permission",
    [
        PERMISSION,
        replace(PERMISSION, deadline=2**63 - 1),
        replace(PERMISSION, deadline=0),
        replace(PERMISSION, signature=b""),
        replace(PERMISSION, signature=bytes(range(256)) * 400),
    ],
    ids=["of an account", "for ever", "of old", "of a silent wallet", "of a wallet of many"],
)
def test_an_authorization_comes_back_as_it_was_put(
    store: SqlStore, permission: Authorization
) -> None:
    store.put_authorization(permission, now=NOW)
    assert store.authorizations(ISSUER, SEAL, CHAIN) == [permission]


def test_the_same_again_changes_nothing(store: SqlStore) -> None:
    store.put_authorization(PERMISSION, now=NOW)
    before = contents(store)
    store.put_authorization(PERMISSION, now=LATER)
    assert contents(store) == before


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_what_differs_in_anything_is_another(store: SqlStore, other: dict[str, Any]) -> None:
    store.put_authorization(PERMISSION, now=NOW)
    store.put_authorization(replace(PERMISSION, **other), now=NOW)
    assert len(contents(store)["authorizations"]) == 2


@pytest.mark.parametrize("other", OTHERS[:3], ids=lambda other: next(iter(other)))
def test_authorizations_are_asked_for_by_issuer_seal_and_chain(
    store: SqlStore, other: dict[str, Any]
) -> None:
    store.put_authorization(replace(PERMISSION, **other), now=NOW)
    assert store.authorizations(ISSUER, SEAL, CHAIN) == []


def test_the_one_that_lasts_longest_comes_first_then_the_older(store: SqlStore) -> None:
    long, longest = replace(PERMISSION, deadline=2**40), replace(PERMISSION, deadline=2**41)
    younger = replace(PERMISSION, signature=b"\x01" * 65)
    for permission, now in [(long, NOW), (younger, LATER), (longest, LATER), (PERMISSION, NOW)]:
        store.put_authorization(permission, now=now)
    assert store.authorizations(ISSUER, SEAL, CHAIN) == [longest, long, PERMISSION, younger]


def test_a_deadline_beyond_all_time_is_refused_and_changes_nothing(store: SqlStore) -> None:
    before = contents(store)
    with pytest.raises(InvalidInputError, match="deadline"):
        store.put_authorization(replace(PERMISSION, deadline=2**63), now=NOW)
    assert contents(store) == before


@pytest.mark.parametrize(
    "wrong", [{"seal": b"\x01" * 31}, {"signer": b"\x01" * 21}, {"deadline": -1}], ids=str
)
def test_a_value_that_cannot_be_changes_nothing(store: SqlStore, wrong: dict[str, Any]) -> None:
    before = contents(store)
    with pytest.raises(IntegrityError):
        store.put_authorization(replace(PERMISSION, **wrong), now=NOW)
    assert contents(store) == before
