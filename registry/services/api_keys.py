"""API keys: `rootseal_<id>_<secret>`; the store holds the SHA-256 of the secret alone."""

import hmac
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from registry.errors import NotAllowedError
from registry.services.ports import ApiKey, ApiKeyStore, Scope

_PREFIX: Final = "rootseal"
_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32  # high entropy, so a plain hash is enough: nothing to guess


class ScopeMissingError(NotAllowedError):
    """The key is good, but not for this."""

    code = "scope-missing"


def create_api_key(
    store: ApiKeyStore,
    issuer: bytes,
    scopes: frozenset[Scope],
    *,
    now: datetime,
    expires_at: datetime | None,
    random_bytes: Callable[[int], bytes],
) -> tuple[ApiKey, str]:
    """Make and store a key; the text beside it is shown once and kept nowhere."""
    secret = random_bytes(_SECRET_BYTES).hex()
    key = ApiKey(
        id=random_bytes(_ID_BYTES).hex(),
        issuer=issuer,
        scopes=scopes,
        secret_hash=_secret_hash(secret),
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    store.put_api_key(key)
    return key, f"{_PREFIX}_{key.id}_{secret}"


def authenticate(store: ApiKeyStore, text: str, *, now: datetime) -> ApiKey:
    """The key that `text` is, if it is good now. Raises `NotAllowedError`.

    Whether the id or the secret was wrong is not told.
    """
    parts = text.split("_")
    key = store.api_key(parts[1]) if len(parts) == 3 and parts[0] == _PREFIX else None
    # Compared even for an unknown id, so that the time taken does not tell ids.
    expected = b"\x00" * 32 if key is None else key.secret_hash
    matches = hmac.compare_digest(_secret_hash(parts[-1]), expected)
    if key is None or not matches:
        raise NotAllowedError("this is not an API key of this registry")
    if key.revoked_at is not None:
        raise NotAllowedError("this API key was revoked")
    if key.expires_at is not None and now >= key.expires_at:
        raise NotAllowedError("this API key has expired")
    return key


def require_scope(key: ApiKey, scope: Scope) -> None:
    """Raises `ScopeMissingError` unless the key is good for `scope`."""
    if scope not in key.scopes:
        raise ScopeMissingError(f"this API key lacks the scope {scope.value}")


def _secret_hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
