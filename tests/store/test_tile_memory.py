"""What proofs remember of tiles: bounded, never between batches, and not what an audit is told."""

import pytest
from sqlalchemy import update

from registry.core.tiles import TileId, group_roots, tile_levels
from registry.core.tree import root_from_proof
from registry.store import SqlStore, tile_memory
from registry.store.schema import tiles
from registry.store.tile_memory import TileMemory
from tests.store.builders import leaf, sealed_batch, stored


def hashes(number: int) -> bytes:
    return bytes([number]) * 32 * 20


def test_the_oldest_is_forgotten_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_memory, "_LEAF_TILES", 2)
    memory = TileMemory()
    for number in (1, 2, 3, 1):
        found = memory.group_roots(7, TileId(0, number), hashes(number))
        assert found == group_roots(hashes(number))
    assert len(memory._roots._values) == 2


def test_an_upper_tile_is_read_once_for_each_batch() -> None:
    memory, read = TileMemory(), []

    def reading(number: int) -> bytes:
        read.append(number)
        return hashes(number)

    for batch in (1, 2, 1, 2):
        levels = memory.levels(batch, TileId(1, 0), lambda batch=batch: reading(batch))  # type: ignore[misc]  # a default binds it now
        assert levels == tile_levels(hashes(batch))
    assert read == [1, 2]


def test_batches_do_not_share_what_is_remembered(store: SqlStore) -> None:
    batches = [sealed_batch(store, range(start, start + 300)) for start in (0, 300)]
    for _ in range(2):
        for batch, number in zip(batches, (5, 305), strict=True):
            assert batch.head is not None
            [proof] = store.proofs(batch, [stored(batch, number)])
            assert root_from_proof(leaf(number), proof) == batch.head.merkle_root


def test_who_checks_is_told_what_stands_in_the_tiles_now(store: SqlStore) -> None:
    batch = sealed_batch(store, range(300))
    assert batch.head is not None
    before = store.proofs(batch, [stored(batch, 5)])[0]
    with store._database.write() as connection:
        rows = update(tiles).where(tiles.c.level == 1)
        connection.execute(rows.values(hashes=bytes(64)))
    assert store.proofs(batch, [stored(batch, 5)])[0] == before
    assert root_from_proof(leaf(5), store.proof(batch, leaf(5))) != batch.head.merkle_root
