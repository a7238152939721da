"""Tokens: what a wallet gets for a code, gets anew, shows, and gives back (RFC 6749, RFC 7009)."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from registry.errors import StaleStateError
from registry.services.ports import (
    Scopes,
    WalletClient,
    WalletCode,
    WalletGrant,
    WalletScope,
    WalletStore,
    WalletToken,
)
from registry.services.wallets.clients import IDLE_TIME
from registry.services.wallets.refusals import (
    ScopeRefusedError,
    TokenRefusedError,
    WalletRefusedError,
)
from registry.services.wallets.secret_texts import (
    TOKEN_PREFIX,
    RandomBytes,
    new_access_token,
    new_id,
    new_secret,
    secret_hash,
)

ACCESS_TIME: Final = timedelta(hours=1)
REFRESH_TIME: Final = timedelta(days=180)  # since a wallet last used it
# RFC 7636 §4.1; with all signs that can be seen, as Open Badges' own example has + / = in it.
_VERIFIER: Final = re.compile(r"[!-~]{43,128}")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a wallet is told once."""

    access: str
    refresh: str | None
    scopes: Scopes


@dataclass(frozen=True, slots=True)
class Leave:
    """What the bearer of an access token may do, and whose badges those are."""

    grant: WalletGrant
    scopes: Scopes
    expires_at: datetime

    def require(self, scope: WalletScope, *, now: datetime) -> None:
        """Raise `TokenRefusedError` if it is over, `ScopeRefusedError` if not for `scope`."""
        if self.expires_at <= now:
            raise TokenRefusedError
        if scope not in self.scopes:
            raise ScopeRefusedError(scope.value)


def challenge_of(verifier: str) -> str:
    """What PKCE's S256 makes of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def redeem(
    store: WalletStore,
    client: WalletClient,
    asked: Mapping[str, str],
    *,
    now: datetime,
    random_bytes: RandomBytes,
) -> Tokens:
    """Change an authorization code into tokens, once.

    A code that comes a second time was stolen, now or then: what it gave ends (RFC 6749 §4.1.2).
    Raises `WalletRefusedError`; but for that, nothing has changed then.
    """
    code = store.wallet_code(secret_hash(asked.get("code", "")))
    if code is None or code.client_id != client.id or code.expires_at <= now:
        raise _grant_refused("no such code of this client, or it is over")
    if code.grant_id is not None:
        store.drop_wallet_grant(code.grant_id)
        raise _grant_refused("this code was used before: what it gave is revoked")
    _require_same(code, asked)
    store.forget_wallets(now=now, idle_since=now - IDLE_TIME)
    refresh = new_secret(random_bytes) if WalletScope.OFFLINE in code.scopes else None
    grant = WalletGrant(
        id=new_id(random_bytes),
        client_id=client.id,
        holder=code.holder,
        scopes=code.scopes,
        refresh_hash=None if refresh is None else secret_hash(refresh),
        created_at=now,
        expires_at=now + (ACCESS_TIME if refresh is None else REFRESH_TIME),
    )
    access, token = _new_token(grant, grant.scopes, now, random_bytes)
    try:
        store.redeem_wallet_code(code, grant, token, now=now)
    except StaleStateError as exc:
        raise _grant_refused("the holder's code was used for another wallet meanwhile") from exc
    return Tokens(access, refresh, grant.scopes)


def refreshed(
    store: WalletStore,
    client: WalletClient,
    asked: Mapping[str, str],
    *,
    now: datetime,
    random_bytes: RandomBytes,
) -> Tokens:
    """Another access token, for the same scopes or fewer; the refresh token stays.

    Raises `WalletRefusedError`, changing nothing.
    """
    grant = store.wallet_grant_of_refresh(secret_hash(asked.get("refresh_token", "")))
    if grant is None or grant.client_id != client.id or grant.expires_at <= now:
        raise _grant_refused("no such refresh token of this client, or it is over")
    scopes = _narrowed(grant.scopes, asked.get("scope"))
    store.forget_wallets(now=now, idle_since=now - IDLE_TIME)
    access, token = _new_token(grant, scopes, now, random_bytes)
    try:
        store.put_wallet_token(token, grant_expires_at=now + REFRESH_TIME)
    except StaleStateError as exc:
        raise _grant_refused("the refresh token was revoked meanwhile") from exc
    return Tokens(access, None, scopes)


def revoke(store: WalletStore, client: WalletClient, text: str) -> None:
    """Take an access token back, or a refresh token with all that it gave (RFC 7009).

    One that is not there changes nothing. Raises `WalletRefusedError` for another client's.
    """
    digest = secret_hash(text)
    known = store.wallet_token(digest)
    grant = store.wallet_grant_of_refresh(digest) if known is None else known[1]
    if grant is None:
        return
    if grant.client_id != client.id:
        raise WalletRefusedError("unauthorized_client", "the token is another client's")
    if known is None:
        store.drop_wallet_grant(grant.id)
    else:
        store.drop_wallet_token(digest)


def leave_of(store: WalletStore, text: str) -> Leave:
    """What the bearer of a token may do, or could. Raises `TokenRefusedError` for none of ours."""
    found = store.wallet_token(secret_hash(text)) if text.startswith(TOKEN_PREFIX) else None
    if found is None:
        raise TokenRefusedError
    token, grant = found
    return Leave(grant, token.scopes, min(token.expires_at, grant.expires_at))


def _require_same(code: WalletCode, asked: Mapping[str, str]) -> None:
    """Raise unless who changes a code is who asked for it."""
    if asked.get("redirect_uri") != code.redirect_uri:
        raise _grant_refused("not the redirect URI to which the code was sent")
    verifier = asked.get("code_verifier", "")
    is_text = _VERIFIER.fullmatch(verifier) is not None
    if not is_text or not hmac.compare_digest(challenge_of(verifier), code.challenge):
        raise _grant_refused("not the verifier of the code's challenge")


def _narrowed(scopes: Scopes, text: str | None) -> Scopes:
    if text is None:
        return scopes
    wanted = {scope for scope in scopes if scope.value in text.split()}
    if len(wanted) != len(set(text.split())) or not wanted - {WalletScope.OFFLINE}:
        raise WalletRefusedError("invalid_scope", "the holder did not allow that")
    return frozenset(wanted)


def _new_token(
    grant: WalletGrant, scopes: Scopes, now: datetime, random_bytes: RandomBytes
) -> tuple[str, WalletToken]:
    access = new_access_token(random_bytes)
    return access, WalletToken(secret_hash(access), grant.id, scopes, now + ACCESS_TIME)


def _grant_refused(message: str) -> WalletRefusedError:
    return WalletRefusedError("invalid_grant", message)
