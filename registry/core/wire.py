"""The types of which our JSON is made: bytes inside, hex, CAIP-2 and RFC 3339 outside.

Hashes of ours are lower-case hex without 0x; what Ethereum tools print is printed their way.
Each value has one spelling, so that no byte of a document can change unnoticed.
"""

import re
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, UTC, datetime
from types import MappingProxyType
from typing import Annotated, Final, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from registry.core.address import (
    ADDRESS_BYTES,
    format_address,
    format_chain,
    parse_address,
    parse_chain,
)
from registry.core.tree import HASH_BYTES
from registry.errors import InvalidInputError

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ETH_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_T = TypeVar("_T")

# Validation context of a document from outside. JSON has integers too, so without it a chain
# written as a number could not be told from a chain id of our own code.
FROM_JSON: Final = MappingProxyType({"from": "json"})

MAX_COUNT: Final = 2**53 - 1  # of anything: what JSON carries exactly


class WireModel(BaseModel):
    """An immutable document of ours: camelCase outside, unknown keys refused, nothing coerced."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )


def unknown_key(model: type[WireModel], document: Mapping[str, object]) -> str | None:
    """A key that the model does not have, to be asked before it validates what strangers send.

    It would keep an error for each: some hundred bytes for a million keys.
    """
    known = {field.alias for field in model.model_fields.values()}
    return next((key for key in document if key not in known), None)


def format_time(time: datetime) -> str:
    """Print an aware time as RFC 3339 in UTC, whole seconds, with Z."""
    # Not strftime: it prints years before 1000 with fewer digits on some systems.
    return _whole_seconds(time).isoformat().removesuffix("+00:00") + "Z"


def read_time(value: object) -> datetime | None:
    """A time as others write it, with a zone, in UTC; None for anything else.

    An XML Schema dateTime without a zone leaves the instant open: not readable.
    """
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None or time.tzinfo is None:
        return None
    try:
        return time.astimezone(UTC)
    except OverflowError:  # for ever is often written 9999-12-31T23:59:59 in a western zone
        if time.year == MAXYEAR:
            return datetime.max.replace(tzinfo=UTC)
        return datetime.min.replace(tzinfo=UTC)


def parse_time(text: str) -> datetime:
    """Read what `format_time` prints, and nothing else. Raises `ValueError`."""
    if _TIME.fullmatch(text) is None:
        raise ValueError("not a time in UTC such as 2026-01-31T02:00:00Z")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def parse_hash(text: str, *, place: str | None = None) -> bytes:
    """Read 64 lower-case hex digits. Raises `InvalidInputError`."""
    if _HASH.fullmatch(text) is None:
        raise InvalidInputError(
            f"not a hash (64 lower-case hex digits without 0x): {text[:80]!r}", place=place
        )
    return bytes.fromhex(text)


def parse_eth_hash(text: str, *, place: str | None = None) -> bytes:
    """Read 0x and 64 lower-case hex digits. Raises `InvalidInputError`."""
    if _ETH_HASH.fullmatch(text) is None:
        raise InvalidInputError(f"not 0x and 64 lower-case hex digits: {text[:80]!r}", place=place)
    return bytes.fromhex(text[2:])


def _whole_seconds(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).replace(microsecond=0)


def _hash(value: object) -> bytes:
    return _of_length(HASH_BYTES, _read(value, parse_hash, bytes))


def _eth_hash(value: object) -> bytes:
    return _of_length(HASH_BYTES, _read(value, parse_eth_hash, bytes))


def _address(value: object) -> bytes:
    def parse(text: str) -> bytes:
        address = parse_address(text)
        if text != format_address(address):
            raise ValueError("not printed with its checksum (EIP-55)")
        return address

    return _of_length(ADDRESS_BYTES, _read(value, parse, bytes))


def _chain(value: object, info: ValidationInfo) -> int:
    if info.context is FROM_JSON and not isinstance(value, str):
        raise ValueError("not a string")
    chain_id = _read(value, parse_chain, int)
    format_chain(chain_id)
    return chain_id


def _time(value: object) -> datetime:
    return _whole_seconds(_read(value, parse_time, datetime))


def _of_length(length: int, value: bytes) -> bytes:
    if len(value) != length:
        raise ValueError(f"not {length} bytes")
    return value


def _read(value: object, parse: Callable[[str], _T], inside: type[_T]) -> _T:
    """Parse text from outside; let through what our own code built."""
    if isinstance(value, inside):
        return value
    if not isinstance(value, str):
        raise ValueError("not a string")  # noqa: TRY004 - pydantic collects ValueError only
    try:
        return parse(value)
    except InvalidInputError as exc:
        raise ValueError(str(exc)) from exc


def _as_eth_hash(value: bytes) -> str:
    return "0x" + value.hex()


def _schema(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "examples": [example]})


Hash = Annotated[
    bytes, PlainValidator(_hash), PlainSerializer(bytes.hex), _schema("[0-9a-f]{64}", "9f" * 32)
]
EthHash = Annotated[
    bytes,
    PlainValidator(_eth_hash),
    PlainSerializer(_as_eth_hash),
    _schema("0x[0-9a-f]{64}", "0x" + "9f" * 32),
]
Address = Annotated[
    bytes,
    PlainValidator(_address),
    PlainSerializer(format_address),
    _schema("0x[0-9a-fA-F]{40}", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
]
Chain = Annotated[
    int,
    PlainValidator(_chain),
    PlainSerializer(format_chain),
    _schema("eip155:[1-9][0-9]{0,18}", "eip155:1"),
]
Time = Annotated[
    datetime,
    PlainValidator(_time),
    PlainSerializer(format_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T02:00:00Z"]}),
]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
