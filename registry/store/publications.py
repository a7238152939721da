"""Published documents. It does not look into them."""

from sqlalchemy import delete, select

from registry.errors import NotFoundError
from registry.services.ports import Publication
from registry.store.engine import StorePart
from registry.store.schema import credentials, publications


class Publications(StorePart):
    """`PublicationStore` in SQL."""

    def put_publication(self, publication: Publication) -> None:
        """Publish a credential of the issuer; its document may be replaced, its time stays.

        Raises `NotFoundError`, changing nothing, if the issuer has no such credential.
        """
        insert = self._database.insert(publications).values(
            credential_hash=publication.credential_hash,
            issuer=publication.issuer,
            document=publication.document,
            published_at=publication.published_at,
        )
        put = insert.on_conflict_do_update(
            index_elements=["credential_hash", "issuer"],
            set_={"document": insert.excluded.document},
        )
        find = select(credentials.c.issuer).where(
            credentials.c.credential_hash == publication.credential_hash,
            credentials.c.issuer == publication.issuer,
        )
        with self._database.write() as connection:
            if connection.execute(find).one_or_none() is None:
                raise NotFoundError(
                    f"the issuer has no credential {publication.credential_hash.hex()}"
                )
            connection.execute(put)

    def drop_publication(self, issuer: bytes, credential_hash: bytes) -> None:
        """Delete a published document. Raises `NotFoundError` if there is none."""
        drop = (
            delete(publications)
            .where(
                publications.c.credential_hash == credential_hash,
                publications.c.issuer == issuer,
            )
            .returning(publications.c.issuer)
        )
        with self._database.write() as connection:
            if connection.execute(drop).one_or_none() is None:
                raise NotFoundError(f"the issuer publishes no credential {credential_hash.hex()}")

    def publications(self, credential_hash: bytes) -> list[Publication]:
        """What issuers published of a credential, by issuer address."""
        query = select(publications).where(publications.c.credential_hash == credential_hash)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(publications.c.issuer)).all()
        return [
            Publication(row.issuer, row.credential_hash, row.document, row.published_at)
            for row in rows
        ]
