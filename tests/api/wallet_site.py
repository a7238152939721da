"""A registry that hands badges to wallets, for tests: what is offered, stored and refused."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.access import current_time
from registry.services.wallets.offers import HolderNames, new_offers, offered_badge
from registry.store import SqlStore
from registry.vc.signing_keys import key_from_seed
from tests.api.conftest import NOBODY, Open, Site
from tests.api.wallet import (
    PUBLIC,
    Wallet,
    new_wallet,
)
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
