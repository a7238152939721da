"""Badges for wallets, and who may fetch them, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from registry.errors import NotFoundError, StaleStateError
from registry.services.ports import (
    MAX_PUBLISHED_BYTES,
    Holder,
    WalletBadge,
    WalletClient,
    WalletCode,
    WalletGrant,
    WalletOffer,
    WalletScope,
    WalletToken,
)
from registry.store import SqlStore
from tests.store.builders import (
    HOUR,
    ISSUER,
    LATER,
    NOW,
    OTHER,
    contents,
    credential,
    sealed_batch,
)

ADA = Holder(ISSUER, b"\xad" * 32)
BOB = Holder(ISSUER, b"\xb0" * 32)
ALL = frozenset(WalletScope)
OFFER = WalletOffer(b"\x01" * 32, ADA, NOW, LATER)
CLIENT = WalletClient(
    "wallet", b"\x02" * 32, "A Wallet", ("https://w.example/a", "https://w.example/b"), ALL, NOW
)
CODE = WalletCode(
    code_hash=b"\x03" * 32,
    client_id="wallet",
    offer_hash=OFFER.code_hash,
    holder=ADA,
    redirect_uri="https://w.example/a",
    scopes=ALL,
    challenge="c" * 43,
    expires_at=LATER,
)
GRANT = WalletGrant("grant", "wallet", ADA, ALL, b"\x04" * 32, NOW, LATER)
TOKEN = WalletToken(b"\x05" * 32, "grant", frozenset({WalletScope.PROFILE}), LATER)


def badge(number: int, holder: Holder = ADA, *, minutes: int = 0) -> WalletBadge:
    offered = NOW + timedelta(minutes=minutes)
    return WalletBadge(holder, credential(number).credential_hash, b'{"n": %d}' % number, offered)


def badges_of(store: SqlStore, holder: Holder = ADA) -> list[WalletBadge]:
    return store.wallet_badges(holder, since=None, offset=0, limit=100)[1]


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    """A store in which a wallet may change a code into tokens."""
    sealed_batch(store, [1, 2, 3, 4])
    store.put_wallet_badges([badge(1)])
    store.put_wallet_offers([OFFER])
    store.put_wallet_client(CLIENT)
    store.put_wallet_code(CODE)
    return store


@pytest.fixture
def granted(filled: SqlStore) -> SqlStore:
    filled.redeem_wallet_code(CODE, GRANT, TOKEN, now=NOW)
    return filled


def test_a_holder_has_what_was_offered_oldest_first(store: SqlStore) -> None:
    sealed_batch(store, [1, 2, 3])
    offered = [badge(1, minutes=2), badge(2, minutes=1), badge(3, BOB)]
    store.put_wallet_badges(offered)
    assert badges_of(store) == [offered[1], offered[0]]
    assert badges_of(store, BOB) == [offered[2]]
    assert badges_of(store, Holder(OTHER, ADA.key)) == []


def test_badges_come_in_pages_with_their_number(store: SqlStore) -> None:
    sealed_batch(store, [1, 2, 3, 4])
    offered = [badge(number, minutes=number) for number in (1, 2, 3, 4)]
    store.put_wallet_badges(offered)
    assert store.wallet_badges(ADA, since=None, offset=1, limit=2) == (4, offered[1:3])
    assert store.wallet_badges(ADA, since=None, offset=9, limit=2) == (4, [])
    since = offered[1].offered_at  # that moment itself is not after it
    assert store.wallet_badges(ADA, since=since, offset=0, limit=9) == (2, offered[2:])


def test_offered_again_the_document_and_the_holder_are_new(store: SqlStore) -> None:
    sealed_batch(store, [1])
    store.put_wallet_badges([badge(1)])
    store.put_wallet_badges([replace(badge(1, BOB, minutes=5), document=b"{}")])
    assert badges_of(store) == []
    assert badges_of(store, BOB) == [replace(badge(1, BOB), document=b"{}")]


@pytest.mark.parametrize("holder", [ADA, Holder(OTHER, ADA.key)], ids=["unknown", "another's"])
def test_what_the_issuer_has_not_is_not_offered(store: SqlStore, holder: Holder) -> None:
    sealed_batch(store, [1])
    before = contents(store)
    wrong = badge(9) if holder == ADA else badge(1, holder)
    with pytest.raises(NotFoundError, match=wrong.credential_hash.hex()):
        store.put_wallet_badges([badge(1), wrong])
    assert contents(store) == before


@pytest.mark.parametrize("size", [0, MAX_PUBLISHED_BYTES + 1])
def test_the_database_itself_bounds_documents(store: SqlStore, size: int) -> None:
    sealed_batch(store, [1])
    with pytest.raises(IntegrityError):
        store.put_wallet_badges([replace(badge(1), document=b"x" * size)])
    assert badges_of(store) == []


def test_offers_clients_codes_and_grants_come_back(granted: SqlStore) -> None:
    assert granted.wallet_offer(OFFER.code_hash) == replace(OFFER, used_at=NOW)
    assert granted.wallet_client("wallet") == CLIENT
    assert granted.wallet_code(CODE.code_hash) == replace(CODE, grant_id="grant")
    assert granted.wallet_grant_of_refresh(b"\x04" * 32) == GRANT
    assert granted.wallet_token(TOKEN.token_hash) == (TOKEN, GRANT)


def test_what_is_not_there_is_none(store: SqlStore) -> None:
    nothing = b"\x99" * 32
    assert store.wallet_offer(nothing) is None
    assert store.wallet_client("nobody") is None
    assert store.wallet_code(nothing) is None
    assert store.wallet_grant_of_refresh(nothing) is None
    assert store.wallet_token(nothing) is None


def test_a_code_is_changed_once(granted: SqlStore) -> None:
    before = contents(granted)
    again = replace(GRANT, id="second", refresh_hash=b"\x06" * 32)
    with pytest.raises(StaleStateError):
        granted.redeem_wallet_code(CODE, again, replace(TOKEN, grant_id="second"), now=NOW)
    assert contents(granted) == before


def test_an_offer_lets_one_wallet_in_however_many_codes_it_gave(granted: SqlStore) -> None:
    second = replace(CODE, code_hash=b"\x07" * 32)
    granted.put_wallet_code(second)
    before = contents(granted)
    with pytest.raises(StaleStateError):
        granted.redeem_wallet_code(second, replace(GRANT, id="second"), TOKEN, now=NOW)
    assert contents(granted) == before


def test_of_many_at_once_one_gets_the_tokens(filled: SqlStore) -> None:
    def redeem(number: int) -> bool:
        grant = replace(GRANT, id=f"grant {number}", refresh_hash=bytes([number]) * 32)
        token = replace(TOKEN, token_hash=bytes([number]) * 32, grant_id=grant.id)
        try:
            filled.redeem_wallet_code(CODE, grant, token, now=NOW)
        except StaleStateError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(redeem, range(10, 14))) == [False, False, False, True]
    assert len(contents(filled)["wallet_grants"]) == len(contents(filled)["wallet_tokens"]) == 1


def test_another_token_lengthens_its_grant(granted: SqlStore) -> None:
    second = replace(TOKEN, token_hash=b"\x08" * 32)
    granted.put_wallet_token(second, grant_expires_at=LATER + HOUR)
    grant = replace(GRANT, expires_at=LATER + HOUR)
    assert granted.wallet_token(second.token_hash) == (second, grant)
    assert granted.wallet_token(TOKEN.token_hash) == (TOKEN, grant)


def test_a_revoked_grant_takes_its_tokens_along_and_gets_no_other(granted: SqlStore) -> None:
    granted.drop_wallet_grant("grant")
    assert granted.wallet_token(TOKEN.token_hash) is None
    assert granted.wallet_grant_of_refresh(b"\x04" * 32) is None
    before = contents(granted)
    with pytest.raises(StaleStateError):
        granted.put_wallet_token(TOKEN, grant_expires_at=LATER)
    granted.drop_wallet_grant("grant")
    assert contents(granted) == before


def test_a_token_goes_alone(granted: SqlStore) -> None:
    granted.drop_wallet_token(TOKEN.token_hash)
    granted.drop_wallet_token(TOKEN.token_hash)
    assert granted.wallet_token(TOKEN.token_hash) is None
    assert granted.wallet_grant_of_refresh(b"\x04" * 32) == GRANT


def test_with_the_last_badge_of_a_holder_all_leave_ends(granted: SqlStore) -> None:
    granted.put_wallet_badges([badge(2), badge(3, BOB)])
    granted.put_wallet_offers([replace(OFFER, code_hash=b"\x0b" * 32, holder=BOB)])
    granted.drop_wallet_badge(ISSUER, badge(1).credential_hash)
    assert granted.wallet_token(TOKEN.token_hash) is not None
    granted.drop_wallet_badge(ISSUER, badge(2).credential_hash)
    left = contents(granted)
    assert [left[f"wallet_{name}"] for name in ("codes", "grants", "tokens")] == [[], [], []]
    assert [row[2] for row in left["wallet_offers"]] == [BOB.key]
    assert badges_of(granted, BOB) == [badge(3, BOB)]
    with pytest.raises(NotFoundError, match="no wallet is offered"):
        granted.drop_wallet_badge(ISSUER, badge(1).credential_hash)


def test_what_has_expired_is_forgotten_and_nothing_else(granted: SqlStore) -> None:
    before = contents(granted)
    granted.forget_wallets(now=LATER - timedelta(microseconds=1), idle_since=NOW + HOUR)
    assert contents(granted) == before
    granted.forget_wallets(now=LATER, idle_since=NOW)  # as old as that: kept
    left = contents(granted)
    names = [name for name in left if name.startswith("wallet_") and left[name]]
    assert sorted(names) == ["wallet_badges", "wallet_clients"]
    granted.forget_wallets(now=LATER, idle_since=NOW + HOUR)
    assert granted.wallet_client("wallet") is None
