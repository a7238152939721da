"""Long-running commands in processes of their own, as an operator starts and stops them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from registry.core.canonical import Canonicalization
from registry.services.hashing import Submission
from registry.services.intake import add_credentials
from registry.services.ports import Store
from tests.services.office import ISSUER, utc_now

PATIENCE = 40.0  # seconds
_T = TypeVar("_T")


@dataclass
class Running:
    """A command that runs."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it logged, as JSON of any shape; a line that is none is a failure."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    @property
    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def until(self, ask: Callable[[], _T | None]) -> _T:
        """Ask again until there is an answer."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text("utf-8")
            answer = ask()
            if answer:
                return answer
            time.sleep(0.05)
        raise AssertionError(self.log.read_text("utf-8"))


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    """Run the command in a folder, with the environment of the test; stopped at the end."""
    command = [sys.executable, "-W", "error", "-c", "from registry.cli import main; main()"]
    log = folder / "stderr.log"
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [*command, *arguments], cwd=folder, env=os.environ.copy(), stderr=stderr
        ) as process,
    ):
        try:
            yield Running(process, log)
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def add_old(store: Store, name: str, *, days: float) -> None:
    """Add a credential as it would have been added some time ago."""
    submission = Submission(name, name.encode(), Canonicalization.RAW)
    then = utc_now() - timedelta(days=days)
    add_credentials(store, ISSUER, [submission], now=then)
