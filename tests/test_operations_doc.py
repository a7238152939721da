"""What the page on operations tells is done: backups, restores to a moment, and what follows."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from registry.cli.serving import _KEEP_ALIVE_SECONDS
from registry.core.batch import BatchState
from registry.store import open_store
from registry.store.migrating import _LOCK_WAIT
from registry.store.postgresql import _SESSION, connect_options
from tests.anvil import Anvil, anvil, anvil_process
from tests.cli.conftest import badge, folder, logging_as_before, mining, rootseal
from tests.databases import sqlite_url
from tests.postgres_process import NoPostgresError, PostgresProcess, postgres_process
from tests.services.office import anchor_events

__all__ = ["anvil", "anvil_process", "folder", "logging_as_before", "mining"]

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def shell(
    commands: str, environment: Mapping[str, str], folder: Path, user: str | None = None
) -> None:
    # To a file: the server that pg_ctl starts keeps a pipe open.
    with tempfile.TemporaryFile("w+") as said:
        code = subprocess.run(
            ["sh", "-ec", commands],
            env=dict(environment),
            cwd=folder,
            stdout=said,
            stderr=said,
            user=user,
            check=False,
        ).returncode
        said.seek(0)
        assert code == 0, f"{commands}\n{said.read()}"


def add(*numbers: int) -> None:
    assert rootseal("add", "-", stdin=b"\n".join(map(badge, numbers))).code == 0


def finish(mining: Anvil) -> None:
    """One night, and the blocks after it that an audit looks up to."""
    assert rootseal("nightly", "--patience", "60").code == 0
    mining.mine(3)


def nonce(mining: Anvil) -> object:
    sender = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    return mining.ask("eth_getTransactionCount", sender, "latest").value


def findings() -> set[str]:
    ran = rootseal("audit", "--json")
    return {finding["code"] for finding in ran.json["findings"]}


def follow_the_page(mining: Anvil) -> None:
    """What it says to do with a store that is older than the chain."""
    [commands] = blocks("sh rootseal")
    audit, nightly = (line.split()[1:] for line in commands.splitlines())
    assert audit == ["audit", "||", "true"]
    assert rootseal(audit[0]).code in {0, 1}
    assert rootseal(*nightly).code == 0
    mining.mine(3)


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresProcess]:
    """A server as the page configures it."""
    try:
        with postgres_process() as found:
            [text] = blocks("ini")
            archive = found.owned(found.folder.parent / "archive")
            text = text.replace("$ARCHIVE", str(archive))
            found.configure(dict(re.findall(r"^(\w+) = '?(.*?)'?$", text, re.MULTILINE)))
            found.restart("fast")
            monkeypatch.setenv("ROOTSEAL_DATABASE", found.url)
            yield found
    except NoPostgresError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(exc))


def test_postgresql_is_restored_to_a_moment_and_nothing_is_anchored_twice(
    mining: Anvil, server: PostgresProcess, environment: dict[str, str], folder: Path
) -> None:
    home = server.folder.parent
    target = f"host=127.0.0.1 port={server.port} user=postgres dbname=registry"
    environment |= {
        "PATH": f"{server.programs}{os.pathsep}{environment['PATH']}",
        "PGDATA": str(server.folder),
        "ARCHIVE": str(home / "archive"),
        "BACKUP": str(home / "backup"),
        "SERVER": f"host=127.0.0.1 port={server.port} user=postgres",
        "DATABASE": target,
    }
    backup, restore = blocks("sh postgres")
    add(1, 2)
    finish(mining)
    shell(backup, environment, home, server.user)

    add(3, 4)
    assert rootseal("seal").code == 0
    environment["MOMENT"] = server.sql("SELECT clock_timestamp()")
    finish(mining)  # anchors what was only sealed at that moment
    add(5, 6)
    finish(mining)  # of which the backup knows nothing
    (folder / "5.json").write_bytes(badge(5))
    assert rootseal("receipt", "5.json").code == 0
    assert findings() == set()
    sent = nonce(mining)

    shell(restore, environment, home, server.user)
    [wait] = blocks("sh")
    shell(wait, environment, folder)
    assert states(server.url) == [BatchState.SEALED, BatchState.FINAL]
    assert findings() == {"unknown-anchor"}
    follow_the_page(mining)
    assert states(server.url) == [BatchState.FINAL, BatchState.FINAL]
    assert nonce(mining) == sent  # the seal was found on the chain: nothing was sent
    assert rootseal("verify", "5.json", "--no-store").code == 0  # though the store lost it

    add(3, 4, 5, 6)
    finish(mining)
    assert states(server.url) == [BatchState.FINAL] * 3
    assert findings() == {"unknown-anchor"}
    with closing(open_store(server.url)) as store:
        assert [batch.head and batch.head.tree_size for batch in store.batches()] == [2, 2, 2]
        for batch in store.batches():
            assert batch.head is not None
            assert anchor_events(mining, batch.head.seal) == 1


def test_sqlite_is_restored_and_what_came_since_is_added_again(
    mining: Anvil, environment: dict[str, str], folder: Path
) -> None:
    environment["BACKUP"] = str(folder / "backup.db")
    backup, restore = blocks("sh sqlite")
    add(1, 2)
    finish(mining)
    add(3)
    shell(backup, environment, folder)
    add(4)
    finish(mining)
    (folder / "4.json").write_bytes(badge(4))
    assert rootseal("receipt", "4.json").code == 0

    shell(restore, environment, folder)
    url = sqlite_url(folder / "rootseal-data")
    assert states(url) == [BatchState.OPEN, BatchState.FINAL]
    add(4)
    follow_the_page(mining)
    assert states(url) == [BatchState.FINAL, BatchState.FINAL]
    # The one that was lost, and the one that took its place: both prove the credential.
    assert findings() == {"unknown-anchor"}
    assert rootseal("verify", "4.json", "--no-store").code == 0
    (folder / "4.json.receipt.json").unlink()
    assert rootseal("verify", "4.json").code == 0


def states(url: str) -> list[BatchState]:
    """Of all batches, the newest first."""
    with closing(open_store(url)) as store:
        return [batch.state for batch in store.batches()]


# -- what it names


def test_every_command_and_file_it_names_is_there() -> None:
    named = set(re.findall(r"`rootseal ([a-z]+(?: [a-z]+)?)", PAGE))
    assert {"serve", "keys list", "operator remove"} <= named
    for words in named:
        ran = rootseal(*words.split()[:1], "--help")
        assert ran.code == 0, words
    for script in re.findall(r"`(scripts/\w+\.py)", PAGE):
        assert (ROOT / script).is_file(), script
    for option in re.findall(r"`rootseal serve (--[a-z]+)", PAGE):
        assert option in rootseal("serve", "--help").out


def test_its_figures_are_those_of_the_code() -> None:
    assert "outage after 60 s (`lock_timeout`)" in PAGE
    assert "'lock_timeout', '60s'" in _SESSION
    assert _LOCK_WAIT == "5s"
    assert "waited for for five seconds" in PAGE
    assert f"the server keeps it, {_KEEP_ALIVE_SECONDS} seconds" in PAGE
    assert "`connect_timeout` 10 s" in PAGE
    assert connect_options(make_url("postgresql://h/d"))["connect_timeout"] == 10


def test_it_is_linked() -> None:
    assert "(docs/operations.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert "(operations.md)" in runbook
    anchors = set(re.findall(r"\(runbook\.md#([a-z-]+)\)", PAGE))
    titles = {
        re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", runbook, re.MULTILINE)
    }
    assert anchors - titles == set()
