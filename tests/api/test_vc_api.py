"""The VC-API, as interoperability suites ask it: what holds, and every way of not holding."""

from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from registry.core.address import format_address
from registry.core.canonical import jcs_bytes
from registry.services.ports import Scope
from registry.vc import base58
from registry.vc.data_integrity import AUTHENTICATION, Cryptosuite, sign
from registry.vc.did import ed25519_jwk
from registry.vc.signing_keys import did_key, key_from_seed, multikey
from tests.anvil import Anvil
from tests.api.conftest import Open, Site
from tests.api.test_issuer_documents import settings

VC_2 = "https://www.w3.org/ns/credentials/v2"
VC_1 = "https://www.w3.org/2018/credentials/v1"
DID = "did:web:academy.example"
HOLDER = key_from_seed(b"\x09" * 32)
HOLDER_DID = did_key(HOLDER.public_key_raw())
HOLDER_KEY = f"{HOLDER_DID}#{multikey(HOLDER.public_key_raw())}"


@pytest.fixture
def academy(anvil: Anvil, open_site: Open, tmp_path: Path) -> Site:
    return open_site(anvil.url, vc_api=True, **settings(tmp_path))


def credential(**members: Any) -> dict[str, Any]:
    return {
        "@context": [VC_2],
        "id": "urn:uuid:86294362-4254-4f36-854f-3952fe42555d",
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:subject"},
        **members,
    }


def issue(site: Site, document: Any, **options: Any) -> Any:
    _, key = site.key(Scope.ADD)
    return site.post(
        "/credentials/issue",
        json={"credential": document, "options": options},
        headers={"Authorization": f"Bearer {key}"},
    )


def issued(site: Site, **members: Any) -> dict[str, Any]:
    answer = issue(site, credential(**members))
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["verifiableCredential"])


def verify(site: Site, document: Any) -> tuple[int, bool, list[str]]:
    site.client.app.state.backend.status_lists._kept.clear()  # type: ignore[attr-defined]
    answer = site.post("/credentials/verify", json={"verifiableCredential": document})
    said = answer.json()
    assert "verified" in said, said
    return answer.status_code, said["verified"], [error["title"] for error in said["errors"]]


HOLDS: tuple[int, bool, list[str]] = (200, True, [])


@pytest.mark.parametrize("suite", list(Cryptosuite))
@pytest.mark.parametrize("model", [VC_2, VC_1])
def test_what_is_issued_holds(academy: Site, suite: Cryptosuite, model: str) -> None:
    document = credential()
    if model == VC_1:
        document |= {"@context": [VC_1], "issuanceDate": document.pop("validFrom")}
    answer = issue(academy, document, cryptosuite=suite.value)
    assert answer.status_code == 201, answer.text
    made = answer.json()["verifiableCredential"]
    assert (made["proof"]["cryptosuite"], made["issuer"]) == (suite.value, DID)
    assert made["credentialStatus"]["type"] == "BitstringStatusListEntry"
    assert verify(academy, made) == HOLDS


def test_what_is_issued_is_anchored_with_the_night(academy: Site) -> None:
    made = issued(academy)
    academy.seal()
    academy.anchor()
    report = academy.post("/v1/verify", json={"credential": made}).json()
    assert report["verdict"] == "valid", report


@pytest.mark.parametrize(
    "change",
    [
        {"@context": VC_2}, {"@context": []}, {"@context": ["https://x.example"]},
        {"@context": [VC_2, "https://nobody.example/context"]}, {"type": ["Other"]}, {"type": None},
        {"issuer": None}, {"issuer": "academy"}, {"issuer": "did:web:other.example"},
        {"issuer": {"name": "x"}}, {"credentialSubject": None}, {"credentialSubject": {}},
        {"credentialSubject": []}, {"credentialSubject": "x"}, {"validFrom": "yesterday"},
        {"validUntil": "2026-01-01"}, {"issuanceDate": "2026-01-01T00:00:00Z"}, {"id": "no url"},
        {"id": 7}, {"credentialStatus": {"id": "urn:x"}}, {"evidence": ["x"]}, {"unmapped": 1},
        {"proof": {"type": "DataIntegrityProof"}}, {"@context": [VC_1]},
        {"validUntil": "2025-12-31T23:59:59Z"}, {"refreshService": {"id": "urn:x"}},
        {"credentialSchema": {"type": "JsonSchema"}},
        {"credentialSchema": [{"type": "JsonSchema", "id": 7}]},
    ],
)  # fmt: skip
def test_what_is_no_credential_of_ours_is_not_issued(academy: Site, change: Any) -> None:
    store = academy.registry.store
    before, place = store.open_count(academy.issuer), store.reserve_positions(academy.issuer, 1)
    answer = issue(academy, {**credential(), **change})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert store.open_count(academy.issuer) == before
    assert store.reserve_positions(academy.issuer, 1) == place + 1


