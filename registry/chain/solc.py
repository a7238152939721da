"""The Solidity compiler, found and run on what its standard JSON holds.

Downloads no compiler, and judges nothing that comes out.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any  # the compiler's input and output are JSON of its own shape

import orjson

from registry.errors import InvalidInputError, TooLargeError, UnavailableError

MAX_INPUT_BYTES = 8 << 20  # our own sources and their imports are 200 KiB
_MAX_MESSAGE = 500  # characters of the compiler's words that are shown
_REPOSITORY = Path(__file__).resolve().parents[2]


def find_solc() -> Path:
    """Find the compiler: $SOLC, then PATH, then the one that npm installs beside the sources.

    Not in the working folder, as `find_anvil` does: that may be the bundle that is to be judged.
    Raises `InvalidInputError` if there is none.
    """
    named = os.environ.get("SOLC")
    if named is not None:
        if shutil.which(named) is None:
            raise InvalidInputError(f"SOLC names no program: {named}")
        return Path(named)
    on_path = shutil.which("solc")
    if on_path is not None:
        return Path(on_path)
    beside = _REPOSITORY / "scripts/solc"
    if beside.is_file():
        return beside
    raise InvalidInputError("no solc: set SOLC, put it on PATH, or run npm ci in a clone")


def solc_version(solc: Path) -> str:
    """Version and commit of a compiler, as `0.8.30+commit.73712a01`.

    Raises `InvalidInputError` if the program is no compiler, or py-solc-x is not installed.
    """
    solcx = _solcx()
    try:
        return str(solcx.wrapper.get_solc_version(solc, with_commit_hash=True))
    except (
        OSError,
        ValueError,
        subprocess.CalledProcessError,
        solcx.exceptions.SolcError,
    ) as exc:
        raise InvalidInputError(f"{solc} does not tell a compiler's version") from exc


def run_solc(standard_json: bytes, solc: Path) -> dict[str, Any]:
    """Compile, and return the compiler's output, warnings included.

    Every source must stand in `standard_json`: what the compiler found elsewhere was published
    nowhere. Raises `InvalidInputError` for what does not compile or is no such input,
    `TooLargeError`, and `UnavailableError` if the compiler breaks down.
    """
    given = _read_input(standard_json)
    solcx = _solcx()
    # A folder with nothing in it, so that no import is found beside the input.
    with tempfile.TemporaryDirectory() as nowhere:
        try:
            output: dict[str, Any] = solcx.compile_standard(
                given, solc_binary=solc, base_path=nowhere
            )
        except solcx.exceptions.SolcError as exc:
            raise _refusal(exc) from exc
        except (OSError, ValueError, AttributeError) as exc:  # what py-solc-x lets through
            raise UnavailableError("gave no answer that can be read", source=str(solc)) from exc
    added = output.get("sources", {}).keys() - given["sources"].keys()
    if added:
        raise InvalidInputError(f"the compiler took sources from elsewhere: {sorted(added)}")
    return output


def _read_input(standard_json: bytes) -> dict[str, Any]:
    if len(standard_json) > MAX_INPUT_BYTES:
        raise TooLargeError(f"a compiler input has at most {MAX_INPUT_BYTES} bytes")
    try:
        given: Any = orjson.loads(standard_json)
    except ValueError as exc:
        raise InvalidInputError("the compiler input is no JSON") from exc
    if not isinstance(given, dict) or given.get("language") != "Solidity":
        raise InvalidInputError("the compiler input is no standard JSON of Solidity")
    sources = given.get("sources")
    if not isinstance(sources, dict) or not sources:
        raise InvalidInputError("the compiler input has no sources")
    for path, source in sources.items():
        # By "urls" the compiler would read files of this machine.
        if not isinstance(source, dict) or source.keys() != {"content"}:
            raise InvalidInputError("a source has its text inline and nothing else", place=path)
    return given


def _refusal(failure: Any) -> InvalidInputError | UnavailableError:  # noqa: ANN401 - of an extra
    if failure.error_dict is None:  # it ended without an output
        said = str(failure.stderr_data or failure.message).strip()[:_MAX_MESSAGE]
        return UnavailableError(f"broke down: {said}", source="solc")
    return InvalidInputError(f"the sources do not compile: {failure.message[:_MAX_MESSAGE]}")


def _solcx() -> ModuleType:
    try:
        import solcx  # noqa: PLC0415 - an extra, for auditors alone
    except ImportError as exc:
        raise InvalidInputError("no py-solc-x: pip install 'rootseal[audit]'") from exc
    module: ModuleType = solcx
    return module
