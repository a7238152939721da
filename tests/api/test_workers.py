"""`rootseal serve --workers`: real processes, replaced and killed while they are asked."""

import asyncio
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from registry.cli.serving import _Config, _Worker
from registry.store import open_store
from tests.api.conftest import NOBODY
from tests.api.servers import LONGEST, Server, serving_together
from tests.cli.conftest import ISSUER
from tests.databases import sqlite_url
from tests.store.builders import credential, sealed_batch

WORKERS = 2


def started(server: Server) -> list[int]:
    """Process ids of all workers that ever began, in their order."""
    begun = re.findall(r"Started server process \[([0-9]+)\]", server.log)
    return [int(pid) for pid in begun]


def ready(server: Server) -> int:
    """How many workers were ever ready to answer."""
    return server.log.count("Application startup complete")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(holds: Callable[[], bool], server: Server) -> None:
    deadline = time.monotonic() + 2 * LONGEST
    while not holds():
        assert time.monotonic() < deadline, server.log
        time.sleep(0.05)


@contextmanager
def asked(url: str) -> Iterator[list[int]]:
    """Somebody asks, each time by a new connection, while the context is open; what came back."""
    answers: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                answers.append(httpx.get(url, trust_env=False, timeout=LONGEST).status_code)
            except httpx.TransportError:
                answers.append(0)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        is_over.set()
        asking.join()


def test_workers_are_replaced_without_a_failed_request_and_end_with_0(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path))
    sealed_batch(store, range(5))
    store.close()
    settings = {"database": sqlite_url(tmp_path), "rpc_url": NOBODY, "database_connections": "3"}
    settings["requests_per_minute"] = "1000000"
    with serving_together(tmp_path, WORKERS, **settings) as server:
        until(lambda: ready(server) == WORKERS, server)
        first = started(server)
        path = f"/v1/credentials/{credential(1).credential_hash.hex()}/receipt"
        with asked(server.url + path) as answers:
            server.process.send_signal(signal.SIGHUP)
            until(lambda: ready(server) == 2 * WORKERS, server)
            until(lambda: not any(map(is_running, first)), server)
        assert set(answers) == {200}
        second = started(server)[WORKERS:]
        assert len(set(first + second)) == 2 * WORKERS
        os.kill(second[0], signal.SIGKILL)
        until(lambda: ready(server) == 2 * WORKERS + 1, server)
        assert httpx.get(server.url + path, trust_env=False).status_code == 200
        assert server.terminate() == 0
        assert not any(map(is_running, started(server)))


def test_who_is_told_to_end_replaces_no_more_workers(tmp_path: Path) -> None:
    settings = {"database": sqlite_url(tmp_path), "rpc_url": NOBODY}
    with serving_together(tmp_path, WORKERS, **settings) as server:
        until(lambda: ready(server) == WORKERS, server)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: len(started(server)) == WORKERS + 1, server)
        assert server.terminate() == 0
        assert len(started(server)) == WORKERS + 1
        assert not any(map(is_running, started(server)))


def test_a_worker_that_cannot_begin_does_not_end_those_that_serve(tmp_path: Path) -> None:
    trust = tmp_path / "trust.toml"
    nobody = f'[[issuers]]\nname = "A"\naddresses = ["{ISSUER}"]\n'
    trust.write_text(nobody)
    settings = {"database": sqlite_url(tmp_path), "rpc_url": NOBODY, "trust_list": str(trust)}
    with serving_together(tmp_path, WORKERS, **settings) as server:
        until(lambda: ready(server) == WORKERS, server)
        time.sleep(2)  # in which they are looked at
        trust.write_text("no TOML")
        os.kill(started(server)[0], signal.SIGKILL)
        until(lambda: "not TOML" in server.log, server)
        assert httpx.get(f"{server.url}/healthz", trust_env=False).status_code == 200
        trust.write_text(nobody)
        until(lambda: ready(server) == WORKERS + 1, server)
        assert server.terminate() == 0


def test_a_worker_whose_loop_is_stuck_does_not_answer() -> None:
    config = _Config("nothing", drain=0, last_seconds=1, logs_json=True)
    worker = _Worker(config, [])
    loop = worker.server.loop = asyncio.new_event_loop()
    turning = threading.Thread(target=loop.run_forever)
    answering = threading.Thread(target=worker.pong)
    is_freed = threading.Event()
    loop.call_soon(is_freed.wait)
    for thread in (turning, answering):
        thread.start()
    try:
        assert not worker.ping(0.3)
        is_freed.set()
        assert worker.parent_conn.poll(LONGEST)
    finally:
        is_freed.set()
        loop.call_soon_threadsafe(loop.stop)
        for thread in (turning, answering):
            thread.join()
        loop.close()


def test_workers_that_cannot_begin_are_not_begun_for_ever(tmp_path: Path) -> None:
    # Found by each worker alone: the command itself does not open the signing key.
    settings = {"database": sqlite_url(tmp_path), "signing_key": str(tmp_path / "absent.pem")}
    with (
        pytest.raises(AssertionError, match="did not start"),
        serving_together(tmp_path, WORKERS, **settings),
    ):
        pass
    log = (tmp_path / "server.log").read_text("utf-8")
    assert 1 <= log.count("cannot start: ") <= 2 * WORKERS
    assert "absent.pem" in log
    assert "Traceback" not in log
