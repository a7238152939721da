from registry.store import SqlStore
from tests.store.builders import ISSUER, NOW, credentials, leaf, sealed_batch


def test_credentials_of_a_batch_come_page_by_page_in_the_order_of_their_leaves(
    store: SqlStore,
) -> None:
    batch = sealed_batch(store, range(5))
    store.add_credentials(ISSUER, credentials(range(5, 8)), now=NOW)  # the next night's
    found: list[bytes] = []
    hashes = {leaf(number): next(credentials([number])).credential_hash for number in range(5)}
    after = b""
    while page := store.batch_credentials(batch.id, after_leaf=after, limit=2):
        found += [credential.credential_hash for credential in page]
        after = next(x for x, digest in hashes.items() if digest == found[-1])
    assert found == [hashes[x] for x in sorted(hashes)]
