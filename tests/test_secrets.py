import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # JSON of any shape

import orjson
import pytest
from eth_account import Account

from registry.chain.rpc import Rpc
from registry.core.address import format_address
from tests.anvil import Anvil, anvil, anvil_process
from tests.rpc_proxy import Fault, RpcProxy
from tests.secret_spellings import Needle, files_under, files_with

__all__ = ["anvil", "anvil_process"]

KEY = bytes.fromhex("7c1f0b5e93d2486aa0e4b7c95d13f826e1904a7bd86c3f52b90e1d4763a8c5f1")
ADDRESS = bytes.fromhex(Account.from_key(KEY).address[2:])
PASSWORD = b"staple-battery-horse-31"
WRONG_PASSWORD = b"staple-battery-horse-32"
SECRETS = [Needle(KEY), Needle(PASSWORD), Needle(WRONG_PASSWORD)]
SECONDS = 60
MAIN = "from registry.cli import main; main()"
ROOT = Path(__file__).parents[1]


class EchoingProxy(RpcProxy):
    """A node that repeats what it was sent in the message of its error."""

    def answer(self, question: bytes) -> tuple[Fault | None, bytes]:
        content: dict[str, Any] = orjson.loads(question)
        if content["method"] != "eth_sendRawTransaction":
            return super().answer(question)
        self.questions.append((content["method"], content["params"]))
        message = f"cannot take {content['params'][0]}"
        return None, orjson.dumps({"id": content["id"], "error": {"code": -1, "message": message}})


