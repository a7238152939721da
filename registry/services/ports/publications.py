"""Credential documents that their issuers publish."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

MAX_PUBLISHED_BYTES: Final = 2**20  # of one document; a badge with its picture in it has 100 kB


@dataclass(frozen=True, slots=True)
class Publication:
    """The document of a credential, for everybody who knows its hash."""

    issuer: bytes
    credential_hash: bytes
    document: bytes
    published_at: datetime


class PublicationStore(Protocol):
    """Published documents. That they are what their hashes say is up to whoever puts them."""

    def put_publication(self, publication: Publication) -> None:
        """Publish a credential of the issuer; its document may be replaced, its time stays.

        Raises `NotFoundError`, changing nothing, if the issuer has no such credential.
        """

    def drop_publication(self, issuer: bytes, credential_hash: bytes) -> None:
        """Delete a published document. Raises `NotFoundError` if there is none."""

    def publications(self, credential_hash: bytes) -> list[Publication]:
        """What issuers published of a credential, by issuer address."""
