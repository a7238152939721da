"""Names of requests, and what is logged of them."""

import json
import logging
from typing import Final

import httpx
import pytest

from registry.cli.logs import log_to_stderr
from tests.api.conftest import Site, assert_problem

HASH: Final = "ab" * 32
RECEIPT: Final = f"/v1/credentials/{HASH}/receipt"


def named(site: Site, path: str, *names: str) -> httpx.Response:
    headers = httpx.Headers([("X-Request-Id", name) for name in names])
    answer: httpx.Response = site.client.get(path, headers=headers)
    return answer


@pytest.mark.parametrize("name", ["a", "7d5a6c1e-1f0b", "trace:1/2+3=4@5.6_7", "x" * 128])
def test_a_caller_may_name_its_request(offline: Site, name: str) -> None:
    for path in ("/healthz", RECEIPT, "/nothing"):
        assert named(offline, path, name).headers["x-request-id"] == name


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([], id="none"),
        pytest.param([""], id="empty"),
        pytest.param(["x" * 129], id="long"),
        pytest.param(["a b"], id="space"),
        pytest.param(['a"b'], id="quote"),
        pytest.param(["a<b>"], id="markup"),
        pytest.param(["-x"], id="option"),
        pytest.param(["a\tb"], id="control"),
        pytest.param(["a", "b"], id="two"),
    ],
)
def test_other_requests_get_names_of_our_own(offline: Site, names: list[str]) -> None:
    given = {named(offline, "/healthz", *names).headers["x-request-id"] for _ in range(3)}
    assert len(given) == 3
    assert all(len(name) == 16 and set(name) <= set("0123456789abcdef") for name in given)


def test_a_problem_carries_the_name(offline: Site) -> None:
    assert assert_problem(named(offline, RECEIPT, "mine"), 404, "not-found")["requestId"] == "mine"


class Log:
    """What is logged from now on; not a fixture, for which pytest has another stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        log_to_stderr(logging.INFO, as_json=True)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._capsys.readouterr().err.splitlines()]


def test_each_request_is_one_line_of_log(offline: Site, capsys: pytest.CaptureFixture[str]) -> None:
    logged = Log(capsys)
    named(offline, f"{RECEIPT}?issuer=0xsecret&token=secret", "mine")
    [line] = logged.lines()
    assert isinstance(line.pop("seconds"), float)
    line.pop("timestamp")
    assert line == {
        "event": "request",
        "logger": "api.requests",
        "level": "info",
        "request_id": "mine",
        "method": "GET",
        "route": "/v1/credentials/{hash}/receipt",
        "status": 422,
    }


def test_the_log_shows_neither_query_nor_hash_nor_key(
    offline: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    headers, logged = offline.bearer(), Log(capsys)
    offline.client.head(f"{RECEIPT}?x=secret")
    offline.client.post("/v1/credentials?x=secret", json={"credential": {}}, headers=headers)
    offline.client.get(f"/nothing/{HASH}", headers=headers)
    offline.client.request("SECRET", "/v1/batches")
    lines = logged.lines()
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("HEAD", "/v1/credentials/{hash}/receipt", 404),
        ("POST", "/v1/credentials", 200),
        ("GET", None, 404),
        ("(other)", "/v1/batches", 405),
    ]
    for secret in ("secret", HASH, "SECRET", headers["Authorization"].split("_")[-1]):
        assert secret not in str(lines)


def test_every_line_of_a_request_carries_its_name(
    offline: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_seal: bytes) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(offline.registry.store, "batches_with_seal", broken)
    logged = Log(capsys)
    named(offline, f"/v1/batches/{HASH}", "mine")
    named(offline, "/v1/issuers/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "another")
    lines = logged.lines()
    assert {line["request_id"] for line in lines[:2]} == {"mine"}
    assert {line["request_id"] for line in lines[2:]} == {"another"}
    assert len(lines) >= 4
    assert any(line["event"] == "could not ask" for line in lines[2:])
