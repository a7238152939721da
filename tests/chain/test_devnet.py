import os
from pathlib import Path

import pytest

from registry.chain import Devnet, deploy, find_anvil
from registry.chain.keys import development_signer
from registry.errors import ConflictError, InvalidInputError, UnavailableError
from tests.anvil import open_chain


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_stopped_devnet_goes_on_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Devnet(block_time=None, state=state) as devnet:
        chain = open_chain(devnet.url)
        contract = deploy(chain, development_signer()).address
        before = chain.head()
        chain.close()
    with Devnet(block_time=None, state=state) as devnet:
        chain = open_chain(devnet.url)
        assert chain.is_genuine(contract)
        assert chain.head() == before
        chain.close()


def test_blocks_are_made_by_the_clock_and_soon_final() -> None:
    with Devnet(block_time=1) as devnet:
        chain = open_chain(devnet.url)
        while chain.finalized() < 1:
            pass
        assert chain.head().number <= 4
        chain.close()


def test_leaves_no_process_and_does_not_mind_being_stopped_twice() -> None:
    devnet = Devnet(block_time=None)
    devnet.start()
    pid = devnet.pid
    assert pid is not None
    assert is_alive(pid)
    devnet.stop()
    devnet.stop()
    assert not is_alive(pid)
    assert devnet.pid is None


def test_does_not_start_twice() -> None:
    with Devnet(block_time=None) as devnet, pytest.raises(ConflictError, match="running already"):
        devnet.start()


def test_does_not_take_anothers_port_for_its_own() -> None:
    with Devnet(block_time=None) as first:
        second = Devnet(port=first.port, block_time=None)
        with pytest.raises(ConflictError, match=f"port {first.port} is taken"):
            second.start()
        assert second.pid is None


def test_says_what_a_program_said_that_ended_at_once(tmp_path: Path) -> None:
    program = tmp_path / "anvil"
    program.write_text("#!/bin/sh\necho no such option >&2\nexit 2\n")
    program.chmod(0o755)
    with pytest.raises(UnavailableError, match="ended at once: no such option"):
        Devnet(anvil=program).start()


def test_says_that_a_program_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot start"):
        Devnet(anvil=tmp_path / "absent").start()


def test_waits_only_for_what_runs() -> None:
    with pytest.raises(ConflictError, match="not running"):
        Devnet().wait()


def program(folder: Path, name: str = "anvil") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ANVIL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("registry.chain.devnet._REPOSITORY", tmp_path / "repository")
    return tmp_path


def test_anvil_is_found_where_users_have_it(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = "node_modules/@foundry-rs/anvil-linux-amd64/bin"
    with pytest.raises(InvalidInputError, match="no anvil: set ANVIL"):
        find_anvil()
    in_repository = program(nowhere / "repository" / packaged)
    assert find_anvil() == in_repository
    program(nowhere / packaged)  # in the working folder, which may be a bundle of strangers
    assert find_anvil() == in_repository
    on_path = program(nowhere / "bin")
    assert find_anvil() == on_path
    named = program(nowhere, "my-anvil")
    monkeypatch.setenv("ANVIL", str(named))
    assert find_anvil() == named


def test_a_named_anvil_must_exist(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANVIL", str(nowhere / "absent"))
    with pytest.raises(InvalidInputError, match="ANVIL names no program"):
        find_anvil()
