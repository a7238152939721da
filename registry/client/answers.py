"""One answer of a server that is not trusted: bounded in size and time, and read strictly."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeVar

import requests
import urllib3
from pydantic import ValidationError

from registry.client.models import Problem
from registry.client.refusals import error_of
from registry.core.wire import FROM_JSON, WireModel
from registry.errors import RootsealError, UnavailableError

if TYPE_CHECKING:
    from registry.client.connections import Line

PROBLEM: Final = "application/problem+json"
MAX_ANSWER_BYTES: Final = 8 * 2**20  # of one that is held; a batch's page has some 100 kB
MAX_LINE_BYTES: Final = 64 * 2**10  # of one that is streamed; a receipt has at most as many
CHUNK_BYTES: Final = 64 * 2**10
_SLOWEST: Final = 1024  # bytes a second that must pass, once the timeout is over
FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)

_M = TypeVar("_M", bound=WireModel)


class Answer:
    """An answer whose body has not been read yet."""

    def __init__(self, response: requests.Response, *, source: str, timeout: float) -> None:
        self.status = response.status_code
        self.media_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        self._raw = response.raw
        self._line: Line = response.raw.line
        self._source = source
        self._timeout = timeout
        self._coding = response.headers.get("Content-Encoding", "identity")
        self._retry_after = response.headers.get("Retry-After", "")

    @property
    def wait(self) -> int | None:
        """Seconds after which the server wants to be asked again, if it says so."""
        text = self._retry_after
        return int(text[:9]) if text.isascii() and text.isdecimal() else None

    def body(self, limit: int = MAX_ANSWER_BYTES) -> bytes:
        """All of it. Raises `UnavailableError` if it is too large, too slow, or breaks off."""
        found = bytearray()
        for chunk in self._chunks():
            found += chunk
            if len(found) > limit:
                raise self.unreadable("an answer that is too large")
        return bytes(found)

    def lines(self) -> Iterator[bytes]:
        """Its lines as they come, each complete. Raises as `body`."""
        rest = b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
            if len(rest) > MAX_LINE_BYTES:
                raise self.unreadable("a line without an end")
        if rest:
            raise self.unreadable("an answer that breaks off")

    def unreadable(self, what: str) -> UnavailableError:
        """The error that says the server did not answer as an API of ours does."""
        return UnavailableError(f"gave {what}", source=self._source)

    def require(self, is_so: bool) -> None:  # noqa: FBT001 - a condition
        """Raises `UnavailableError` unless the answer is so that it can be true."""
        if not is_so:
            raise self.unreadable("an answer that cannot be true")

    def read(self, model: type[_M]) -> _M:
        """The body as what it has to be. Raises as `body`."""
        return self.parsed(model, self.body())

    def parsed(self, model: type[_M], data: bytes) -> _M:
        """A part of the body; what a newer server may have added to it is passed over."""
        try:
            return model.model_validate_json(
                data, by_alias=True, by_name=False, context=FROM_JSON, extra="ignore"
            )
        except ValidationError as exc:
            raise self.unreadable(f"no {model.__name__}") from exc

    def refusal(self) -> RootsealError:
        """What it means that the server refused."""
        if self.media_type != PROBLEM:
            return self.unreadable(f"HTTP {self.status}, and no answer of this API")
        problem = self.read(Problem)
        error = error_of(problem, status=self.status, source=self._source)
        if self.wait is None or not isinstance(error, UnavailableError):
            return error
        said = f"{error.message.rstrip('.')}; it says to wait {self.wait} seconds"
        waiting = UnavailableError(said, source=self._source)
        waiting.code = error.code
        return waiting

    def _chunks(self) -> Iterator[bytes]:
        if self._coding.strip().lower() != "identity":
            # Codings can make much of little; none was asked for.
            raise self.unreadable("an answer in a coding that was not asked for")
        # Only the time of the server's: who reads may take theirs.
        spent, received = 0.0, 0
        while True:
            start = time.monotonic()
            chunk = self._chunk()
            if not chunk:
                return
            spent, received = spent + time.monotonic() - start, received + len(chunk)
            if spent > self._timeout + received / _SLOWEST:
                raise self.unreadable("an answer that is too slow")
            yield chunk

    def _chunk(self) -> bytes:
        try:
            # read1 returns what has arrived: a full-sized read would sit out a trickle of bytes.
            with self._line.cut_after(self._timeout):
                chunk: bytes = self._raw.read1(CHUNK_BYTES, decode_content=False)
        except FAILURES as exc:
            raise self.unreadable("an answer that breaks off") from exc
        if self._line.is_cut:  # and so perhaps just where an answer without a length could end
            raise self.unreadable("an answer that is too slow")
        return chunk
