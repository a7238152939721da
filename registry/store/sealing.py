"""Sealing a batch, and reading its tree back from tiles."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, count
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from registry.core.batch import BatchState
from registry.core.tiles import (
    TILE_WIDTH,
    Tile,
    TileId,
    TreeHead,
    build_tiles,
    proofs_from_tiles,
    split_hashes,
)
from registry.core.tree import HASH_BYTES, InclusionProof
from registry.errors import NotFoundError
from registry.services.ports import Batch
from registry.store.batches import batch_of
from registry.store.engine import Database
from registry.store.schema import batches, credentials, sealed_credentials, tiles

_CHUNK_TILES: Final = 64  # tiles in memory at once, 512 KiB
_CHUNK_LEAVES: Final = _CHUNK_TILES * TILE_WIDTH


class Sealing:
    """The part of `CredentialStore` that seals batches and proves what is in them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seal_open_batch(self, issuer: bytes, *, now: datetime) -> Batch | None:
        """Fix the open batch: build its tree, store tiles and head with the state `sealed`.

        None if there is no open batch or it is empty. One transaction; credential rows stay as
        they are.
        """
        # Exclusive: waits for every intake that holds the batch, and makes new ones wait.
        find = (
            select(batches.c.id)
            .where(batches.c.issuer == issuer, batches.c.state == BatchState.OPEN)
            .with_for_update()
        )
        with self._database.write() as connection:
            batch_id = connection.execute(find).scalar_one_or_none()
            if batch_id is None:
                return None
            leaves = _in_order(connection, batch_id)
            first = next(leaves, None)
            if first is None:
                return None
            shelf = _TileShelf(connection, batch_id)
            head = build_tiles(chain([first], leaves), shelf.put)
            shelf.write()
            return _set_head(connection, batch_id, head, now=now)

    def proof(self, batch: Batch, leaf: bytes) -> InclusionProof:
        """Inclusion proof of a leaf of a sealed batch. Raises `NotFoundError`."""
        return self.proofs(batch, [leaf])[0]

    def proofs(self, batch: Batch, leaves: Sequence[bytes]) -> list[InclusionProof]:
        """Inclusion proofs of leaves of a sealed batch, in their order. Raises `NotFoundError`."""
        head = _head(batch)
        with self._database.read() as connection:
            read = _TileReader(connection, batch.id)
            # Ascending, so that neighbours find their tile read already.
            places = {leaf: read.leaf_index(leaf) for leaf in sorted(leaves)}
            indexes = [places[leaf] for leaf in leaves]
            return proofs_from_tiles(indexes, head.tree_size, read.hashes)

    def leaves(self, batch: Batch) -> Iterator[bytes]:
        """Leaves of a sealed batch in order. Raises `NotFoundError` if it is not sealed.

        No connection is held between two chunks: tiles never change.
        """
        head = _head(batch)
        count = -(-head.tree_size // TILE_WIDTH)
        starts = range(0, count, _CHUNK_TILES)
        return chain.from_iterable(self._leaf_chunk(batch.id, start) for start in starts)

    def _leaf_chunk(self, batch_id: int, start: int) -> list[bytes]:
        query = select(tiles.c.hashes).where(
            tiles.c.batch_id == batch_id,
            tiles.c.level == 0,
            tiles.c.tile_index >= start,
            tiles.c.tile_index < start + _CHUNK_TILES,
        )
        with self._database.read() as connection:
            found = connection.execute(query.order_by(tiles.c.tile_index)).scalars().all()
        return [leaf for hashes in found for leaf in split_hashes(hashes)]


class _TileShelf:
    """Tiles of one batch, written some at a time."""

    def __init__(self, connection: Connection, batch_id: int) -> None:
        self._connection = connection
        self._batch_id = batch_id
        self._waiting: list[dict[str, Any]] = []  # Any: values of one row

    def put(self, tile: Tile) -> None:
        self._waiting.append(
            {
                "batch_id": self._batch_id,
                "level": tile.id.level,
                "tile_index": tile.id.index,
                "first_leaf": tile.hashes[:HASH_BYTES] if tile.id.level == 0 else None,
                "hashes": tile.hashes,
            }
        )
        if len(self._waiting) == _CHUNK_TILES:
            self.write()

    def write(self) -> None:
        if self._waiting:
            self._connection.execute(insert(tiles), self._waiting)
            self._waiting = []


class _TileReader:
    """Tiles of one batch, the leaf tiles each read once as long as leaves come in order."""

    def __init__(self, connection: Connection, batch_id: int) -> None:
        self._connection = connection
        self._batch_id = batch_id
        self._leaf_tiles: dict[TileId, bytes] = {}
        self._first = 0  # index of the first leaf in the tile that was read last
        self._neighbours: list[bytes] = []  # and its leaves

    def leaf_index(self, leaf: bytes) -> int:
        """Where a leaf stands, which is not below the one asked for before."""
        if not self._neighbours or leaf > self._neighbours[-1]:
            self._turn_to(leaf)
        position = bisect_left(self._neighbours, leaf)
        if self._neighbours[position : position + 1] != [leaf]:
            raise NotFoundError(f"no such leaf in batch {self._batch_id}: {leaf.hex()}")
        return self._first + position

    def hashes(self, tile: TileId) -> bytes:
        """The hashes of a tile."""
        if tile in self._leaf_tiles:
            return self._leaf_tiles[tile]
        query = select(tiles.c.hashes).where(
            tiles.c.batch_id == self._batch_id,
            tiles.c.level == tile.level,
            tiles.c.tile_index == tile.index,
        )
        return bytes(self._connection.execute(query).scalar_one())

    def _turn_to(self, leaf: bytes) -> None:
        """Read the only leaf tile that a leaf can stand in, if there is one."""
        query = (
            select(tiles.c.tile_index, tiles.c.hashes)
            .where(tiles.c.batch_id == self._batch_id, tiles.c.first_leaf <= leaf)
            .order_by(tiles.c.first_leaf.desc())
            .limit(1)
        )
        found = self._connection.execute(query).one_or_none()
        if found is not None:
            self._leaf_tiles[TileId(0, found.tile_index)] = bytes(found.hashes)
            self._first = found.tile_index * TILE_WIDTH
            self._neighbours = split_hashes(bytes(found.hashes))


def _in_order(connection: Connection, batch_id: int) -> Iterator[bytes]:
    """Leaves of a batch in their order; whose they are is stored on the way."""
    # The database sorts them all before the first comes: tables may be written in between.
    query = (
        select(credentials.c.leaf, credentials.c.credential_hash)
        .where(credentials.c.batch_id == batch_id)
        .order_by(credentials.c.leaf)
    )
    found = connection.execute(query, execution_options={"yield_per": _CHUNK_LEAVES})
    for start, rows in zip(count(0, _CHUNK_TILES), found.partitions(), strict=False):
        leaves, hashes = zip(*rows, strict=True)
        values = [
            {
                "batch_id": batch_id,
                "tile_index": start + number,
                "credential_hashes": b"".join(hashes[at : at + TILE_WIDTH]),
            }
            for number, at in enumerate(range(0, len(hashes), TILE_WIDTH))
        ]
        connection.execute(insert(sealed_credentials), values)
        yield from leaves


def _set_head(connection: Connection, batch_id: int, head: TreeHead, *, now: datetime) -> Batch:
    move = (
        update(batches)
        .where(batches.c.id == batch_id)
        .values(
            state=BatchState.SEALED,
            sealed_at=now,
            tree_size=head.tree_size,
            merkle_root=head.merkle_root,
            seal=head.seal,
        )
        .returning(*batches.c)
    )
    return batch_of(connection.execute(move).one())


def _head(batch: Batch) -> TreeHead:
    if batch.head is None:
        raise NotFoundError(f"batch {batch.id} is not sealed and has no tree yet")
    return batch.head
