"""A wallet for tests: it registers, sends its holder to the page, and fetches badges."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from registry.services.ports import WalletScope
from registry.services.wallets.tokens import challenge_of
from tests.api.html import Page

PUBLIC = "https://academy.example"
REDIRECT = "https://wallet.example/authorized"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # of RFC 7636, appendix B
STATE = "26357667-94df-4a14-bcb1-f55449ddd98d"
ALL = " ".join(WalletScope)
API = "/ims/ob/v3p0"
METADATA: dict[str, Any] = {
    "client_name": "Example Wallet",
    "client_uri": "https://wallet.example/",
    "redirect_uris": [REDIRECT],
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": ALL,
}


# The test client has a type of its own, which is not httpx's.
Client = httpx.Client | Any


@dataclass
class Wallet:
    """A registered wallet. `holder` is the holder's browser, `client` the wallet's own program."""

    client: Client
    registered: dict[str, Any]
    tokens: dict[str, Any] = field(default_factory=dict)

    @property
    def credentials(self) -> tuple[str, str]:
        return self.registered["client_id"], self.registered["client_secret"]

    def asked(self, **changes: str | None) -> dict[str, str]:
        """Parameters of an authorization request; None leaves one out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.registered["client_id"],
            "redirect_uri": self.registered["redirect_uris"][0],
            "scope": ALL,
            "state": STATE,
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}

    def page(self, **changes: str | None) -> httpx.Response:
        """The page to which a holder's browser is sent."""
        return self.client.get("/oauth/authorize", params=self.asked(**changes))

    def answer(
        self,
        offer: str,
        *,
        decision: str = "allow",
        origin: str | None = PUBLIC,
        changes: Mapping[str, str | None] = MappingProxyType({}),
    ) -> httpx.Response:
        """What the holder's browser gets for the form, as the page has it."""
        headers = {} if origin is None else {"Origin": origin}
        data = {**self.asked(**changes), "offer": offer, "decision": decision}
        return self.client.post(
            "/oauth/authorize", data=data, headers=headers, follow_redirects=False
        )

    def code(self, offer: str, **changes: str | None) -> str:
        """The authorization code for which a holder lets the wallet in."""
        answer = self.answer(offer, changes=changes)
        assert answer.status_code == 303, Page(answer.text).text
        found = returned(answer.headers["location"])
        assert found["state"] == changes.get("state", STATE)
        return found["code"]

    def redeem(self, code: str, /, **changes: str | None) -> httpx.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.registered["redirect_uris"][0],
            "code_verifier": VERIFIER,
        }
        return self.token({**form, **changes})

    def refresh(self, **changes: str | None) -> httpx.Response:
        form: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": self.tokens["refresh_token"],
        }
        return self.token({**form, **changes})

    def token(self, form: dict[str, str | None]) -> httpx.Response:
        data = {name: value for name, value in form.items() if value is not None}
        return self.client.post("/oauth/token", data=data, auth=self.credentials)

    def revoke(self, token: str) -> httpx.Response:
        return self.client.post("/oauth/revoke", data={"token": token}, auth=self.credentials)

    def connect(self, offer: str, **changes: str | None) -> None:
        """The whole way, up to the tokens."""
        answer = self.redeem(self.code(offer, **changes))
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    def fetch(self, what: str = "credentials", **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.client.get(f"{API}/{what}", params=query, headers=headers)


def new_wallet(client: Client, **changes: Any) -> Wallet:
    answer = client.post("/oauth/register", json=METADATA | changes)
    assert answer.status_code == 201, answer.text
    return Wallet(client, answer.json())


def returned(address: str) -> dict[str, str]:
    """What a wallet finds in the address to which a browser was sent back."""
    assert address.startswith(f"{REDIRECT}?")
    return {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}


def links(header: str) -> dict[str, str]:
    """The addresses of a Link header by their relations."""
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', header)
    return {relation: address for address, relation in found}
