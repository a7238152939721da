import pytest

from registry.errors import NotFoundError
from registry.store import SqlStore
from registry.store.schema import credentials as credential_rows
from registry.store.schema import sealed_credentials
from tests.store.builders import (
    ISSUER,
    NOW,
    OTHER,
    credential,
    credentials,
    leaf,
    sealed_batch,
)


@pytest.mark.parametrize("size", [1, 5, 256, 1_024, 1_025, 2_500])
def test_credentials_of_a_batch_come_page_by_page_in_the_order_of_their_leaves(
    store: SqlStore, size: int
) -> None:
    store.add_credentials(OTHER, credentials(range(size)), now=NOW)
    batch = sealed_batch(store, range(size))
    store.add_credentials(ISSUER, credentials(range(size, size + 3)), now=NOW)  # the next night's
    found = [each for page in store.batch_credentials(batch) for each in page]
    wanted = sorted(range(size), key=leaf)
    assert [each.credential_hash for each in found] == [
        credential(number).credential_hash for number in wanted
    ]
    assert {(each.issuer, each.batch_id) for each in found} == {(ISSUER, batch.id)}


def test_a_credential_that_is_gone_is_left_out(store: SqlStore) -> None:
    batch = sealed_batch(store, range(300))
    gone = credential(7).credential_hash
    with store._database.write() as connection:
        connection.execute(
            credential_rows.delete().where(credential_rows.c.credential_hash == gone)
        )
    found = [each.credential_hash for page in store.batch_credentials(batch) for each in page]
    assert (len(found), gone in found) == (299, False)


def test_an_open_batch_has_no_order(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    (batch,) = store.batches()
    with pytest.raises(NotFoundError, match="not sealed"):
        store.batch_credentials(batch)
    assert store.credential_count(batch.id) == 3


@pytest.mark.parametrize("size", [1, 1_024, 2_500])
def test_a_batch_that_an_earlier_version_sealed_has_its_order_too(
    store: SqlStore, size: int
) -> None:
    batch = sealed_batch(store, range(size))
    wanted = [each for page in store.batch_credentials(batch) for each in page]
    with store._database.write() as connection:
        connection.execute(sealed_credentials.delete())
    assert [each for page in store.batch_credentials(batch) for each in page] == wanted
