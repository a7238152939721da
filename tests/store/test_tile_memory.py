"""What proofs remember of tiles: bounded, never between trees, and not what an audit is told."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from registry.core.tiles import TileId, group_roots, tile_levels
from registry.core.tree import root_from_proof
from registry.store import SqlStore, open_store, tile_memory
from registry.store.schema import tiles
from registry.store.tile_memory import TileMemory
from tests.databases import sqlite_url
from tests.store.builders import leaf, sealed_batch, stored


def hashes(number: int) -> bytes:
    return bytes([number]) * 32 * 20


def test_the_oldest_is_forgotten_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_memory, "_LEAF_TILES", 2)
    memory = TileMemory()
    for number in (1, 2, 3, 1):
        found = memory.group_roots(bytes(32), TileId(0, number), hashes(number))
        assert found == group_roots(hashes(number))
    assert len(memory._roots._values) == 2


def test_an_upper_tile_is_read_once_for_each_tree() -> None:
    memory, read = TileMemory(), []

    def levels(number: int) -> tuple[bytes, ...]:
        def reading() -> bytes:
            read.append(number)
            return hashes(number)

        return memory.levels(bytes([number]) * 32, TileId(1, 0), reading)

    for number in (1, 2, 1, 2):
        assert levels(number) == tile_levels(hashes(number))
    assert read == [1, 2]


def test_batches_do_not_share_what_is_remembered(store: SqlStore) -> None:
    batches = [sealed_batch(store, range(start, start + 300)) for start in (0, 300)]
    for _ in range(2):
        for batch, number in zip(batches, (5, 305), strict=True):
            assert batch.head is not None
            [proof] = store.proofs(batch, [stored(batch, number)])
            assert root_from_proof(leaf(number), proof) == batch.head.merkle_root


def test_another_batch_of_the_same_number_is_not_taken_for_it(
    sqlite_store: SqlStore, tmp_path: Path
) -> None:
    """As after a restore of the database below a process that goes on."""
    before = sealed_batch(sqlite_store, range(300))
    sqlite_store.proofs(before, [stored(before, number) for number in range(300)])
    (tmp_path / "other").mkdir()
    with closing(open_store(sqlite_url(tmp_path / "other"))) as other:
        other._memory = sqlite_store._memory
        batch = sealed_batch(other, range(300, 600))
        assert batch.head is not None
        proofs = other.proofs(batch, [stored(batch, number) for number in range(300, 600)])
        for number, proof in zip(range(300, 600), proofs, strict=True):
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
