"""What the load is put on: a million final credentials, a chain, and `rootseal serve`."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import httpx
import orjson
from bench.badges import badge_lines
from bench.nights import ISSUER, night, only_batch, sqlite_url
from bench.processes import ROOTSEAL
from synthetic import credentials

from registry.core.address import format_address
from registry.core.canonical import Canonicalization, credential_hash
from registry.core.receipt import print_receipt
from registry.services.api_keys import create_api_key
from registry.services.hashing import salted
from registry.services.ports import Batch, Scope
from registry.services.receipts import receipt_of
from registry.store import SqlStore, open_store
from registry.wiring import utc_now

HOST: Final = "127.0.0.1"
SAMPLE: Final = 20_000  # credentials that are asked for
DOCUMENTS: Final = 200  # of which the load has the badges, too, to have them verified
START_SECONDS: Final = 240.0
STOP_SECONDS: Final = 60.0
_UNLIMITED: Final = str(10**9)  # requests a minute: limits on callers are not what is tried here


@dataclass(frozen=True, slots=True)
class World:
    """What callers need to know."""

    url: str
    pid: int
    issuer: str
    seal: str
    hashes: Sequence[str]
    verifiable: Sequence[bytes]  # bodies for POST /v1/verify
    api_key: str
    environment: dict[str, str]  # of commands beside the server
    folder: Path


def make_sealed(database: Path, size: int) -> None:
    """A store of one sealed batch, with the documents in it that `world` has verified."""
    unfinished = database.with_name(f"{database.name}.part")
    store = open_store(sqlite_url(unfinished))
    documents = salted([_digest(each) for each in _documents()], Canonicalization.JCS)
    store.add_credentials(ISSUER, chain([documents], credentials(size - DOCUMENTS)), now=utc_now())
    store.seal_open_batch(ISSUER, now=utc_now())
    store.close()
    unfinished.rename(database)  # closed, it has no other file beside it


@contextmanager
def world(folder: Path, *, port: int, server_options: Sequence[str]) -> Iterator[World]:
    """Anchor the sealed `registry.db` in the folder, serve it, and stop what was started."""
    with ExitStack() as stack:
        anvil = stack.enter_context(night(block_time=1))
        url = sqlite_url(folder / "registry.db")
        store = open_store(url)
        stack.callback(store.close)
        batch = anvil.anchor(store, only_batch(store))
        if batch.head is None:
            raise SystemExit("the batch has no seal")
        _, key = create_api_key(
            store,
            ISSUER,
            frozenset({Scope.ADD}),
            now=utc_now(),
            expires_at=None,
            random_bytes=secrets.token_bytes,
        )
        environment = _environment(url, anvil.rpc.source)
        address = f"http://{HOST}:{port or _free_port()}"
        server = stack.enter_context(_serving(folder, address, environment, server_options))
        yield World(
            url=address,
            pid=server.pid,
            issuer=format_address(ISSUER),
            seal=batch.head.seal.hex(),
            hashes=[each.hex() for each in _sample(store, batch)],
            verifiable=[_verification(line, store) for line in _documents()],
            api_key=key,
            environment=environment,
            folder=folder,
        )


def _documents() -> list[bytes]:
    return [line.strip() for line in badge_lines(DOCUMENTS, seed=-1)]


def _digest(line: bytes) -> bytes:
    return credential_hash(line, Canonicalization.JCS)


def _environment(database: str, rpc_url: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ROOTSEAL_")}
    return kept | {
        "ROOTSEAL_DATABASE": database,
        "ROOTSEAL_RPC_URL": rpc_url,
        "ROOTSEAL_DEVELOPMENT_ACCOUNT": "0",
        "ROOTSEAL_REQUESTS_PER_MINUTE": _UNLIMITED,
        "ROOTSEAL_KEY_REQUESTS_PER_MINUTE": _UNLIMITED,
    }


def _sample(store: SqlStore, batch: Batch) -> list[bytes]:
    """Credentials from all over the tree, drawn at random."""
    hashes = [each.credential_hash for page in store.batch_credentials(batch) for each in page]
    return secrets.SystemRandom().sample(hashes, min(SAMPLE, len(hashes)))


def _verification(line: bytes, store: SqlStore) -> bytes:
    receipt = orjson.loads(print_receipt(receipt_of(store, _digest(line))))
    return orjson.dumps({"credential": orjson.loads(line), "receipt": receipt})


@contextmanager
def _serving(
    folder: Path, address: str, environment: dict[str, str], options: Sequence[str]
) -> Iterator[subprocess.Popen[bytes]]:
    port = address.rpartition(":")[2]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [ROOTSEAL, "serve", "--host", HOST, "--port", port, *options],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(address, server, folder / "server.log")
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(f"{address}/healthz", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])
