"""Servers that lie, drip, lead elsewhere or break off."""

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

import pytest

from registry.client import Client
from registry.core.canonical import Canonicalization
from registry.core.tiles import build_tiles
from registry.core.tree import leaf_hash, seal_hash
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RootsealError,
    TooLargeError,
    UnavailableError,
)

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


def kind_of(act: BaseHTTPRequestHandler) -> str:
    """The type of a right answer."""
    path = act.path.split("?")[0]
    if path.endswith("/leaves"):
        return "text/plain; charset=utf-8"
    return "application/x-ndjson" if path == "/v1/receipts" else "application/json"


def says(
    body: bytes, status: int | None = None, kind: str | None = None, *more: tuple[str, str]
) -> Play:
    """An answer of the right status and type, if it is not told another."""

    def play(act: BaseHTTPRequestHandler) -> None:
        right = {("POST", "/v1/batches"): 201, ("POST", "/v1/status-changes"): 202}
        act.send_response(status or right.get((act.command, act.path), 200))
        act.send_header("Content-Type", kind or kind_of(act))
        act.send_header("Content-Length", str(len(body)))
        for name, value in more:
            act.send_header(name, value)
        act.end_headers()
        act.wfile.write(body)

    return play


def endless(piece: bytes, pause: float = 0, before: bytes | None = None) -> Play:
    """The same for ever, instead of a body, or after other bytes of the answer than its head."""

    def play(act: BaseHTTPRequestHandler) -> None:
        if before is None:
            act.send_response(200)
            act.send_header("Content-Type", kind_of(act))
            act.end_headers()
        else:
            act.wfile.write(before)
        while True:  # until the client goes away
            act.wfile.write(piece)
            time.sleep(pause)

    return play


def cut(body: bytes) -> Play:
    def play(act: BaseHTTPRequestHandler) -> None:
        act.send_response(200)
        act.send_header("Content-Type", kind_of(act))
        act.send_header("Content-Length", str(len(body) + 100))
        act.end_headers()
        act.wfile.write(body)

    return play


def problem(status: int, *headers: tuple[str, str], **more: object) -> Play:
    content: dict[str, Any] = {
        "type": "urn:rootseal:problem:x",
        "title": "X",
        "status": status,
        "detail": "something",
        "instance": "/",
        "code": "x",
    } | more
    return says(json.dumps(content).encode(), status, "application/problem+json", *headers)


ASKED: Final[dict[str, Callable[[Client], object]]] = {
    "verify": lambda client: client.verify(b"x"),
    "receipt": lambda client: client.receipt(HASH),
    "receipts": lambda client: list(client.receipts([HASH])),
    "batches": lambda client: list(client.batches()),
    "seal": lambda client: client.batches_with_seal(HASH),
    "leaves": lambda client: list(client.leaves(HASH)),
    "issuer": lambda client: client.issuer(ISSUER),
    "add": lambda client: client.add([b"{}"]),
    "add lines": lambda client: client.add_lines([b"{}"]),
    "add hashes": lambda client: client.add_hashes([HASH], Canonicalization.RAW),
    "close": lambda client: client.seal_batch(),
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
    "a coding that nobody asked for": says(
        gzip.compress(b"x" * 2**20), None, None, ("Content-Encoding", "gzip")
    ),
    "a problem that is none": says(b"{}", 404, "application/problem+json"),
    "a problem that says it is fine": says(b"{}", 200, "application/problem+json"),
    "moved, says a problem": problem(302),
    "busy": problem(503),
    "too many requests": problem(429),
    "a failure": problem(500),
    "a timeout": problem(408),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("asked", ASKED)
def test_nonsense_says_nothing(asked: str, nonsense: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with server(NONSENSE[nonsense]) as stage:
        url = f"http://127.0.0.1:{stage.server_port}"
        with Client(url, api_key=KEY, timeout=5) as client:
            with pytest.raises(UnavailableError) as failed:
                ASKED[asked](client)
            assert "SECRET" not in f"{failed.value!r} {failed.value} {client!r}"
            assert "SECRET" not in repr(failed.value.__cause__)
            assert "SECRET" not in caplog.text
        assert len(stage.heads) == 1


CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: "
ENDLESS: Final[dict[str, Play]] = {
    "a trickle": endless(b" ", 0.02),
    "a head that drips": endless(b"X", 0.02, b"HTTP/1.1 200 OK\r\nX: "),
    "answers before the answer": endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0, b""),
    "a JSON answer's trailers": endless(
        b"X: y\r\n", 0, CHUNKED + b"application/json\r\n\r\n2\r\n{}\r\n0\r\n"
    ),
    "a text's trailers": endless(b"X: y\r\n", 0, CHUNKED + b"text/plain\r\n\r\n1\r\n\n\r\n0\r\n"),
    "silence": lambda _: time.sleep(1),
}


@pytest.mark.parametrize("what", ENDLESS)
@pytest.mark.parametrize("asked", ["receipt", "leaves", "add"])
def test_what_does_not_end_is_ended(asked: str, what: str) -> None:
    with (
        server(ENDLESS[what]) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}", timeout=0.3) as client,
    ):
        start = time.monotonic()
        with pytest.raises(UnavailableError):
            ASKED[asked](client)
        assert time.monotonic() - start < 5


