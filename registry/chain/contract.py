"""The contract's language: calls to bytes, bytes to results, errors to sentences.

Pure: asks no node.
"""

from collections.abc import Hashable, Sequence
from functools import cache, lru_cache
from typing import Any  # ABI entries and ABI values are of any shape

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak

from registry.chain.artifact import artifact
from registry.core.address import format_address
from registry.services.ports import Authorization, Call, Role, StatusChange

_REMEMBERED = 256  # calls and results, of a few hundred bytes each
# Solidity's own errors: require and revert with a text, and failed checks (Panic).
_BUILT_IN = (
    {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


def encode_call(function: str, *arguments: object) -> bytes:
    """Encode a call of a function of the contract."""
    selector, inputs, _ = _signature(function)
    return selector + encode(inputs, arguments)


@lru_cache(_REMEMBERED)
def encode_view(function: str, *arguments: Hashable) -> bytes:
    """As `encode_call`, for a call that is likely to be made again."""
    return encode_call(function, *arguments)


@lru_cache(_REMEMBERED)
def decode_result(function: str, data: bytes) -> tuple[Any, ...]:
    """Decode what a function returned. Raises `ValueError` unless it is exactly that."""
    _, _, types = _signature(function)
    try:
        values: tuple[Any, ...] = decode(types, data)
    except (DecodingError, UnicodeDecodeError, OverflowError) as exc:
        raise ValueError(f"not a result of {function}") from exc
    if encode(types, values) != data:
        raise ValueError(f"not a result of {function}")
    return values


def decode_event(topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and values of an event of the contract; texts as bytes, which may be no UTF-8.

    Raises `ValueError` for anything else.
    """
    entry = _events().get(topics[0]) if topics else None
    if entry is None:
        raise ValueError("not an event of the contract")
    indexed = [field for field in entry["inputs"] if field["indexed"]]
    others = [field for field in entry["inputs"] if not field["indexed"]]
    try:
        first = decode(_types(indexed), b"".join(topics[1:]))
        types = ["bytes" if name == "string" else name for name in _types(others)]
        rest = decode(types, data)
    except (DecodingError, OverflowError) as exc:
        raise ValueError(f"not a {entry['name']}") from exc
    if len(topics) != len(indexed) + 1 or encode(types, rest) != data:
        raise ValueError(f"not a {entry['name']}")
    names = [field["name"] for field in [*indexed, *others]]
    return entry["name"], dict(zip(names, [*first, *rest], strict=True))


def decode_call(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and arguments of a call of the contract. Raises `ValueError` for anything else."""
    entry = _functions().get(data[:4])
    if entry is None:
        raise ValueError("not a call of the contract")
    try:
        values = decode(_types(entry["inputs"]), data[4:])
    except (DecodingError, UnicodeDecodeError, OverflowError) as exc:
        raise ValueError(f"not a call of {entry['name']}") from exc
    return entry["name"], {
        field["name"]: value for field, value in zip(entry["inputs"], values, strict=True)
    }


@cache
def seal_anchored_topic() -> bytes:
    """First topic of the `SealAnchored` event."""
    return _digest(_entry("event", "SealAnchored"))


@cache
def operator_set_topic() -> bytes:
    """First topic of the `OperatorSet` event."""
    return _digest(_entry("event", "OperatorSet"))


def anchored_topics() -> list[bytes]:
    """Return the topics by which a node finds all anchors."""
    return [seal_anchored_topic()]


def anchors_topics(issuer: bytes) -> list[bytes]:
    """Return the topics by which a node finds the anchors of an issuer."""
    return [*anchored_topics(), issuer.rjust(32, b"\0")]


def anchor_topics(issuer: bytes, seal: bytes) -> list[bytes]:
    """Return the topics by which a node finds the anchor of a seal."""
    return [*anchors_topics(issuer), seal]


def issuer_topics(issuer: bytes) -> list[bytes | None]:
    """Return the topics by which a node finds every event of an issuer."""
    return [None, issuer.rjust(32, b"\0")]


def operator_topics(issuer: bytes) -> list[bytes]:
    """Return the topics by which a node finds an issuer's appointments."""
    return [operator_set_topic(), issuer.rjust(32, b"\0")]


def explain_revert(data: bytes) -> str:
    """Say which error a revert carries, with its values."""
    entry = _errors().get(data[:4])
    if entry is None:
        return f"unknown error 0x{data[:64].hex()}" if data else "no reason given"
    try:
        values = decode(_types(entry["inputs"]), data[4:])
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return f"{entry['name']}(undecodable)"
    names = [field["name"] for field in entry["inputs"]]
    shown = ", ".join(f"{name}={_show(value)}" for name, value in zip(names, values, strict=True))
    return f"{entry['name']}({shown})"


def is_known_error(data: bytes) -> bool:
    """Whether revert data begins like an error that `explain_revert` knows."""
    return data[:4] in _errors()


def anchor_call(contract: bytes, issuer: bytes, seal: bytes) -> Call:
    """Return the call that anchors a seal."""
    return Call(
        to=contract,
        data=encode_call("anchor", issuer, seal),
        label=f"anchor {seal.hex()} of {format_address(issuer)}",
    )


def raw_anchor_call(contract: bytes, issuer: bytes, seal: bytes) -> Call:
    """Return the call whose whole input is the seal; the sender must be `issuer` itself."""
    return Call(
        to=contract, data=seal, label=f"anchor {seal.hex()} of {format_address(issuer)}, raw"
    )


def relayed_anchor_call(authorization: Authorization) -> Call:
    """Return the call that anchors a seal by its issuer's signature."""
    return Call(
        to=authorization.contract,
        data=encode_call(
            "anchorWithSignature",
            authorization.issuer,
            authorization.seal,
            authorization.deadline,
            authorization.signer,
            authorization.signature,
        ),
        label=(
            f"anchor {authorization.seal.hex()} of {format_address(authorization.issuer)} "
            f"by the signature of {format_address(authorization.signer)}"
        ),
    )


def status_call(contract: bytes, change: StatusChange) -> Call:
    """Return the call that makes a status change."""
    status, reason = int(change.status), change.reason
    if change.leaf_indexes is None:
        data = encode_call("setSealStatus", change.issuer, change.seal, status, reason)
        what = f"seal {change.seal.hex()}"
    else:
        data = encode_call(
            "setCredentialStatus", change.issuer, change.seal, change.leaf_indexes, status, reason
        )
        what = f"{len(change.leaf_indexes)} credentials under {change.seal.hex()}"
    return Call(to=contract, data=data, label=f"set {what} to {change.status.name.lower()}")


def operator_call(
    contract: bytes, *, issuer: bytes, operator: bytes, roles: Role, valid_until: int
) -> Call:
    """Return the call that appoints an operator."""
    return Call(
        to=contract,
        data=encode_call("setOperator", issuer, operator, int(roles), valid_until),
        label=f"appoint {format_address(operator)} for {format_address(issuer)}",
    )


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str) and is_address(value):
        return str(to_checksum_address(value))
    return str(value)


@cache
def _errors() -> dict[bytes, dict[str, Any]]:
    entries = [entry for entry in artifact().abi if entry["type"] == "error"]
    return {_selector(entry): entry for entry in [*entries, *_BUILT_IN]}


@cache
def _events() -> dict[bytes, dict[str, Any]]:
    return {_digest(entry): entry for entry in artifact().abi if entry["type"] == "event"}


@cache
def _functions() -> dict[bytes, dict[str, Any]]:
    return {_selector(entry): entry for entry in artifact().abi if entry["type"] == "function"}


@cache
def _entry(kind: str, name: str) -> dict[str, Any]:
    (entry,) = (
        entry for entry in artifact().abi if entry["type"] == kind and entry["name"] == name
    )
    return entry


@cache
def _signature(function: str) -> tuple[bytes, list[str], list[str]]:
    """Selector, and the types of what goes in and comes out."""
    entry = _entry("function", function)
    return _selector(entry), _types(entry["inputs"]), _types(entry["outputs"])


def _selector(entry: dict[str, Any]) -> bytes:
    return _digest(entry)[:4]


def _digest(entry: dict[str, Any]) -> bytes:
    return keccak(text=f"{entry['name']}({','.join(_types(entry['inputs']))})")


def _types(fields: list[dict[str, Any]]) -> list[str]:
    return [str(collapse_if_tuple(field)) for field in fields]
