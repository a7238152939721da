"""Finding credentials again: by their hashes, or all of a batch in the order of its leaves."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy import select

from registry.core.tiles import TILE_WIDTH, split_hashes
from registry.errors import NotFoundError
from registry.services.ports import Batch, StoredCredential
from registry.store.engine import StorePart
from registry.store.questions import Question, of_each
from registry.store.schema import credentials, sealed_credentials

_PAGE_TILES: Final = 4  # of 256 credentials each
_STORED: Final = select(
    credentials.c.issuer,
    credentials.c.credential_hash,
    credentials.c.salt,
    credentials.c.canonicalization,
    credentials.c.batch_id,
    credentials.c.added_at,
)
_BY_HASH: Final = Question(
    lambda count: _STORED.where(credentials.c.credential_hash.in_(of_each(count))).order_by(
        credentials.c.credential_hash, credentials.c.issuer
    )
)


class Credentials(StorePart):
    """The part of `CredentialStore` that finds credentials."""

    def together(self) -> AbstractContextManager[None]:
        """As `CredentialStore` says."""
        return self._database.together()

    def find_credentials(self, credential_hash: bytes) -> list[StoredCredential]:
        """The credential under every issuer that has it, by issuer address."""
        return self.find_all_credentials([credential_hash])

    def find_all_credentials(self, hashes: Sequence[bytes]) -> list[StoredCredential]:
        """Each of the credentials under every issuer that has it, by hash and issuer address."""
        if not hashes:
            return []
        with self._database.peek() as peek:
            return [StoredCredential(*row) for row in _BY_HASH.ask(peek, hashes)]

    def batch_credentials(self, batch: Batch) -> Iterator[list[StoredCredential]]:
        """Credentials of a sealed batch in the order of their leaves, some hundreds at a time.

        One that is not there any more is left out. No connection is held between two pages.
        Raises `NotFoundError` for a batch that is not sealed.
        """
        if batch.head is None:
            raise NotFoundError(f"batch {batch.id} is not sealed and has no order yet")
        return self._pages(batch)

    def _pages(self, batch: Batch) -> Iterator[list[StoredCredential]]:
        index = 0
        while hashes := self._hashes_in_order(batch.id, index):
            # By the primary key alone: told the batch, too, SQLite would read all of it each time.
            mine = _STORED.where(
                credentials.c.credential_hash.in_(hashes), credentials.c.issuer == batch.issuer
            )
            with self._database.read() as connection:
                rows = connection.execute(mine).all()
            stored = {
                row.credential_hash: StoredCredential(*row)
                for row in rows
                if row.batch_id == batch.id
            }
            yield [stored[digest] for digest in hashes if digest in stored]
            index += _PAGE_TILES
        if index == 0:
            yield from self._sorted_pages(batch.id)

    def _hashes_in_order(self, batch_id: int, index: int) -> list[bytes]:
        """Credential hashes beside some tiles of leaves, from that of an index on."""
        query = select(sealed_credentials.c.credential_hashes).where(
            sealed_credentials.c.batch_id == batch_id,
            sealed_credentials.c.tile_index >= index,
            sealed_credentials.c.tile_index < index + _PAGE_TILES,
        )
        with self._database.read() as connection:
            found = connection.execute(query.order_by(sealed_credentials.c.tile_index))
            return split_hashes(b"".join(found.scalars()))

    def _sorted_pages(self, batch_id: int) -> Iterator[list[StoredCredential]]:
        """A batch that a process of an earlier version sealed, beside ours: sorted once a page."""
        leaf = b""
        while True:
            query = (
                _STORED.add_columns(credentials.c.leaf)
                .where(credentials.c.batch_id == batch_id, credentials.c.leaf > leaf)
                .order_by(credentials.c.leaf)
                .limit(_PAGE_TILES * TILE_WIDTH)
            )
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield [StoredCredential(*row[:-1]) for row in rows]
            leaf = rows[-1].leaf
