from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFoundError
from registry.services.ports import MAX_PUBLISHED_BYTES, Publication
from registry.store import SqlStore
from tests.store.builders import (
    ISSUER,
    LATER,
    NOW,
    OTHER,
    contents,
    credential,
    credentials,
    sealed_batch,
)

HASH = credential(1).credential_hash
BADGE = Publication(ISSUER, HASH, b'{"name": "Welding"}', NOW)


def test_a_document_comes_back_as_it_was_published(store: SqlStore) -> None:
    sealed_batch(store, [1, 2])
    store.put_publication(BADGE)
    assert store.publications(HASH) == [BADGE]
    assert store.publications(credential(2).credential_hash) == []


def test_a_credential_of_an_open_batch_may_be_published(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials([1]), now=NOW)
    store.put_publication(BADGE)
    assert store.publications(HASH) == [BADGE]


def test_again_the_document_is_replaced_and_the_time_stays(store: SqlStore) -> None:
    sealed_batch(store, [1])
    store.put_publication(BADGE)
    store.put_publication(replace(BADGE, document=b"{}", published_at=LATER))
    assert store.publications(HASH) == [replace(BADGE, document=b"{}")]


def test_two_issuers_publish_side_by_side_by_address(store: SqlStore) -> None:
    sealed_batch(store, [1])
    sealed_batch(store, [1], issuer=OTHER)
    theirs = replace(BADGE, issuer=OTHER, document=b"[]")
    store.put_publication(theirs)
    store.put_publication(BADGE)
    assert store.publications(HASH) == [BADGE, theirs]
    store.drop_publication(ISSUER, HASH)
    assert store.publications(HASH) == [theirs]


@pytest.mark.parametrize(
    "publication",
    [
        pytest.param(replace(BADGE, credential_hash=b"\x09" * 32), id="unknown"),
        pytest.param(replace(BADGE, issuer=OTHER), id="another issuer's"),
    ],
)
def test_what_the_issuer_has_not_is_not_published(
    store: SqlStore, publication: Publication
) -> None:
    sealed_batch(store, [1])
    before = contents(store)
    with pytest.raises(NotFoundError, match=publication.credential_hash.hex()):
        store.put_publication(publication)
    assert contents(store) == before


def test_what_is_withdrawn_is_gone(store: SqlStore) -> None:
    sealed_batch(store, [1])
    before = contents(store)
    store.put_publication(BADGE)
    store.drop_publication(ISSUER, HASH)
    assert contents(store) == before
    with pytest.raises(NotFoundError, match="publishes no credential"):
        store.drop_publication(ISSUER, HASH)


@pytest.mark.parametrize("size", [0, MAX_PUBLISHED_BYTES + 1])
def test_the_database_itself_bounds_documents(store: SqlStore, size: int) -> None:
    sealed_batch(store, [1])
    before = contents(store)
    with pytest.raises(IntegrityError):
        store.put_publication(replace(BADGE, document=b"x" * size))
    assert contents(store) == before


def test_the_largest_document_is_taken(store: SqlStore) -> None:
    sealed_batch(store, [1])
    largest = replace(BADGE, document=b"x" * MAX_PUBLISHED_BYTES)
    store.put_publication(largest)
    assert store.publications(HASH) == [largest]
