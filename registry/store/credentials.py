"""Finding credentials again: by their hashes, or all of a batch in the order of its leaves."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select

from registry.core.tiles import split_hashes
from registry.errors import NotFoundError
from registry.services.ports import Batch, StoredCredential
from registry.store.engine import Database
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


class Credentials:
    """The part of `CredentialStore` that finds credentials."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_credentials(self, credential_hash: bytes) -> list[StoredCredential]:
        """The credential under every issuer that has it, by issuer address."""
        return self.find_all_credentials([credential_hash])

    def find_all_credentials(self, hashes: Sequence[bytes]) -> list[StoredCredential]:
        """Each of the credentials under every issuer that has it, by hash and issuer address."""
        query = _STORED.where(credentials.c.credential_hash.in_(hashes))
        order = (credentials.c.credential_hash, credentials.c.issuer)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(*order)).all()
        return [StoredCredential(*row) for row in rows]

    def batch_credentials(self, batch: Batch) -> Iterator[list[StoredCredential]]:
        """Credentials of a sealed batch in the order of their leaves, some hundreds at a time.

        One that is not there any more is left out. No connection is held between two pages.
        Raises `NotFoundError` for a batch that is not sealed.
        """
        if batch.head is None:
            raise NotFoundError(f"batch {batch.id} is not sealed and has no order yet")
        return self._pages(batch)

    def _pages(self, batch: Batch) -> Iterator[list[StoredCredential]]:
        shelf = sealed_credentials
        index = 0
        while True:
            query = select(shelf.c.credential_hashes).where(
                shelf.c.batch_id == batch.id,
                shelf.c.tile_index >= index,
                shelf.c.tile_index < index + _PAGE_TILES,
            )
            with self._database.read() as connection:
                found = connection.execute(query.order_by(shelf.c.tile_index)).scalars().all()
                hashes = split_hashes(b"".join(found))
                mine = _STORED.where(
                    credentials.c.credential_hash.in_(hashes),
                    credentials.c.issuer == batch.issuer,
                    credentials.c.batch_id == batch.id,
                )
                rows = connection.execute(mine).all() if hashes else []
            stored = {row.credential_hash: StoredCredential(*row) for row in rows}
            if not found:
                return
            yield [stored[digest] for digest in hashes if digest in stored]
            index += _PAGE_TILES
