import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.api.conftest import NOBODY, Open, Site, assert_problem

URL = "/v1/verify"
BADGE: dict[str, object] = {"name": "Incident Response", "score": 1.5, "ключ": ["é", 1, None]}
PDF = b"%PDF-1.7\nnot JSON \xff\n"


def anchored(site: Site, document: dict[str, object] = BADGE) -> dict[str, object]:
    """Add a credential with two neighbours, anchor them; its receipt."""
    digest, *_ = site.add(document, {"neighbour": 1}, {"neighbour": 2})
    site.seal()
    site.anchor()
    receipt: dict[str, object] = site.get(f"/v1/credentials/{digest}/receipt").json()
    return receipt


def failed(report: dict[str, object]) -> list[str]:
    checks = report["checks"]
    assert isinstance(checks, list)
    return [check["name"] for check in checks if check["outcome"] == "fail"]


def test_a_credential_with_its_receipt_is_valid(site: Site) -> None:
    receipt = anchored(site)
    answer = site.post(URL, json={"credential": BADGE, "receipt": receipt})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["verdict"] == "valid"


def test_the_registry_knows_the_receipt_too(site: Site) -> None:
    receipt = anchored(site)
    by_document = site.post(URL, json={"credential": BADGE})
    by_hash = site.post(URL, json={"hash": receipt["credentialHash"]})
    assert [by_document.json()["verdict"], by_hash.json()["verdict"]] == ["valid", "valid"]


def test_a_receipt_within_the_credential_is_found(site: Site) -> None:
    receipt = anchored(site)
    anchors = receipt["anchors"]
    assert isinstance(anchors, list)
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "rootseal-receipt-2026",
        "created": anchors[0]["anchoredAt"],
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"did:pkh:eip155:31337:{anchors[0]['issuer']}",
        "receipt": receipt,
    }
    whole = site.post(URL, json={"credential": {**BADGE, "proof": proof}})
    assert whole.json()["verdict"] == "valid"
    forged = {**proof, "receipt": {**receipt, "salt": "00" * 32}}
    broken = site.post(URL, json={"credential": {**BADGE, "proof": forged}})
    assert (broken.status_code, broken.json()["verdict"]) == (200, "invalid")


def test_any_file_can_be_uploaded(site: Site) -> None:
    digest = sha256(PDF).hexdigest()
    body = {"hash": digest, "canonicalization": "raw"}
    site.post("/v1/credentials", json=body, headers=site.bearer())
    site.seal()
    site.anchor()
    receipt = site.get(f"/v1/credentials/{digest}/receipt").content
    alone = site.post(URL, files={"credential": ("d.pdf", PDF)})
    both = site.post(
        URL, files={"credential": ("d.pdf", PDF), "receipt": ("d.pdf.receipt.json", receipt)}
    )
    changed = site.post(URL, files={"credential": ("d.pdf", PDF + b"x"), "receipt": receipt})
    by_hash = site.post(URL, files={"receipt": receipt}, data={"hash": digest})
    verdicts = [answer.json()["verdict"] for answer in (alone, both, changed, by_hash)]
    assert verdicts == ["valid", "valid", "invalid", "valid"]
    json_body = {"credential": {"a": 1}, "receipt": json.loads(receipt)}
    problem = assert_problem(site.post(URL, json=json_body), 422, "invalid-input")
    assert problem["place"] == "/credential"


def test_a_json_file_can_be_uploaded_as_it_is(site: Site) -> None:
    receipt = anchored(site)
    file = json.dumps(BADGE, indent=4).encode()
    answer = site.post(
        URL, files={"credential": ("badge.json", file), "receipt": json.dumps(receipt).encode()}
    )
    assert (answer.status_code, answer.json()["verdict"]) == (200, "valid")


def test_a_changed_credential_is_invalid(site: Site) -> None:
    receipt = anchored(site)
    answer = site.post(URL, json={"credential": {**BADGE, "score": 2.5}, "receipt": receipt})
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "invalid"
    assert failed(answer.json()) == ["integrity"]


def test_a_malformed_receipt_is_invalid(site: Site) -> None:
    receipt = anchored(site)
    index = receipt["leafIndex"]
    assert isinstance(index, int)
    for fault in ({"leafIndex": float(index)}, {"salt": "AB" * 32}, {"more": 1}):
        answer = site.post(URL, json={"credential": BADGE, "receipt": {**receipt, **fault}})
        assert answer.status_code == 200
        assert failed(answer.json()) == ["format"]


