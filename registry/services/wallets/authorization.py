"""A wallet asks, and the holder answers (RFC 6749 §4.1, with PKCE of RFC 7636)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from registry.services.ports import Scopes, WalletClient, WalletCode, WalletScope, WalletStore
from registry.services.wallets.clients import known_scopes
from registry.services.wallets.refusals import WalletRefusedError, WrongOfferError
from registry.services.wallets.secret_texts import (
    RandomBytes,
    new_secret,
    offer_code_hash,
    secret_hash,
)

CODE_TIME: Final = timedelta(minutes=2)  # a wallet changes its code at once
MAX_STATE: Final = 1_000
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url


@dataclass(frozen=True, slots=True)
class Returning:
    """Where an answer goes: known to be the client's own, as soon as this exists."""

    client: WalletClient
    redirect_uri: str
    state: str | None

    def address(self, **answer: str) -> str:
        """The address to which a browser is sent with an answer."""
        state = {} if self.state is None else {"state": self.state}
        mark = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{mark}{urlencode(answer | state)}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a wallet asks a holder for."""

    returning: Returning
    scopes: Scopes
    challenge: str


def returning(store: WalletStore, asked: Mapping[str, str]) -> Returning:
    """Who asks, and where the answer goes.

    Raises `WalletRefusedError` for an unknown client and for a redirect URI that it has not
    registered, sign for sign: such an answer goes nowhere.
    """
    client = store.wallet_client(asked.get("client_id", ""))
    if client is None:
        raise WalletRefusedError("invalid_request", "no such client")
    uri = asked.get("redirect_uri")
    if uri not in client.redirect_uris:
        raise WalletRefusedError("invalid_request", "no redirect URI of this client")
    state = asked.get("state")
    return Returning(client, uri, state if state and len(state) <= MAX_STATE else None)


def wish(back: Returning, asked: Mapping[str, str]) -> Wish:
    """What is asked for. Raises `WalletRefusedError` for what cannot be granted."""
    if asked.get("response_type") != "code":
        raise WalletRefusedError("unsupported_response_type", "response_type must be code")
    if back.state is None:
        raise WalletRefusedError("invalid_request", f"state: 1 to {MAX_STATE} characters")
    challenge = asked.get("code_challenge", "")
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise WalletRefusedError("invalid_request", "PKCE is needed, with S256")
    text = asked.get("scope")
    wanted = back.client.scopes if text is None else known_scopes(text) & back.client.scopes
    if not wanted - {WalletScope.OFFLINE}:
        raise WalletRefusedError("invalid_scope", "none of these scopes is given here")
    return Wish(back, wanted, challenge)


def allow(
    store: WalletStore,
    asked: Wish,
    entered: str,
    *,
    now: datetime,
    random_bytes: RandomBytes,
) -> str:
    """The holder allows it, by the code of an offer: the address to send the browser to.

    The offer is used up only when the wallet changes what it gets: one that fails in between may
    be tried again. Raises `WrongOfferError`, changing nothing.
    """
    offer = store.wallet_offer(offer_code_hash(entered))
    if offer is None or offer.used_at is not None or offer.expires_at <= now:
        raise WrongOfferError
    secret = new_secret(random_bytes)
    back = asked.returning
    code = WalletCode(
        code_hash=secret_hash(secret),
        client_id=back.client.id,
        offer_hash=offer.code_hash,
        holder=offer.holder,
        redirect_uri=back.redirect_uri,
        scopes=asked.scopes,
        challenge=asked.challenge,
        expires_at=now + CODE_TIME,
    )
    store.put_wallet_code(code)
    return back.address(code=secret, scope=scope_text(asked.scopes))


def scope_text(scopes: Scopes) -> str:
    """Scopes as OAuth writes them."""
    return " ".join(sorted(scope.value for scope in scopes))