def test_a_credential_may_end_when_it_begins(academy: Site) -> None:
    assert issue(academy, credential(validUntil="2026-01-01T00:00:00Z")).status_code == 201


def tampered(made: Any) -> None:
    made["credentialSubject"]["id"] = "did:example:other"


def unsigned(made: Any) -> None:
    del made["proof"]


def of_another_suite(made: Any) -> None:
    made["proof"]["cryptosuite"] = "eddsa-jcs-2022"


def of_an_unknown_suite(made: Any) -> None:
    made["proof"]["cryptosuite"] = "ecdsa-rdfc-2019"


def for_another_purpose(made: Any) -> None:
    made["proof"]["proofPurpose"] = AUTHENTICATION


def without_a_purpose(made: Any) -> None:
    del made["proof"]["proofPurpose"]


def at_another_time(made: Any) -> None:
    made["proof"]["created"] = "2026-01-01T00:00:00Z"


def in_another_base(made: Any) -> None:
    made["proof"]["proofValue"] = "u" + made["proof"]["proofValue"][1:]


def cut(made: Any) -> None:
    made["proof"]["proofValue"] = "z" + base58.encode(b"\1" * 63)


def by_somebody_else(made: Any) -> None:
    made["proof"] = sign(
        made, HOLDER, Cryptosuite.RDFC, verification_method=HOLDER_KEY, created=datetime.now(UTC)
    )


def by_another_key_under_our_name(made: Any) -> None:
    method = f"{DID}#key-1"
    made["proof"] = sign(
        made, HOLDER, Cryptosuite.RDFC, verification_method=method, created=datetime.now(UTC)
    )


def with_a_word_that_no_context_has(made: Any) -> None:
    made["honours"] = "all"


def with_a_second_proof_that_does_not_hold(made: Any) -> None:
    made["proof"] = [made["proof"], {**made["proof"], "created": "2026-01-01T00:00:00Z"}]


@pytest.mark.parametrize(
    "change",
    [
        tampered, unsigned, of_another_suite, of_an_unknown_suite, for_another_purpose,
        without_a_purpose, at_another_time, in_another_base, cut, by_somebody_else,
        by_another_key_under_our_name, with_a_word_that_no_context_has,
        with_a_second_proof_that_does_not_hold,
    ],
)  # fmt: skip
def test_what_does_not_hold_is_not_verified(academy: Site, change: Any) -> None:
    made = issued(academy)
    change(made)
    status, verified, errors = verify(academy, made)
    assert (status, verified) == (400, False)
    assert errors


def test_no_proof_goes_unread_behind_many_that_hold(academy: Site) -> None:
    made = issued(academy)
    wrong = {**made["proof"], "created": "2026-01-01T00:00:00Z"}
    some = {**made, "proof": [made["proof"]] * 9 + [wrong]}
    assert verify(academy, some) == (400, False, ["bad-proof"])
    many = {**made, "proof": [made["proof"]] * 10 + [wrong]}
    answer = academy.post("/credentials/verify", json={"verifiableCredential": many})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_what_does_not_hold_is_told_as_problems(academy: Site) -> None:
    made = issued(academy, validUntil="2026-01-02T00:00:00Z")
    said = academy.post("/credentials/verify", json={"verifiableCredential": made}).json()
    [problem] = said["problemDetails"]
    assert (problem["type"], problem["title"]) == ("urn:rootseal:problem:expired", "expired")
    assert said["errors"] == said["problemDetails"]


def test_dates_count(academy: Site) -> None:
    ended = issued(academy, validUntil="2026-01-02T00:00:00Z")
    assert verify(academy, ended) == (400, False, ["expired"])
    later = issued(academy, validFrom="2999-01-01T00:00:00Z")
    assert verify(academy, later) == (400, False, ["not-yet-valid"])


