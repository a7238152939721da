"""Publishing: an issuer shows the document of a credential to everybody who knows its hash.

Only JSON credentials: the page of a credential is made of what they say.
"""

from datetime import datetime

from registry.core.canonical import Canonicalization, document_hash, hashes_of
from registry.core.documents import Json, parse_document
from registry.errors import InvalidInputError, NotFoundError, TooLargeError
from registry.services.ports import MAX_PUBLISHED_BYTES, Publication, Store


def publish(store: Store, issuer: bytes, document: bytes, *, now: datetime) -> Publication:
    """Publish the JSON credential in `document`, which the issuer must have added as such.

    Again with other proofs around the same credential replaces it. Raises `InvalidInputError` for
    what is no JSON credential, or was added as bytes; `TooLargeError` past `MAX_PUBLISHED_BYTES`;
    `NotFoundError` if it is no credential of this issuer. Then nothing has changed.
    """
    if len(document) > MAX_PUBLISHED_BYTES:
        raise TooLargeError(
            f"a document of {len(document)} bytes is not published; "
            f"the limit is {MAX_PUBLISHED_BYTES}"
        )
    digest = _found(store, issuer, parse_document(document))
    publication = Publication(issuer, digest, document, now)
    store.put_publication(publication)
    return publication


def published_by(store: Store, credential_hash: bytes, issuer: bytes) -> Publication | None:
    """What this issuer published of a credential, if anything."""
    found = store.publications(credential_hash)
    return next((each for each in found if each.issuer == issuer), None)


def _found(store: Store, issuer: bytes, document: dict[str, Json]) -> bytes:
    """The hash under which the issuer added a JSON credential."""
    for digest in hashes_of(document):
        found = [each for each in store.find_credentials(digest) if each.issuer == issuer]
        if found and found[0].canonicalization is Canonicalization.RAW:
            raise InvalidInputError(
                f"credential {digest.hex()} was added as bytes: only JSON credentials are published"
            )
        if found:
            return digest
    raise NotFoundError(
        f"the issuer has no credential {document_hash(document).hex()}: only what was added can be "
        "published"
    )