def test_who_does_not_take_what_is_sent_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with Client(url, timeout=0.3) as client:
            start = time.monotonic()
            with pytest.raises(UnavailableError):
                client.add_lines(b"x" * 1000 for _ in range(50_000))
            with pytest.raises(UnavailableError):
                client.verify(b"x" * 2**23)
            assert time.monotonic() - start < 5


def test_who_reads_may_take_their_time() -> None:
    wanted = [bytes([number]) * 32 for number in range(3)]
    seal = build_tiles(iter(wanted), lambda _: None).seal

    def play(act: BaseHTTPRequestHandler) -> None:
        act.send_response(200)
        act.send_header("Content-Type", "text/plain")
        act.end_headers()
        for value in wanted:
            act.wfile.write(value.hex().encode() + b"\n")
            time.sleep(0.05)

    with (
        server(play) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}", timeout=0.2) as client,
    ):
        found = []
        for value in client.leaves(seal):
            time.sleep(0.2)
            found.append(value)
        assert found == wanted


def test_the_key_is_not_taken_elsewhere() -> None:
    with server(says(b"{}")) as other:
        there = f"http://127.0.0.1:{other.server_port}/v1/batches"
        for status in (301, 302, 303, 307, 308):
            with server(says(b"", status, "text/plain", ("Location", there))) as stage:
                client = Client(f"http://127.0.0.1:{stage.server_port}", api_key=KEY)
                with pytest.raises(UnavailableError):
                    client.seal_batch()
                client.close()
        assert other.heads == []


def busy(*waits: str) -> Play:
    """Says to wait, so long; and then an answer."""
    left = list(waits)
    answers = {
        "/v1/credentials": b'{"new": 1, "known": 0}',
        "/v1/batches": json.dumps(BATCH).encode(),
    }

    def play(act: BaseHTTPRequestHandler) -> None:
        if left:
            problem(429, ("Retry-After", left.pop(0)))(act)
        else:
            says(answers.get(act.path, json.dumps(RECEIPT).encode()))(act)

    return play


def test_a_server_that_says_how_long_to_wait_is_asked_again() -> None:
    with (
        server(busy("1", "0")) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}", timeout=5) as client,
    ):
        start = time.monotonic()
        assert client.receipt(HASH).credential_hash == HASH
        assert time.monotonic() - start >= 1
        assert len(stage.heads) == 3
    with (
        server(busy("0")) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}", timeout=5) as client,
    ):
        assert client.add_hashes([HASH], Canonicalization.RAW).new == 1
        assert len(stage.heads) == 2


@pytest.mark.parametrize(
    ("waits", "asked", "times"),
    [
        (["0"] * 9, "receipt", 3),
        (["61"], "receipt", 1),
        (["99999"], "receipt", 1),
        (["9" * 5000], "receipt", 1),
        (["-1"], "receipt", 1),
        (["soon"], "receipt", 1),
        (["٣"], "receipt", 1),
        (["0"], "close", 1),  # it could seal what came since
        (["0"], "add lines", 1),  # the stream is spent
    ],
)
def test_it_waits_neither_long_nor_often(waits: list[str], asked: str, times: int) -> None:
    said = [wait.encode().decode("latin-1") for wait in waits]
    with (
        server(busy(*said)) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}", timeout=5) as client,
    ):
        start = time.monotonic()
        with pytest.raises(UnavailableError, match="something"):
            ASKED[asked](client)
        assert time.monotonic() - start < 3
        assert len(stage.heads) == times


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


