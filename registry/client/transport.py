"""HTTP to one registry's API: the only place of the client that opens connections.

The server is not trusted: its answers are bounded in size and time, redirects are not followed, and
what is not a problem of ours is "could not ask". The key goes to the configured server alone.
"""

import ipaddress
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3
from pydantic import ValidationError

from registry.client.models import Problem
from registry.core.wire import FROM_JSON
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RootsealError,
    TooLargeError,
    UnavailableError,
)

MAX_ANSWER_BYTES: Final = 8 * 2**20  # of one that is held; a batch's page has some 100 kB
MAX_LINE_BYTES: Final = 64 * 2**10  # of one that is streamed; a receipt has at most as many
_CHUNK_BYTES: Final = 64 * 2**10
_SLOWEST: Final = 1024  # bytes a second, of an answer that is longer than its timeout
_PROBLEM_TYPE: Final = "application/problem+json"
_MAX_SHOWN: Final = 500  # characters of what a server says
_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_ERRORS: Final[dict[int, type[InvalidInputError]]] = {
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    413: TooLargeError,
}
Body = bytes | Iterable[bytes]


class RefusedError(ConflictError):
    """What was asked is sound, but the server cannot do it now. `reason` is its problem's code."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """An answer whose body has not been read yet."""

    status: int
    media_type: str
    _response: requests.Response = field(repr=False)
    _source: str
    _timeout: float

    def body(self) -> bytes:
        """All of it. Raises `UnavailableError` if it is too large, too slow, or breaks off."""
        found = bytearray()
        for chunk in self._chunks():
            found += chunk
            if len(found) > MAX_ANSWER_BYTES:
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

    def _chunks(self) -> Iterator[bytes]:
        start, received = time.monotonic(), 0
        try:
            # read1 returns what has arrived: a full-sized read would sit out a trickle of bytes.
            while chunk := self._response.raw.read1(_CHUNK_BYTES, decode_content=True):
                received += len(chunk)
                if time.monotonic() - start > self._timeout + received / _SLOWEST:
                    raise self.unreadable("an answer that is too slow")
                yield chunk
        except _FAILURES as exc:
            raise self.unreadable("an answer that breaks off") from exc


class Transport:
    """Requests to one server. Raises `InvalidInputError` for an address that is none.

    A key goes over https, or to this machine: everybody on the way would have it.
    """

    def __init__(self, base_url: str, *, api_key: str | None, timeout: float) -> None:
        self._base = _checked(base_url, with_key=api_key is not None)
        self._headers = {} if api_key is None else {"Authorization": f"Bearer {_key(api_key)}"}
        self._timeout = timeout
        self._session = requests.Session()
        # Proxies and .netrc passwords of the environment are not ours to use.
        self._session.trust_env = False

    def __repr__(self) -> str:
        return f"Transport({self._base})"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @contextmanager
    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        body: Body | None = None,
        files: Mapping[str, tuple[str, bytes] | tuple[None, str]] | None = None,
        media_type: str = "application/json",
        expected: tuple[int, ...] = (200,),
    ) -> Iterator[Answer]:
        """Ask, and give the answer to be read.

        Raises what the problem means: `InvalidInputError` and its kinds, `ConflictError`, and
        `UnavailableError` for all that says nothing.
        """
        content = {} if body is None else {"Content-Type": media_type}
        try:
            response = self._session.request(
                method,
                self._base + path,
                params={name: value for name, value in (query or {}).items() if value is not None},
                data=body,
                files=files,
                headers={**self._headers, **content},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except _FAILURES as exc:
            # Not chained: it may print the headers.
            reason = f"{method} {path} got no answer ({type(exc).__name__})"
            raise UnavailableError(reason, source=self._base) from None
        with response:
            given = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
            answer = Answer(response.status_code, given, response, self._base, self._timeout)
            if answer.status not in expected or given == _PROBLEM_TYPE:
                raise _refusal(answer, response.headers.get("Retry-After"))
            yield answer


def error_of(problem: Problem, source: str) -> RootsealError:
    """The error that a problem means."""
    detail = _shown(problem.detail)
    if problem.status in {408, 429} or problem.status >= 500:
        return UnavailableError(detail, source=source)
    if problem.status == 409:
        return RefusedError(detail, reason=problem.code[:_MAX_SHOWN])
    kind = _ERRORS.get(problem.status, InvalidInputError)
    is_said = problem.place is None or problem.place in detail
    return kind(detail, place=None if is_said else _shown(problem.place or ""))


def _refusal(answer: Answer, retry_after: str | None) -> RootsealError:
    if answer.media_type != _PROBLEM_TYPE:
        return answer.unreadable(f"HTTP {answer.status}, and no answer of this API")
    try:
        problem = Problem.model_validate_json(
            answer.body(), by_alias=True, by_name=False, context=FROM_JSON, extra="ignore"
        )
    except ValidationError:
        return answer.unreadable(f"HTTP {answer.status}, and no answer of this API")
    error = error_of(problem.model_copy(update={"status": answer.status}), answer._source)  # noqa: SLF001
    if isinstance(error, UnavailableError) and (retry_after or "").isdecimal():
        return UnavailableError(
            f"{error.message.rstrip('.')}; it says to wait {int(str(retry_after)[:9])} seconds",
            source=error.source,
        )
    return error


def _checked(url: str, *, with_key: bool) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise InvalidInputError("the API's address is not a URL") from exc
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise InvalidInputError("the API's address is https://HOST, perhaps with a path")
    if parts.username is not None:
        raise InvalidInputError("the API's address takes no user: set api_key")
    if with_key and parts.scheme == "http" and not _is_here(host):
        raise InvalidInputError("an API key is sent over https only, or to this machine")
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text or not text:
        raise InvalidInputError("api_key is no key: rootseal_<id>_<secret>")
    return text


def _shown(text: str) -> str:
    """What a server says, without what could move a terminal's cursor."""
    return json.dumps(text[:_MAX_SHOWN], ensure_ascii=False)[1:-1].replace('\\"', '"')
