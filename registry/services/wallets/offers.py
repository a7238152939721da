"""Offering: an issuer hands badges to their holders' wallets, each holder by a secret code."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from registry.core.canonical import Canonicalization, document_hash, hashes_of
from registry.core.documents import Json, parse_document
from registry.errors import InvalidInputError, NotFoundError, TooLargeError
from registry.services.ports import (
    MAX_PUBLISHED_BYTES,
    Holder,
    Store,
    WalletBadge,
    WalletOffer,
)
from registry.services.wallets.secret_texts import RandomBytes, new_offer_code, offer_code_hash
from registry.vc.data_integrity import SigningKey

OFFER_TIME: Final = timedelta(days=30)  # a letter may lie for a while
# Signed for nothing else, and never shown: an Ed25519 signature is the same each time.
_HOLDERS: Final = b"rootseal/wallet-holders/1"


@dataclass(frozen=True, slots=True)
class HolderNames:
    """Makes of an address the holder that it stands for; only the issuer's signing key can.

    With another key a holder gets another name: what was offered before stays with the old one.
    """

    issuer: bytes
    secret: bytes

    @classmethod
    def of(cls, issuer: bytes, key: SigningKey) -> "HolderNames":
        """Those of an issuer. May raise `UnavailableError`, as the key."""
        return cls(issuer, sha256(key.sign(_HOLDERS)).digest())

    def holder(self, identity: str) -> Holder:
        """Whose an identity is, such as `email:ada@x.example`."""
        name = hmac.digest(self.secret, identity.casefold().encode(), "sha256")
        return Holder(self.issuer, name)


def offered_badge(store: Store, holder: Holder, document: bytes, *, now: datetime) -> WalletBadge:
    """A JSON credential of the issuer, ready to be handed to its holder; nothing is stored.

    Raises `InvalidInputError` for what is no JSON credential, was added as bytes, or has an
    address in clear; `TooLargeError`; `NotFoundError` if the issuer has no such credential.
    """
    if len(document) > MAX_PUBLISHED_BYTES:
        raise TooLargeError(f"a document of {len(document)} bytes; {MAX_PUBLISHED_BYTES} at most")
    parsed = parse_document(document)
    _refuse_plain_addresses(parsed)
    return WalletBadge(holder, _found(store, holder.issuer, parsed), document, now)


def new_offers(
    holders: Iterable[Holder], *, now: datetime, expires_at: datetime, random_bytes: RandomBytes
) -> list[tuple[str, WalletOffer]]:
    """A code for each holder, to be shown once, and what is kept of it; nothing is stored."""
    found = []
    for holder in holders:
        code = new_offer_code(random_bytes)
        found.append((code, WalletOffer(offer_code_hash(code), holder, now, expires_at)))
    return found


def _found(store: Store, issuer: bytes, document: dict[str, Json]) -> bytes:
    """The hash under which the issuer added a JSON credential."""
    for digest in hashes_of(document):
        found = [each for each in store.find_credentials(digest) if each.issuer == issuer]
        if found and found[0].canonicalization is not Canonicalization.RAW:
            return digest
    raise NotFoundError(f"the issuer has no JSON credential {document_hash(document).hex()}")


def _refuse_plain_addresses(document: dict[str, Json]) -> None:
    """Raise for a badge that was issued with `--plain-identities`: the store would name people."""
    subject = document.get("credentialSubject")
    identifiers = subject.get("identifier") if isinstance(subject, dict) else None
    for each in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(each, dict) and each.get("hashed") is not True:
            raise InvalidInputError(
                "the badge says an address as it is (--plain-identities), and no such badge is "
                "kept here",
                place="/credentialSubject/identifier",
            )
