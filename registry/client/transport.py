"""HTTP to one registry's API: the only place of the client that opens connections.

Redirects are not followed: the key goes to the configured server alone.
"""

import ipaddress
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import requests

from registry.client.answers import CHUNK_BYTES, FAILURES, PROBLEM, Answer
from registry.client.connections import TimelyAdapter
from registry.errors import InvalidInputError, UnavailableError

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
TEXT: Final = "text/plain"
STATUS_LIST: Final = "application/vc"

MAX_WAITS: Final = 2  # for a server that says how long to wait
LONGEST_WAIT: Final = 60  # seconds; the window of its rate limit

Body: TypeAlias = bytes | Iterable[bytes]
Files: TypeAlias = Mapping[str, tuple[str, bytes] | tuple[None, str]]


@dataclass(frozen=True)
class Request:
    """What is asked. `body` may be a stream, which can be sent once only."""

    method: str
    path: str
    query: Mapping[str, str | None] = field(default_factory=dict)
    body: Body | None = None
    files: Files | None = None
    media_type: str = JSON
    expected: tuple[int, ...] = (200,)
    accept: str = JSON
    may_repeat: bool = True  # after an answer that says to wait


class Transport:
    """Requests to one server. Raises `InvalidInputError` for an address that is none.

    A key goes over https, or to this machine: everybody on the way would have it.
    """

    def __init__(self, base_url: str, *, api_key: str | None, timeout: float) -> None:
        self._base = _checked(base_url, with_key=api_key is not None)
        # No coding of the body: what a server could make of a little is not bounded.
        self._headers = {"Accept-Encoding": "identity"}
        if api_key is not None:
            self._headers["Authorization"] = f"Bearer {_key(api_key)}"
        self._timeout = timeout
        self._session = requests.Session()
        # Proxies and .netrc passwords of the environment are not ours to use.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, TimelyAdapter())

    def __repr__(self) -> str:
        return f"Transport({self._base})"

    @property
    def source(self) -> str:
        """The server's name in errors."""
        return self._base

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @contextmanager
    def ask(self, request: Request) -> Iterator[Answer]:
        """Ask, and give the answer to be read.

        A server that says how long to wait is asked again, if that is not too long. Raises what a
        problem means: `InvalidInputError` and its kinds, `ConflictError`, and `UnavailableError`
        for all that says nothing.
        """
        for waits_left in reversed(range(MAX_WAITS + 1)):
            response = self._sent(request)
            with response, closing(response.raw.line):
                answer = Answer(response, source=self._base, timeout=self._timeout)
                if answer.status in request.expected and answer.media_type == request.accept:
                    yield answer
                    return
                refusal = answer.refusal()
                seconds = _pause(request, answer)
                if seconds is None or waits_left == 0:
                    raise refusal
            time.sleep(seconds)

    @contextmanager
    def fetch(self, path: str) -> Iterator[Answer]:
        """A file of a web server that knows nothing of us: any status, any media type."""
        response = self._sent(Request("GET", path, accept="*/*"))
        with response, closing(response.raw.line):
            yield Answer(response, source=self._base, timeout=self._timeout)

    def _sent(self, request: Request) -> requests.Response:
        try:
            return self._session.send(
                self._prepared(request), timeout=self._timeout, allow_redirects=False, stream=True
            )
        except FAILURES as exc:
            # Not chained: it may print the headers.
            reason = f"{request.method} {request.path} got no answer ({type(exc).__name__})"
            raise UnavailableError(reason, source=self._base) from None

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        content = {} if request.body is None else {"Content-Type": request.media_type}
        prepared = self._session.prepare_request(
            requests.Request(
                request.method,
                self._base + request.path,
                params={name: value for name, value in request.query.items() if value is not None},
                data=request.body,
                files=request.files,
                headers={**self._headers, **content, "Accept": f"{request.accept}, {PROBLEM}"},
            )
        )
        if isinstance(prepared.body, bytes):
            # The timeout is for one piece: a large credential on a slow line takes longer.
            prepared.body = _pieces(prepared.body)
        return prepared


def _pause(request: Request, answer: Answer) -> int | None:
    """How long to wait before asking again; None if that makes no sense."""
    if answer.status not in {429, 503} or answer.media_type != PROBLEM or not request.may_repeat:
        return None
    return answer.wait if answer.wait is not None and answer.wait <= LONGEST_WAIT else None


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK_BYTES):
        yield body[start : start + CHUNK_BYTES]


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
