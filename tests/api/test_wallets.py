"""What wallets find and fetch; whether they may, and who the store says they are of."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from registry.services.ports import Holder
from registry.services.wallets.offers import HolderNames
from registry.standards import schema
from registry.vc.signing_keys import key_from_seed
from tests.api.conftest import NOBODY, Site, assert_problem
from tests.api.servers import serving
from tests.api.wallet import (
    API,
    PUBLIC,
    STATE,
    VERIFIER,
    Wallet,
    links,
    new_wallet,
)
from tests.api.wallet_site import (
    ADA,
    PROFILE,
    READ,
    academy,
    assert_oauth,
    assert_status_info,
    badge,
    connected,
    hand_out,
    later,
    names,
    offer_code,
    settings,
    stored,
    wallet,
)
from tests.databases import sqlite_url

__all__ = ["academy", "connected", "later", "wallet"]


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
    assert "ada@" not in rows.lower()  # three letters are soon among hex digits
    assert "x.example" not in rows


def test_the_same_address_is_the_same_holder_for_the_issuer_alone(academy: Site) -> None:
    known = names(academy)
    assert known.holder("email:ADA@x.example") == known.holder(ADA)
    other = HolderNames.of(academy.issuer, key_from_seed(b"\1" * 32))
    assert other.holder(ADA) != known.holder(ADA)
    assert isinstance(known.holder(ADA), Holder)
