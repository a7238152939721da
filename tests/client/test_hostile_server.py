"""Servers that lie, drip, lead elsewhere or break off."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

import pytest

from registry.client import Client
from registry.core.canonical import Canonicalization
from registry.errors import InvalidInputError, NotFoundError, UnavailableError

KEY: Final = "rootseal_id_SECRET"
HASH: Final = b"\x11" * 32
ISSUER: Final = b"\x22" * 20

Play = Callable[[BaseHTTPRequestHandler], None]


class Stage(ThreadingHTTPServer):
    """Plays one act for every request, and remembers what was asked."""

    daemon_threads: ClassVar[bool] = True  # type: ignore[misc]  # as its base class
    play: Play
    heads: list[str]


class Actor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        stage = self.server
        assert isinstance(stage, Stage)
        stage.heads.append(f"{self.requestline}\n{self.headers}")
        self.rfile.read(int(self.headers.get("content-length", "0")))
        with suppress(OSError):  # the client went away
            stage.play(self)
        self.close_connection = True

    do_GET = do_POST = _any  # noqa: N815 - as the base class looks for them

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server(play: Play) -> Iterator[Stage]:
    stage = Stage(("127.0.0.1", 0), Actor)
    stage.play, stage.heads = play, []
    thread = threading.Thread(target=stage.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stage
    finally:
        stage.shutdown()
        stage.server_close()
        thread.join()


def says(
    body: bytes, status: int = 200, kind: str = "application/json", *more: tuple[str, str]
) -> Play:
    def play(act: BaseHTTPRequestHandler) -> None:
        act.send_response(status)
        act.send_header("Content-Type", kind)
        act.send_header("Content-Length", str(len(body)))
        for name, value in more:
            act.send_header(name, value)
        act.end_headers()
        act.wfile.write(body)

    return play


def endless(piece: bytes, pause: float = 0) -> Play:
    def play(act: BaseHTTPRequestHandler) -> None:
        act.send_response(200)
        act.send_header("Content-Type", "application/json")
        act.end_headers()
        for _ in range(100_000):
            act.wfile.write(piece)
            act.wfile.flush()
            time.sleep(pause)

    return play


def cut(body: bytes) -> Play:
    def play(act: BaseHTTPRequestHandler) -> None:
        act.send_response(200)
        act.send_header("Content-Type", "application/json")
        act.send_header("Content-Length", str(len(body) + 100))
        act.end_headers()
        act.wfile.write(body)

    return play


def problem(status: int, **more: object) -> Play:
    content: dict[str, Any] = {
        "type": "urn:rootseal:problem:x",
        "title": "X",
        "status": status,
        "detail": "something",
        "instance": "/",
        "code": "x",
    } | more
    return says(json.dumps(content).encode(), status, "application/problem+json")


ASKED: Final[dict[str, Callable[[Client], object]]] = {
    "verify": lambda client: client.verify(b"x"),
    "receipt": lambda client: client.receipt(HASH),
    "receipts": lambda client: list(client.receipts([HASH])),
    "batches": lambda client: list(client.batches()),
    "seal": lambda client: client.batches_with_seal(HASH),
    "leaves": lambda client: list(client.leaves(HASH)),
    "issuer": lambda client: client.issuer(ISSUER),
    "add": lambda client: client.add_lines([b"{}"]),
    "add hashes": lambda client: client.add_hashes([HASH], Canonicalization.RAW),
    "close": lambda client: client.seal(),
    "change": lambda client: client.change_status("revoked", seal=HASH),
    "status": lambda client: client.status_change(1),
}
NONSENSE: Final[dict[str, Play]] = {
    "a page of a proxy": says(b"<html>", 200, "text/html"),
    "an error of a proxy": says(b"<html>", 502, "text/html"),
    "not found by a proxy": says(b"<html>", 404, "text/html"),
    "forbidden by a proxy": says(b"{}", 403),
    "nothing": says(b""),
    "no content": says(b"", 204),
    "null": says(b"null"),
    "an empty object": says(b"{}"),
    "a list": says(b"[]"),
    "text that is none": says(b"\xff\xfe"),
    "deep JSON": says(b"[" * 200_000),
    "NaN": says(b'{"new": NaN, "known": 0}'),
    "a line without an end": endless(b"x" * 65536),
    "an answer that breaks off": cut(b'{"new": 1'),
    "a redirect": says(b"", 302, "text/plain", ("Location", "http://127.0.0.1:9/")),
    "a redirect that keeps the method": says(b"", 308, "text/plain", ("Location", "/elsewhere")),
    "a header without an end": says(b"", 200, "text/plain", ("X", "y" * 200_000)),
    "no gzip": says(b"{}", 200, "application/json", ("Content-Encoding", "gzip")),
    "a problem that is none": says(b"{}", 404, "application/problem+json"),
    "a problem that says it is fine": says(b"{}", 200, "application/problem+json"),
    "busy": problem(503),
    "too many requests": problem(429),
    "a failure": problem(500),
    "a timeout": problem(408),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("asked", ASKED)
def test_nonsense_says_nothing(asked: str, nonsense: str) -> None:
    with server(NONSENSE[nonsense]) as stage:
        url = f"http://127.0.0.1:{stage.server_port}"
        with Client(url, api_key=KEY, timeout=5) as client:
            with pytest.raises(UnavailableError) as failed:
                ASKED[asked](client)
            assert "SECRET" not in f"{failed.value!r} {failed.value} {client!r}"
            assert failed.value.__cause__ is None or "SECRET" not in repr(failed.value.__cause__)
        assert len(stage.heads) == 1


def test_a_trickle_ends() -> None:
    with server(endless(b" ", 0.05)) as stage:
        client = Client(f"http://127.0.0.1:{stage.server_port}", timeout=0.3)
        start = time.monotonic()
        for ask in (ASKED["receipt"], ASKED["leaves"]):
            with pytest.raises(UnavailableError, match=r"slow|without an end"):
                ask(client)
        assert time.monotonic() - start < 10
        client.close()


def test_the_key_is_not_taken_elsewhere() -> None:
    with server(says(b"{}")) as other:
        there = f"http://127.0.0.1:{other.server_port}/v1/batches"
        for status in (301, 302, 303, 307, 308):
            with server(says(b"", status, "text/plain", ("Location", there))) as stage:
                client = Client(f"http://127.0.0.1:{stage.server_port}", api_key=KEY)
                with pytest.raises(UnavailableError):
                    client.seal()
                client.close()
        assert other.heads == []


def test_the_key_goes_over_https_or_to_this_machine() -> None:
    for url in ("http://registry.example", "http://10.0.0.1", "http://localhost.example"):
        with pytest.raises(InvalidInputError, match="https only"):
            Client(url, api_key=KEY)
        Client(url).close()
    for url in ("https://registry.example/api/", "http://127.0.0.1:1", "http://[::1]:1"):
        Client(url, api_key=KEY).close()
    for url in (
        "registry.example",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?y",
        "http://[x",
    ):
        with pytest.raises(InvalidInputError):
            Client(url)
    for key in ("", "a b", "a\nb", "ä"):
        with pytest.raises(InvalidInputError, match="no key"):
            Client("https://registry.example", api_key=key)


RECEIPT: Final[dict[str, Any]] = {
    "type": "rootseal/receipt@1",
    "canonicalization": "raw",
    "credentialHash": HASH.hex(),
    "salt": "00" * 32,
    "leafIndex": 0,
    "treeSize": 1,
    "siblings": [],
    "seal": "33" * 32,
    "anchors": [],
}
BATCH: Final[dict[str, Any]] = {
    "issuer": "0x2222222222222222222222222222222222222222",
    "state": "final",
    "openedAt": "2026-01-01T00:00:00Z",
    "sealedAt": "2026-01-01T00:00:00Z",
    "seal": HASH.hex(),
    "merkleRoot": HASH.hex(),
    "treeSize": 1,
    "anchors": [],
}
PASS: Final = {"outcome": "pass", "code": "c", "detail": "d", "evidence": {}}
REQUIRED: Final = ("format", "integrity", "inclusion", "anchor", "status")


def report(verdict: str, *failing: str) -> bytes:
    checks = [
        {**PASS, "name": name, "outcome": "fail" if name in failing else "pass"}
        for name in REQUIRED
    ]
    return json.dumps({"verdict": verdict, "summary": "s", "checks": checks}).encode()


def lines(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


LINE: Final = {"hash": HASH.hex(), "receipt": RECEIPT}
LIES: Final[dict[str, tuple[str, Play]]] = {
    "valid, though a check failed": ("verify", says(report("valid", "anchor"))),
    "valid without checks": ("verify", says(b'{"verdict":"valid","summary":"s","checks":[]}')),
    "another's receipt": (
        "receipt",
        says(json.dumps({**RECEIPT, "credentialHash": "44" * 32}).encode()),
    ),
    "a receipt with a key more": ("receipt", says(json.dumps({**RECEIPT, "more": 1}).encode())),
    "no lines": ("receipts", says(b"")),
    "a line more": ("receipts", says(lines(LINE, LINE))),
    "a line of another": ("receipts", says(lines({**LINE, "hash": "44" * 32}))),
    "a line with another's receipt": (
        "receipts",
        says(lines({**LINE, "receipt": {**RECEIPT, "credentialHash": "44" * 32}})),
    ),
    "a line that says nothing": ("receipts", says(lines({"hash": HASH.hex()}))),
    "half a line": ("receipts", says(lines(LINE)[:-1])),
    "batches in circles": (
        "batches",
        says(json.dumps({"batches": [BATCH], "next": "1"}).encode()),
    ),
    "empty pages for ever": ("batches", says(b'{"batches": [], "next": "1"}')),
    "batches of another seal": (
        "seal",
        says(json.dumps({"seal": HASH.hex(), "batches": [{**BATCH, "seal": "44" * 32}]}).encode()),
    ),
    "leaves that are none": ("leaves", says(b"xyz\n")),
    "half a leaf": ("leaves", says(HASH.hex().encode() + b"\n" + b"11")),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_cannot_be_true_says_nothing(lie: str) -> None:
    asked, play = LIES[lie]
    with (
        server(play) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}") as client,
        pytest.raises(UnavailableError),
    ):
        ASKED[asked](client)


def test_what_a_newer_server_adds_is_passed_over() -> None:
    newer = json.loads(report("valid")) | {"more": [1]}
    newer["checks"][0]["more"] = {}
    with (
        server(says(json.dumps(newer).encode())) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}") as client,
    ):
        assert client.verify(b"x").verdict.value == "valid"


def test_what_a_server_says_cannot_move_the_cursor() -> None:
    detail = "\x1b[2J" + "x" * 100_000
    with (
        server(problem(404, detail=detail, place="\x1b[2J")) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}") as client,
    ):
        with pytest.raises(NotFoundError) as failed:
            client.receipt(HASH)
        assert "\x1b" not in str(failed.value)
        assert len(str(failed.value)) < 2000


def test_it_says_how_long_to_wait() -> None:
    body = json.dumps(
        {
            "type": "t",
            "title": "T",
            "status": 429,
            "detail": "Too many requests.",
            "instance": "/",
            "code": "too-many-requests",
        }
    ).encode()
    for wait, said in (("7", "wait 7 seconds"), ("soon", "Too many requests"), ("9" * 99, "wait")):
        play = says(body, 429, "application/problem+json", ("Retry-After", wait))
        with (
            server(play) as stage,
            Client(f"http://127.0.0.1:{stage.server_port}") as client,
            pytest.raises(UnavailableError, match=said),
        ):
            client.receipt(HASH)
