"""The page on which a holder lets a wallet in, in a real browser, up to the wallet itself."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Browser, Page

from registry.services.wallets.offers import HolderNames, new_offers
from registry.store import open_store
from registry.vc.signing_keys import key_from_seed
from tests.api.servers import serving_itself
from tests.api.wallet import Wallet, new_wallet
from tests.browser.test_explorer import AXE, TAGS
from tests.databases import sqlite_url

WRONG = "0000-0000-0000-0000"
SHOTS = os.environ.get("ROOTSEAL_SCREENSHOTS")


class _Returned(BaseHTTPRequestHandler):
    """The wallet, on the holder's own machine."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"back in the wallet")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def wallet_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Returned) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/authorized"
        server.shutdown()
        thread.join()


@dataclass
class Desk:
    """A wallet that asks, the page's address, and what makes codes."""

    wallet: Wallet
    url: str
    folder: Path

    @property
    def address(self) -> str:
        return str(httpx.URL(f"{self.url}/oauth/authorize", params=self.wallet.asked()))

    def offer(self) -> str:
        now = datetime.now(UTC)
        names = HolderNames.of(b"\x11" * 20, key_from_seed(b"\7" * 32))
        [(code, kept)] = new_offers(
            [names.holder("email:ada@x.example")],
            now=now,
            expires_at=now + timedelta(days=1),
            random_bytes=secrets.token_bytes,
        )
        store = open_store(sqlite_url(self.folder))
        store.put_wallet_offers([kept])
        store.close()
        return code


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("wallet")
    (folder / "issuer.toml").write_text(
        'id = "did:web:academy.example"\nname = "Example Academy"\n'
    )
    open_store(sqlite_url(folder)).close()
    settings = {
        "database": sqlite_url(folder),
        "wallets": "true",
        "issuer_profile": str(folder / "issuer.toml"),
        "terms_url": "https://academy.example/terms",
        "privacy_url": "https://academy.example/privacy",
    }
    with (
        wallet_server() as redirect,
        serving_itself(folder, **settings) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        yield Desk(new_wallet(client, redirect_uris=[redirect]), server.url, folder)


def test_a_holder_enters_a_wrong_code_then_the_right_one(page: Page, desk: Desk) -> None:
    page.goto(desk.address)
    page.get_by_label("The code that Example Academy sent you").fill(WRONG)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith("There is no such code")
    page.get_by_label("The code that Example Academy sent you").fill(desk.offer())
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_url("http://127.0.0.1:*/authorized?code=*")
    assert page.locator("body").inner_text() == "back in the wallet"
    code = httpx.URL(page.url).params["code"]
    assert desk.wallet.redeem(code).status_code == 200


def test_a_holder_says_no_without_a_code(page: Page, desk: Desk) -> None:
    page.goto(desk.address)
    page.get_by_role("button", name="Do not connect").click()
    page.wait_for_url("http://127.0.0.1:*/authorized?error=access_denied*")


def test_the_browser_is_left_with_nothing(page: Page, desk: Desk) -> None:
    page.goto(desk.address)
    assert page.context.cookies() == []


@pytest.mark.parametrize(("scheme", "language"), [("light", "en-GB"), ("dark", "de-DE")])
def test_axe_finds_nothing_and_no_page_is_too_wide(
    browser: Browser, desk: Desk, scheme: str, language: str
) -> None:
    context = browser.new_context(
        bypass_csp=True,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 390, "height": 800},
        locale=language,
    )
    page = context.new_page()
    asked = desk.wallet.asked(scope="nothing")
    refused = str(httpx.URL(f"{desk.url}/oauth/authorize", params=asked))
    for name, address in (("asked", desk.address), ("wrong", desk.address), ("refused", refused)):
        page.goto(address)
        if name == "wrong":
            page.locator("#offer").fill(WRONG)
            page.locator("button[value=allow]").click()
        page.add_script_tag(path=AXE)
        found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
        assert [each["id"] for each in found["violations"]] == [], name
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name
        if SHOTS is not None:
            page.screenshot(path=f"{SHOTS}/wallet-{name}-{scheme}.png", full_page=True)
    context.close()
