"""Reading the tree of a sealed batch back from its tiles."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from sqlalchemy import BindParameter, bindparam, func, select

from registry.core.tiles import (
    TILE_WIDTH,
    TileId,
    TreeHead,
    proof_from_siblings,
    siblings_by_group,
    siblings_in,
    split_hashes,
)
from registry.core.tree import HASH_BYTES, InclusionProof, leaf_hash
from registry.errors import NotFoundError
from registry.services.ports import Batch, StoredCredential
from registry.store.engine import Database, StorePart
from registry.store.questions import Peek, Question, of_each
from registry.store.schema import credentials, tiles
from registry.store.tile_memory import TileMemory

_CHUNK_TILES: Final = 64  # tiles in memory at once, 512 KiB

_IN_BATCH: Final[BindParameter[int]] = bindparam("batch_id")
_lower = tiles.alias()
# The only tile of leaves that a leaf can stand in, found by one seek: the last one that does not
# begin after it.
_TILE_OF_LEAF: Final = Question(
    lambda _: (
        select(tiles.c.tile_index, tiles.c.hashes)
        .where(tiles.c.batch_id == _IN_BATCH, tiles.c.first_leaf <= bindparam("leaf"))
        .order_by(tiles.c.first_leaf.desc())
        .limit(1)
    )
)
# The same of many credentials, in one statement: their number costs no round trips, and a tile that
# they share is read once. They are asked for by their primary key alone: told their batch, too,
# SQLite would look through all of it.
_FIRST_LEAF: Final = (
    select(func.max(_lower.c.first_leaf))
    .where(_lower.c.batch_id == _IN_BATCH, _lower.c.first_leaf <= credentials.c.leaf)
    .scalar_subquery()
)
_TILES_OF_CREDENTIALS: Final = Question(
    lambda count: select(tiles.c.tile_index, tiles.c.hashes).where(
        tiles.c.batch_id == _IN_BATCH,
        tiles.c.first_leaf.in_(
            select(_FIRST_LEAF).where(
                credentials.c.credential_hash.in_(of_each(count)),
                credentials.c.issuer == bindparam("issuer"),
            )
        ),
    )
)
_TILE: Final = Question(
    lambda _: select(tiles.c.hashes).where(
        tiles.c.batch_id == _IN_BATCH,
        tiles.c.level == bindparam("level"),
        tiles.c.tile_index == bindparam("tile_index"),
    )
)


class Proofs(StorePart):
    """The part of `CredentialStore` that proves what is in sealed batches."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._memory = TileMemory()

    def proof(self, batch: Batch, leaf: bytes) -> InclusionProof:
        """Inclusion proof of a leaf of a sealed batch, all of it hashed from its tiles as they are.

        Raises `NotFoundError`.
        """
        head = _head(batch)
        with self._database.peek() as peek:
            read = _TreeReader(peek, batch.id, head.seal, TileMemory())
            read.tiles_of(_TILE_OF_LEAF, leaf=leaf)
            return read.proof(leaf, head.tree_size)

    def proofs(self, batch: Batch, credentials: Sequence[StoredCredential]) -> list[InclusionProof]:
        """Inclusion proofs of credentials of a sealed batch, in their order.

        What was hashed for others before is not hashed again. Raises `NotFoundError`.
        """
        head = _head(batch)
        if not credentials:
            return []
        hashes = [each.credential_hash for each in credentials]
        leaves = [
            leaf_hash(salt=each.salt, credential_hash=each.credential_hash) for each in credentials
        ]
        with self._database.peek() as peek:
            read = _TreeReader(peek, batch.id, head.seal, self._memory)
            read.tiles_of(_TILES_OF_CREDENTIALS, hashes, issuer=batch.issuer)
            return [read.proof(leaf, head.tree_size) for leaf in leaves]

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


class _TreeReader:
    """The tree of one batch, read from tiles: of leaves by the leaf, others by primary key."""

    def __init__(self, peek: Peek, batch_id: int, seal: bytes, memory: TileMemory) -> None:
        self._peek = peek
        self._batch_id = batch_id
        self._seal = seal
        self._memory = memory
        self._leaf_tiles: dict[int, bytes] = {}  # by index
        self._first_leaves: list[bytes] = []  # of those, ascending
        self._indexes: list[int] = []

    def tiles_of(self, question: Question, each: Sequence[bytes] = (), **asked: bytes) -> None:
        """Read the leaf tiles that a question is about."""
        found = question.ask(self._peek, each, batch_id=self._batch_id, **asked)
        self._leaf_tiles = {row.tile_index: row.hashes for row in found}
        self._indexes = sorted(self._leaf_tiles)
        self._first_leaves = [self._leaf_tiles[index][:HASH_BYTES] for index in self._indexes]

    def proof(self, leaf: bytes, tree_size: int) -> InclusionProof:
        """Inclusion proof of a leaf in one of those tiles. Raises `NotFoundError`."""
        which = bisect_right(self._first_leaves, leaf) - 1
        if which >= 0:
            index = self._indexes[which]
            position = _position(self._leaf_tiles[index], leaf)
            if position is not None:
                place = index * TILE_WIDTH + position
                return proof_from_siblings(place, tree_size, self.siblings)
        raise NotFoundError(f"no such leaf in batch {self._batch_id}: {leaf.hex()}")

    def siblings(self, tile: TileId, position: int) -> list[bytes]:
        """Siblings on the way up from a position of a tile through that tile."""
        if tile.level == 0:
            hashes = self._leaf_tiles[tile.index]
            roots = self._memory.group_roots(self._seal, tile, hashes)
            return siblings_by_group(hashes, roots, position)
        levels = self._memory.levels(self._seal, tile, lambda: self._hashes(tile))
        return siblings_in(levels, position)

    def _hashes(self, tile: TileId) -> bytes:
        rows = _TILE.ask(
            self._peek, batch_id=self._batch_id, level=tile.level, tile_index=tile.index
        )
        if not rows:
            raise NotFoundError(
                f"batch {self._batch_id} lacks tile {tile.index} of level {tile.level}"
            )
        return bytes(rows[0].hashes)


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
