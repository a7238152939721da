"""The published sources compiled again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry.chain import artifact
from registry.chain.artifact import compiler_input
from registry.chain.compiling import CompiledContract, compile_input
from registry.chain.solc import MAX_INPUT_BYTES, find_solc
from registry.errors import InvalidInputError, TooLargeError, UnavailableError
from tests.chain.counter import counter

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ours() -> CompiledContract:
    return compile_input(compiler_input(), solc=ROOT / "scripts/solc")


# -- compiling -----------------------------------------------------------------------------------


def test_what_is_published_compiles_to_what_is_checked_in(ours: CompiledContract) -> None:
    build = artifact()
    assert ours.runtime_code == build.runtime_code
    assert ours.creation_code == build.creation_code
    assert ours.immutables == build.immutables
    assert ours.immutable_names == build.immutable_names
    assert ours.version == build.compiler_version


def test_the_input_holds_the_sources_as_they_are() -> None:
    sources = json.loads(compiler_input())["sources"]
    assert "contracts/src/CredentialRegistry.sol" in sources
    for path, source in sources.items():
        assert source == {"content": (ROOT / path).read_text("utf-8")}, path


def test_one_changed_sign_in_the_sources_is_seen(ours: CompiledContract) -> None:
    text = compiler_input().decode()
    changed = text.replace("record.anchorCount + 1", "record.anchorCount + 2")
    assert changed != text
    other = compile_input(changed.encode())
    assert other.runtime_code != ours.runtime_code


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(b"{", "no JSON", id="no JSON"),
        pytest.param(b"[" * 100_000, "no JSON", id="deep"),
        pytest.param(b"[]", "no standard JSON", id="no object"),
        pytest.param(counter(language="Yul"), "no standard JSON", id="another language"),
        pytest.param(counter(sources={}), "no sources", id="no sources"),
        pytest.param(counter(sources=[1]), "no sources", id="a list of sources"),
        pytest.param(
            counter(sources={"a.sol": {"urls": ["/etc/passwd"]}}), "inline", id="a file of ours"
        ),
        pytest.param(counter("contract {"), "do not compile", id="no Solidity"),
        pytest.param(counter('import "./b.sol";'), "do not compile", id="an import that is absent"),
        pytest.param(counter("contract A {} contract B {}"), "one whole contract", id="two"),
        pytest.param(counter("// Nothing."), "one whole contract", id="none"),
        pytest.param(counter(settings={}), "one whole contract", id="asks for nothing"),
        pytest.param(
            counter(
                settings={"outputSelection": {"*": {"*": ["evm.bytecode", "evm.deployedBytecode"]}}}
            ),
            "one whole contract",
            id="without names of immutables",
        ),
        pytest.param(
            counter(
                "library L { function f() public {} } contract C { function g() public {L.f();} }",
                settings={
                    "outputSelection": {"*": {"C": ["evm.bytecode", "evm.deployedBytecode"]}}
                },
            ),
            "one whole contract",
            id="not linked",
        ),
    ],
)
def test_an_input_that_gives_no_contract_is_refused(given: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        compile_input(given)


def test_an_input_has_a_limit() -> None:
    with pytest.raises(TooLargeError):
        compile_input(b" " * (MAX_INPUT_BYTES + 1))


# -- the compiler --------------------------------------------------------------------------------


def program(folder: Path, does: str, name: str = "solc") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path


def compiler_that(folder: Path, does: str) -> Path:
    version = f"echo 'Version: {artifact().compiler_version}.Linux.g++'"
    return program(folder, f'if [ "$1" = --version ]; then {version}; exit; fi\n{does}')


def test_another_version_is_no_finding_about_the_code(tmp_path: Path) -> None:
    other = program(tmp_path, "echo 'Version: 0.8.29+commit.ab55807c.Linux.g++'")
    with pytest.raises(InvalidInputError, match=r"is solc 0\.8\.29\+commit.*needs 0\.8\.30"):
        compile_input(compiler_input(), solc=other)


@pytest.mark.parametrize("does", ["echo hello", "exit 3"], ids=["no version", "fails"])
def test_what_is_no_compiler_is_named(tmp_path: Path, does: str) -> None:
    with pytest.raises(InvalidInputError, match="does not tell a compiler's version"):
        compile_input(compiler_input(), solc=program(tmp_path, does))
    with pytest.raises(InvalidInputError, match="does not tell a compiler's version"):
        compile_input(compiler_input(), solc=tmp_path / "absent")


@pytest.mark.parametrize(
    ("does", "said"),
    [
        pytest.param(
            "cat >/dev/null; echo out of memory >&2; exit 137", "out of memory", id="dies"
        ),
        pytest.param("cat >/dev/null; echo '{'", "no answer", id="speaks no JSON"),
    ],
)
def test_a_compiler_that_breaks_down_is_no_verdict(tmp_path: Path, does: str, said: str) -> None:
    with pytest.raises(UnavailableError, match=said):
        compile_input(compiler_input(), solc=compiler_that(tmp_path, does))


def test_sources_that_the_compiler_found_elsewhere_are_not_published(tmp_path: Path) -> None:
    output = json.dumps({"sources": {"/home/auditor/secret.sol": {"id": 0}}, "contracts": {}})
    solc = compiler_that(tmp_path, f"cat >/dev/null; echo '{output}'")
    with pytest.raises(InvalidInputError, match=r"from elsewhere.*secret\.sol"):
        compile_input(compiler_input(), solc=solc)


def test_the_wrapper_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "solcx", None)
    with pytest.raises(InvalidInputError, match=r"rootseal\[audit\]"):
        compile_input(compiler_input())


def test_the_compiler_is_found_where_users_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOLC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("registry.chain.solc._REPOSITORY", tmp_path / "repository")
    program(tmp_path / "scripts", "")  # a bundle's own compiler would say what the bundle likes
    with pytest.raises(InvalidInputError, match="no solc: set SOLC"):
        find_solc()
    beside = program(tmp_path / "repository/scripts", "")
    assert find_solc() == beside
    on_path = program(tmp_path / "bin", "")
    assert find_solc() == on_path
    named = program(tmp_path, "", name="my-solc")
    monkeypatch.setenv("SOLC", str(named))
    assert find_solc() == named
    monkeypatch.setenv("SOLC", str(tmp_path / "absent"))
    with pytest.raises(InvalidInputError, match="SOLC names no program"):
        find_solc()


# -- the package ---------------------------------------------------------------------------------


def test_the_input_is_in_the_wheel(tmp_path: Path) -> None:
    """What an auditor installs has no repository beside it."""
    copy = tmp_path / "source"
    copy.mkdir()
    for name in "pyproject.toml", "README.md", "LICENSE":
        shutil.copy(ROOT / name, copy)
    for name in "registry", "api":
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "wheel", format="zip")
    packed = tmp_path / "wheel/registry/chain/CredentialRegistry.input.json"
    assert packed.read_bytes() == compiler_input()
