"""What the demo is built of: commands, processes, and claims that end it if they are not so."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from registry.chain import development_signer
from registry.core.address import format_address

ROOTSEAL = Path(sys.executable).parent / "rootseal"
PATIENCE = 60  # seconds for anything to get ready


@dataclass
class Issuer:
    """An issuer of the demo, with one of Anvil's accounts for its key."""

    name: str
    account: int
    seal: str = ""
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.address = format_address(development_signer(self.account).address)


def say(headline: str) -> None:
    """Begin a step."""
    print(f"\n== {headline}", flush=True)


def shown(name: str, value: object) -> None:
    """Print a fact."""
    print(f"   {name}: {value}", flush=True)


def must(holds: bool, claim: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Print a claim that holds, or end the demo."""
    if not holds:
        sys.exit(f"   NOT SO: {claim}")
    print(f" ✓ {claim}", flush=True)


# Any: the commands' JSON is what is being shown.
def cli(*arguments: str, issuer: Issuer | None = None) -> Any:  # noqa: ANN401
    """Run a command that must succeed, and return its JSON."""
    done = _run(*arguments, issuer=issuer)
    if done.returncode != 0:
        sys.exit(f"   NOT SO: rootseal {arguments[0]} works: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def verdict_of(*arguments: str, issuer: Issuer | None = None) -> tuple[str, int]:
    """Run a command that may fail; its verdict, if it has one, and its exit code."""
    done = _run(*arguments, issuer=issuer)
    try:
        return str(json.loads(done.stdout).get("verdict")), done.returncode
    except json.JSONDecodeError:
        return "", done.returncode


def _run(*arguments: str, issuer: Issuer | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOTSEAL, *arguments, "--json"],
        env=_environment(issuer),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _environment(issuer: Issuer | None) -> dict[str, str]:
    """The node holds the keys of the demo, as a signing service would; this says whose signs."""
    return os.environ | ({} if issuer is None else {"ROOTSEAL_SIGNER_ADDRESS": issuer.address})


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A `rootseal` process that runs beside the demo and is stopped by its own id."""

    def __init__(self, arguments: list[str], *, log: Path, issuer: Issuer | None = None) -> None:
        self._arguments = arguments
        self._log = log
        self._environment = _environment(issuer)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [ROOTSEAL, *self._arguments],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop it, if it still runs."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def wait_until(self, is_ready: Callable[[], bool], what: str) -> None:
        """Wait until it is ready; end the demo with its log if it ends or takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not is_ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                log = self._log.read_text(errors="replace")[-2000:]
                sys.exit(f"   NOT SO: waited for {what}; {self._log.name} says:\n{log}")
            time.sleep(0.2)
