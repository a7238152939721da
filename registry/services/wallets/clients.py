"""Wallets that register themselves (RFC 7591), and prove that they are who did (RFC 6749 §2.3.1).

Anybody may register, so nothing that a wallet says of itself is known to be true.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from registry.services.ports import Scopes, WalletClient, WalletScope, WalletStore
from registry.services.wallets.refusals import UnknownWalletError, WalletRefusedError
from registry.services.wallets.secret_texts import RandomBytes, new_id, new_secret, secret_hash

MAX_REDIRECT_URIS: Final = 10
MAX_URI: Final = 1_000
MAX_NAME: Final = 80  # characters that are kept of what a wallet calls itself
IDLE_TIME: Final = timedelta(days=30)  # a client that nobody lets in is forgotten after that
# RFC 3986, without user, fragment, and addresses in brackets, which a CSP cannot name. Plain http
# only to a program on the holder's own machine (RFC 8252 §7.3).
_REDIRECT: Final = re.compile(
    r"(?P<origin>https://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?"
    r"|http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?)"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_SUPPORTED: Final = {"authorization_code", "refresh_token"}


def register(
    store: WalletStore,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scope: str,
    grant_types: Sequence[str],
    response_types: Sequence[str],
    auth_method: str,
    now: datetime,
    random_bytes: RandomBytes,
) -> tuple[WalletClient, str]:
    """Store a new client; the secret beside it is told once and kept nowhere.

    Scopes that are not given here are left out. Raises `WalletRefusedError`, changing nothing.
    """
    _require_kind(grant_types, response_types, auth_method)
    if not 1 <= len(redirect_uris) <= MAX_REDIRECT_URIS:
        raise _metadata(f"1 to {MAX_REDIRECT_URIS} redirect_uris are taken", "redirect_uri")
    for uri in redirect_uris:
        redirect_origin(uri)
    scopes = known_scopes(scope)
    if not scopes - {WalletScope.OFFLINE}:
        raise _metadata("none of these scopes is given here", "client_metadata")
    secret = new_secret(random_bytes)
    client = WalletClient(
        id=new_id(random_bytes),
        secret_hash=secret_hash(secret),
        name=_shown(name),
        redirect_uris=tuple(redirect_uris),
        scopes=scopes,
        created_at=now,
    )
    store.forget_wallets(now=now, idle_since=now - IDLE_TIME)
    store.put_wallet_client(client)
    return client, secret


def authenticate_client(store: WalletStore, client_id: str, secret: str) -> WalletClient:
    """The client of that id and secret. Raises `UnknownWalletError`, whichever is wrong."""
    client = store.wallet_client(client_id)
    # Compared even for an unknown id, so that the time taken does not tell ids.
    expected = b"\x00" * 32 if client is None else client.secret_hash
    matches = hmac.compare_digest(secret_hash(secret), expected)
    if client is None or not matches:
        raise UnknownWalletError
    return client


def redirect_origin(uri: str) -> str:
    """Scheme, host and port of a redirect URI. Raises `WalletRefusedError` if it is none."""
    found = _REDIRECT.fullmatch(uri) if len(uri) <= MAX_URI else None
    if found is None:
        raise _metadata(
            "a redirect URI is https, or http to 127.0.0.1 or localhost, without a fragment",
            "redirect_uri",
        )
    return found["origin"].lower()


def known_scopes(text: str) -> Scopes:
    """Those of the scopes in a text that there are here."""
    known = {scope.value: scope for scope in WalletScope}
    return frozenset(known[name] for name in text.split() if name in known)


def _require_kind(
    grant_types: Sequence[str], response_types: Sequence[str], auth_method: str
) -> None:
    if auth_method != "client_secret_basic":
        raise _metadata("token_endpoint_auth_method must be client_secret_basic", "client_metadata")
    if "authorization_code" not in grant_types or not set(grant_types) <= _SUPPORTED:
        raise _metadata("grant_types: authorization_code, and refresh_token", "client_metadata")
    if list(response_types) != ["code"]:
        raise _metadata('response_types must be ["code"]', "client_metadata")


def _shown(name: str) -> str:
    """A name on one line, in signs that can be seen."""
    words = "".join(sign if sign.isprintable() else " " for sign in name).split()
    shown = " ".join(words)[:MAX_NAME].strip()
    if not shown:
        raise _metadata("client_name is needed: holders are asked by it", "client_metadata")
    return shown


def _metadata(message: str, what: str) -> WalletRefusedError:
    return WalletRefusedError(f"invalid_{what}", message)
