from dataclasses import replace

import pytest
from sqlalchemy import func, select

from registry.core.batch import BatchState
from registry.core.tiles import TILE_WIDTH, TreeHead, build_tiles
from registry.core.tree import root_from_proof
from registry.errors import NotFoundError
from registry.services.ports import Batch
from registry.store import SqlStore
from registry.store.schema import credentials as credential_rows
from registry.store.schema import tiles as tile_rows
from tests.store.builders import (
    ISSUER,
    LATER,
    NOW,
    OTHER,
    contents,
    credentials,
    leaf,
    sealed_batch,
    sorted_leaves,
    stored,
)

# Around the edges of trees and tiles.
SIZES = [1, 2, 3, 4, 255, 256, 257, 511, 513, 1_000]
LARGE = 70_000  # three tile levels


def head_of(batch: Batch) -> TreeHead:
    assert batch.head is not None
    return batch.head


@pytest.mark.parametrize("size", SIZES)
def test_the_proof_of_every_leaf_leads_to_the_root(store: SqlStore, size: int) -> None:
    batch = sealed_batch(store, range(size))
    for index, value in enumerate(sorted_leaves(range(size))):
        proof = store.proof(batch, value)
        assert (proof.leaf_index, proof.tree_size) == (index, size)
        assert root_from_proof(value, proof) == head_of(batch).merkle_root


def test_proofs_of_a_large_batch_lead_to_the_root(store: SqlStore) -> None:
    batch = sealed_batch(store, range(LARGE))
    leaves = sorted_leaves(range(LARGE))
    for index in [0, 1, 255, 256, 65_535, 65_536, *range(17, LARGE, 997), LARGE - 1]:
        proof = store.proof(batch, leaves[index])
        assert proof.leaf_index == index
        assert root_from_proof(leaves[index], proof) == head_of(batch).merkle_root
    assert list(store.leaves(batch)) == leaves


@pytest.mark.parametrize("size", SIZES)
def test_many_proofs_are_those_of_each_in_their_order(store: SqlStore, size: int) -> None:
    batch = sealed_batch(store, range(size))
    numbers = [size - 1, *range(0, size, 7), 0, size - 1]
    wanted = [stored(batch, number) for number in numbers]
    assert store.proofs(batch, wanted) == [store.proof(batch, leaf(number)) for number in numbers]
    assert store.proofs(batch, []) == []
    absent = stored(batch, 999_999)
    another = replace(wanted[0], salt=absent.salt)  # changed behind the store's back
    for wrong in (absent, another):
        with pytest.raises(NotFoundError, match="no such leaf"):
            store.proofs(batch, [wanted[0], wrong, wanted[-1]])


@pytest.mark.parametrize("size", SIZES)
def test_the_head_is_that_of_the_sorted_leaves(store: SqlStore, size: int) -> None:
    batch = sealed_batch(store, range(size))
    assert batch.head == build_tiles(sorted_leaves(range(size)), lambda _tile: None)
    assert (batch.state, batch.opened_at, batch.sealed_at) == (BatchState.SEALED, NOW, LATER)
    assert store.batch(batch.id) == batch


@pytest.mark.parametrize("size", SIZES)
def test_leaves_come_back_in_order(store: SqlStore, size: int) -> None:
    batch = sealed_batch(store, range(size))
    assert list(store.leaves(batch)) == sorted_leaves(range(size))


def test_an_abandoned_look_at_leaves_blocks_nobody(store: SqlStore) -> None:
    batch = sealed_batch(store, range(TILE_WIDTH * 70))
    leaves = store.leaves(batch)
    next(leaves)
    assert sealed_batch(store, range(TILE_WIDTH * 70, TILE_WIDTH * 71)).id > batch.id


@pytest.mark.parametrize("size", [1, 257])
@pytest.mark.parametrize(
    "absent",
    [
        pytest.param(b"\x00" * 32, id="below all leaves"),
        pytest.param(leaf(999_999), id="among them"),
        pytest.param(b"\xff" * 32, id="above all leaves"),
    ],
)
def test_a_leaf_outside_the_batch_has_no_proof(store: SqlStore, size: int, absent: bytes) -> None:
    batch = sealed_batch(store, range(size))
    with pytest.raises(NotFoundError, match=absent.hex()):
        store.proof(batch, absent)


def test_a_leaf_of_another_batch_has_no_proof(store: SqlStore) -> None:
    first = sealed_batch(store, range(3))
    second = sealed_batch(store, range(3, 6))
    assert store.proof(second, leaf(4)).tree_size == 3
    with pytest.raises(NotFoundError):
        store.proof(first, leaf(4))


def test_an_inner_node_is_no_leaf(store: SqlStore) -> None:
    batch = sealed_batch(store, range(257))
    with store._database.read() as connection:
        query = select(tile_rows.c.hashes).where(tile_rows.c.level == 1)
        node = connection.execute(query).scalar_one()[:32]
    with pytest.raises(NotFoundError):
        store.proof(batch, node)


def test_an_open_batch_has_neither_proof_nor_leaves(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    (batch,) = store.batches()
    with pytest.raises(NotFoundError, match="not sealed"):
        store.proof(batch, leaf(1))
    with pytest.raises(NotFoundError, match="not sealed"):
        store.leaves(batch)


def test_nothing_is_sealed_without_an_open_batch(store: SqlStore) -> None:
    sealed_batch(store, range(3))
    before = contents(store)
    assert store.seal_open_batch(ISSUER, now=LATER) is None
    assert store.seal_open_batch(OTHER, now=LATER) is None
    assert contents(store) == before


def test_an_empty_open_batch_is_not_sealed(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3)), now=NOW)
    with store._database.write() as connection:
        connection.execute(credential_rows.delete())
    before = contents(store)
    assert store.seal_open_batch(ISSUER, now=LATER) is None
    assert contents(store) == before


def test_only_the_issuers_own_batch_is_sealed(store: SqlStore) -> None:
    store.add_credentials(OTHER, credentials(range(3)), now=NOW)
    sealed_batch(store, range(5))
    assert (store.open_count(OTHER), store.open_count(ISSUER)) == (3, 0)


def test_sealing_leaves_credential_rows_as_they_are(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(300)), now=NOW)
    before = contents(store)["credentials"]
    store.seal_open_batch(ISSUER, now=LATER)
    assert contents(store)["credentials"] == before


def test_the_next_credential_opens_the_next_batch(store: SqlStore) -> None:
    first = sealed_batch(store, range(3))
    store.add_credentials(ISSUER, credentials(range(3, 5)), now=LATER)
    assert store.open_count(ISSUER) == 2
    newest, oldest = store.batches()
    assert (newest.state, oldest) == (BatchState.OPEN, first)


def test_a_failed_sealing_leaves_the_batch_open(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(300)), now=NOW)
    (batch,) = store.batches()
    with store._database.write() as connection:
        # A row in the way of the batch's last tile.
        stray = {"batch_id": batch.id, "level": 1, "tile_index": 0, "hashes": b""}
        connection.execute(tile_rows.insert(), stray)
    before = contents(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.seal_open_batch(ISSUER, now=LATER)
    assert contents(store) == before


def test_tiles_stand_once_and_hold_every_leaf(store: SqlStore) -> None:
    sealed_batch(store, range(1_000))
    with store._database.read() as connection:
        counts = connection.execute(
            select(tile_rows.c.level, func.count(), func.sum(func.length(tile_rows.c.hashes)))
            .group_by(tile_rows.c.level)
            .order_by(tile_rows.c.level)
        ).all()
    assert [tuple(map(int, row)) for row in counts] == [(0, 4, 32_000), (1, 1, 128)]
