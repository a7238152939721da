"""Reading the tree of a sealed batch back from its tiles."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from sqlalchemy import Connection, select

from registry.core.tiles import (
    TILE_WIDTH,
    TileId,
    TreeHead,
    proofs_from_tiles,
    split_hashes,
)
from registry.core.tree import InclusionProof
from registry.errors import NotFoundError
from registry.services.ports import Batch
from registry.store.engine import Database
from registry.store.schema import tiles

_CHUNK_TILES: Final = 64  # tiles in memory at once, 512 KiB


class Proofs:
    """The part of `CredentialStore` that proves what is in sealed batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

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


def _head(batch: Batch) -> TreeHead:
    if batch.head is None:
        raise NotFoundError(f"batch {batch.id} is not sealed and has no tree yet")
    return batch.head
