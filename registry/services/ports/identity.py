"""What an issuer publishes about itself, outside any chain."""

from typing import Protocol

from registry.core.documents import Json
from registry.core.identity import Account


class KeyDirectory(Protocol):
    """Asks issuers for their keys. Whoever is asked learns of it."""

    def document_of_did(self, did: str) -> dict[str, Json] | None:
        """The document of a did:web; None if its host says that there is none."""


class IssuerDirectory(KeyDirectory, Protocol):
    """Asks issuers which accounts are theirs, too.

    That nothing is published is an answer: no accounts. `UnavailableError` says that there was
    none, in words that may be shown to a stranger.
    """

    def accounts_of_did(self, did: str) -> frozenset[Account]:
        """Accounts in the document of a did:web."""

    def accounts_of_domain(self, domain: str) -> frozenset[Account]:
        """Accounts in the TXT records of a domain."""
