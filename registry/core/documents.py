"""Reading JSON credentials exactly: nothing rounded, nothing dropped, nothing guessed.

A document that RFC 8785 cannot carry exactly is refused with the place in it (a JSON Pointer,
RFC 6901), because two readers of it could disagree about what was signed.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Final, TypeAlias

from registry.errors import InvalidInputError, TooLargeError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MAX_DOCUMENT_BYTES: Final = 4 * 2**20  # a badge is about 1 kB; an embedded image some 100 kB
MAX_DEPTH: Final = 64  # levels of nesting; real credentials stay under 12
MAX_SAFE_INTEGER: Final = 2**53 - 1  # RFC 8785 §3.2.2.3 and RFC 7493 §2.2

MAX_PLACE_CHARACTERS: Final = 400  # of a place in a message; a key may have megabytes

# The closing quote is optional: else each quote of an unfinished string starts a scan to the end.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_OPENING = (b"[", b"{")
_CLOSING = (b"]", b"}")
_CONSTANTS = ("NaN", "Infinity", "-Infinity")  # which the parser takes for numbers
_UNSAFE = "integer beyond ±(2^53−1), which JSON readers round"
# RFC 8785 prints smaller doubles in digits: 1e16 would be hashed as an integer that is refused.
_FIRST_WITH_EXPONENT = 1e21
_SURROGATE = re.compile("[\ud800-\udfff]")

# A value's place, innermost step last. Written out only for a refusal: the place of each of a
# million items under a key of a megabyte would be a terabyte of text.
_Place: TypeAlias = "tuple[_Place, str | int] | None"


class _Number(str):
    """A number, NaN or an infinity as written, kept until its place is known."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of an object as written, duplicates included."""

    pairs: "list[tuple[str, _Raw]]"


_Raw: TypeAlias = "_Members | list[_Raw] | _Number | str | bool | None"


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
        raw: _Raw = json.loads(
            data.decode("utf-8"),
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
            object_pairs_hook=_Members,
        )
    except UnicodeDecodeError as exc:
        raise InvalidInputError("not UTF-8", place=f"byte {exc.start}") from exc
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        raise InvalidInputError(f"not JSON: {exc.msg}", place=place) from exc
    return _exact(raw, None)


def json_pointer(steps: Iterable[str | int]) -> str:
    """JSON Pointer for a message: printable and short, whatever the keys hold; the root is `/`."""
    tokens = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    pointer = "".join(f"/{token}" for token in tokens) or "/"
    if len(pointer) > MAX_PLACE_CHARACTERS:
        pointer = pointer[: MAX_PLACE_CHARACTERS - 1] + "…"
    return printable(pointer)


def printable(text: str) -> str:
    """Text of others for a message: what could move a terminal's cursor is spelt out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _refuse_depth(data: bytes) -> None:
    # Before the parser, which would exhaust the stack. Brackets inside strings do not count.
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(data):
        if match[0] in _OPENING:
            depth += 1
        elif match[0] in _CLOSING:
            depth -= 1
        if depth > MAX_DEPTH:
            raise TooLargeError(
                f"document is nested deeper than {MAX_DEPTH} levels", place=f"byte {match.start()}"
            )


def _exact(raw: _Raw, place: _Place) -> Json:
    """Turn what the parser kept as written into values, or refuse with the place."""
    match raw:
        case _Members():
            return _exact_object(raw, place)
        case list():
            return [_exact(item, (place, i)) for i, item in enumerate(raw)]
        case _Number():
            return _exact_number(raw, place)
        case str():
            return _exact_string(raw, place)
        case _:
            return raw


def _exact_object(members: _Members, place: _Place) -> dict[str, Json]:
    value: dict[str, Json] = {}
    for key, item in members.pairs:
        inner = (place, key)
        _exact_string(key, inner)
        if key in value:
            raise _refusal("duplicate key", inner)
        value[key] = _exact(item, inner)
    return value


def _exact_string(text: str, place: _Place) -> str:
    if not text.isascii() and _SURROGATE.search(text) is not None:
        raise _refusal("lone surrogate in a string", place)
    return text


def _exact_number(digits: str, place: _Place) -> int | float:
    if digits.lstrip("-").isdigit():
        # The length first: int() of a million digits takes minutes.
        if len(digits) > 17 or abs(int(digits)) > MAX_SAFE_INTEGER:
            raise _refusal(_UNSAFE, place)
        return int(digits)
    if digits in _CONSTANTS:
        raise _refusal(f"{digits} is not JSON", place)
    value = float(digits)
    if not isfinite(value) or not _is_carried(digits, value):
        raise _refusal("number that a double does not carry exactly", place)
    if MAX_SAFE_INTEGER < abs(value) < _FIRST_WITH_EXPONENT:
        raise _refusal(_UNSAFE, place)
    return value


def _is_carried(digits: str, value: float) -> bool:
    try:
        return Decimal(digits) == Decimal(repr(value))
    except InvalidOperation:  # an exponent of twenty digits, which no double has
        return False


def _refusal(message: str, place: _Place) -> InvalidInputError:
    steps: list[str | int] = []
    while place is not None:
        place, step = place
        steps.append(step)
    return InvalidInputError(message, place=json_pointer(reversed(steps)))
