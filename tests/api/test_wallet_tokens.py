"""What a wallet gets for a code, and gets anew: every way to be refused."""

from base64 import b64encode
from datetime import timedelta

import pytest

from registry.services.wallets.tokens import challenge_of
from tests.api.conftest import Site
from tests.api.wallet import (
    ALL,
    REDIRECT,
    VERIFIER,
    Wallet,
    new_wallet,
)
from tests.api.wallet_site import (
    PROFILE,
    READ,
    academy,
    assert_oauth,
    assert_status_info,
    connected,
    hand_out,
    later,
    offer_code,
    stored,
    wallet,
)

__all__ = ["academy", "connected", "later", "wallet"]


def test_pkce_is_that_of_the_standard() -> None:
    assert challenge_of(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 B


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
