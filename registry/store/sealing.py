"""Sealing a batch: its tree, written as tiles."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, count
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from registry.core.batch import BatchState
from registry.core.tiles import TILE_WIDTH, Tile, TreeHead, build_tiles
from registry.core.tree import HASH_BYTES
from registry.services.ports import Batch
from registry.store.batches import batch_of
from registry.store.engine import StorePart
from registry.store.schema import batches, credentials, sealed_credentials, tiles

_CHUNK_TILES: Final = 8  # tiles in memory at once; more of them leave the processor's cache
_CHUNK_LEAVES: Final = _CHUNK_TILES * TILE_WIDTH


class Sealing(StorePart):
    """The part of `CredentialStore` that seals batches."""

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
        leaves, hashes = [row[0] for row in rows], [row[1] for row in rows]
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
