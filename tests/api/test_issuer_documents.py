"""DID document, profile and status lists: what wallets and verifiers ask an issuer for."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.core.identity import Account, accounts_in_did_document
from registry.services.issuing import Proofs, badge_of, take_in
from registry.services.ports import CredentialStatus
from registry.store import SqlStore
from registry.vc.data_integrity import verify
from registry.vc.did import key_of
from registry.vc.signing_keys import key_from_seed, pem_of_seed
from registry.vc.status_list import is_set
from tests.anvil import Anvil
from tests.api.conftest import NOBODY, Open, Site, assert_problem
from tests.vc.badge import badge

SEED = b"\7" * 32
US = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SOMEBODY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LIST = f"/v1/issuers/{US}/status-lists/0"
PLACE = 7


def settings(folder: Path, did: str = "did:web:academy.example") -> dict[str, Any]:
    (folder / "issuer.toml").write_text(f'id = "{did}"\nname = "Example Academy"\n')
    (folder / "key.pem").write_bytes(pem_of_seed(SEED, "secret"))
    (folder / "password").write_text("secret\n")
    return {
        "issuer_profile": folder / "issuer.toml",
        "signing_key": folder / "key.pem",
        "signing_password_file": folder / "password",
        "public_url": "https://academy.example/",
    }


@pytest.fixture
def academy(anvil: Anvil, open_site: Open, tmp_path: Path) -> Site:
    site = open_site(anvil.url, **settings(tmp_path))
    store = site.registry.store
    assert isinstance(store, SqlStore)
    store.reserve_positions(site.issuer, PLACE + 1)
    return site


def add(site: Site) -> bytes:
    """Issue one badge, and anchor it."""
    made = badge_of(badge(), Proofs.RDFC, PLACE, site.registry.signatory)
    take_in(
        site.registry.store,
        site.issuer,
        [made],
        Proofs.RDFC,
        now=datetime.now(UTC),
    )
    site.seal()
    site.anchor()
    return made.credential_hash


def did_document(site: Site) -> dict[str, Any]:
    answer = site.get("/.well-known/did.json")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/did+json"
    return dict(answer.json())


def bit(site: Site, path: str = LIST) -> bool:
    site.client.app.state.backend.status_lists._kept.clear()  # type: ignore[attr-defined]
    answer = site.get(path)
    assert answer.status_code == 200, answer.text
    return is_set(answer.json()["credentialSubject"]["encodedList"], PLACE)


def change(site: Site, digest: bytes, status: CredentialStatus) -> None:
    now = datetime.now(UTC)
    site.registry.statuses.request(site.issuer, [digest], status, reason=0, now=now)
    site.anchor()


def test_the_did_document_binds_the_address_and_from_the_first_anchor_its_key(
    academy: Site,
) -> None:
    before = did_document(academy)
    assert accounts_in_did_document(before) == {Account(31337, academy.issuer)}
    assert len(before["verificationMethod"]) == 1
    add(academy)
    after = did_document(academy)
    assert [key["publicKeyJwk"]["crv"] for key in after["verificationMethod"]] == [
        "Ed25519",
        "secp256k1",
    ]


def test_a_did_with_a_path_has_its_document_there(
    anvil: Anvil, open_site: Open, tmp_path: Path
) -> None:
    site = open_site(anvil.url, **settings(tmp_path, "did:web:academy.example:issuers:cloud"))
    assert site.get("/issuers/cloud/did.json").json()["id"].endswith(":issuers:cloud")
    assert_problem(site.get("/issuers/other/did.json"), 404, "not-found")
    assert_problem(site.get("/.well-known/did.json"), 404, "not-found")


def test_the_profile_names_the_address_that_anchors(academy: Site) -> None:
    profile = academy.get(f"/v1/issuers/{US}/profile").json()
    assert profile["id"] == f"https://academy.example/v1/issuers/{US}/profile"
    assert [key["id"] for key in profile["publicKey"]] == [f"ecdsa-koblitz-pubkey:{US}"]
    service = did_document(academy)["service"][0]
    assert service["serviceEndpoint"] == profile["id"]


@pytest.mark.parametrize("path", [LIST, f"{LIST}/blockcerts"])
def test_a_list_says_what_the_chain_says(academy: Site, path: str) -> None:
    digest = add(academy)
    assert not bit(academy, path)
    change(academy, digest, CredentialStatus.SUSPENDED)
    assert bit(academy, path)
    change(academy, digest, CredentialStatus.ACTIVE)
    assert not bit(academy, path)
    change(academy, digest, CredentialStatus.REVOKED)
    assert bit(academy, path)


def test_a_list_is_signed_by_the_issuer_and_for_a_while(academy: Site) -> None:
    add(academy)
    for path, first in ((LIST, "u"), (f"{LIST}/blockcerts", "H")):
        answer = academy.get(path)
        found = answer.json()
        assert found["id"] == f"https://academy.example{path}"
        assert found["credentialSubject"]["encodedList"].startswith(first)
        key = key_of(did_document(academy), found["proof"]["verificationMethod"])
        verify(found, found["proof"], key)
        until = datetime.fromisoformat(found["validUntil"])
        assert timedelta(minutes=5) < until - datetime.now(UTC) < timedelta(minutes=15)
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert answer.headers["etag"]


def test_a_list_is_kept_for_a_minute(academy: Site) -> None:
    digest = add(academy)
    first = academy.get(LIST).content
    change(academy, digest, CredentialStatus.REVOKED)
    assert academy.get(LIST).content == first
    assert bit(academy)


def test_a_chain_that_cannot_be_asked_gives_no_list(
    academy: Site, open_site: Open, tmp_path: Path
) -> None:
    add(academy)
    silent = open_site(NOBODY, **settings(tmp_path))
    answer = silent.get(LIST)
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("number", ["1", "9999"])
def test_a_list_without_places_is_none(academy: Site, number: str) -> None:
    add(academy)
    path = f"/v1/issuers/{US}/status-lists/{number}"
    assert_problem(academy.get(path), 404, "not-found")


@pytest.mark.parametrize("number", ["-1", "10000", "x", "1.5"])
def test_a_number_that_is_none_is_refused(academy: Site, number: str) -> None:
    assert academy.get(f"/v1/issuers/{US}/status-lists/{number}").status_code == 422


@pytest.mark.parametrize("path", ["profile", "status-lists/0", "status-lists/0/blockcerts"])
def test_other_issuers_are_not_spoken_for(academy: Site, path: str) -> None:
    assert_problem(academy.get(f"/v1/issuers/{SOMEBODY}/{path}"), 404, "not-found")


@pytest.mark.parametrize(
    "path", ["/.well-known/did.json", f"/v1/issuers/{US}/profile", LIST, f"{LIST}/blockcerts"]
)
def test_a_registry_that_signs_for_nobody_has_none_of_it(site: Site, path: str) -> None:
    assert_problem(site.get(path), 404, "not-found")


def test_the_secret_key_is_in_no_answer(academy: Site) -> None:
    add(academy)
    secret = key_from_seed(SEED)
    text = json.dumps([did_document(academy), academy.get(LIST).json()])
    assert SEED.hex() not in text
    assert '"d"' not in text
    assert secret.public_jwk()["x"] in text
