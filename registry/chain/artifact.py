"""The compiled contract as it is checked in: ABI, bytecode, address. Compiles nothing."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any  # ABI entries are JSON of the compiler's shape

from registry.core.address import parse_address


@dataclass(frozen=True, slots=True)
class Artifact:
    """What `CredentialRegistry.json` holds, parsed."""

    abi: list[dict[str, Any]]
    creation_code: bytes
    runtime_code: bytes
    immutables: tuple[slice, ...]  # filled in by the constructor, zeros in `runtime_code`
    immutable_names: tuple[str, ...]  # of the variable at each of these places
    compiler_version: str
    deployer: bytes
    salt: bytes
    address: bytes


@cache
def artifact() -> Artifact:
    """Load the artifact; the file is read once."""
    content = json.loads(artifact_bytes())
    return Artifact(
        abi=content["abi"],
        creation_code=_bytes(content["bytecode"]),
        runtime_code=_bytes(content["deployedBytecode"]),
        immutables=tuple(
            slice(place["start"], place["start"] + place["length"])
            for place in content["immutableReferences"]
        ),
        immutable_names=tuple(content["immutableNames"]),
        compiler_version=content["compiler"]["version"],
        deployer=parse_address(content["create2"]["deployer"]),
        salt=_bytes(content["create2"]["salt"]),
        address=parse_address(content["create2"]["address"]),
    )


def artifact_bytes() -> bytes:
    """The artifact as it is checked in."""
    return resources.files("registry.chain").joinpath("CredentialRegistry.json").read_bytes()


def compiler_input() -> bytes:
    """What the compiler was given for the artifact: its standard JSON, with every source."""
    return resources.files("registry.chain").joinpath("CredentialRegistry.input.json").read_bytes()


def runtime_matches(code: bytes) -> bool:
    """Whether `code`, as found on a chain, is our build, immutables apart."""
    ours = artifact()
    if len(code) != len(ours.runtime_code):
        return False
    masked = bytearray(code)
    for place in ours.immutables:
        masked[place] = bytes(place.stop - place.start)
    return bytes(masked) == ours.runtime_code


def deterministic_address() -> bytes:
    """Address of the contract on every chain, given by the CREATE2 proxy."""
    return artifact().address


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
