"""Reading JSON credentials exactly: nothing rounded, nothing dropped, nothing guessed.

A document that RFC 8785 cannot carry exactly is refused with the place in it (a JSON Pointer,
RFC 6901), because two readers of it could disagree about what was signed.
"""

import json
import re
from decimal import Decimal
from typing import Final, NoReturn, TypeAlias

from registry.errors import InvalidInputError, TooLargeError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MAX_DOCUMENT_BYTES: Final = 16 * 2**20  # a badge is about 1 kB; an embedded image some 100 kB
MAX_DEPTH: Final = 64  # levels of nesting; real credentials stay under 12
MAX_SAFE_INTEGER: Final = 2**53 - 1  # RFC 8785 §3.2.2.3 and RFC 7493 §2.2

# The closing quote is optional: else each quote of an unfinished string starts a scan to the end.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Number(str):
    """The digits of a number as written, kept until its place is known."""

    __slots__ = ()


class _Members(list[tuple[str, object]]):
    """The members of an object as written, doubles included."""

    __slots__ = ()


def parse_document(data: bytes) -> dict[str, Json]:
    """Read one JSON object from UTF-8 bytes, exactly.

    Raises `InvalidInputError` for anything but one JSON object in UTF-8, a duplicate key, a
    number that a double does not carry exactly, NaN or an infinity, or a lone surrogate; and
    `TooLargeError` past the limits on size and depth.
    """
    value = parse_json(data)
    if not isinstance(value, dict):
        raise InvalidInputError("a credential is a JSON object", place="/")
    return value


def parse_json(data: bytes) -> Json:
    """Read any one JSON value; limits and errors as in `parse_document`."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise TooLargeError(f"document has {len(data)} bytes; the limit is {MAX_DOCUMENT_BYTES}")
    _refuse_depth(data)
    try:
        text = data.decode("utf-8")
        raw = json.loads(
            text,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_Members,
        )
    except UnicodeDecodeError as exc:
        raise InvalidInputError("not UTF-8", place=f"byte {exc.start}") from exc
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        raise InvalidInputError(f"not JSON: {exc.msg}", place=place) from exc
    return _exact(raw, "")


def _refuse_depth(data: bytes) -> None:
    # Before the parser, which would exhaust the stack. Brackets inside strings do not count.
    depth = 0
    for match in _BRACKETS.finditer(_STRING.sub(b"", data)):
        depth += 1 if match[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise TooLargeError(f"document is nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidInputError(f"{name} is not JSON")


def _exact(raw: object, place: str) -> Json:
    """Turn what the parser kept as written into values, or refuse with the place."""
    match raw:
        case _Members():
            return _exact_object(raw, place)
        case list():
            return [_exact(item, f"{place}/{i}") for i, item in enumerate(raw)]
        case _Number():
            return _exact_number(raw, place)
        case str():
            return _exact_string(raw, place)
        case bool() | None:
            return raw
    raise TypeError(f"the JSON parser gave {type(raw)}")


def _exact_object(members: _Members, place: str) -> dict[str, Json]:
    value: dict[str, Json] = {}
    for key, item in members:
        inner = f"{place}/{_pointer_token(key)}"
        _exact_string(key, inner)
        if key in value:
            raise InvalidInputError("duplicate key", place=inner)
        value[key] = _exact(item, inner)
    return value


def _exact_string(text: str, place: str) -> str:
    if not text.isascii() and _SURROGATE.search(text) is not None:
        raise InvalidInputError("lone surrogate in a string", place=_printable(place))
    return text


def _exact_number(digits: str, place: str) -> int | float:
    if digits.lstrip("-").isdigit():
        # The length first: int() of a million digits takes minutes.
        if len(digits) > 17 or abs(int(digits)) > MAX_SAFE_INTEGER:
            raise InvalidInputError(
                "integer beyond ±(2^53−1), which JSON readers round", place=place or "/"
            )
        return int(digits)
    value = float(digits)
    if value in (float("inf"), float("-inf")) or Decimal(digits) != Decimal(repr(value)):
        raise InvalidInputError("number that a double does not carry exactly", place=place or "/")
    return value


def _pointer_token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _printable(place: str) -> str:
    return place.encode("utf-8", "backslashreplace").decode("utf-8")
