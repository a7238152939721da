"""Compile the contract and write the artifact that the chain adapter reads.

Beside it goes all that the compiler was given, for whoever compiles it again. Settings come from
`foundry.toml`, the compiler is the one of `package-lock.json`. With `--check` nothing is written:
both files must be what the sources give, and the artifact what forge builds of them. Does not
deploy.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any  # compiler input and output are JSON of the compiler's shape

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from registry.chain.compiling import read_output
from registry.chain.solc import run_solc, solc_version
from registry.errors import RootsealError

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "contracts/src/CredentialRegistry.sol"
CONTRACT = "CredentialRegistry"
ARTIFACT = ROOT / "registry/chain/CredentialRegistry.json"
INPUT = ROOT / "registry/chain/CredentialRegistry.input.json"
GENERATOR = "scripts/build_contracts.py"

# The deterministic deployment proxy, at the same address on every chain that has it.
CREATE2_DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
CREATE2_SALT = bytes(32)

IMPORT = re.compile(r"""^\s*import\b[^;"']*["']([^"']+)["']""", re.MULTILINE)


class BuildError(Exception):
    """What is checked in, the sources and forge do not agree, or a tool is missing."""


def read_profile() -> dict[str, Any]:
    """Return the default profile of `foundry.toml`, the one place for compiler settings."""
    with (ROOT / "foundry.toml").open("rb") as file:
        profile: dict[str, Any] = tomllib.load(file)["profile"]["default"]
    return profile


def compiler_settings(profile: dict[str, Any]) -> dict[str, Any]:
    """Translate a forge profile to settings of the compiler's standard JSON."""
    return {
        "remappings": profile["remappings"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "evmVersion": profile["evm_version"],
        "viaIR": profile["via_ir"],
        "metadata": {
            "bytecodeHash": profile["bytecode_hash"],
            "appendCBOR": profile["cbor_metadata"],
        },
    }


def collect_sources(entry: str, remappings: list[str]) -> dict[str, str]:
    """Return the text of `entry` and of all it imports, by path from the repository's root."""
    sources: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path in sources:
            continue
        sources[path] = (ROOT / path).read_text(encoding="utf-8")
        waiting += [
            resolve_import(name, path, remappings) for name in IMPORT.findall(sources[path])
        ]
    return dict(sorted(sources.items()))


def resolve_import(name: str, importer: str, remappings: list[str]) -> str:
    """Return the path that `name` means in the file `importer`."""
    if name.startswith("."):
        return os.path.normpath(Path(importer).parent / name)
    for prefix, target in (remapping.split("=", 1) for remapping in remappings):
        if name.startswith(prefix):
            return target + name.removeprefix(prefix)
    raise BuildError(f"{importer} imports {name}, which no remapping in foundry.toml covers")


def standard_input(sources: dict[str, str], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the compiler's standard JSON, with the texts of all sources in it."""
    return {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": {
            **settings,
            "outputSelection": {
                "*": {"": ["ast"]},  # names the immutables
                SOURCE: {CONTRACT: ["abi", "evm.bytecode", "evm.deployedBytecode"]},
            },
        },
    }


def compile_contract(given: dict[str, Any], solc: Path) -> dict[str, Any]:
    """Return the compiler's output; a warning is an error."""
    output = run_solc(render(given).encode(), solc)
    if "errors" in output:
        raise BuildError("\n".join(error["formattedMessage"] for error in output["errors"]))
    return output


def create2_address(creation: bytes) -> str:
    """Return the address that the deployment proxy gives to `creation`, EIP-1014."""
    deployer = bytes.fromhex(CREATE2_DEPLOYER.removeprefix("0x"))
    digest = keccak(b"\xff" + deployer + CREATE2_SALT + keccak(creation))
    return to_checksum_address(digest[-20:])


def build() -> dict[Path, str]:
    """Compile the contract and return the files, by their places."""
    profile = read_profile()
    settings = compiler_settings(profile)
    sources = collect_sources(SOURCE, profile["remappings"])
    solc = ROOT / profile["solc"]
    given = standard_input(sources, settings)
    output = compile_contract(given, solc)
    compiled = read_output(output, version=solc_version(solc))
    artifact = {
        "generated": f"by {GENERATOR} from {SOURCE}; do not edit",
        "contractName": CONTRACT,
        "compiler": {"version": compiled.version, "settings": settings},
        "sourceHashes": {
            path: "sha256:" + hashlib.sha256(text.encode()).hexdigest()
            for path, text in sources.items()
        },
        "create2": {
            "deployer": CREATE2_DEPLOYER,
            "salt": "0x" + CREATE2_SALT.hex(),
            "address": create2_address(compiled.creation_code),
        },
        "abi": output["contracts"][SOURCE][CONTRACT]["abi"],
        "bytecode": "0x" + compiled.creation_code.hex(),
        "deployedBytecode": "0x" + compiled.runtime_code.hex(),
        # Chain id, address and domain separator stand here on chain, zeros in deployedBytecode.
        "immutableReferences": [
            {"start": place.start, "length": place.stop - place.start}
            for place in compiled.immutables
        ],
        "immutableNames": list(compiled.immutable_names),
    }
    return {INPUT: render(given), ARTIFACT: render(artifact)}


def render(content: dict[str, Any]) -> str:
    """Return the bytes of a file as text."""
    return json.dumps(content, indent=2) + "\n"


def build_by_forge() -> dict[str, Any]:
    """Let forge compile the sources and return what the artifact must agree with."""
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts/forge.py"), "build"],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise BuildError(f"forge build failed:\n{run.stdout}{run.stderr}")
    out = ROOT / read_profile()["out"] / Path(SOURCE).name / f"{CONTRACT}.json"
    built = json.loads(out.read_text(encoding="utf-8"))
    runtime = built["deployedBytecode"]
    places = [place for group in runtime["immutableReferences"].values() for place in group]
    return {
        "abi": built["abi"],
        "bytecode": built["bytecode"]["object"],
        "deployedBytecode": runtime["object"],
        "immutableReferences": sorted(places, key=lambda place: place["start"]),
    }


def canonical(value: object) -> object:
    """Return `value` with the entries of an ABI sorted: forge and the compiler order them apart."""
    if not isinstance(value, list):
        return value
    return sorted(json.dumps(entry, sort_keys=True) for entry in value)


def check(files: dict[Path, str]) -> None:
    """Raise `BuildError` unless `files` are what is checked in and what forge builds."""
    for path, text in files.items():
        where = path.relative_to(ROOT)
        if not path.is_file():
            raise BuildError(f"{where} is missing; run {GENERATOR}")
        if path.read_bytes() != text.encode():
            raise BuildError(f"{where} is not what the sources give; run {GENERATOR}")
    artifact = json.loads(files[ARTIFACT])
    for name, value in build_by_forge().items():
        if canonical(value) != canonical(artifact[name]):
            raise BuildError(f"forge and py-solc-x disagree on {name} of {CONTRACT}")


def main() -> int:
    """Write the files, or check them; 1 if that fails."""
    parser = argparse.ArgumentParser(description="Compile the contract for the chain adapter.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    try:
        files = build()
        if arguments.check:
            check(files)
        else:
            for path, text in files.items():
                path.write_text(text, encoding="utf-8")
    except (BuildError, RootsealError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    address = json.loads(files[ARTIFACT])["create2"]["address"]
    print(f"{ARTIFACT.relative_to(ROOT)}: {address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
