import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.anvil import Anvil
from tests.api.conftest import Open
from tests.databases import sqlite_url

ROOT = Path(__file__).resolve().parents[2]
BADGE: dict[str, object] = {"name": "Incident Response", "score": 1.5}


@contextmanager
def served(folder: Path, rpc_url: str) -> Iterator[httpx.Client]:
    """A server of its own process, as an operator starts it; stopped by its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ROOTSEAL_DATABASE": sqlite_url(folder),
        "ROOTSEAL_RPC_URL": rpc_url,
        "ROOTSEAL_FINALITY": "1",
    }
    command = [sys.executable, "-W", "error", "-m", "uvicorn", "--factory"]
    command += ["api.app:from_environment", "--host", "127.0.0.1", "--port", str(port)]
    kept = {name: value for name, value in os.environ.items() if "ROOTSEAL" not in name}
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=kept | settings, stdout=log, stderr=log) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        try:
            wait_for(client, server)
            yield client
        finally:
            server.terminate()
            server.wait(20)
    assert b"Application shutdown complete" in (folder / "server.log").read_bytes()


def wait_for(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.05)  # until it listens
        else:
            return
    raise AssertionError("the server did not start")


def test_the_whole_way_over_a_real_server(open_site: Open, anvil: Anvil, tmp_path: Path) -> None:
    site = open_site(anvil.url)
    headers = site.bearer()
    with served(tmp_path, anvil.url) as client:
        lines = b"\n".join(json.dumps(item).encode() for item in (BADGE, {"n": 2}))
        ndjson = headers | {"Content-Type": "application/x-ndjson"}
        assert client.post("/v1/credentials", content=lines, headers=ndjson).json()["new"] == 2
        seal = client.post("/v1/batches", headers=headers).json()["seal"]
        site.anchor()
        digest = site.add(BADGE)[0]
        path = f"/v1/credentials/{digest}/receipt"
        receipt = client.get(path).json()
        assert receipt["seal"] == seal
        assert client.head(path).content == b""
        body = {"credential": BADGE, "receipt": receipt}
        assert client.post("/v1/verify", json=body).json()["verdict"] == "valid"
        assert client.get("/readyz").json()["ready"] is True
