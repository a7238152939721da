"""Wallets that registered, and what holders allowed them. It judges neither secrets nor expiry."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update

from registry.errors import StaleStateError
from registry.services.ports import (
    Holder,
    Scopes,
    WalletClient,
    WalletCode,
    WalletGrant,
    WalletScope,
    WalletToken,
)
from registry.store.engine import StorePart
from registry.store.wallet_schema import (
    wallet_clients,
    wallet_codes,
    wallet_grants,
    wallet_offers,
    wallet_tokens,
)


class WalletGrants(StorePart):
    """The part of `WalletStore` that wallets and holders fill, in SQL."""

    def put_wallet_client(self, client: WalletClient) -> None:
        """Store a new client."""
        put = insert(wallet_clients).values(
            id=client.id,
            secret_hash=client.secret_hash,
            name=client.name,
            redirect_uris="\n".join(client.redirect_uris),
            scopes=_text(client.scopes),
            created_at=client.created_at,
        )
        with self._database.write() as connection:
            connection.execute(put)

    def wallet_client(self, client_id: str) -> WalletClient | None:
        """The client of that id."""
        query = select(wallet_clients).where(wallet_clients.c.id == client_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        uris = tuple(row.redirect_uris.split("\n"))
        return WalletClient(
            row.id, row.secret_hash, row.name, uris, _scopes(row.scopes), row.created_at
        )

    def put_wallet_code(self, code: WalletCode) -> None:
        """Store a new authorization code."""
        put = insert(wallet_codes).values(
            code_hash=code.code_hash,
            client_id=code.client_id,
            offer_hash=code.offer_hash,
            issuer=code.holder.issuer,
            holder=code.holder.key,
            redirect_uri=code.redirect_uri,
            scopes=_text(code.scopes),
            challenge=code.challenge,
            expires_at=code.expires_at,
            grant_id=code.grant_id,
        )
        with self._database.write() as connection:
            connection.execute(put)

    def wallet_code(self, code_hash: bytes) -> WalletCode | None:
        """An authorization code, used and expired ones included."""
        query = select(wallet_codes).where(wallet_codes.c.code_hash == code_hash)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return WalletCode(
            code_hash=row.code_hash,
            client_id=row.client_id,
            offer_hash=row.offer_hash,
            holder=Holder(row.issuer, row.holder),
            redirect_uri=row.redirect_uri,
            scopes=_scopes(row.scopes),
            challenge=row.challenge,
            expires_at=row.expires_at,
            grant_id=row.grant_id,
        )

    def redeem_wallet_code(
        self, code: WalletCode, grant: WalletGrant, token: WalletToken, *, now: datetime
    ) -> None:
        """Use up a code with its offer, and store what it is changed into, in one step.

        Raises `StaleStateError`, changing nothing, if either was used meanwhile.
        """
        use_code = (
            update(wallet_codes)
            .where(wallet_codes.c.code_hash == code.code_hash, wallet_codes.c.grant_id.is_(None))
            .values(grant_id=grant.id)
        )
        use_offer = (
            update(wallet_offers)
            .where(
                wallet_offers.c.code_hash == code.offer_hash,
                wallet_offers.c.used_at.is_(None),
            )
            .values(used_at=now)
        )
        with self._database.write() as connection:
            for use in (use_code, use_offer):
                if connection.execute(use).rowcount != 1:
                    raise StaleStateError("the code was used meanwhile")
            connection.execute(insert(wallet_grants).values(_grant_row(grant)))
            connection.execute(insert(wallet_tokens).values(_token_row(token)))

    def put_wallet_token(self, token: WalletToken, *, grant_expires_at: datetime) -> None:
        """Store another token of a grant, and until when that lasts.

        Raises `StaleStateError` if the grant is gone.
        """
        extend = (
            update(wallet_grants)
            .where(wallet_grants.c.id == token.grant_id)
            .values(expires_at=grant_expires_at)
        )
        with self._database.write() as connection:
            if connection.execute(extend).rowcount != 1:
                raise StaleStateError("the grant was revoked meanwhile")
            connection.execute(insert(wallet_tokens).values(_token_row(token)))

    def wallet_grant_of_refresh(self, refresh_hash: bytes) -> WalletGrant | None:
        """The grant with that refresh token, an expired one included."""
        query = select(wallet_grants).where(wallet_grants.c.refresh_hash == refresh_hash)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _grant_of(row)

    def wallet_token(self, token_hash: bytes) -> tuple[WalletToken, WalletGrant] | None:
        """An access token with its grant, expired ones included."""
        find = select(wallet_tokens).where(wallet_tokens.c.token_hash == token_hash)
        with self._database.read() as connection:
            row = connection.execute(find).one_or_none()
            if row is None:
                return None
            token = WalletToken(row.token_hash, row.grant_id, _scopes(row.scopes), row.expires_at)
            of_token = select(wallet_grants).where(wallet_grants.c.id == token.grant_id)
            grant = connection.execute(of_token).one_or_none()
        # Revoked between the two, where reads do not see one state.
        return None if grant is None else (token, _grant_of(grant))

    def drop_wallet_token(self, token_hash: bytes) -> None:
        """Delete a token, if it is there."""
        with self._database.write() as connection:
            connection.execute(
                delete(wallet_tokens).where(wallet_tokens.c.token_hash == token_hash)
            )

    def drop_wallet_grant(self, grant_id: str) -> None:
        """Delete a grant and its tokens, if they are there."""
        with self._database.write() as connection:
            connection.execute(delete(wallet_grants).where(wallet_grants.c.id == grant_id))

    def forget_wallets(self, *, now: datetime, idle_since: datetime) -> None:
        """Delete what has expired, and clients older than `idle_since` that nobody lets in."""
        of_client = (
            exists().where(table.c.client_id == wallet_clients.c.id)
            for table in (wallet_codes, wallet_grants)
        )
        idle = delete(wallet_clients).where(
            wallet_clients.c.created_at < idle_since, *(~each for each in of_client)
        )
        with self._database.write() as connection:
            for table in (wallet_tokens, wallet_codes, wallet_grants, wallet_offers):
                connection.execute(delete(table).where(table.c.expires_at <= now))
            connection.execute(idle)


def _text(scopes: Scopes) -> str:
    return " ".join(sorted(scope.value for scope in scopes))


def _scopes(text: str) -> Scopes:
    return frozenset(WalletScope(scope) for scope in text.split())


def _grant_row(grant: WalletGrant) -> dict[str, Any]:  # Any: a row's values
    return {
        "id": grant.id,
        "client_id": grant.client_id,
        "issuer": grant.holder.issuer,
        "holder": grant.holder.key,
        "scopes": _text(grant.scopes),
        "refresh_hash": grant.refresh_hash,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
    }


def _grant_of(row: Row[Any]) -> WalletGrant:  # Any: rows of `wallet_grants`
    return WalletGrant(
        id=row.id,
        client_id=row.client_id,
        holder=Holder(row.issuer, row.holder),
        scopes=_scopes(row.scopes),
        refresh_hash=row.refresh_hash,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _token_row(token: WalletToken) -> dict[str, Any]:  # Any: a row's values
    return {
        "token_hash": token.token_hash,
        "grant_id": token.grant_id,
        "scopes": _text(token.scopes),
        "expires_at": token.expires_at,
    }
