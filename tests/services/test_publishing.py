import json

import pytest

from registry.core.canonical import Canonicalization, credential_hash
from registry.errors import InvalidInputError, NotFoundError, TooLargeError
from registry.services.hashing import Submission
from registry.services.intake import add_credentials
from registry.services.ports import MAX_PUBLISHED_BYTES, Publication
from registry.services.publishing import publish, published_by
from registry.store import SqlStore
from tests.store.builders import ISSUER, LATER, NOW, OTHER, contents

BADGE = b'{"name": "Welding", "type": ["VerifiableCredential"]}'
HASH = credential_hash(BADGE, Canonicalization.JCS)


def add(store: SqlStore, data: bytes, canonicalization: Canonicalization) -> None:
    submission = Submission("here", data, canonicalization)
    add_credentials(store, ISSUER, [submission], now=NOW)


@pytest.fixture
def stocked(sqlite_store: SqlStore) -> SqlStore:
    """A store in which the issuer has the badge."""
    add(sqlite_store, BADGE, Canonicalization.JCS)
    return sqlite_store


def test_the_document_is_published_under_its_hash(stocked: SqlStore) -> None:
    want = Publication(ISSUER, HASH, BADGE, LATER)
    assert publish(stocked, ISSUER, BADGE, now=LATER) == want
    assert published_by(stocked, HASH, ISSUER) == want
    assert published_by(stocked, HASH, OTHER) is None


def test_proofs_around_it_and_white_space_do_not_count(stocked: SqlStore) -> None:
    with_proof = json.dumps({**json.loads(BADGE), "proof": {"type": "X"}}, indent=2).encode()
    assert publish(stocked, ISSUER, with_proof, now=LATER).credential_hash == HASH


def _padded(size: int) -> bytes:
    return BADGE + b" " * (size - len(BADGE))


def test_the_largest_document_is_published(stocked: SqlStore) -> None:
    assert publish(stocked, ISSUER, _padded(MAX_PUBLISHED_BYTES), now=LATER).issuer == ISSUER


@pytest.mark.parametrize(
    ("issuer", "document", "error"),
    [
        pytest.param(ISSUER, BADGE.replace(b"W", b"w"), NotFoundError, id="changed"),
        pytest.param(OTHER, BADGE, NotFoundError, id="of another issuer"),
        pytest.param(ISSUER, b"%PDF-1.7", InvalidInputError, id="no JSON"),
        pytest.param(ISSUER, b"[]", InvalidInputError, id="no object"),
        pytest.param(ISSUER, b"", InvalidInputError, id="empty"),
        pytest.param(ISSUER, _padded(MAX_PUBLISHED_BYTES + 1), TooLargeError, id="too large"),
    ],
)
def test_what_cannot_be_published_changes_nothing(
    stocked: SqlStore, issuer: bytes, document: bytes, error: type[Exception]
) -> None:
    before = contents(stocked)
    with pytest.raises(error):
        publish(stocked, issuer, document, now=LATER)
    assert contents(stocked) == before


def test_a_json_file_that_was_added_as_bytes_is_not_published(sqlite_store: SqlStore) -> None:
    canonical = b'{"name":"Welding"}'  # whose hash is the same either way
    add(sqlite_store, canonical, Canonicalization.RAW)
    before = contents(sqlite_store)
    with pytest.raises(InvalidInputError, match="added as bytes"):
        publish(sqlite_store, ISSUER, canonical, now=LATER)
    assert contents(sqlite_store) == before
