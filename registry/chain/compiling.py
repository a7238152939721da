"""The contract compiled again from published sources, for whoever does not take our word.

Compares nothing: that is `registry.chain.code_match`'s.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any  # the compiler's output is JSON of its own shape

from registry.chain.artifact import artifact
from registry.chain.solc import find_solc, run_solc, solc_version
from registry.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """What a compiler made of the one contract of its input."""

    runtime_code: bytes
    creation_code: bytes
    immutables: tuple[slice, ...]  # filled in by the constructor, zeros in `runtime_code`
    immutable_names: tuple[str, ...]  # of the variable at each of these places
    version: str


def compile_input(standard_json: bytes, *, solc: Path | None = None) -> CompiledContract:
    """Compile the compiler's standard JSON with the version that compiled our build.

    Another version may give other code of the same sources, which would say nothing. Raises
    `InvalidInputError` if there is no compiler or it has another version, and as `run_solc`.
    """
    program = find_solc() if solc is None else solc
    version, ours = solc_version(program), artifact().compiler_version
    if version != ours:
        raise InvalidInputError(f"{program} is solc {version}, and the contract needs {ours}")
    return read_output(run_solc(standard_json, program), version=version)


def read_output(output: dict[str, Any], *, version: str) -> CompiledContract:
    """Read what the compiler of that version made of its input.

    Raises `InvalidInputError` unless the input asks for exactly one contract, for both its codes,
    and for the syntax tree, which names the immutables.
    """
    try:
        ((_, contracts),) = output["contracts"].items()
        ((_, contract),) = contracts.items()
        runtime = contract["evm"]["deployedBytecode"]
        places = _places(output, runtime["immutableReferences"])
        return CompiledContract(
            runtime_code=bytes.fromhex(runtime["object"]),
            creation_code=bytes.fromhex(contract["evm"]["bytecode"]["object"]),
            immutables=tuple(place for place, _ in places),
            immutable_names=tuple(name for _, name in places),
            version=version,
        )
    # ValueError: several contracts, or a library's place left open in the code.
    except (KeyError, TypeError, ValueError) as exc:
        raise InvalidInputError("the compiler input does not ask for one whole contract") from exc


def _places(
    output: dict[str, Any], references: dict[str, list[dict[str, int]]]
) -> list[tuple[slice, str]]:
    """Places that the constructor fills in, in their order, each with its variable's name."""
    names = _variables(output, {int(reference) for reference in references})
    return sorted(
        (
            (slice(place["start"], place["start"] + place["length"]), names[int(reference)])
            for reference, group in references.items()
            for place in group
        ),
        key=lambda found: found[0].start,
    )


def _variables(output: dict[str, Any], wanted: set[int]) -> dict[int, str]:
    """Names of the variables with these ids in the syntax trees."""
    if not wanted:
        return {}
    names: dict[int, str] = {}
    waiting: list[object] = [source["ast"] for source in output["sources"].values()]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            if node.get("nodeType") == "VariableDeclaration" and node["id"] in wanted:
                names[node["id"]] = node["name"]
    return names