def set_status(site: Site, entry: Any, **members: Any) -> Any:
    _, key = site.key(Scope.STATUS)
    return site.post(
        "/credentials/status",
        json={"credentialId": "urn:x", "credentialStatus": entry, **members},
        headers={"Authorization": f"Bearer {key}"},
    )


def elsewhere(**members: Any) -> dict[str, Any]:
    """Somebody else's credential, signed by a did:key."""
    document = credential(issuer=HOLDER_DID, **members)
    proof = sign(
        document,
        HOLDER,
        Cryptosuite.RDFC,
        verification_method=HOLDER_KEY,
        created=datetime.now(UTC),
    )
    return {**document, "proof": proof}


def test_each_of_several_status_entries_counts(academy: Site) -> None:
    revoked, other = issued(academy), issued(academy)
    academy.seal()
    academy.anchor()
    assert set_status(academy, revoked["credentialStatus"], status=True).status_code == 202
    academy.anchor()
    entries = [other["credentialStatus"], revoked["credentialStatus"]]
    for some, said in ((entries[:1], HOLDS), (entries, (400, False, ["withdrawn"]))):
        assert verify(academy, elsewhere(credentialStatus=some)) == said


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"statusListIndex": "131072"}, id="behind the end of the list"),
        pytest.param({"statusListIndex": "-1"}, id="no number"),
        pytest.param({"statusListCredential": "…/status-lists/7"}, id="a list that is not"),
        pytest.param({"statusListCredential": "…/status-lists/x"}, id="a list without a number"),
    ],
)
def test_a_place_that_no_list_of_ours_has_is_no_status(academy: Site, change: Any) -> None:
    entry = issued(academy)["credentialStatus"]
    ours = entry["statusListCredential"].removesuffix("/status-lists/0")
    changed = {name: value.replace("…", ours) for name, value in change.items()}
    made = elsewhere(credentialStatus={**entry, **changed})
    assert verify(academy, made) == (400, False, ["no-such-status"])


@pytest.mark.parametrize("is_list", [False, True])
def test_places_in_our_lists_are_given_and_not_taken(academy: Site, is_list: bool) -> None:  # noqa: FBT001
    entry = issued(academy)["credentialStatus"]
    answer = issue(academy, credential(credentialStatus=[entry] if is_list else entry))
    assert (answer.status_code, answer.json()["place"]) == (400, "/credentialStatus")


def test_a_status_is_set_by_the_entry_and_seen_by_the_chain(academy: Site) -> None:
    made = issued(academy)
    assert set_status(academy, made["credentialStatus"], status=True).status_code == 409
    academy.seal()
    academy.anchor()
    assert verify(academy, made) == HOLDS
    held = {**made["credentialStatus"], "statusPurpose": "suspension"}
    for wanted, errors in ((True, ["withdrawn"]), (False, []), ("1", ["withdrawn"])):
        answer = set_status(academy, [held], status=wanted)
        assert (answer.status_code, answer.json()) == (202, {"changes": 1})
        academy.anchor()
        assert verify(academy, made)[2] == errors
    assert set_status(academy, made["credentialStatus"], status=True).status_code == 202
    academy.anchor()
    assert verify(academy, made) == (400, False, ["withdrawn"])


def open_changes(site: Site) -> int:
    return len(list(site.registry.store.open_status_changes(site.issuer)))


def test_all_statuses_are_changed_or_none(academy: Site) -> None:
    some = [issued(academy)["credentialStatus"] for _ in range(2)]
    academy.seal()
    academy.anchor()
    later = issued(academy)["credentialStatus"]
    nobodys = {**some[0], "statusListIndex": "131071"}
    held = {**some[1], "statusPurpose": "suspension"}
    for entries, status in (
        ([some[0], nobodys], 404),
        ([some[0], later], 409),
        ([some[0], held], 400),
        ([{**some[0], "status": "1"}, {**held, "status": "0"}], 400),
        ([], 400),
    ):
        wanted = {} if "status" in (entries or [{}])[0] else {"status": True}
        answer = set_status(academy, entries, **wanted)
        assert (answer.status_code, open_changes(academy)) == (status, 0)
    answer = set_status(academy, some, status=True)
    assert (answer.status_code, open_changes(academy)) == (202, 1)


