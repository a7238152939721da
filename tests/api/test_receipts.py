import json
from datetime import UTC, datetime
from hashlib import sha256

import httpx
import pytest

from registry.core.canonical import Canonicalization
from registry.core.receipt import parse_receipt, print_receipt
from registry.errors import UnavailableError
from registry.services.hashing import salted
from tests.api.conftest import Site, assert_problem

OTHER = bytes.fromhex("70997970c51812dc3a010c7d01b50e0d17dc79c8")


def test_before_sealing_there_is_no_receipt_yet(offline: Site) -> None:
    [digest] = offline.add({"n": 1})
    answer = offline.get(f"/v1/credentials/{digest}/receipt")
    assert_problem(answer, 409, "not-sealed")
    assert int(answer.headers["retry-after"]) > 0


def test_a_pending_receipt_is_kept_for_a_minute(offline: Site) -> None:
    [digest] = offline.add({"n": 1})
    offline.seal()
    answer = offline.get(f"/v1/credentials/{digest}/receipt")
    assert answer.status_code == 200
    assert parse_receipt(answer.content).is_pending
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_a_final_receipt_is_kept_for_good(site: Site) -> None:
    digest, *_ = site.add({"n": 1}, {"n": 2}, {"n": 3})
    seal = site.seal()
    pending = site.get(f"/v1/credentials/{digest}/receipt")
    site.anchor()
    answer = site.get(f"/v1/credentials/{digest}/receipt")
    receipt = parse_receipt(answer.content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] != pending.headers["etag"]
    assert print_receipt(receipt) == answer.content
    assert (receipt.seal.hex(), receipt.is_pending) == (seal, False)


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_it_already_gets_nothing_again(offline: Site, known: str) -> None:
    [digest] = offline.add({"n": 1})
    offline.seal()
    path = f"/v1/credentials/{digest}/receipt"
    etag = offline.get(path).headers["etag"]
    answer = offline.get(path, headers={"If-None-Match": known.format(etag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert offline.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_head_request_answers_as_get_would(offline: Site) -> None:
    [digest] = offline.add({"n": 1})
    offline.seal()
    path = f"/v1/credentials/{digest}/receipt"
    head, get = offline.client.head(path), offline.get(path)
    assert head.status_code == 200
    for name in ("etag", "cache-control", "content-length", "content-type"):
        assert head.headers[name] == get.headers[name]


def test_several_issuers_of_one_credential_must_be_told_apart(offline: Site) -> None:
    [digest] = offline.add({"n": 1})
    offline.seal()
    store = offline.registry.store
    theirs_too = salted([bytes.fromhex(digest)], Canonicalization.JCS)
    store.add_credentials(OTHER, [theirs_too], now=datetime.now(UTC))
    path = f"/v1/credentials/{digest}/receipt"
    assert_problem(offline.get(path), 422, "invalid-input")
    ours = offline.get(path, params={"issuer": "0x" + offline.issuer.hex()})
    assert ours.status_code == 200
    theirs = offline.get(path, params={"issuer": "0x" + OTHER.hex()})
    assert_problem(theirs, 409, "not-sealed")


def test_an_unknown_hash_is_not_found(offline: Site) -> None:
    digest = sha256(b"unknown").hexdigest()
    assert_problem(offline.get(f"/v1/credentials/{digest}/receipt"), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param("/v1/credentials/abc/receipt", "/path/hash", id="short"),
        pytest.param(f"/v1/credentials/{'AB' * 32}/receipt", "/path/hash", id="upper case"),
        pytest.param(
            f"/v1/credentials/{'ab' * 32}/receipt?issuer=0x12", "/query/issuer", id="issuer"
        ),
    ],
)
def test_a_misspelt_name_is_refused_with_its_place(offline: Site, path: str, place: str) -> None:
    problem = assert_problem(offline.get(path), 422, "invalid-input")
    assert problem["place"] == place


def test_many_receipts_come_in_one_answer(site: Site) -> None:
    hashes = site.add({"n": 1}, {"n": 2})
    site.seal()
    site.anchor()
    [waiting] = site.add({"n": 3})
    asked = [hashes[1], "00" * 32, hashes[0], waiting]
    answer = site.post("/v1/receipts", json={"hashes": asked})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["hash"] for line in lines] == asked
    one = site.get(f"/v1/credentials/{hashes[1]}/receipt").json()
    assert lines[0] == {"hash": hashes[1], "receipt": one}
    problems = [lines[1]["problem"], lines[3]["problem"]]
    assert [problem["code"] for problem in problems] == ["not-found", "not-sealed"]
    assert problems[0]["instance"] == f"/v1/credentials/{'00' * 32}/receipt"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "/hashes"),
        ({"hashes": []}, "/hashes"),
        ({"hashes": ["00" * 32] * 10_001}, "/hashes"),
        ({"hashes": ["0x" + "00" * 32]}, "/hashes/0"),
        ({"hashes": ["00" * 32], "issuer": "me"}, "/issuer"),
        ({"hashes": ["00" * 32], "more": 1}, "/more"),
    ],
)
def test_a_wrong_list_of_hashes_is_refused(
    offline: Site, body: dict[str, object], place: str
) -> None:
    answer = offline.post("/v1/receipts", json=body)
    assert assert_problem(answer, 422, "invalid-input")["place"] == place


def test_an_outage_before_the_first_receipt_is_told_as_one(
    offline: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: bytes) -> None:
        raise UnavailableError("gone", source="store")

    monkeypatch.setattr(offline.registry.store, "find_all_credentials", down)
    answer = offline.post("/v1/receipts", json={"hashes": ["00" * 32]})
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_hashes_are_added_without_their_credentials(offline: Site) -> None:
    def add(body: dict[str, object]) -> httpx.Response:
        answer: httpx.Response = offline.post(
            "/v1/credentials", json=body, headers=offline.bearer()
        )
        return answer

    hashes = [f"{number:064x}" for number in range(3)]
    body: dict[str, object] = {"hashes": [*hashes, hashes[0]], "canonicalization": "raw"}
    assert add(body).json()["new"] == 3
    assert add(body).json()["known"] == 4
    for wrong in ({"hashes": hashes}, {**body, "hash": hashes[0]}, {**body, "hashes": ["x"]}):
        assert_problem(add(dict(wrong)), 422, "invalid-input")
    assert offline.open_count() == 3
