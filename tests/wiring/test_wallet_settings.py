"""Wallets are let in only where all that they need is set."""

from typing import Any

import pytest

from registry.errors import InvalidInputError
from registry.wiring import load_settings

RIGHT: dict[str, Any] = {
    "wallets": True,
    "issuer_profile": "issuer.toml",
    "public_url": "https://academy.example",
    "terms_url": "https://academy.example/terms",
    "privacy_url": "https://academy.example/privacy",
}


@pytest.mark.parametrize(
    "url", ["https://academy.example", "http://127.0.0.1:8000", "http://localhost/registry"]
)
def test_wallets_are_reached_safely_or_on_this_machine(url: str) -> None:
    assert load_settings({}, **RIGHT | {"public_url": url}).wallets


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"issuer_profile": None}, "wallets needs issuer_profile"),
        ({"public_url": None}, "wallets needs public_url"),
        ({"terms_url": None, "privacy_url": None}, "wallets needs terms_url, privacy_url"),
        ({"public_url": "http://academy.example"}, "https"),
        ({"public_url": "http://127.0.0.1.evil.example"}, "https"),
        ({"terms_url": "http://academy.example/terms"}, "terms_url"),
    ],
    ids=str,
)
def test_what_is_missing_stops_the_start_and_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        load_settings({}, **RIGHT | change)


def test_without_wallets_none_of_it_is_needed() -> None:
    assert not load_settings({}).wallets
