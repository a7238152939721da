"""API keys of issuers. It judges neither secrets nor expiry."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from registry.errors import ConflictError, NotFoundError
from registry.services.ports import ApiKey, Scope
from registry.store.engine import StorePart
from registry.store.schema import api_keys


class ApiKeys(StorePart):
    """`ApiKeyStore` in SQL."""

    def put_api_key(self, key: ApiKey) -> None:
        """Store a new key. Raises `ConflictError` if the id is taken."""
        statement = self._database.insert(api_keys).values(
            id=key.id,
            issuer=key.issuer,
            scopes=" ".join(sorted(scope.value for scope in key.scopes)),
            secret_hash=key.secret_hash,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )
        new = statement.on_conflict_do_nothing(index_elements=["id"]).returning(api_keys.c.id)
        with self._database.write() as connection:
            if connection.execute(new).one_or_none() is None:
                raise ConflictError(f"there is an API key {key.id!r} already")

    def api_key(self, key_id: str) -> ApiKey | None:
        """The key of that id, revoked or expired ones included."""
        with self._database.read() as connection:
            query = select(api_keys).where(api_keys.c.id == key_id)
            row = connection.execute(query).one_or_none()
        return None if row is None else _key_of(row)

    def api_keys(self, issuer: bytes | None = None) -> list[ApiKey]:
        """All keys, oldest first."""
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        if issuer is not None:
            query = query.where(api_keys.c.issuer == issuer)
        with self._database.read() as connection:
            return [_key_of(row) for row in connection.execute(query)]

    def revoke_api_key(self, key_id: str, *, now: datetime) -> None:
        """Revoke for good; a second time changes nothing. Raises `NotFoundError`."""
        revoke = (
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        find = select(api_keys.c.id).where(api_keys.c.id == key_id)
        with self._database.write() as connection:
            connection.execute(revoke)
            if connection.execute(find).one_or_none() is None:
                raise NotFoundError(f"there is no API key {key_id!r}")


def _key_of(row: Row[Any]) -> ApiKey:  # Any: rows of `api_keys`
    scopes = frozenset(Scope(scope) for scope in row.scopes.split())
    return ApiKey(
        row.id,
        row.issuer,
        scopes,
        row.secret_hash,
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