def test_the_issuer_asked_for_must_be_the_one(site: Site) -> None:
    receipt = anchored(site)
    body = {"credential": BADGE, "receipt": receipt}
    ours = site.post(URL, json={**body, "issuer": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"})
    other = site.post(URL, json={**body, "issuer": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"})
    assert ours.json()["verdict"] == "valid"
    assert failed(other.json()) == ["issuer"]


def test_revoked_suspended_and_reinstated_are_told_apart(site: Site) -> None:
    receipt = anchored(site)
    body = {"credential": BADGE, "receipt": receipt}
    codes = []
    for status in ("suspended", "active", "revoked"):
        change = {"hashes": [receipt["credentialHash"]], "status": status}
        asked = site.post("/v1/status-changes", json=change, headers=site.bearer())
        assert asked.status_code == 202
        site.anchor()
        checks = site.post(URL, json=body).json()["checks"]
        codes += [check["code"] for check in checks if check["name"] == "status"]
    assert codes == ["suspended", "active", "revoked"]


def test_a_chain_that_does_not_answer_leaves_it_undetermined(open_site: Open, anvil: Anvil) -> None:
    receipt = anchored(open_site(anvil.url))
    offline = open_site(NOBODY)
    for body in ({"credential": BADGE, "receipt": receipt}, {"credential": BADGE}):
        answer = offline.post(URL, json=body)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["verdict"] == "undetermined"
        assert failed(answer.json()) == []


def test_a_store_that_does_not_answer_is_needed_only_to_look_up(
    open_site: Open, anvil: Anvil, tmp_path: Path
) -> None:
    receipt = anchored(open_site(anvil.url))
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "registry.db").write_bytes(b"no database " * 1000)
    site = open_site(anvil.url, damaged)
    with_receipt = site.post(URL, json={"credential": BADGE, "receipt": receipt})
    assert with_receipt.json()["verdict"] == "valid"
    without = site.post(URL, json={"credential": BADGE})
    assert_problem(without, 503, "unavailable")
    headers = {"Authorization": f"Bearer rootseal_{'0' * 16}_{'0' * 64}"}
    assert_problem(site.post("/v1/batches", headers=headers), 503, "unavailable")
    probes = {probe["name"]: probe["ok"] for probe in site.get("/readyz").json()["probes"]}
    assert probes == {"store": False, "chain": True, "contract": True, "anchoring": False}


def test_what_was_never_seen_is_undetermined_and_not_forged(offline: Site) -> None:
    answer = offline.post(URL, json={"credential": {"never": "seen"}})
    assert answer.status_code == 503
    assert answer.json()["verdict"] == "undetermined"


def test_a_pending_receipt_is_undetermined(offline: Site) -> None:
    offline.add(BADGE)
    offline.seal()
    answer = offline.post(URL, json={"credential": BADGE})
    assert (answer.status_code, answer.json()["verdict"]) == (503, "undetermined")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param(b'{"credential": {"a": 1, "a": 1}}', "/credential/a", id="duplicate key"),
        pytest.param(b'{"credential": {"a": 9007199254740993}}', "/credential/a", id="big"),
        pytest.param(b'{"credential": {"a": "\xfe"}}', "byte 22", id="not UTF-8"),
        pytest.param(b'{"credential": "x"}', "/credential", id="no object"),
        pytest.param(b'{"receipt": []}', "/receipt", id="receipt no object"),
        pytest.param(b'{"hash": "12"}', "/hash", id="hash"),
        pytest.param(b'{"hash": "' + b"0" * 64 + b'", "issuer": 1}', "/issuer", id="issuer"),
        pytest.param(b'{"credentials": []}', "/credentials", id="unknown key"),
        pytest.param(
            b'{"credential": {}, "hash": "' + b"0" * 64 + b'"}', "/hash", id="credential and hash"
        ),
    ],
)
def test_a_faulty_body_is_refused_with_its_place(offline: Site, body: bytes, place: str) -> None:
    answer = offline.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert assert_problem(answer, 422, "invalid-input")["place"] == place


def test_nothing_to_verify_is_refused(offline: Site) -> None:
    assert_problem(offline.post(URL, json={}), 422, "invalid-input")


def test_a_form_with_other_parts_is_refused(offline: Site) -> None:
    file = ("f", b"{}")
    for files, data in (
        ({"diploma": file}, {}),
        ({"hash": file}, {}),
        ({"credential": file}, {"receipt": "{}"}),
    ):
        assert_problem(offline.post(URL, files=files, data=data), 422, "invalid-input")
    twice = offline.post(URL, files=[("credential", file), ("credential", file)])
    assert_problem(twice, 422, "invalid-input")
    misspelt = offline.post(URL, files={"credential": file}, data={"issuer": "0x1"})
    assert assert_problem(misspelt, 422, "invalid-input")["place"] == "/issuer"


def test_a_broken_form_is_a_problem_too(offline: Site) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    assert_problem(offline.post(URL, content=b"x", headers=headers), 400, "bad-request")


def test_a_receipt_has_its_own_limit(offline: Site) -> None:
    answer = offline.post(URL, files={"receipt": ("r", b" " * (64 * 1024 + 1))})
    assert assert_problem(answer, 413, "too-large")["place"] == "/receipt"


def test_other_types_of_bodies_are_refused(offline: Site) -> None:
    answer = offline.post(URL, content=PDF, headers={"Content-Type": "application/pdf"})
    assert_problem(answer, 415, "unsupported-media-type")
