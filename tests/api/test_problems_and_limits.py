import asyncio
import logging
from collections.abc import Iterator
from itertools import chain

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.bodies import BodyLimit
from api.problems import LastResort
from tests.api.conftest import Site, assert_problem

MIB = 2**20


def test_an_unknown_path_is_a_problem(offline: Site) -> None:
    assert_problem(offline.get("/v2/anything"), 404, "not-found")
    assert_problem(offline.get("/docs"), 404, "not-found")


def test_a_wrong_method_is_a_problem(offline: Site) -> None:
    answer = offline.client.delete("/v1/verify")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * MIB


@pytest.mark.parametrize(
    ("path", "limit"), [("/v1/verify", 32), ("/v1/credentials", 256), ("/v1/status-changes", 1)]
)
def test_an_announced_giant_is_refused_unread(offline: Site, path: str, limit: int) -> None:
    headers = {"Content-Length": str(limit * MIB + 1), "Content-Type": "application/json"}
    answer = offline.post(path, content=b"", headers=headers | offline.bearer())
    assert_problem(answer, 413, "too-large")


def test_a_giant_in_pieces_is_cut_off(offline: Site) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    part = b'--x\r\nContent-Disposition: form-data; name="credential"; filename="f"\r\n\r\n'
    answer = offline.post("/v1/verify", content=chain([part], pieces(33)), headers=headers)
    assert_problem(answer, 413, "too-large")


def test_json_stops_where_documents_do(offline: Site) -> None:
    headers = {"Content-Type": "application/json"} | offline.bearer()
    for path in ("/v1/verify", "/v1/credentials"):
        answer = offline.post(path, content=pieces(18), headers=headers)
        assert_problem(answer, 413, "too-large")


def test_a_line_without_end_is_cut_off(offline: Site) -> None:
    headers = {"Content-Type": "application/x-ndjson"} | offline.bearer()
    answer = offline.post("/v1/credentials", content=pieces(20), headers=headers)
    assert assert_problem(answer, 413, "too-large")["place"] == "line 1"
    assert offline.open_count() == 0


def run(app: BodyLimit, announced: bytes, chunks: list[bytes]) -> list[Message]:
    """Ask an app as a server does that does not compare the length announced."""
    sent: list[Message] = []
    left = list(chunks)

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-length", announced)]
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers}
    asyncio.run(LastResort(app)(scope, receive, send))
    return sent


def test_a_length_that_lies_does_not_help() -> None:
    received = []

    async def reader(_scope: Scope, receive: Receive, _send: Send) -> None:
        while True:
            received.append(await receive())

    sent = run(BodyLimit(reader, default=3, limits={}), b"2", [b"ab", b"c", b"d", b"e"])
    assert [message["body"] for message in received] == [b"ab", b"c"]
    assert sent[0]["status"] == 500  # no handler of ours below this reader


def test_a_bug_is_logged_and_told_to_nobody(
    offline: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_seal: bytes) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(offline.registry.store, "batches_with_seal", broken)
    with caplog.at_level(logging.ERROR, logger="api.problems"):
        answer = offline.get(f"/v1/batches/{'ab' * 32}")
    assert "secret detail" not in str(assert_problem(answer, 500, "internal-error"))
    assert "secret detail" in caplog.text


def test_an_answer_that_breaks_off_is_not_completed() -> None:
    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("broke off")

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/x", "headers": []}
    with pytest.raises(RuntimeError, match="broke off"):
        asyncio.run(LastResort(half)(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]
