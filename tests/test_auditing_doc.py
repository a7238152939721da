"""The guide for auditors is run: its commands against a bundle in a local node, and its program."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.chain import find_anvil
from registry.core.address import format_address
from tests.anvil import Anvil, anvil, anvil_process
from tests.cli.conftest import ISSUER, badge, folder, logging_as_before, mining, rootseal

__all__ = ["anvil", "anvil_process", "folder", "logging_as_before", "mining"]

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "auditing.md").read_text(encoding="utf-8")
CAST = ROOT / "node_modules" / "@foundry-rs" / "cast-linux-amd64" / "bin"
PORT = "8546"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def bundle(mining: Anvil, folder: Path) -> Path:
    roster = b"\n".join(badge(number) for number in range(5))
    assert rootseal("add", "-", stdin=roster).code == 0
    assert rootseal("nightly", "--patience", "30").code == 0
    mining.mine(3)
    assert rootseal("export", "bundle", "bundle").code == 0
    return folder / "bundle"


@pytest.fixture
def environment(bundle: Path) -> dict[str, str]:
    contents = json.loads((bundle / "bundle.json").read_bytes())
    path = os.pathsep.join([str(find_anvil().parent), str(CAST), os.environ["PATH"]])
    return {
        "PATH": path,
        "HOME": str(bundle.parent),
        "CHAIN": "31337",
        "CONTRACT": contents["chains"][0]["contract"],
        "ISSUER": ISSUER,
        "SEAL": contents["batches"][0]["seal"],
    }


def shell(commands: str, environment: dict[str, str], folder: Path) -> str:
    ran = subprocess.run(
        ["sh", "-ec", commands],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{commands}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def local_node(bundle: Path, environment: dict[str, str]) -> Iterator[str]:
    """The node that the guide starts, on a port that is free here."""
    first, port = blocks("sh")[0], free_port()
    assert PORT in first
    command = (
        first.replace(PORT, port).replace("&\n", "").strip().replace("anvil ", "exec anvil ", 1)
    )
    node = subprocess.Popen(["sh", "-c", command], env=environment, cwd=bundle)
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield port
    node.terminate()
    node.wait(20)


def test_the_guides_commands_read_the_chain_by_hand(
    bundle: Path, environment: dict[str, str], local_node: str
) -> None:
    commands = "".join(blocks("sh")[1:]).replace(PORT, local_node)
    said = shell(commands, environment, bundle).split("\n")
    assert said[:2] == [ISSUER, format_address(bytes(20))]
    assert said[2] == "1"  # one anchor
    assert said[4:6] == ["1", "0"]  # the first, active
    text = "\n".join(said)
    assert environment["SEAL"] in text
    assert "accountProof" in text


def test_the_guides_program_comes_to_the_seal(
    bundle: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    [program] = blocks("python")
    script = tmp_path / "seal.py"
    script.write_text(program, encoding="utf-8")
    leaves = bundle / "leaves" / environment["SEAL"]
    ran = subprocess.run(
        [sys.executable, script, leaves], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == environment["SEAL"]


def test_every_option_that_the_guide_names_is_there() -> None:
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", GUIDE.split("## In a local node")[0]))
    named |= {"--credentials", "--tolerance", "--sample", "--sign", "--independent", "--recompile"}
    known = "".join(rootseal(*words, "--help").out for words in (["audit"], ["export", "bundle"]))
    assert {option for option in named if option not in known} == set()
