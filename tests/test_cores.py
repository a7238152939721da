"""Hashing on all cores: the same as here, in the same order, and no process outlives its work."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from registry import cores
from registry.core.canonical import Canonicalization
from registry.cores import HashingProcesses
from registry.errors import InvalidInputError, UnavailableError
from registry.services.hashing import (
    Hashed,
    Lines,
    LinesInFile,
    Rejection,
    Submission,
    Submitted,
    hash_here,
)
from registry.services.intake import add_credentials
from registry.store import open_store
from tests.services.office import ISSUER, utc_now

PARENT = """
import sys, time
from registry.cores import HashingProcesses
from registry.services.hashing import Lines
import multiprocessing
with HashingProcesses(here=0) as processes:
    found = processes.all(Lines("x:", 1, b"{}\\n") for _ in range(100))
    next(found)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_cores", lambda: 2)
    monkeypatch.setattr(cores, "_PART_BYTES", 1)


def lines(block: int) -> Lines:
    faulty = b"[" if block % 3 else b'{"a":1.50}'
    return Lines("roster:", 4 * block + 1, b'{"n":%d}\n\n%s\r\n{"z":"%d"}' % (block, faulty, block))


def everything() -> Iterator[Submitted]:
    for block in range(20):
        yield lines(block)
        yield Submission(f"file {block}", b"%d" % block, Canonicalization.RAW)
        yield Rejection(f"folder {block}", "cannot be read")


def told(
    found: Iterable[Hashed],
) -> list[tuple[object, ...]]:
    """All but salts, and leaves with them."""
    return [
        (one.credentials.canonicalization, [row[0] for row in one.credentials], one.rejections)
        for one in found
    ]


def test_the_order_and_every_fault_are_as_they_are_here() -> None:
    wanted = told(hash_here(everything()))
    with HashingProcesses(here=2) as processes:
        assert told(processes.all(everything())) == wanted
    assert "roster:7" in str(wanted[3])
    assert not multiprocessing.active_children()


def test_no_two_processes_give_the_same_salt() -> None:
    with HashingProcesses(here=0) as processes:
        found = list(processes.all(lines(block) for block in range(100)))
    salts = [salt for one in found for _, salt, _ in one.credentials]
    assert len(set(salts)) == len(salts) >= 100


def test_small_credentials_go_to_another_process_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_PART_BYTES", 2_000_000)
    monkeypatch.setattr(HashingProcesses, "_start", lambda *_: pytest.fail("started"))
    with HashingProcesses(here=1) as processes:
        assert told(processes.all(everything())) == told(hash_here(everything()))


def test_nothing_is_started_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HashingProcesses, "_start", lambda *_: pytest.fail("started"))
    with HashingProcesses(here=60) as processes:
        assert len(list(processes.all(everything()))) == 60


def test_a_killed_process_is_an_outage_and_nothing_is_added(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'registry.db'}")

    def submitted() -> Iterator[Submitted]:
        for block in range(2_000):
            if block == 1_000:
                for child in multiprocessing.active_children():
                    os.kill(child.pid or 0, signal.SIGKILL)
            yield lines(3 * block)

    with (
        HashingProcesses(here=0) as processes,
        pytest.raises(UnavailableError, match="nothing was added"),
    ):
        add_credentials(
            store,
            ISSUER,
            submitted(),
            now=utc_now(),
            on_skip=lambda _: None,
            hash_all=processes.all,
        )
    assert store.batches() == []
    store.close()


def test_a_file_that_is_gone_ends_the_intake_even_if_the_faulty_are_skipped(
    tmp_path: Path,
) -> None:
    gone = LinesInFile("roster:", 5, 3, str(tmp_path / "roster"), (0, 0), 0, 10)
    store = open_store(f"sqlite:///{tmp_path / 'registry.db'}")
    with (
        HashingProcesses(here=0) as processes,
        pytest.raises(InvalidInputError, match="nothing was added") as caught,
    ):
        add_credentials(
            store,
            ISSUER,
            [lines(1), gone, lines(2)],
            now=utc_now(),
            on_skip=lambda _: None,
            hash_all=processes.all,
        )
    assert caught.value.place == "roster:5"
    assert store.batches() == []
    store.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_the_one_that_started_them(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert children
        parent.send_signal(number)
        parent.wait(30)
    until = time.monotonic() + 20
    while any(is_running(pid) for pid in children):
        assert time.monotonic() < until, "left behind"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except FileNotFoundError:
        return False
