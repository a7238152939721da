"""Compile the contract and write the artifact that the chain adapter reads.

Settings come from `foundry.toml`, the compiler is the one of `package-lock.json`. With `--check`
nothing is written: the artifact must be what the sources give, and what forge builds of them.
Does not deploy.
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

import solcx
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from solcx.wrapper import get_solc_version

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "contracts/src/CredentialRegistry.sol"
CONTRACT = "CredentialRegistry"
ARTIFACT = ROOT / "registry/chain/CredentialRegistry.json"
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


def compile_contract(
    sources: dict[str, str], settings: dict[str, Any], solc: Path
) -> dict[str, Any]:
    """Return the compiler's output for the contract; a warning is an error."""
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": {
                **settings,
                "outputSelection": {
                    SOURCE: {CONTRACT: ["abi", "evm.bytecode", "evm.deployedBytecode"]}
                },
            },
        },
        solc_binary=solc,
    )
    if "errors" in output:
        raise BuildError("\n".join(error["formattedMessage"] for error in output["errors"]))
    contract: dict[str, Any] = output["contracts"][SOURCE][CONTRACT]
    return contract


def immutable_offsets(references: dict[str, list[dict[str, int]]]) -> list[dict[str, int]]:
    """Return the places of the runtime bytecode that the constructor fills in, in their order."""
    places = [place for group in references.values() for place in group]
    return sorted(
        ({"start": place["start"], "length": place["length"]} for place in places),
        key=lambda place: place["start"],
    )


def create2_address(creation: bytes) -> str:
    """Return the address that the deployment proxy gives to `creation`, EIP-1014."""
    deployer = bytes.fromhex(CREATE2_DEPLOYER.removeprefix("0x"))
    digest = keccak(b"\xff" + deployer + CREATE2_SALT + keccak(creation))
    return to_checksum_address(digest[-20:])


def build() -> dict[str, Any]:
    """Compile the contract and return the artifact."""
    profile = read_profile()
    settings = compiler_settings(profile)
    solc = ROOT / profile["solc"]
    sources = collect_sources(SOURCE, profile["remappings"])
    evm = compile_contract(sources, settings, solc)
    creation = evm["evm"]["bytecode"]["object"]
    runtime = evm["evm"]["deployedBytecode"]
    return {
        "generated": f"by {GENERATOR} from {SOURCE}; do not edit",
        "contractName": CONTRACT,
        "compiler": {
            "version": str(get_solc_version(solc, with_commit_hash=True)),
            "settings": settings,
        },
        "sourceHashes": {
            path: "sha256:" + hashlib.sha256(text.encode()).hexdigest()
            for path, text in sources.items()
        },
        "create2": {
            "deployer": CREATE2_DEPLOYER,
            "salt": "0x" + CREATE2_SALT.hex(),
            "address": create2_address(bytes.fromhex(creation)),
        },
        "abi": evm["abi"],
        "bytecode": "0x" + creation,
        "deployedBytecode": "0x" + runtime["object"],
        # Chain id, address and domain separator stand here on chain, zeros in deployedBytecode.
        "immutableReferences": immutable_offsets(runtime["immutableReferences"]),
    }


def render(artifact: dict[str, Any]) -> str:
    """Return the bytes of the artifact file as text."""
    return json.dumps(artifact, indent=2) + "\n"


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
    return {
        "abi": built["abi"],
        "bytecode": built["bytecode"]["object"],
        "deployedBytecode": runtime["object"],
        "immutableReferences": immutable_offsets(runtime["immutableReferences"]),
    }


def canonical(value: object) -> object:
    """Return `value` with the entries of an ABI sorted: forge and the compiler order them apart."""
    if not isinstance(value, list):
        return value
    return sorted(json.dumps(entry, sort_keys=True) for entry in value)


def check(artifact: dict[str, Any]) -> None:
    """Raise `BuildError` unless `artifact` is what is checked in and what forge builds."""
    where = ARTIFACT.relative_to(ROOT)
    if not ARTIFACT.is_file():
        raise BuildError(f"{where} is missing; run {GENERATOR}")
    if ARTIFACT.read_bytes() != render(artifact).encode():
        raise BuildError(f"{where} is not what the sources give; run {GENERATOR}")
    for name, value in build_by_forge().items():
        if canonical(value) != canonical(artifact[name]):
            raise BuildError(f"forge and py-solc-x disagree on {name} of {CONTRACT}")


def main() -> int:
    """Write the artifact, or check it; 1 if that fails."""
    parser = argparse.ArgumentParser(description="Compile the contract for the chain adapter.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    try:
        artifact = build()
        if arguments.check:
            check(artifact)
        else:
            ARTIFACT.write_text(render(artifact), encoding="utf-8")
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{ARTIFACT.relative_to(ROOT)}: {artifact['create2']['address']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
