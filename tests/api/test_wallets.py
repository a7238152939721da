"""Holders' wallets: from an offer to badges, and every way to be refused."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from api.access import current_time
from registry.services.ports import Holder
from registry.services.wallets.offers import HolderNames, new_offers, offered_badge
from registry.services.wallets.tokens import challenge_of
from registry.standards import schema
from registry.store import SqlStore
from registry.vc.signing_keys import key_from_seed
from tests.api.conftest import NOBODY, Open, Site, assert_problem
from tests.api.html import Page, assert_harmless
from tests.api.servers import serving
from tests.api.wallet import (
    ALL,
    API,
    PUBLIC,
    REDIRECT,
    STATE,
    VERIFIER,
    Wallet,
    links,
    new_wallet,
    returned,
)
from tests.databases import sqlite_url
from tests.store.builders import contents

ADA = "email:ada@x.example"
SCOPE = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
READ, PROFILE, UPSERT = (
    f"{SCOPE}{name}" for name in ("credential.readonly", "profile.readonly", "credential.upsert")
)
WRONG = "0000-0000-0000-0000"


def settings(folder: Path, public_url: str = PUBLIC) -> dict[str, Any]:
    (folder / "issuer.toml").write_text(
        'id = "did:web:academy.example"\nname = "Example Academy"\n'
    )
    return {
        "wallets": True,
        "issuer_profile": folder / "issuer.toml",
        "public_url": public_url,
        "terms_url": "https://academy.example/terms",
        "privacy_url": "https://academy.example/privacy",
    }


@pytest.fixture
def academy(open_site: Open, tmp_path: Path) -> Site:
    return open_site(NOBODY, **settings(tmp_path))


@pytest.fixture
def later(academy: Site) -> Iterator[list[timedelta]]:
    """How much later it is than it is: the last of these."""
    app: Any = academy.client.app
    passed = [timedelta()]
    app.dependency_overrides[current_time] = lambda: datetime.now(UTC) + passed[-1]
    yield passed
    app.dependency_overrides.clear()


def names(site: Site) -> HolderNames:
    return HolderNames.of(site.issuer, key_from_seed(b"\7" * 32))


def badge(number: int) -> dict[str, Any]:
    return {"id": f"urn:example:{number}", "type": ["OpenBadgeCredential"], "n": 1.50}


def hand_out(site: Site, *numbers: int, identity: str = ADA) -> list[bytes]:
    """Add badges and offer them; their documents."""
    holder, store = names(site).holder(identity), site.registry.store
    documents = [json.dumps(badge(number)).encode() for number in numbers]
    site.add(*map(badge, numbers))
    for document in documents:
        store.put_wallet_badges([offered_badge(store, holder, document, now=datetime.now(UTC))])
    return documents


def offer_code(site: Site, identity: str = ADA, *, days: int = 30) -> str:
    now = datetime.now(UTC)
    holder = names(site).holder(identity)
    [(code, kept)] = new_offers(
        [holder],
        now=now,
        expires_at=now + timedelta(days=days),
        random_bytes=secrets.token_bytes,
    )
    site.registry.store.put_wallet_offers([kept])
    return code


def stored(site: Site) -> dict[str, list[tuple[Any, ...]]]:
    store = site.registry.store
    assert isinstance(store, SqlStore)
    return contents(store)


def assert_oauth(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["error"] == code
    assert set(answer.json()) == {"error", "error_description"}


def assert_status_info(answer: httpx.Response, status: int, minor: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert set(found) == {"imsx_codeMajor", "imsx_severity", "imsx_description", "imsx_codeMinor"}
    [field] = found["imsx_codeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldValue"] == minor
    return found


@pytest.fixture
def wallet(academy: Site) -> Wallet:
    return new_wallet(academy.client)


@pytest.fixture
def connected(academy: Site, wallet: Wallet) -> Wallet:
    hand_out(academy, 1, 2, 3)
    wallet.connect(offer_code(academy))
    return wallet


def test_a_wallet_finds_its_way_by_the_discovery_document_alone(
    tmp_path: Path, academy: Site
) -> None:
    documents = hand_out(academy, 1)
    offer = offer_code(academy)
    kept = {name: str(value) for name, value in settings(tmp_path).items()}
    with (
        serving(tmp_path, **kept, database=sqlite_url(tmp_path), rpc_url=NOBODY) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        description = client.get(f"{API}/discovery").json()
        scheme = description["components"]["securitySchemes"]["OAuth2ACG"]
        flow = scheme["flows"]["authorizationCode"]
        assert scheme["x-imssf-registrationUrl"] == f"{PUBLIC}/oauth/register"
        assert flow["authorizationUrl"] == f"{PUBLIC}/oauth/authorize"
        assert flow["tokenUrl"] == flow["refreshUrl"] == f"{PUBLIC}/oauth/token"
        wallet = new_wallet(client)
        assert wallet.page().status_code == 200
        wallet.connect(offer)
        listed = wallet.fetch()
        assert listed.json()["credential"] == [json.loads(each) for each in documents]
        assert documents[0] in listed.content  # byte by byte
        first = wallet.tokens["access_token"]
        wallet.tokens |= wallet.refresh().json()
        assert wallet.tokens["access_token"] != first
        assert wallet.fetch().status_code == 200
        assert wallet.revoke(wallet.tokens["refresh_token"]).status_code == 200
        assert_status_info(wallet.fetch(), 401, "unauthorizedrequest")
    for secret in (offer, first, wallet.credentials[1], STATE, VERIFIER):
        assert secret not in server.log


def test_the_description_offers_what_there_is_and_nothing_else(academy: Site) -> None:
    description = academy.get(f"{API}/discovery").json()
    assert description["openapi"].startswith("3.0.")
    assert description["info"] == {
        "title": "Example Academy",
        "version": "3.0",
        "termsOfService": "https://academy.example/terms",
        "x-imssf-privacyPolicyUrl": "https://academy.example/privacy",
    }
    scheme = description["components"]["securitySchemes"]["OAuth2ACG"]
    offered = scheme["flows"]["authorizationCode"]["scopes"]
    assert set(offered) == {READ, PROFILE, "offline_access"}
    methods = {path: list(each) for path, each in description["paths"].items()}
    assert methods == {"/credentials": ["get"], "/profile": ["get"], "/discovery": ["get"]}
    metadata = academy.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == PUBLIC
    assert metadata["revocation_endpoint"] == f"{PUBLIC}/oauth/revoke"
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_pkce_is_that_of_the_standard() -> None:
    assert challenge_of(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 B


class TestOff:
    @pytest.mark.parametrize("path", ["discovery", "credentials", "profile"])
    def test_without_the_setting_there_is_nothing(self, offline: Site, path: str) -> None:
        assert_status_info(offline.get(f"{API}/{path}"), 404, "not_found")

    def test_nor_an_authorization_server(self, offline: Site) -> None:
        assert_problem(offline.get("/.well-known/oauth-authorization-server"), 404, "not-found")
        assert offline.get("/oauth/authorize").status_code == 404
        assert offline.post("/oauth/authorize").status_code == 404
        for path in ("register", "token", "revoke"):
            assert_oauth(offline.post(f"/oauth/{path}"), 404, "invalid_request")


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


class TestTokens:
    def test_they_are_told_once_and_kept_as_hashes(self, academy: Site, connected: Wallet) -> None:
        tokens = connected.tokens
        assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
        assert set(tokens["scope"].split()) == set(ALL.split())
        rows = repr(stored(academy))
        for name in ("access_token", "refresh_token"):
            assert tokens[name] not in rows

    def test_without_offline_access_there_is_no_refresh_token(
        self, academy: Site, wallet: Wallet
    ) -> None:
        hand_out(academy, 1)
        wallet.connect(offer_code(academy), scope=READ)
        assert "refresh_token" not in wallet.tokens

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"code_verifier": VERIFIER[:-1] + "X"}, "invalid_grant"),
            ({"code_verifier": challenge_of(VERIFIER)}, "invalid_grant"),
            ({"code_verifier": "short"}, "invalid_grant"),
            ({"code_verifier": None}, "invalid_grant"),
            ({"redirect_uri": f"{REDIRECT}/"}, "invalid_grant"),
            ({"redirect_uri": None}, "invalid_grant"),
            ({"code": "wrong"}, "invalid_grant"),
            ({"code": None}, "invalid_grant"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": None}, "unsupported_grant_type"),
        ],
        ids=str,
    )
    def test_what_does_not_fit_the_code_gets_nothing_and_changes_nothing(
        self, academy: Site, wallet: Wallet, change: dict[str, str | None], code: str
    ) -> None:
        hand_out(academy, 1)
        given = wallet.code(offer_code(academy))
        before = stored(academy)
        assert_oauth(wallet.redeem(given, **change), 400, code)
        assert stored(academy) == before
        assert wallet.redeem(given).status_code == 200

    def test_another_wallets_code_is_none(self, academy: Site, wallet: Wallet) -> None:
        hand_out(academy, 1)
        code = wallet.code(offer_code(academy))
        other = new_wallet(academy.client)
        before = stored(academy)
        assert_oauth(other.redeem(code), 400, "invalid_grant")
        assert stored(academy) == before

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "Bearer x",
            "Basic !",
            "Basic " + b64encode(b"no colon").decode(),
            "Basic " + b64encode(b"a:b").decode(),
        ],
    )
    def test_who_does_not_prove_to_be_a_wallet_gets_nothing(
        self, academy: Site, wallet: Wallet, header: str | None
    ) -> None:
        hand_out(academy, 1)
        form = {"grant_type": "authorization_code", "code": wallet.code(offer_code(academy))}
        headers = {} if header is None else {"Authorization": header}
        before = stored(academy)
        for path in ("/oauth/token", "/oauth/revoke"):
            answer = academy.post(path, data=form, headers=headers)
            assert_oauth(answer, 401, "invalid_client")
            assert answer.headers["www-authenticate"].startswith("Basic ")
        assert stored(academy) == before

    def test_a_code_that_comes_twice_ends_what_it_gave(self, academy: Site, wallet: Wallet) -> None:
        hand_out(academy, 1)
        code = wallet.code(offer_code(academy))
        wallet.tokens = wallet.redeem(code).json()
        assert wallet.fetch().status_code == 200
        assert_oauth(wallet.redeem(code), 400, "invalid_grant")
        assert_status_info(wallet.fetch(), 401, "unauthorizedrequest")
        assert_oauth(wallet.refresh(), 400, "invalid_grant")

    def test_a_code_is_over_after_two_minutes(
        self, academy: Site, wallet: Wallet, later: list[timedelta]
    ) -> None:
        hand_out(academy, 1)
        code = wallet.code(offer_code(academy))
        later.append(timedelta(minutes=2))
        assert_oauth(wallet.redeem(code), 400, "invalid_grant")

    def test_refreshing_goes_on_for_half_a_year_after_the_last_time(
        self, connected: Wallet, later: list[timedelta]
    ) -> None:
        for days in (179, 358):
            later.append(timedelta(days=days))
            assert connected.refresh().status_code == 200
        later.append(timedelta(days=358 + 180))
        assert_oauth(connected.refresh(), 400, "invalid_grant")

    def test_refreshing_gives_no_more_than_the_holder_allowed(
        self, academy: Site, wallet: Wallet
    ) -> None:
        hand_out(academy, 1)
        wallet.connect(offer_code(academy), scope=f"{READ} offline_access")
        before = stored(academy)
        assert_oauth(wallet.refresh(scope=PROFILE), 400, "invalid_scope")
        assert_oauth(wallet.refresh(scope=f"{READ} {PROFILE}"), 400, "invalid_scope")
        assert stored(academy) == before
        assert wallet.refresh(scope=READ).json()["scope"] == READ

    def test_another_wallet_neither_refreshes_nor_revokes(
        self, academy: Site, connected: Wallet
    ) -> None:
        other = new_wallet(academy.client)
        other.tokens = connected.tokens
        before = stored(academy)
        assert_oauth(other.refresh(), 400, "invalid_grant")
        for name in ("access_token", "refresh_token"):
            assert_oauth(other.revoke(connected.tokens[name]), 400, "unauthorized_client")
        assert stored(academy) == before

    def test_an_access_token_is_revoked_alone_and_a_refresh_token_with_all(
        self, academy: Site, connected: Wallet
    ) -> None:
        assert connected.revoke(connected.tokens["access_token"]).status_code == 200
        assert_status_info(connected.fetch(), 401, "unauthorizedrequest")
        connected.tokens |= connected.refresh().json()
        assert connected.fetch().status_code == 200
        assert connected.revoke(connected.tokens["refresh_token"]).status_code == 200
        assert_status_info(connected.fetch(), 401, "unauthorizedrequest")
        before = stored(academy)
        assert connected.revoke("whatever").status_code == 200
        answer = connected.client.post("/oauth/revoke", data={"x": "y"}, auth=connected.credentials)
        assert_oauth(answer, 400, "invalid_request")
        assert stored(academy) == before


class TestBadges:
    def test_a_holder_has_its_own_and_no_others(self, academy: Site, connected: Wallet) -> None:
        hand_out(academy, 7, identity="email:bob@x.example")
        answer = connected.fetch()
        found = answer.json()
        assert [each["id"] for each in found["credential"]] == [
            f"urn:example:{n}" for n in (1, 2, 3)
        ]
        assert found["compactJwsString"] == []
        assert answer.headers["x-total-count"] == "3"
        assert answer.headers["cache-control"] == "no-store"

    def test_what_is_offered_later_comes_too_and_what_is_withdrawn_does_not(
        self, academy: Site, connected: Wallet
    ) -> None:
        hand_out(academy, 4)
        [digest] = academy.add(badge(2))
        academy.registry.store.drop_wallet_badge(academy.issuer, bytes.fromhex(digest))
        found = connected.fetch().json()["credential"]
        assert [each["id"][-1] for each in found] == ["1", "3", "4"]

    def test_pages_lead_to_each_other(self, connected: Wallet) -> None:
        answer = connected.fetch(limit=2)
        place = f"{PUBLIC}{API}/credentials"
        assert links(answer.headers["link"]) == {
            "next": f"{place}?limit=2&offset=2",
            "first": f"{place}?limit=2&offset=0",
            "last": f"{place}?limit=2&offset=2",
        }
        answer = connected.fetch(limit=2, offset=2)
        assert links(answer.headers["link"]) == {
            "prev": f"{place}?limit=2&offset=0",
            "first": f"{place}?limit=2&offset=0",
            "last": f"{place}?limit=2&offset=2",
        }
        assert len(answer.json()["credential"]) == 1
        assert connected.fetch(limit=10**9).json()["credential"]

    def test_since_leaves_out_what_was_offered_before(
        self, academy: Site, connected: Wallet
    ) -> None:
        moment = datetime.now(UTC).isoformat()
        hand_out(academy, 4)
        answer = connected.fetch(since=moment)
        assert [each["id"] for each in answer.json()["credential"]] == ["urn:example:4"]
        assert answer.headers["x-total-count"] == "1"
        assert "since=" in links(answer.headers["link"])["first"]

    @pytest.mark.parametrize(
        "query", [{"limit": 0}, {"offset": -1}, {"limit": "x"}, {"since": "2026-01-01"}], ids=str
    )
    def test_a_wrong_query_is_a_bad_request(self, connected: Wallet, query: dict[str, Any]) -> None:
        found = assert_status_info(connected.fetch(**query), 400, "invalid_query_parameter")
        assert found["imsx_codeMajor"] == "failure"

    def test_a_compact_jws_has_a_list_of_its_own(self, academy: Site, connected: Wallet) -> None:
        store, holder = academy.registry.store, names(academy).holder(ADA)
        kept = store.wallet_badges(holder, since=None, offset=0, limit=1)[1][0]
        jws = type(kept)(holder, kept.credential_hash, b"e30.e30.c2ln", kept.offered_at)
        store.put_wallet_badges([jws])
        found = connected.fetch().json()
        assert found["compactJwsString"] == ["e30.e30.c2ln"]
        assert len(found["credential"]) == 2

    def test_the_profile_says_who_nobody_is_and_differs_by_wallet(
        self, academy: Site, connected: Wallet
    ) -> None:
        profile = connected.fetch("profile").json()
        validator = jsonschema_rs.Draft201909Validator(schema("ob_v3p0_profile_schema.json"))
        validator.validate(profile)
        assert set(profile) == {"@context", "id", "type"}
        assert connected.fetch("profile").json() == profile
        other = new_wallet(academy.client)
        other.connect(offer_code(academy))
        assert other.fetch("profile").json()["id"] != profile["id"]

    @pytest.mark.parametrize(("what", "allowed"), [("credentials", PROFILE), ("profile", READ)])
    def test_a_scope_is_needed(
        self, academy: Site, wallet: Wallet, what: str, allowed: str
    ) -> None:
        hand_out(academy, 1)
        wallet.connect(offer_code(academy), scope=allowed)
        answer = wallet.fetch(what)
        assert_status_info(answer, 403, "forbidden")
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]

    def test_a_token_is_over_after_an_hour(self, connected: Wallet, later: list[timedelta]) -> None:
        later.append(timedelta(hours=1))
        assert_status_info(connected.fetch(), 401, "unauthorizedrequest")

    @pytest.mark.parametrize(
        "header", [None, "Basic x", "Bearer x", "Bearer wallet_x", "Bearer rootseal_0_0"]
    )
    @pytest.mark.parametrize("what", ["credentials", "profile"])
    def test_nothing_without_a_token(self, academy: Site, header: str | None, what: str) -> None:
        headers = {} if header is None else {"Authorization": header}
        answer = academy.get(f"{API}/{what}", headers=headers)
        assert_status_info(answer, 401, "unauthorizedrequest")
        assert answer.headers["www-authenticate"].startswith("Bearer ")

    def test_an_api_key_is_no_token_and_a_token_no_key(
        self, academy: Site, connected: Wallet
    ) -> None:
        answer = academy.get(f"{API}/credentials", headers=academy.bearer())
        assert_status_info(answer, 401, "unauthorizedrequest")
        headers = {"Authorization": f"Bearer {connected.tokens['access_token']}"}
        answer = academy.post("/v1/batches", headers=headers)
        assert_problem(answer, 401, "not-allowed")

    def test_a_wallets_requests_count_as_its_own(self, connected: Wallet) -> None:
        answer = connected.fetch()
        assert answer.headers["ratelimit-policy"].startswith('"wallet";')

    @pytest.mark.parametrize(("method", "what"), [("POST", "credentials"), ("PUT", "profile")])
    def test_nothing_is_taken_in(
        self, academy: Site, connected: Wallet, method: str, what: str
    ) -> None:
        headers = {"Authorization": f"Bearer {connected.tokens['access_token']}"}
        before = stored(academy)
        answer = academy.client.request(method, f"{API}/{what}", json=badge(9), headers=headers)
        found = assert_status_info(answer, 405, "not_allowed")
        assert found["imsx_codeMajor"] == "unsupported"
        assert answer.headers["allow"] == "GET, HEAD"
        assert stored(academy) == before


def test_no_address_stands_in_the_store(academy: Site, connected: Wallet) -> None:
    del connected
    rows = repr(stored(academy))
    assert "ada" not in rows.lower()
    assert "x.example" not in rows


def test_the_same_address_is_the_same_holder_for_the_issuer_alone(academy: Site) -> None:
    known = names(academy)
    assert known.holder("email:ADA@x.example") == known.holder(ADA)
    other = HolderNames.of(academy.issuer, key_from_seed(b"\1" * 32))
    assert other.holder(ADA) != known.holder(ADA)
    assert isinstance(known.holder(ADA), Holder)
