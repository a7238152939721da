"""A process that is told to stop answers on while callers move to another."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.servers import Reply, Server, read_reply, serving
from tests.databases import sqlite_url

ASK = "GET {} HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = {"database": sqlite_url(tmp_path), "rpc_url": "http://127.0.0.1:9"}
    with serving(tmp_path, "--drain", "3", **settings) as found:
        yield found


def ask(server: Server, path: str) -> Reply:
    return server.send(ASK.format(path).replace("\r\n", "\n"))


def until_draining(server: Server) -> None:
    deadline = time.monotonic() + 30
    while not server.lines("draining"):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.02)


def test_it_answers_on_and_lets_every_connection_go(server: Server) -> None:
    with server.connect() as kept:
        kept.sendall(ASK.format("/v1/batches").encode())
        assert "connection" not in read_reply(kept).headers
        server.process.terminate()
        until_draining(server)

        kept.sendall(ASK.format("/v1/batches").encode())
        answer = read_reply(kept)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert kept.recv(1) == b""  # and it is closed in good order

    new = ask(server, "/v1/batches")
    assert (new.status, new.headers["connection"]) == (200, "close")
    health = ask(server, "/healthz")
    assert (health.status, health.problem["code"]) == (503, "busy")
    assert health.headers["retry-after"] == "30"
    assert server.process.wait(30) == 0


def test_without_a_signal_connections_are_kept_and_it_is_healthy(server: Server) -> None:
    health = ask(server, "/healthz")
    assert (health.status, "connection" in health.headers) == (200, False)