def test_nothing_is_revoked_for_want_of_a_word(academy: Site) -> None:
    entry = issued(academy)["credentialStatus"]
    academy.seal()
    academy.anchor()
    assert set_status(academy, entry).status_code == 400
    assert set_status(academy, entry, status=1.0).status_code == 400
    assert open_changes(academy) == 0
    assert set_status(academy, {**entry, "status": "1"}).status_code == 202


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"statusListIndex": "131071"}, 404),
        ({"statusListIndex": "-1"}, 404),
        ({"statusListIndex": None}, 404),
        ({"statusListCredential": "https://other.example/status-lists/0"}, 404),
        ({"statusListCredential": None}, 404),
        ({"statusPurpose": "message"}, 400),
        ({"status": "perhaps"}, 400),
        ({"status": False}, 400),
        ({"status": None}, 400),
    ],
)
def test_what_is_no_entry_of_ours_changes_nothing(academy: Site, change: Any, status: int) -> None:
    made = issued(academy)
    academy.seal()
    academy.anchor()
    entry = {**made["credentialStatus"], "status": True, **change}
    assert set_status(academy, entry).status_code == status
    academy.anchor()
    assert verify(academy, made) == HOLDS


def presentation(site: Site, **proof: Any) -> dict[str, Any]:
    document = {
        "@context": [VC_2],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER_DID,
        "verifiableCredential": [issued(site)],
    }
    return signed(document, **proof)


