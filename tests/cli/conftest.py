"""The command line in a folder of its own, alone or with a chain that mines by itself."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from registry.chain.rpc import Rpc
from registry.cli import app
from tests.anvil import Anvil, anvil, anvil_process

__all__ = ["anvil", "anvil_process"]

CORPUS = Path(__file__).parents[1] / "corpus" / "open-badges-3.0"
LOGGERS = ("registry", "api", "uvicorn")
ISSUER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"  # Anvil's first account


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: whatever it printed
        """Stdout as one JSON document."""
        return json.loads(self.out)


def rootseal(*arguments: object, stdin: bytes = b"") -> Ran:
    """Run the command; a bug's exception goes through."""
    result = CliRunner().invoke(
        app, [str(a) for a in arguments], input=stdin, catch_exceptions=False
    )
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the test, with no setting from outside but the issuer."""
    for name in os.environ:
        if name.startswith("ROOTSEAL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROOTSEAL_ISSUER", ISSUER)
    return tmp_path


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take the command's log handlers away again: the stderr that they write to is closed."""
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in LOGGERS]
    yield
    for logger, level in before:
        logger.handlers = []
        logger.setLevel(level)


@pytest.fixture
def mining(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Anvil]:
    """The configured chain, which mines a block every moment and so finalises."""
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    monkeypatch.setenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", "0")
    monkeypatch.setenv("ROOTSEAL_POLL_SECONDS", "0.05")
    ended = threading.Event()

    def mine() -> None:
        rpc = Rpc(anvil.url)
        while not ended.wait(0.1):
            rpc.ask("anvil_mine", "0x1")
        rpc.close()

    thread = threading.Thread(target=mine)
    thread.start()
    yield anvil
    ended.set()
    thread.join()


def badge(number: int) -> bytes:
    """A small JSON credential on one line."""
    return json.dumps({"type": "VerifiableCredential", "id": f"urn:example:{number}"}).encode()