SEAL: Final = seal_hash(
    merkle_root=leaf_hash(salt=bytes(32), credential_hash=HASH), tree_size=1
).hex()
RECEIPT: Final[dict[str, Any]] = {
    "type": "rootseal/receipt@1",
    "canonicalization": "raw",
    "credentialHash": HASH.hex(),
    "salt": "00" * 32,
    "leafIndex": 0,
    "treeSize": 1,
    "siblings": [],
    "seal": SEAL,
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
CHANGE: Final[dict[str, Any]] = {
    "id": 1,
    "issuer": "0x2222222222222222222222222222222222222222",
    "seal": HASH.hex(),
    "leafIndexes": None,
    "status": "revoked",
    "reason": "unspecified",
    "requestedAt": "2026-01-01T00:00:00Z",
    "doneAt": None,
    "refusal": None,
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
    "an answer of another type": (
        "receipt",
        says(json.dumps(RECEIPT).encode(), None, "text/html"),
    ),
    "undetermined, and all is well": ("verify", says(report("undetermined"), 200)),
    "valid, and out of service": ("verify", says(report("valid"), 503)),
    "a check that there is not": ("verify", says(report("valid").replace(b"format", b"forma"))),
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
    "no leaves": ("leaves", says(b"")),
    "leaves of another seal": ("leaves", says(b"11" * 32 + b"\n")),
    "other hashes than those added": (
        "add",
        says(json.dumps({"new": 1, "known": 0, "hashes": ["44" * 32]}).encode()),
    ),
    "fewer than were added": ("add hashes", says(b'{"new": 0, "known": 0}')),
    "a sealed batch without a seal": ("close", says(json.dumps({**BATCH, "seal": None}).encode())),
    "no change": ("change", says(b'{"changes": []}')),
    "another change": (
        "change",
        says(json.dumps({"changes": [{**CHANGE, "status": "active"}]}).encode()),
    ),
    "a change of another number": ("status", says(json.dumps({**CHANGE, "id": 2}).encode())),
    "no batches of a seal": (
        "seal",
        says(json.dumps({"seal": HASH.hex(), "batches": []}).encode()),
    ),
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
    detail = "\x1b[2J\x9b2J\u202e" + "x" * 100_000
    with (
        server(problem(404, detail=detail, place="\x1b[2J")) as stage,
        Client(f"http://127.0.0.1:{stage.server_port}") as client,
    ):
        with pytest.raises(NotFoundError) as failed:
            client.receipt(HASH)
        assert str(failed.value).isprintable()
        assert len(str(failed.value)) < 2000


def test_an_error_has_the_code_and_the_place_of_the_problem() -> None:
    refused = problem(422, code="invalid-input", detail="no hash (at /hashes/0)", place="/hashes/0")
    for play, kind, code, place in (
        (refused, InvalidInputError, "invalid-input", "/hashes/0"),
        (problem(404, code="not-found"), NotFoundError, "not-found", None),
        (problem(401, code="not-allowed"), NotAllowedError, "not-allowed", None),
        (problem(413, code="too-large"), TooLargeError, "too-large", None),
        (problem(409, code="not-sealed"), ConflictError, "not-sealed", None),
        (problem(429, code="too-many-requests"), UnavailableError, "too-many-requests", None),
        (problem(409, code="\x1b[2J"), ConflictError, "conflict", None),
    ):
        with (
            server(play) as stage,
            Client(f"http://127.0.0.1:{stage.server_port}") as client,
            pytest.raises(kind) as failed,
        ):
            client.receipt(HASH)
        assert failed.value.code == code
        assert getattr(failed.value, "place", None) == place
    assert RootsealError.code == "error"
    assert ConflictError.code == "conflict"