def signed(document: dict[str, Any], **members: Any) -> dict[str, Any]:
    """With the holder's proof of authentication."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-01-01T00:00:00Z",
        "verificationMethod": HOLDER_KEY,
        "proofPurpose": AUTHENTICATION,
        "challenge": "c-1",
        "domain": "https://verifier.example",
        **members,
    }
    config = jcs_digest({**options, "@context": document["@context"]})
    value = HOLDER.sign(config + jcs_digest(document))
    return {**document, "proof": {**options, "proofValue": "z" + base58.encode(value)}}


def jcs_digest(value: Any) -> bytes:
    return sha256(jcs_bytes(value)).digest()


def present(site: Site, document: Any, **options: Any) -> tuple[int, bool, list[str]]:
    body = {"verifiablePresentation": document, "options": options}
    answer = site.post("/presentations/verify", json=body)
    said = answer.json()
    return answer.status_code, said["verified"], [error["title"] for error in said["errors"]]


def test_a_presentation_holds_for_its_challenge_and_domain(academy: Site) -> None:
    made = presentation(academy)
    assert present(academy, made) == HOLDS
    wanted = {"challenge": "c-1", "domain": "https://verifier.example"}
    assert present(academy, made, **wanted) == HOLDS
    for other in ({"challenge": "c-2"}, {"domain": "https://other.example"}):
        assert present(academy, made, **{**wanted, **other}) == (400, False, ["wrong-proof"])


def test_a_presentation_has_a_limit_of_proofs(academy: Site) -> None:
    made = issued(academy)
    document = {"@context": [VC_2], "type": ["VerifiablePresentation"], "holder": HOLDER_DID}
    for count, status in ((2, 200), (3, 413)):
        one = {**made, "proof": [made["proof"]] * count}
        body = {"verifiablePresentation": signed({**document, "verifiableCredential": [one] * 20})}
        assert academy.post("/presentations/verify", json=body).status_code == status


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        pytest.param("2999-01-01T00:00:00Z", HOLDS, id="still to come"),
        pytest.param("2026-01-02T00:00:00Z", (400, False, ["bad-proof"]), id="past"),
        pytest.param("tomorrow", (400, False, ["bad-proof"]), id="no time"),
    ],
)
def test_a_holders_proof_holds_until_it_expires(academy: Site, expires: str, said: Any) -> None:
    made = presentation(academy, expires=expires)
    assert present(academy, made) == said


def test_each_proof_of_a_set_has_to_be_the_holders(academy: Site) -> None:
    made = presentation(academy)
    for proofs, said in (
        ([made["proof"]], HOLDS),
        ([made["proof"]] * 10, HOLDS),
        ([made["proof"]] * 11, (400, False, ["no-proof"])),
        ([], (400, False, ["no-proof"])),
        ([made["proof"], "x"], (400, False, ["no-proof"])),
        ([made["proof"], {**made["proof"], "challenge": "c-2"}], (400, False, ["bad-proof"])),
    ):
        assert present(academy, {**made, "proof": proofs}) == said


def test_a_proof_may_be_for_several_domains(academy: Site) -> None:
    made = presentation(academy, domain=["https://a.example", "https://b.example"])
    assert present(academy, made, domain="https://b.example") == HOLDS
    assert present(academy, made, domain="https://c.example") == (400, False, ["wrong-proof"])
    several = presentation(academy, challenge=["c-1", "c-2"])
    assert present(academy, several, challenge="c-1") == (400, False, ["wrong-proof"])


def test_a_presentation_that_does_not_hold_is_not_verified(academy: Site) -> None:
    made = presentation(academy)
    for change in (
        {"holder": "did:example:other"},
        {"proof": None},
        {"proof": {**made["proof"], "challenge": "c-2"}},
        {"proof": {**made["proof"], "verificationMethod": f"{DID}#key-1"}},
        {"proof": {**made["proof"], "proofPurpose": "assertionMethod"}},
    ):
        assert present(academy, {**made, **change})[:2] == (400, False), change
    inner = deepcopy(made)
    tampered(inner["verifiableCredential"][0])
    again = signed({key: value for key, value in inner.items() if key != "proof"})
    assert present(academy, again) == (400, False, ["bad-proof"])


@pytest.mark.parametrize(
    "change",
    [
        {"@context": None}, {"type": ["VerifiableCredential"]}, {"holder": "x y"},
        {"verifiableCredential": ["e30"]}, {"verifiableCredential": [{}] * 21},
        {"verifiableCredential": [{}]},
    ],
)  # fmt: skip
def test_what_is_no_presentation_is_a_problem(academy: Site, change: Any) -> None:
    made = signed({**{k: v for k, v in presentation(academy).items() if k != "proof"}, **change})
    answer = academy.post("/presentations/verify", json={"verifiablePresentation": made})
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize("body", [{}, {"verifiableCredential": []}, {"verifiableCredential": {}}])
def test_what_is_no_question_is_a_problem(academy: Site, body: Any) -> None:
    assert academy.post("/credentials/verify", json=body).status_code == 400
    assert academy.post("/credentials/verify", content=b"{").status_code in {400, 415}


def test_without_a_key_nothing_is_issued_or_withdrawn(academy: Site) -> None:
    body = {"credential": credential()}
    assert academy.post("/credentials/issue", json=body).status_code == 401
    assert academy.post("/credentials/status", json=body).status_code == 401
    _, key = academy.key(Scope.SEAL)
    refused = academy.post(
        "/credentials/issue", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    assert refused.status_code == 403
    assert academy.registry.store.open_count(academy.issuer) == 0


def test_what_could_not_be_asked_is_no_verdict(academy: Site, anvil: Anvil) -> None:
    made = issued(academy)
    academy.seal()
    academy.anchor()
    anvil.rpc.ask("anvil_setCode", made_contract(academy), "0x")
    answer = academy.post("/credentials/verify", json={"verifiableCredential": made})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def made_contract(site: Site) -> str:
    return format_address(site.registry.chain.contract)


def test_it_is_off_unless_it_is_wanted(anvil: Anvil, open_site: Open, tmp_path: Path) -> None:
    site = open_site(anvil.url, **settings(tmp_path))
    body = {"verifiableCredential": credential()}
    assert site.post("/credentials/verify", json=body).status_code == 404
    assert issue(site, credential()).status_code == 404


class Holders:
    """Answers for one did:web, whose document lists its key for the purposes given."""

    def __init__(self, did: str, *purposes: str) -> None:
        jwk = ed25519_jwk(HOLDER.public_key_raw())
        method = {"id": f"{did}#k", "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}
        listed: dict[str, Any] = {purpose: [method["id"]] for purpose in purposes}
        self._document = {"id": did, "verificationMethod": [method], **listed}

    def document_of_did(self, did: str) -> dict[str, Any] | None:
        return self._document if did == self._document["id"] else None


@pytest.mark.parametrize(
    ("purposes", "said"),
    [
        pytest.param(["authentication"], HOLDS, id="only to authenticate"),
        pytest.param(["assertionMethod"], (400, False, ["bad-proof"]), id="only to assert"),
        pytest.param([], (400, False, ["bad-proof"]), id="for nothing"),
    ],
)
def test_a_holder_authenticates_with_a_key_that_is_for_that(
    academy: Site, purposes: list[str], said: Any
) -> None:
    did = "did:web:holder.example"
    vars(academy.registry)["directory"] = Holders(did, *purposes)
    made = presentation(academy)
    del made["proof"]
    again = signed({**made, "holder": did}, verificationMethod=f"{did}#k")
    assert present(academy, again) == said
