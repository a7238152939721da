"""A command imports what it needs: what all need together takes seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

from registry.cli import _COMMANDS
from registry.cli.lazy import LazyCommands
from registry.store import open_store

HEAVY = "eth_account web3 sqlalchemy psycopg uvicorn pyld openvc segno lxml py_ecc httpx"


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--version"], set()),
        (["add", "absent.json", "--development-account", "0"], {"sqlalchemy"}),
        (["seal", "--issuer", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"], {"sqlalchemy"}),
    ],
)
def test_nothing_heavy_is_imported_in_vain(
    tmp_path: Path, arguments: list[str], needed: set[str]
) -> None:
    (tmp_path / "rootseal-data").mkdir()
    open_store(f"sqlite:///{tmp_path}/rootseal-data/registry.db").close()
    program = (
        "import sys\n"
        "from registry.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*(set({HEAVY!r}.split()) & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(ran.stdout.split("\n")[-2].split()) == needed


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_can_be_made(name: str) -> None:
    commands = LazyCommands(_COMMANDS)
    assert commands[name].name == name
    assert commands[name] is commands[name]
    assert list(commands) == list(_COMMANDS)
    assert len(commands) == len(_COMMANDS)
