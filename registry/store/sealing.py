"""Sealing a batch: its tree, written as tiles."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from registry.core.batch import BatchState
from registry.core.tiles import (
    Tile,
    TreeHead,
    build_tiles,
)
from registry.core.tree import HASH_BYTES
from registry.services.ports import Batch
from registry.store.batches import batch_of
from registry.store.engine import Database
from registry.store.schema import batches, credentials, tiles

_CHUNK_LEAVES: Final = 10_000  # leaves in memory at once
_CHUNK_TILES: Final = 64  # tiles in memory at once, 512 KiB


class Sealing:
    """The part of `CredentialStore` that seals batches."""

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
            leaves = _sorted_leaves(connection, batch_id)
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


def _sorted_leaves(connection: Connection, batch_id: int) -> Iterator[bytes]:
    # By key and not by cursor: SQLite may then write tiles in between, on the same connection.
    last = b""
    while True:
        query = (
            select(credentials.c.leaf)
            .where(credentials.c.batch_id == batch_id, credentials.c.leaf > last)
            .order_by(credentials.c.leaf)
            .limit(_CHUNK_LEAVES)
        )
        found = connection.execute(query).scalars().all()
        yield from found
        if len(found) < _CHUNK_LEAVES:
            return
        last = found[-1]


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
