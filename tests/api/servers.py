"""A real `rootseal serve`, its memory, and requests byte by byte."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 40.0  # seconds to wait for anything here


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem that it is."""
        assert self.headers["content-type"] == "application/problem+json", self
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        assert found["requestId"] == self.headers["x-request-id"]
        return found


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What was logged under a name."""
        found = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    def terminate(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LONGEST)

    def memory(self) -> int:
        """MiB that it holds now."""
        return self._kib("VmRSS") // 1024

    def peak(self) -> int:
        """MiB that it held at most since `forget_peak`."""
        return self._kib("VmHWM") // 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def _kib(self, field: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in text.splitlines() if line.startswith(f"{field}:")]
        return int(line.split()[1])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST)

    def send(self, head: str, body: Iterable[bytes] = (), *, pause: float = 0) -> Reply:
        """Send a request as it is written; the answer, even if it comes before the end."""
        with self.connect() as connection:
            with suppress(ConnectionError):
                connection.sendall(head.replace("\n", "\r\n").encode("latin-1"))
                for piece in body:
                    connection.sendall(piece)
                    time.sleep(pause)
            return read_reply(connection)


def read_reply(connection: socket.socket) -> Reply:
    """Read one answer."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            headers[name.lower()] = value
        return Reply(status, headers, stream.read(int(headers.get("content-length", "0"))))


@contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[Server]:
    """A server of its own process, as an operator starts it; stopped by its process id."""
    with _serving(folder, free_port(), settings, *options) as server:
        yield server


@contextmanager
def serving_together(folder: Path, workers: int, **settings: str) -> Iterator[Server]:
    """The same with several workers."""
    with _serving(folder, free_port(), settings, "--workers", str(workers)) as server:
        yield server


@contextmanager
def serving_itself(folder: Path, **settings: str) -> Iterator[Server]:
    """The same, told that it is reached where it listens."""
    port = free_port()
    settings["public_url"] = f"http://127.0.0.1:{port}"
    with _serving(folder, port, settings) as server:
        yield server


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _serving(
    folder: Path, port: int, settings: Mapping[str, str], *options: str
) -> Iterator[Server]:
    main = "from registry.cli import main; main()"
    command = [sys.executable, "-W", "error", "-c", main, "serve", "--port", str(port), *options]
    kept = {name: value for name, value in os.environ.items() if "ROOTSEAL" not in name}
    kept |= {f"ROOTSEAL_{name.upper()}": value for name, value in settings.items()}
    path = folder / "server.log"
    with (
        path.open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=kept, stdout=log, stderr=log) as process,
    ):
        server = Server(process, port, path)
        try:
            _wait_for(server)
            yield server
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(LONGEST)
                finally:
                    process.kill()


def _wait_for(server: Server) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            httpx.get(f"{server.url}/healthz", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)  # until it listens
        else:
            return
    raise AssertionError(f"the server did not start: {server.log}")
