"""Everything that a store keeps, in one database."""

from typing import Protocol

from registry.services.ports.anchoring import AnchoringStore
from registry.services.ports.api_keys import ApiKeyStore
from registry.services.ports.credentials import CredentialStore
from registry.services.ports.publications import PublicationStore
from registry.services.ports.status_entries import StatusEntryStore
from registry.services.ports.wallets import WalletStore


class Store(
    CredentialStore,
    AnchoringStore,
    ApiKeyStore,
    PublicationStore,
    StatusEntryStore,
    WalletStore,
    Protocol,
):
    """All of them in one database."""

    def ping(self) -> None:
        """Ask the database for anything at all."""

    def close(self) -> None:
        """Give all connections back."""
