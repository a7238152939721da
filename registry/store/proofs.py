"""Reading the tree of a sealed batch back from its tiles."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from registry.core.tiles import (
    TILE_WIDTH,
    TileId,
    TreeHead,
    proof_from_siblings,
    siblings_by_group,
    siblings_in,
    split_hashes,
)
from registry.core.tree import HASH_BYTES, InclusionProof
from registry.errors import NotFoundError
from registry.services.ports import Batch
from registry.store.engine import Database
from registry.store.schema import credentials, tiles
from registry.store.tile_memory import TileMemory

_CHUNK_TILES: Final = 64  # tiles in memory at once, 512 KiB

_IN_BATCH: Final[BindParameter[int]] = bindparam("batch_id")
_lower = tiles.alias()
# The only tile of leaves that a leaf can stand in, found by one seek: the last one that does not
# begin after it. One statement for all leaves, so that their number costs no round trips.
_TILE_OF_LEAF: Final = (
    select(credentials.c.leaf, tiles.c.tile_index, tiles.c.hashes)
    .join(tiles, tiles.c.batch_id == credentials.c.batch_id)
    .where(
        credentials.c.batch_id == _IN_BATCH,
        credentials.c.leaf.in_(bindparam("leaves", expanding=True)),
        tiles.c.first_leaf
        == select(func.max(_lower.c.first_leaf))
        .where(_lower.c.batch_id == _IN_BATCH, _lower.c.first_leaf <= credentials.c.leaf)
        .scalar_subquery(),
    )
)
_TILE: Final = select(tiles.c.hashes).where(
    tiles.c.batch_id == _IN_BATCH,
    tiles.c.level == bindparam("level"),
    tiles.c.tile_index == bindparam("tile_index"),
)


class Proofs:
    """The part of `CredentialStore` that proves what is in sealed batches."""

    _memory: TileMemory

    def __init__(self, database: Database) -> None:
        self._database = database

    def proof(self, batch: Batch, leaf: bytes) -> InclusionProof:
        """Inclusion proof of a leaf of a sealed batch, all of it hashed from its tiles as they are.

        Raises `NotFoundError`.
        """
        return self._prove(batch, [leaf], TileMemory())[0]

    def proofs(self, batch: Batch, leaves: Sequence[bytes]) -> list[InclusionProof]:
        """Inclusion proofs of leaves of a sealed batch, in their order. Raises `NotFoundError`.

        What was hashed for others before is not hashed again.
        """
        return self._prove(batch, leaves, self._memory)

    def leaves(self, batch: Batch) -> Iterator[bytes]:
        """Leaves of a sealed batch in order. Raises `NotFoundError` if it is not sealed.

        No connection is held between two chunks: tiles never change.
        """
        head = _head(batch)
        count = -(-head.tree_size // TILE_WIDTH)
        starts = range(0, count, _CHUNK_TILES)
        return chain.from_iterable(self._leaf_chunk(batch.id, start) for start in starts)

    def _prove(
        self, batch: Batch, leaves: Sequence[bytes], memory: TileMemory
    ) -> list[InclusionProof]:
        head = _head(batch)
        with self._database.read() as connection:
            read = _TreeReader(connection, batch.id, memory)
            places = read.places(leaves)
            return [
                proof_from_siblings(places[leaf], head.tree_size, read.siblings) for leaf in leaves
            ]

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


class _TreeReader:
    """The tree of one batch, read from tiles: of leaves by the leaf, others by primary key."""

    def __init__(self, connection: Connection, batch_id: int, memory: TileMemory) -> None:
        self._connection = connection
        self._batch_id = batch_id
        self._memory = memory
        self._leaf_tiles: dict[TileId, bytes] = {}

    def places(self, leaves: Sequence[bytes]) -> dict[bytes, int]:
        """Index of each leaf. Raises `NotFoundError`."""
        asked = {"batch_id": self._batch_id, "leaves": leaves}
        found = {}
        for leaf, tile_index, hashes in self._connection.execute(_TILE_OF_LEAF, asked):
            self._leaf_tiles[TileId(0, tile_index)] = hashes
            position = _position(hashes, leaf)
            if position is not None:
                found[leaf] = tile_index * TILE_WIDTH + position
        for leaf in leaves:
            if leaf not in found:
                raise NotFoundError(f"no such leaf in batch {self._batch_id}: {leaf.hex()}")
        return found

    def siblings(self, tile: TileId, position: int) -> list[bytes]:
        """Siblings on the way up from a position of a tile through that tile."""
        if tile.level == 0:
            hashes = self._leaf_tiles[tile]
            roots = self._memory.group_roots(self._batch_id, tile, hashes)
            return siblings_by_group(hashes, roots, position)
        levels = self._memory.levels(self._batch_id, tile, lambda: self._hashes(tile))
        return siblings_in(levels, position)

    def _hashes(self, tile: TileId) -> bytes:
        key = {"batch_id": self._batch_id, "level": tile.level, "tile_index": tile.index}
        return bytes(self._connection.execute(_TILE, key).scalar_one())


def _position(hashes: bytes, leaf: bytes) -> int | None:
    """Where a leaf stands in its tile; None if it does not."""
    at = hashes.find(leaf)
    while at > 0 and at % HASH_BYTES:  # found across the border of two others
        at = hashes.find(leaf, at + 1)
    return None if at < 0 else at // HASH_BYTES


def _head(batch: Batch) -> TreeHead:
    if batch.head is None:
        raise NotFoundError(f"batch {batch.id} is not sealed and has no tree yet")
    return batch.head
