"""A JSON-RPC result that is read strictly: what is not as it should be is "could not ask".

Never turns a missing or malformed value into a default.
"""

import re
from binascii import unhexlify
from datetime import UTC, datetime

from registry.errors import UnavailableError

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_MAX_COUNT = 2**63


class Reply:
    """A result, or a part of one, with the question it answers."""

    __slots__ = ("_method", "_source", "value")

    def __init__(self, value: object, *, method: str, source: str) -> None:
        self.value = value
        self._method = method
        self._source = source

    @property
    def is_null(self) -> bool:
        """Whether the node answered null, where null has a meaning."""
        return self.value is None

    def quantity(self) -> int:
        """Read a hexadecimal number."""
        if not isinstance(self.value, str) or _QUANTITY.fullmatch(self.value) is None:
            raise self.malformed("a number")
        return int(self.value, 16)

    def count(self) -> int:
        """Read a number of blocks, transactions or logs: below 2^63, which is what stores hold."""
        number = self.quantity()
        if number >= _MAX_COUNT:
            raise self.malformed("a number below 2^63")
        return number

    def flag(self) -> bool:
        """Read 0 or 1."""
        number = self.quantity()
        if number not in {0, 1}:
            raise self.malformed("0 or 1")
        return number == 1

    def data(self, length: int | None = None) -> bytes:
        """Read hexadecimal bytes, of exactly `length` if given."""
        if not isinstance(self.value, str) or not self.value.startswith("0x"):
            raise self.malformed("bytes")
        try:
            content = unhexlify(self.value[2:])  # stricter than `bytes.fromhex`: no white space
        except ValueError as exc:
            raise self.malformed("bytes") from exc
        if length is not None and len(content) != length:
            raise self.malformed(f"{length} bytes")
        return content

    def time(self) -> datetime:
        """Read a number of seconds since 1970."""
        seconds = self.quantity()
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError) as exc:
            raise self.malformed("a time") from exc

    def member(self, name: str) -> "Reply":
        """Return a member of an object; a missing one reads as null."""
        if not isinstance(self.value, dict):
            raise self.malformed("an object")
        return Reply(self.value.get(name), method=f"{self._method} {name}", source=self._source)

    def elements(self) -> list["Reply"]:
        """Return the elements of an array."""
        if not isinstance(self.value, list):
            raise self.malformed("an array")
        return [Reply(value, method=self._method, source=self._source) for value in self.value]

    def malformed(self, wanted: str) -> UnavailableError:
        """Return the error that says the answer is not `wanted`; raise it."""
        if self.value is None:
            got = "null"
        elif self.value in ("", "0x", [], {}):
            got = "nothing"
        else:
            got = f"something else ({type(self.value).__name__})"
        return UnavailableError(f"{self._method} answered {got}, not {wanted}", source=self._source)
