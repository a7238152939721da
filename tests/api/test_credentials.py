from collections.abc import Iterator
from hashlib import sha256

import pytest

from registry.core.canonical import Canonicalization, credential_hash
from registry.services.ports import Scope
from tests.api.conftest import Site, assert_problem

NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}
URL = "/v1/credentials"


def test_one_credential_is_hashed_as_its_file_would_be(offline: Site) -> None:
    document = '{"b": 1.50, "a": "é", "proof": {"any": "thing"}}'.encode()
    body = b'{"credential": ' + document + b"}"
    answer = offline.post(URL, content=body, headers=JSON | offline.bearer(Scope.ADD))
    assert answer.status_code == 200
    expected = credential_hash(document, Canonicalization.JCS).hex()
    assert answer.json() == {"new": 1, "known": 0, "hashes": [expected]}
    found = offline.registry.store.find_credentials(bytes.fromhex(expected))
    assert [credential.canonicalization for credential in found] == [Canonicalization.JCS]


@pytest.mark.parametrize("canonicalization", ["raw", "jcs"])
def test_a_hash_alone_is_enough(offline: Site, canonicalization: str) -> None:
    digest = sha256(b"a PDF").hexdigest()
    body = {"hash": digest, "canonicalization": canonicalization}
    answer = offline.post(URL, json=body, headers=offline.bearer(Scope.ADD))
    assert answer.json() == {"new": 1, "known": 0, "hashes": [digest]}
    found = offline.registry.store.find_credentials(bytes.fromhex(digest))
    assert [credential.canonicalization.value for credential in found] == [canonicalization]


def test_the_same_credentials_again_change_nothing(offline: Site) -> None:
    body = {"credentials": [{"n": 1}, {"n": 2}, {"n": 1}]}
    headers = offline.bearer(Scope.ADD)
    first = offline.post(URL, json=body, headers=headers).json()
    again = offline.post(URL, json=body, headers=headers).json()
    assert (first["new"], first["known"]) == (2, 1)
    assert (again["new"], again["known"]) == (0, 3)
    assert again["hashes"] == first["hashes"]
    assert offline.open_count() == 2


def test_a_stream_of_lines_is_taken_as_it_comes(offline: Site) -> None:
    def lines() -> Iterator[bytes]:
        for number in range(2_500):  # more than the store takes without a temporary table
            yield b'{"n": %d}' % number
            yield b"\r\n\n" if number % 7 == 0 else b"\n"
        yield b'{"n": "the last has no line feed"}'

    answer = offline.post(URL, content=lines(), headers=NDJSON | offline.bearer(Scope.ADD))
    assert answer.json() == {"new": 2_501, "known": 0}
    assert offline.open_count() == 2_501


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"a": 1, "a": 2}', "duplicate key (at /a)", id="duplicate key"),
        pytest.param(b'{"a": 9007199254740992}', "integer beyond", id="big integer"),
        pytest.param(b'{"a": NaN}', "NaN is not JSON (at /a)", id="NaN"),
        pytest.param(rb'{"a": "\ud800"}', "lone surrogate", id="lone surrogate"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8", id="not UTF-8"),
        pytest.param(b"[1]", "a credential is a JSON object", id="no object"),
        pytest.param(b'{"a": ', "not JSON", id="cut off"),
        pytest.param(b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper", id="too deep"),
    ],
)
def test_a_faulty_line_is_named_and_nothing_is_added(
    offline: Site, line: bytes, reason: str
) -> None:
    body = b'{"n": 1}\n\n' + line + b'\n{"n": 2}\n'
    answer = offline.post(URL, content=body, headers=NDJSON | offline.bearer(Scope.ADD))
    problem = assert_problem(answer, 422, "intake-refused")
    errors = answer.json()["errors"]
    assert [error["place"] for error in errors] == ["line 3"]
    assert reason in errors[0]["reason"]
    assert "line 3" in str(problem["detail"])
    assert offline.open_count() == 0


def test_a_byte_order_mark_changes_no_credential(offline: Site) -> None:
    headers = NDJSON | offline.bearer(Scope.ADD)
    offline.post(URL, content=b'{"n": 1}\n', headers=headers)
    again = offline.post(URL, content=b'\xef\xbb\xbf{"n": 1}\n', headers=headers)
    assert (again.json()["new"], again.json()["known"]) == (0, 1)
    twice = offline.post(URL, content=b'\xef\xbb\xbf\xef\xbb\xbf{"n": 1}\n', headers=headers)
    assert_problem(twice, 422, "intake-refused")


def test_every_faulty_line_is_named(offline: Site) -> None:
    body = b"x\n" + b'{"n": 1}\n' * 1_500 + b"y\n"
    answer = offline.post(URL, content=body, headers=NDJSON | offline.bearer(Scope.ADD))
    assert_problem(answer, 422, "intake-refused")
    assert [error["place"] for error in answer.json()["errors"]] == ["line 1", "line 1502"]
    assert offline.open_count() == 0


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param(b'{"credential": {"a": 1, "a": 2}}', "/credential/a", id="duplicate key"),
        pytest.param(b'{"credentials": [{}, {"a": 1e400}]}', "/credentials/1/a", id="in a list"),
        pytest.param(b'{"credential": {"a": 12345678901234567890}}', "/credential/a", id="big"),
        pytest.param(b'{"credential": {"a": "\xff"}}', "byte 22", id="not UTF-8"),
        pytest.param(b"{", "line 1, column 2", id="cut off"),
        pytest.param(b"[]", "/", id="no object"),
        pytest.param(b"{}", "/", id="nothing"),
        pytest.param(b'{"credential": {}, "credentials": [{}]}', "/", id="two of them"),
        pytest.param(b'{"credential": []}', "/credential", id="no credential"),
        pytest.param(b'{"credentials": []}', "/credentials", id="none"),
        pytest.param(b'{"credentials": [1]}', "/credentials/0", id="no credential in a list"),
        pytest.param(b'{"hash": "' + b"0" * 64 + b'"}', "/canonicalization", id="hash of what"),
        pytest.param(
            b'{"hash": "' + b"A" * 64 + b'", "canonicalization": "raw"}', "/hash", id="upper case"
        ),
        pytest.param(
            b'{"hash": "' + b"0" * 64 + b'", "canonicalization": "md5"}',
            "/canonicalization",
            id="unknown canonicalization",
        ),
        pytest.param(
            b'{"credential": {}, "canonicalization": "raw"}', "/canonicalization", id="of no hash"
        ),
        pytest.param(b'{"credential": {}, "salt": 1}', "/salt", id="unknown key"),
    ],
)
def test_a_faulty_body_is_refused_with_the_place(offline: Site, body: bytes, place: str) -> None:
    answer = offline.post(URL, content=body, headers=JSON | offline.bearer(Scope.ADD))
    problem = assert_problem(answer, 422, "invalid-input")
    assert problem["place"] == place
    assert offline.open_count() == 0


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Type": "text/plain"}, id="text"),
        pytest.param({"Content-Type": ""}, id="none"),
        pytest.param({"Content-Type": "multipart/form-data"}, id="form"),
        pytest.param(JSON | {"Content-Encoding": "gzip"}, id="compressed"),
    ],
)
def test_other_types_of_bodies_are_refused(offline: Site, headers: dict[str, str]) -> None:
    body = b'{"credential": {"a": 1}}'
    answer = offline.post(URL, content=body, headers=headers | offline.bearer(Scope.ADD))
    assert_problem(answer, 415, "unsupported-media-type")
    assert offline.open_count() == 0