@dataclass
class Office:
    """An issuer's folder with a keystore elsewhere, and everything that its runs said."""

    folder: Path
    keys: Path
    node: str
    said: list[bytes] = field(default_factory=list)

    def start(self, *arguments: str, code: str = MAIN, **env: str) -> "subprocess.Popen[bytes]":
        """Start the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env=self._environment() | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_allow_core_dumps,  # noqa: PLW1509 - sets one limit, before any thread
        )

    def end(self, process: "subprocess.Popen[bytes]") -> int:
        """Wait for its end; return its exit code."""
        try:
            self.said += process.communicate(timeout=SECONDS)
        finally:
            process.kill()  # whatever the test came to, it is over
        return process.returncode

    def run(self, *arguments: str, code: str = MAIN, **env: str) -> int:
        """Run the command."""
        return self.end(self.start(*arguments, code=code, **env))

    @property
    def text(self) -> str:
        """All that was said on stdout and stderr."""
        return b"".join(self.said).decode()

    def assert_no_secret(self) -> None:
        """Assert that no secret was said or written."""
        for secret in SECRETS:
            assert not any(secret.is_in(said) for said in self.said)
            assert list(files_with(secret, files_under(self.folder))) == []

    def _environment(self) -> dict[str, str]:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("ROOTSEAL_")}
        return inherited | {
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.folder),
            "ROOTSEAL_KEYSTORE": str(self.keys / "key.json"),
            "ROOTSEAL_PASSWORD_FILE": str(self.keys / "password"),
            "ROOTSEAL_RPC_URL": self.node,
            "ROOTSEAL_POLL_SECONDS": "0.05",
        }


def _allow_core_dumps() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(int(anvil.url.rpartition(":")[2])).running() as proxy:
        yield proxy


@pytest.fixture
def office(anvil: Anvil, proxy: RpcProxy, tmp_path: Path) -> Office:
    keys, folder = tmp_path / "keys", tmp_path / "office"
    keys.mkdir()
    folder.mkdir()
    keystore = Account.encrypt(KEY, PASSWORD.decode(), kdf="pbkdf2", iterations=1000)
    (keys / "key.json").write_bytes(orjson.dumps(keystore))
    (keys / "password").write_bytes(PASSWORD + b"\n")
    (folder / "badge.json").write_text('{"id": "urn:example:1"}')
    anvil.ask("anvil_setBalance", format_address(ADDRESS), hex(10**20))
    office = Office(folder, keys, proxy.url)
    assert office.run("add", "badge.json", "-vv") == 0, office.text
    return office


@pytest.fixture
def mining(anvil: Anvil) -> Iterator[None]:
    """A chain that mines by itself, and so finalises."""
    ended = threading.Event()

    def mine() -> None:
        rpc = Rpc(anvil.url)
        while not ended.wait(0.1):
            rpc.ask("anvil_mine", "0x1")
        rpc.close()

    thread = threading.Thread(target=mine)
    thread.start()
    yield
    ended.set()
    thread.join()


def wait_until_asked(proxy: RpcProxy, method: str) -> None:
    deadline = time.monotonic() + SECONDS
    while method not in proxy.asked:
        assert time.monotonic() < deadline, f"{method} was never asked"
        time.sleep(0.01)


def test_a_good_night_tells_no_secret(office: Office, mining: None) -> None:
    assert mining is None
    assert office.run("nightly", "-vv") == 0, office.text
    for words in (["settings"], ["settings", "--json"], ["batches", "--json"], ["issuer", "show"]):
        office.run(*words, "-vv")
    assert format_address(ADDRESS) in office.text
    office.assert_no_secret()


def test_a_wrong_password_is_not_told(office: Office) -> None:
    (office.keys / "password").write_bytes(WRONG_PASSWORD)
    assert office.run("nightly", "-vv") == 2
    assert office.run("nightly", "-vv", "--json") == 2
    assert office.text.count("wrong password for keystore") == 2
    office.assert_no_secret()


@pytest.mark.parametrize("fault", [Fault.LOSE, Fault.HTTP_500])
def test_a_node_that_dies_midway_brings_out_no_secret(
    office: Office, proxy: RpcProxy, fault: Fault
) -> None:
    proxy.fail("eth_sendRawTransaction", fault)
    assert office.run("nightly", "-vv", "--patience", "2") != 0
    assert "eth_sendRawTransaction" in proxy.asked
    office.assert_no_secret()


def test_a_node_that_repeats_the_transaction_brings_out_no_secret(
    office: Office, anvil: Anvil
) -> None:
    with EchoingProxy(int(anvil.url.rpartition(":")[2])).running() as node:
        office.node = node.url
        assert office.run("nightly", "-vv", "--patience", "2") != 0
        sent = [params[0] for method, params in node.questions if "Raw" in method]
    assert "cannot take" in office.text
    # The signature is for the chain alone, until it is there; its last half suffices to look for.
    assert sent
    assert all(raw[-64:] not in office.text for raw in sent)
    office.assert_no_secret()


BUGS = [
    pytest.param("eth_account.Account.from_key", id="with the password at hand"),
    pytest.param("registry.chain.keys.signing_hash", id="with the key at hand"),
    pytest.param("registry.chain.keys.with_signature", id="with the signature at hand"),
]


@pytest.mark.parametrize("place", BUGS)
def test_a_bug_shows_its_traceback_and_no_secret(office: Office, place: str) -> None:
    code = f"from unittest.mock import patch; patch({place!r}, lambda *_: 1 / 0).start(); {MAIN}"
    assert office.run("nightly", "-vv", code=code) == 1
    assert "Traceback" in office.text
    assert "ZeroDivisionError" in office.text
    office.assert_no_secret()


def test_an_unreadable_database_brings_out_no_secret(office: Office) -> None:
    database = office.folder / "rootseal-data" / "registry.db"
    database.unlink()
    database.mkdir()
    assert office.run("nightly", "-vv", "--patience", "2") != 0
    office.assert_no_secret()


def test_a_crash_at_work_dumps_no_secret(office: Office, proxy: RpcProxy) -> None:
    proxy.fail("eth_sendRawTransaction", Fault.HANG)
    process = office.start("nightly", "-vv", PYTHONFAULTHANDLER="1")
    wait_until_asked(proxy, "eth_sendRawTransaction")
    seen = [Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    process.send_signal(signal.SIGABRT)
    assert office.end(process) == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in office.text
    assert str(office.keys).encode() in seen[1]
    office.said += seen
    office.assert_no_secret()


LEAK = """
from pathlib import Path

def test_leaks(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes({written!r})
"""
DEVELOPMENT_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


@pytest.mark.parametrize(
    ("written", "workers", "code"),
    [
        pytest.param(b"0x" + DEVELOPMENT_KEY.hex().upper().encode(), "1", 1, id="hex, by a worker"),
        pytest.param(b"\0" + DEVELOPMENT_KEY + b"\0", "0", 1, id="raw"),
        pytest.param(DEVELOPMENT_KEY[1:], "0", 0, id="not all of it"),
    ],
)
def test_a_suite_that_writes_the_development_key_fails(
    written: bytes, workers: str, code: int
) -> None:
    # Not below this suite's own folder, where it would be found in the end.
    with tempfile.TemporaryDirectory() as place:
        test = Path(place) / "test_leak.py"
        test.write_text(LEAK.format(written=written))
        command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "tests.conftest"]
        command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", place]
        ran = subprocess.run(
            [*command, "--basetemp", f"{place}/base", str(test)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout
    assert bool(re.search(r"PRIVATE KEY: .*/log", ran.stdout)) == bool(code)
