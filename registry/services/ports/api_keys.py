"""API keys, as a store keeps them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What an API key allows."""

    ADD = "credentials:add"
    SEAL = "batches:seal"
    STATUS = "status:change"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored: only the SHA-256 of its secret."""

    id: str
    issuer: bytes
    scopes: frozenset[Scope]
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyStore(Protocol):
    """API keys of issuers."""

    def put_api_key(self, key: ApiKey) -> None:
        """Store a new key. Raises `ConflictError` if the id is taken."""

    def api_key(self, key_id: str) -> ApiKey | None:
        """The key of that id, revoked or expired ones included."""

    def api_keys(self, issuer: bytes | None = None) -> list[ApiKey]:
        """All keys, oldest first."""

    def revoke_api_key(self, key_id: str, *, now: datetime) -> None:
        """Revoke for good; a second time changes nothing. Raises `NotFoundError`."""
