"""One badge, issued as issuers do, and the verifiers of others that there are."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from openbadgeslib.ob3 import OB3Verifier
from openbadgeslib.ob3.verifier import OB3VerificationError

from api.signed_lists import SignedLists
from registry.badges.schemas import require_open_badge
from registry.vc.data_integrity import Cryptosuite, sign
from registry.vc.merkle_proof_2019 import decode, encode
from registry.vc.signing_keys import key_from_seed
from tests.interop.academy import DID, ISSUER, URL, Academy
from tests.interop.others import openbadgeslib, openvc

DID_PATH = "/.well-known/did.json"
TOKEN_LIST = URL + "/v1/issuers/{address}/status-lists/0/jwt"


def by_blockcerts(place: Academy, badge: Any, **options: Any) -> str | None:
    """The step at which the stock verifier of Blockcerts stopped; None if it did not."""
    found = place.blockcerts(badge, **options)
    if found["status"] == "success":
        return None
    return next((step for step, status, _ in found["steps"] if status == "failure"), "before")


def by_openvc(place: Academy, badge: Any, now: datetime | None = None) -> str | None:
    return openvc(badge, place.pages(badge), f"{URL}/.well-known/did.json", now)


def by_openbadgeslib(place: Academy, badge: Any) -> str | None:
    return openbadgeslib(badge, place.pages(badge), DID)


def by_us(place: Academy, badge: Any) -> str:
    """Our own verdict on a badge, with the receipt of the one that it was."""
    name = badge["id"].rpartition(":")[2]
    (place.folder / "given.json").write_text(json.dumps(badge))
    receipt = f"cloud/{name}.json.receipt.json"
    ran = place.run("verify", "given.json", "--receipt", receipt, "--json", code=None)
    return str(json.loads(ran)["verdict"])


# -- the badge as it was issued


def test_all_of_them_take_it(place: Academy, badge: Any) -> None:
    found = place.blockcerts(badge)
    assert found["status"] == "success", found
    assert {
        "checkMerkleRoot",
        "checkReceipt",
        "checkDocumentSignature",
        "checkRevokedStatus",
        "compareIssuingAddress",
    } <= {step for step, _, _ in found["steps"]}
    assert by_openvc(place, badge) is None
    assert by_openbadgeslib(place, badge) is None
    require_open_badge(badge)
    assert by_us(place, badge) == "valid"


# -- what became of it


def renamed(badge: Any) -> None:
    badge["credentialSubject"]["achievement"]["name"] = "Doctor of Clouds"


def given_to_another(badge: Any) -> None:
    badge["credentialSubject"]["identifier"][0]["salt"] = "another"


def prolonged(badge: Any) -> None:
    badge["validUntil"] = "2099-01-01T00:00:00Z"


def without_end(badge: Any) -> None:
    del badge["validUntil"]


def at_another_place(badge: Any) -> None:
    badge["credentialStatus"]["statusListIndex"] = "131071"


def with_more(badge: Any) -> None:
    badge["description"] = "with honours"


@pytest.mark.parametrize(
    "change", [renamed, given_to_another, prolonged, without_end, at_another_place, with_more]
)
def test_changed_it_is_refused_by_all(
    place: Academy, badge: Any, change: Callable[[Any], None]
) -> None:
    change(badge)
    assert by_blockcerts(place, badge) == "compareHashes"
    assert by_openvc(place, badge) is not None
    assert by_openbadgeslib(place, badge) is not None
    assert by_us(place, badge) == "invalid"


def test_withdrawn_it_is_refused_by_all_and_reinstated_taken_again(
    place: Academy, badges: list[Any]
) -> None:
    for badge, how in ((badges[1], "revoke"), (badges[2], "suspend")):
        place.withdraw(how, badge)
        assert by_blockcerts(place, badge) == "checkRevokedStatus"
        assert by_openvc(place, badge) == "withdrawn"
        assert by_openbadgeslib(place, badge) is not None
        assert by_us(place, badge) == "invalid"
    place.withdraw("reinstate", badges[2])
    assert by_blockcerts(place, badges[2]) is None
    assert by_openvc(place, badges[2]) is None
    assert by_openbadgeslib(place, badges[2]) is None
    assert by_us(place, badges[2]) == "valid"


def test_expired_it_is_refused(place: Academy, badge: Any) -> None:
    assert by_blockcerts(place, badge, now="2029-11-20T00:00:00Z") is not None
    assert by_openvc(place, badge, datetime(2031, 1, 1, tzinfo=UTC)) is not None


# -- a badge that others made of it


def test_a_seal_that_the_transaction_does_not_have_is_refused(place: Academy, badge: Any) -> None:
    merkle = decode(badge["proof"][0]["proofValue"])
    other = place.issue("other", "ada")[0]
    anchors = decode(other["proof"][0]["proofValue"]).anchors
    badge["proof"][0]["proofValue"] = encode(replace(merkle, anchors=anchors))
    assert by_blockcerts(place, badge) == "checkMerkleRoot"


def test_a_neighbours_path_is_refused(place: Academy, badges: list[Any], badge: Any) -> None:
    badge["proof"][0] = badges[1]["proof"][0]
    assert by_blockcerts(place, badge) == "compareHashes"


def test_an_address_that_the_issuer_does_not_name_is_refused(place: Academy, badge: Any) -> None:
    profile_url = f"{URL}/v1/issuers/{ISSUER}/profile"
    profile = json.loads(place.pages(badge)[profile_url])
    profile["publicKey"][0]["id"] = (
        "ecdsa-koblitz-pubkey:0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )
    pages = {profile_url: json.dumps(profile)}
    assert by_blockcerts(place, badge, pages=pages) == "checkAuthenticity"


def test_another_signature_is_refused(place: Academy, badge: Any) -> None:
    forged = sign(
        badge,
        key_from_seed(b"\1" * 32),
        Cryptosuite.RDFC,
        verification_method=f"{DID}#key-1",
        created=datetime.now(UTC),
    )
    badge["proof"][1] = forged
    assert by_blockcerts(place, badge) == "checkDocumentSignature"
    assert by_openvc(place, badge) is not None
    assert by_openbadgeslib(place, badge) is not None


# -- a badge that is a token


def test_a_token_is_taken_with_its_status_list_by_openbadgeslib(place: Academy) -> None:
    [token] = place.issue("tokens", "ada", proof="jwt", name="Somebody")
    path = urlsplit(TOKEN_LIST.format(address=ISSUER)).path

    def refusal() -> str | None:
        pages = {URL + path: place.page(path), f"{URL}/.well-known/did.json": place.page(DID_PATH)}

        def fetch(url: str) -> bytes:
            page = pages[url]
            assert page is not None
            return page.encode()

        try:
            OB3Verifier.for_issuer_did(DID, download=fetch).verify(
                token, check_status=True, download=fetch
            )
        except OB3VerificationError as exc:
            return str(exc)
        return None

    assert refusal() is None
    file = next(place.folder.glob("tokens/*.jwt"))
    place.run("revoke", str(file))
    place.api.app.state.backend.status_lists = SignedLists()  # type: ignore[attr-defined]
    assert "revocation" in str(refusal())
    assert json.loads(place.run("verify", str(file), "--json", code=1))["verdict"] == "invalid"
