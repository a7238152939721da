"""HTTP to one node: the bytes of a question out, those of its answer in, within bounds.

Knows no JSON, and asks nothing twice. What it raises is foreign, and prints addresses, which may
hold keys: `registry.chain.rpc` names it by `kind_of` and lets none of it out.
"""

import time
from http.client import HTTPException
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

import certifi
import urllib3
from urllib3.util import make_headers, parse_url

MAX_ANSWER_BYTES = 64 << 20  # a full block of logs is a few MiB; more is no answer to us
_CHUNK_BYTES: Final = 64 << 10
_CONNECTIONS: Final = 10  # that are kept; more threads at once open others for one question

# Everything that encoding, transport and decoding raise. ValueError: bad JSON or bad UTF-8.
FAILURES: Final = (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)
# Those of them that mean: something came back, and it cannot be read.
_UNREADABLE: Final = (urllib3.exceptions.DecodeError, ValueError)


class StatusError(urllib3.exceptions.HTTPError):
    """An HTTP status with which no answer comes."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class _TooLargeError(urllib3.exceptions.HTTPError):
    """The answer passes the limit."""


class Wire:
    """Connections to one node, kept between questions. Safe to share between threads.

    Bounds the time and the size of an answer, never follows a redirect, takes neither proxies nor
    passwords from the environment, and trusts certifi's authorities alone.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = parse_url(url)
        trust = {"ca_certs": certifi.where()} if parts.scheme == "https" else {}
        self._pool = urllib3.connection_from_url(
            url, maxsize=_CONNECTIONS, timeout=timeout, **trust
        )
        self._timeout = timeout
        self._target = parts.request_uri
        self._headers = _headers(url)

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Ask, and return the status and the whole body. Raises one of `FAILURES`."""
        deadline = time.monotonic() + self._timeout
        response = self._pool.urlopen(
            "POST",
            self._target,
            body=body,
            headers=self._headers,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            answer = _body(response, deadline)
        except BaseException:
            response.close()  # or the rest of it would be taken for the next answer
            raise
        response.release_conn()
        return response.status, answer

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def kind_of(failure: BaseException) -> str:
    """What went wrong: see `NoAnswerError`."""
    match failure:
        case StatusError():
            return f"http-{failure.status}"
        case _TooLargeError():
            return "too-large"
        case urllib3.exceptions.NewConnectionError():
            return "connection"  # refused, say; urllib3 counts it among the timeouts
        case urllib3.exceptions.TimeoutError() | TimeoutError():
            return "timeout"
    return "malformed" if isinstance(failure, _UNREADABLE) else "connection"


def describe(failure: BaseException) -> str:
    """What went wrong, for people: nothing that may hold a key."""
    match failure:
        case StatusError():
            return f"HTTP {failure.status}"
        case _TooLargeError():
            return "answer too large"
    return type(failure).__name__


def _body(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    body = bytearray()
    # read1 returns what has arrived: a full-sized read would sit out a trickle of bytes,
    # none of which comes late enough for the socket's own timeout.
    while chunk := response.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _TooLargeError
        if time.monotonic() > deadline:
            raise TimeoutError("answer too slow")
    return bytes(body)


def _headers(url: str) -> dict[str, str]:
    headers = {
        **make_headers(accept_encoding=True, user_agent="rootseal"),
        "content-type": "application/json",
    }
    parts = urlsplit(url)
    if parts.username is not None:
        secret = unquote_to_bytes(parts.username) + b":" + unquote_to_bytes(parts.password or "")
        # As RFC 7617 has it; urllib3 encodes Latin-1, so that these are the bytes of the address.
        headers |= make_headers(basic_auth=secret.decode("latin-1"))
    return headers
