"""Codes and names of holders: what is made of random bytes, and of addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.services.wallets.clients import redirect_origin
from registry.services.wallets.offers import HolderNames
from registry.services.wallets.refusals import WalletRefusedError
from registry.services.wallets.secret_texts import new_offer_code, offer_code_hash
from registry.vc.signing_keys import key_from_seed


@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        (bytes(10), "0000-0000-0000-0000"),
        (b"\xff" * 10, "ZZZZ-ZZZZ-ZZZZ-ZZZZ"),
        (bytes(9) + b"\x01", "0000-0000-0000-0001"),
    ],
)
def test_a_code_is_all_of_its_bytes(drawn: bytes, code: str) -> None:
    assert new_offer_code(lambda count: drawn[:count]) == code


@given(st.binary(min_size=10, max_size=10))
def test_a_code_is_the_same_however_it_is_written(drawn: bytes) -> None:
    code = new_offer_code(lambda _: drawn)
    written = code.lower().replace("-", " \t").replace("0", "o").replace("1", "i")
    assert offer_code_hash(written) == offer_code_hash(code)


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_two_codes_are_two(first: bytes, second: bytes) -> None:
    codes = [offer_code_hash(new_offer_code(lambda _, it=it: it)) for it in (first, second)]  # type: ignore[misc]
    assert (codes[0] == codes[1]) == (first == second)


@given(st.text(max_size=200))
def test_whatever_is_entered_has_a_hash(entered: str) -> None:
    assert len(offer_code_hash(entered)) == 32


def test_a_holder_is_nothing_without_the_key() -> None:
    names = [HolderNames.of(b"\1" * 20, key_from_seed(bytes([seed]) * 32)) for seed in (1, 1, 2)]
    first, again, other = (each.holder("email:ada@x.example") for each in names)
    assert first == again
    assert first.key != other.key
    assert first.issuer == other.issuer


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://Wallet.example/a?b=c", "https://wallet.example"),
        ("https://wallet.example:8443", "https://wallet.example:8443"),
        ("http://127.0.0.1:4711/", "http://127.0.0.1:4711"),
        ("http://localhost/x", "http://localhost"),
    ],
)
def test_an_origin_is_what_a_policy_can_name(uri: str, origin: str) -> None:
    assert redirect_origin(uri) == origin


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_no_redirect_uri_brings_a_space_or_a_semicolon_into_a_policy(rest: str) -> None:
    try:
        origin = redirect_origin(f"https://w{rest}")
    except WalletRefusedError:
        return
    assert not set(origin) & set(" ;,'\"*\r\n\t")
