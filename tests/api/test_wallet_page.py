"""A wallet registers, and a holder lets it in or not: every way to be refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import NOBODY, Open, Site
from tests.api.html import Page, assert_harmless
from tests.api.wallet import (
    PUBLIC,
    REDIRECT,
    STATE,
    Wallet,
    new_wallet,
    returned,
)
from tests.api.wallet_site import (
    READ,
    UPSERT,
    WRONG,
    academy,
    assert_oauth,
    connected,
    hand_out,
    later,
    offer_code,
    settings,
    stored,
    wallet,
)

__all__ = ["academy", "connected", "later", "wallet"]


class TestRegistering:
    def test_a_wallet_is_told_what_it_may(self, academy: Site) -> None:
        wallet = new_wallet(academy.client, scope=f"{READ} {UPSERT} openid", x_unknown=[1])
        assert wallet.registered["scope"] == READ
        assert wallet.registered["client_secret_expires_at"] == 0
        assert wallet.registered["client_uri"] == "https://wallet.example/"
        assert "x_unknown" not in wallet.registered

    def test_the_secret_is_not_kept(self, academy: Site, wallet: Wallet) -> None:
        client_id, secret = wallet.credentials
        rows = repr(stored(academy))
        assert client_id in rows
        assert secret not in rows

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"redirect_uris": []}, "invalid_redirect_uri"),
            ({"redirect_uris": ["http://wallet.example/a"]}, "invalid_redirect_uri"),
            ({"redirect_uris": [REDIRECT, "wallet://authorized"]}, "invalid_redirect_uri"),
            ({"redirect_uris": [f"{REDIRECT}#here"]}, "invalid_redirect_uri"),
            ({"redirect_uris": ["https://user@wallet.example/"]}, "invalid_redirect_uri"),
            ({"redirect_uris": ["https://wallet.example;script-src *"]}, "invalid_redirect_uri"),
            ({"redirect_uris": ["https://wallet.example/\n"]}, "invalid_redirect_uri"),
            ({"redirect_uris": ["http://127.0.0.1.evil.example/"]}, "invalid_redirect_uri"),
            ({"redirect_uris": [f"{REDIRECT}/{n}" for n in range(11)]}, "invalid_client_metadata"),
            ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
            ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
            ({"grant_types": ["refresh_token"]}, "invalid_client_metadata"),
            ({"response_types": ["token"]}, "invalid_client_metadata"),
            ({"scope": f"{UPSERT} offline_access"}, "invalid_client_metadata"),
            ({"client_name": " \u200b "}, "invalid_client_metadata"),
            ({"client_name": 7}, "invalid_client_metadata"),
        ],
    )
    def test_what_is_refused_is_not_kept(
        self, academy: Site, change: dict[str, Any], code: str
    ) -> None:
        before = stored(academy)
        metadata = {"client_name": "W", "redirect_uris": [REDIRECT]} | change
        assert_oauth(academy.post("/oauth/register", json=metadata), 400, code)
        assert stored(academy) == before

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"client_name": "W", "client_name": 1}'])
    def test_what_is_no_metadata_is_refused(self, academy: Site, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        answer = academy.post("/oauth/register", content=body, headers=headers)
        assert_oauth(answer, 400, "invalid_client_metadata")

    def test_a_program_on_the_holders_machine_may(self, academy: Site) -> None:
        new_wallet(academy.client, redirect_uris=["http://127.0.0.1:4711/done?x=1"])

    def test_long_registrations_are_not_read(self, academy: Site) -> None:
        answer = academy.post("/oauth/register", json={"client_name": "W" * 20_000})
        assert_oauth(answer, 413, "invalid_request")


class TestPage:
    def test_it_names_wallet_issuer_host_and_scopes(self, academy: Site, wallet: Wallet) -> None:
        del academy
        answer = wallet.page(scope=READ)
        page = Page(answer.text)
        text = " ".join(page.text.split())
        for said in ("“Example Wallet”", "Example Academy", "wallet.example", "read your badges"):
            assert said in text
        assert "fetch again" not in text
        assert_harmless(page, host=PUBLIC)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in answer.headers
        policy = answer.headers["content-security-policy"]
        assert "script-src 'none'" in policy
        assert "form-action 'self' https://wallet.example;" in policy
        assert "frame-ancestors 'none'" in policy

    def test_it_speaks_german(self, wallet: Wallet) -> None:
        headers = {"Accept-Language": "de"}
        answer = wallet.client.get("/oauth/authorize", params=wallet.asked(), headers=headers)
        assert "Eine Wallet verbinden" in answer.text

    def test_what_a_wallet_says_is_no_markup(self, academy: Site) -> None:
        wallet = new_wallet(academy.client, client_name="<script>alert(1)</script>")
        answer = wallet.page(state='"><script>')
        assert_harmless(Page(answer.text), host=PUBLIC)

    @pytest.mark.parametrize(
        "change",
        [
            {"client_id": "0" * 32},
            {"client_id": None},
            {"redirect_uri": None},
            {"redirect_uri": f"{REDIRECT}/"},
            {"redirect_uri": f"{REDIRECT}?x=1"},
            {"redirect_uri": "https://evil.example/"},
        ],
        ids=str,
    )
    def test_nobody_is_sent_where_no_wallet_registered(
        self, academy: Site, wallet: Wallet, change: dict[str, str | None]
    ) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy)
        before = stored(academy)
        for answer in (wallet.page(**change), wallet.answer(offer, changes=change)):
            assert answer.status_code == 400
            assert not [link for link in Page(answer.text).links() if "example" in link]
        assert stored(academy) == before

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"scope": UPSERT}, "invalid_scope"),
            ({"scope": "offline_access"}, "invalid_scope"),
            ({"scope": ""}, "invalid_scope"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"state": None}, "invalid_request"),
            ({"state": "s" * 1001}, "invalid_request"),
        ],
        ids=str,
    )
    def test_a_wallets_mistake_is_told_and_leads_back_by_a_click(
        self, academy: Site, wallet: Wallet, change: dict[str, str | None], code: str
    ) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy)
        before = stored(academy)
        for answer in (wallet.page(**change), wallet.answer(offer, changes=change)):
            assert answer.status_code == 400
            [back] = [link for link in Page(answer.text).links() if link.startswith(REDIRECT)]
            found = returned(back)
            assert found["error"] == code
            assert found.get("state") == (None if "state" in change else STATE)
        assert stored(academy) == before

    def test_a_parameter_that_stands_twice_is_refused(self, academy: Site, wallet: Wallet) -> None:
        asked = [*wallet.asked().items(), ("scope", READ)]
        assert academy.get("/oauth/authorize", params=asked).status_code == 400

    @pytest.mark.parametrize(
        "origin", [None, "null", "https://evil.example", "http://academy.example"]
    )
    def test_a_form_of_another_site_is_not_taken(
        self, academy: Site, wallet: Wallet, origin: str | None
    ) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy)
        before = stored(academy)
        assert wallet.answer(offer, origin=origin).status_code == 400
        assert stored(academy) == before

    def test_the_holder_may_say_no(self, academy: Site, wallet: Wallet) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy)
        before = stored(academy)
        answer = wallet.answer(offer, decision="deny")
        assert answer.status_code == 303
        assert returned(answer.headers["location"]) == {"error": "access_denied", "state": STATE}
        assert stored(academy) == before

    def test_the_answer_goes_back_with_what_the_redirect_uri_has(self, academy: Site) -> None:
        wallet = new_wallet(academy.client, redirect_uris=[f"{REDIRECT}?x=1"])
        hand_out(academy, 1)
        location = wallet.answer(offer_code(academy)).headers["location"]
        assert returned(location).keys() == {"x", "code", "scope", "state"}


class TestOffers:
    def test_a_code_is_taken_however_it_is_written(self, academy: Site, wallet: Wallet) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy)
        entered = f" {offer.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
        assert wallet.code(entered)

    def test_a_wrong_one_is_told_on_the_page(self, academy: Site, wallet: Wallet) -> None:
        hand_out(academy, 1)
        offer_code(academy)
        before = stored(academy)
        answer = wallet.answer(WRONG)
        assert answer.status_code == 403
        page = Page(answer.text)
        assert "There is no such code" in page.text
        sent = {each["name"]: each["value"] for each in page.all("input") if "value" in each}
        assert sent == wallet.asked()
        assert stored(academy) == before

    def test_one_that_is_over_is_wrong(
        self, academy: Site, wallet: Wallet, later: list[timedelta]
    ) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy, days=1)
        later.append(timedelta(days=1))
        assert wallet.answer(offer).status_code == 403

    def test_it_may_be_entered_again_until_a_wallet_has_its_tokens(
        self, academy: Site, wallet: Wallet
    ) -> None:
        hand_out(academy, 1)
        offer = offer_code(academy)
        first, second = wallet.code(offer), wallet.code(offer)
        assert wallet.redeem(second).status_code == 200
        assert wallet.answer(offer).status_code == 403
        before = stored(academy)
        assert_oauth(wallet.redeem(first), 400, "invalid_grant")
        assert stored(academy) == before

    def test_guessing_is_limited_and_then_a_right_one_is_not_looked_at(
        self, open_site: Open, tmp_path: Path
    ) -> None:
        site = open_site(NOBODY, **settings(tmp_path), requests_per_minute=9)
        hand_out(site, 1)
        offer = offer_code(site)
        asked = new_wallet(site.caller("192.0.2.1"))
        guesser = Wallet(site.caller("192.0.2.2"), asked.registered)
        for _ in range(9):
            assert guesser.answer(WRONG).status_code == 403
        before = stored(site)
        for code in (WRONG, offer):
            assert_oauth(guesser.answer(code), 429, "temporarily_unavailable")
        assert stored(site) == before
        assert asked.answer(offer).status_code == 303

    def test_secrets_are_not_guessed_either(self, open_site: Open, tmp_path: Path) -> None:
        site = open_site(NOBODY, **settings(tmp_path), requests_per_minute=9)
        registered = new_wallet(site.caller("192.0.2.1")).registered
        guesser = Wallet(site.caller("192.0.2.2"), registered | {"client_secret": "wrong"})
        for _ in range(9):
            assert_oauth(guesser.redeem("x"), 401, "invalid_client")
        assert_oauth(guesser.redeem("x"), 429, "temporarily_unavailable")
