"""What is handed to holders' wallets, and which wallet may fetch it, as a store keeps it.

Neither addresses nor secrets: a holder is a keyed hash, and of codes and tokens there is the
SHA-256.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class WalletScope(StrEnum):
    """What a holder may allow a wallet; the values are those of Open Badges 3.0 §6.2.1."""

    CREDENTIALS = "https://purl.imsglobal.org/spec/ob/v3p0/scope/credential.readonly"
    PROFILE = "https://purl.imsglobal.org/spec/ob/v3p0/scope/profile.readonly"
    OFFLINE = "offline_access"


Scopes = frozenset[WalletScope]


class Holder(NamedTuple):
    """Somebody who has badges of an issuer. `key` is 32 bytes that only the issuer can make."""

    issuer: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class WalletBadge:
    """A badge that its issuer hands to its holder."""

    holder: Holder
    credential_hash: bytes
    document: bytes
    offered_at: datetime


@dataclass(frozen=True, slots=True)
class WalletOffer:
    """A code that its holder got by mail, good for one wallet."""

    code_hash: bytes
    holder: Holder
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WalletClient:
    """A wallet that registered itself. Nothing of what it says of itself was checked."""

    id: str
    secret_hash: bytes
    name: str
    redirect_uris: tuple[str, ...]
    scopes: Scopes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WalletCode:
    """An authorization code: what a holder allowed, for the wallet to change into tokens."""

    code_hash: bytes
    client_id: str
    offer_hash: bytes
    holder: Holder
    redirect_uri: str
    scopes: Scopes
    challenge: str  # of PKCE, by S256
    expires_at: datetime
    grant_id: str | None = None  # what it was changed into


@dataclass(frozen=True, slots=True)
class WalletGrant:
    """A wallet's leave to fetch a holder's badges; its end is that of its last token."""

    id: str
    client_id: str
    holder: Holder
    scopes: Scopes
    refresh_hash: bytes | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WalletToken:
    """An access token."""

    token_hash: bytes
    grant_id: str
    scopes: Scopes
    expires_at: datetime


class WalletStore(Protocol):
    """Badges for wallets, and who may fetch them. It judges no expiry but where it says so."""

    def put_wallet_badges(self, badges: Iterable[WalletBadge]) -> None:
        """Hand badges out, all or none; again, document and holder are replaced, the time stays.

        Raises `NotFoundError` if an issuer has no such credential.
        """

    def drop_wallet_badge(self, issuer: bytes, credential_hash: bytes) -> None:
        """Delete a badge, and with a holder's last one what wallets may do for that holder.

        Raises `NotFoundError` if it is not handed out.
        """

    def wallet_badges(
        self, holder: Holder, *, since: datetime | None, offset: int, limit: int
    ) -> tuple[int, list[WalletBadge]]:
        """How many badges a holder has, offered after `since`, and some of them, oldest first."""

    def put_wallet_offers(self, offers: Iterable[WalletOffer]) -> None:
        """Store new codes of holders, all or none."""

    def wallet_offer(self, code_hash: bytes) -> WalletOffer | None:
        """The offer of that code, used and expired ones included."""

    def put_wallet_client(self, client: WalletClient) -> None:
        """Store a new client."""

    def wallet_client(self, client_id: str) -> WalletClient | None:
        """The client of that id."""

    def put_wallet_code(self, code: WalletCode) -> None:
        """Store a new authorization code."""

    def wallet_code(self, code_hash: bytes) -> WalletCode | None:
        """An authorization code, used and expired ones included."""

    def redeem_wallet_code(
        self, code: WalletCode, grant: WalletGrant, token: WalletToken, *, now: datetime
    ) -> None:
        """Use up a code with its offer, and store what it is changed into, in one step.

        Raises `StaleStateError`, changing nothing, if either was used meanwhile.
        """

    def put_wallet_token(self, token: WalletToken, *, grant_expires_at: datetime) -> None:
        """Store another token of a grant, and until when that lasts.

        Raises `StaleStateError` if the grant is gone.
        """

    def wallet_grant_of_refresh(self, refresh_hash: bytes) -> WalletGrant | None:
        """The grant with that refresh token, an expired one included."""

    def wallet_token(self, token_hash: bytes) -> tuple[WalletToken, WalletGrant] | None:
        """An access token with its grant, expired ones included."""

    def drop_wallet_token(self, token_hash: bytes) -> None:
        """Delete a token, if it is there."""

    def drop_wallet_grant(self, grant_id: str) -> None:
        """Delete a grant and its tokens, if they are there."""

    def forget_wallets(self, *, now: datetime, idle_since: datetime) -> None:
        """Delete what has expired, and clients older than `idle_since` that nobody lets in."""
