"""JSON-RPC over HTTP to one node: the only place that opens connections to a chain.

Turns every way in which asking can fail into `UnavailableError`. Retries nothing: that is
`registry.chain.endpoint`'s. Does not know what the methods mean.
"""

import time
from typing import Any  # JSON-RPC parameters and results are JSON of any shape
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import requests
import urllib3
from web3.exceptions import Web3Exception
from web3.providers import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from registry.chain.reply import Reply
from registry.errors import InvalidInputError, UnavailableError

DEFAULT_TIMEOUT = 20.0  # seconds for a whole answer
MAX_ANSWER_BYTES = 64 << 20  # a full block of logs is a few MiB; more is no answer to us
_CHUNK_BYTES = 64 << 10
_MAX_MESSAGE = 200  # characters of a node's error message that are shown

# Everything that encoding, transport and decoding raise. ValueError: bad JSON or bad UTF-8.
_FAILURES = (
    Web3Exception,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)
# Those of them that mean: something came back, and it cannot be read.
_UNREADABLE = (
    Web3Exception,
    requests.exceptions.ContentDecodingError,
    urllib3.exceptions.DecodeError,
    ValueError,
)


class JsonRpcError(UnavailableError):
    """The node answered with a JSON-RPC error. Unless a caller knows better: could not ask."""

    def __init__(
        self, *, method: str, number: int, text: str, details: object, source: str
    ) -> None:
        super().__init__(f"{method} failed with {number}: {text[:_MAX_MESSAGE]}", source=source)
        self.method = method
        self.number = number
        self.text = text
        self.details = details


class NoAnswerError(UnavailableError):
    """The node could not be reached, or what came back is no JSON-RPC answer.

    `kind` is one of "timeout", "connection", "malformed", "too-large", or "http-" and a status.
    """

    def __init__(self, message: str, *, kind: str, source: str) -> None:
        super().__init__(message, source=source)
        self.kind = kind


class Rpc:
    """A connection to one node. Safe to share between threads."""

    def __init__(self, url: str, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.source = endpoint_name(url)
        self.timeout = timeout
        self._secrets = _secrets(url)
        self._provider = _Provider(url, timeout=timeout)

    def __repr__(self) -> str:
        return f"Rpc({self.source})"

    def ask(self, method: str, *params: object) -> Reply:
        """Ask the node. Raises `JsonRpcError` for its error, `NoAnswerError` for silence."""
        try:
            response: Any = self._provider.make_request(RPCEndpoint(method), list(params))
        except _FAILURES as exc:
            # Not chained: those exceptions print the URL, and with it the API key.
            raise NoAnswerError(
                f"{method} got no answer ({_describe(exc)})", kind=_kind(exc), source=self.source
            ) from None
        if not isinstance(response, dict):
            raise self._malformed(f"{method} got no JSON-RPC answer")
        error = response.get("error")
        if error is not None:
            raise self._refusal(method, error)
        if "result" not in response:
            raise self._malformed(f"{method} got neither result nor error")
        return Reply(response["result"], method=method, source=self.source)

    def close(self) -> None:
        """Close the connections."""
        self._provider.close()

    def _malformed(self, message: str) -> NoAnswerError:
        return NoAnswerError(message, kind="malformed", source=self.source)

    def _refusal(self, method: str, error: object) -> JsonRpcError:
        fields = error if isinstance(error, dict) else {"message": error}
        number = fields.get("code")
        text = _without(self._secrets, str(fields.get("message")))
        return JsonRpcError(
            method=method,
            number=number if isinstance(number, int) else 0,
            text=text,
            details=fields.get("data"),
            source=self.source,
        )


class _TooLargeError(requests.RequestException):
    """The answer passes the limit."""


class _Provider(JSONBaseProvider):
    """HTTP provider that bounds time and size, never redirects and logs nothing.

    The one that web3 brings logs addresses, which may hold API keys, retries by itself, and has
    no limit on an answer's size or on the time of one that trickles in.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        super().__init__()
        self._url = url
        self._timeout = timeout
        self._session = requests.Session()
        # Proxies and .netrc passwords of the environment are not ours to use.
        self._session.trust_env = False

    def make_request(self, method: RPCEndpoint, params: object) -> RPCResponse:
        deadline = time.monotonic() + self._timeout
        with self._session.post(
            self._url,
            data=self.encode_rpc_request(method, params),
            headers={"Content-Type": "application/json"},
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            body = self._body(response, deadline)
            # Some providers send the errors of JSON-RPC, and nothing else, as HTTP 400.
            if response.status_code == requests.codes.bad_request and _holds_error(body):
                return _decode(body)
            if response.status_code != requests.codes.ok:
                raise requests.HTTPError(response=response)
            return _decode(body)

    def close(self) -> None:
        self._session.close()

    @staticmethod
    def _body(response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        # read1 returns what has arrived: a full-sized read would sit out a trickle of bytes,
        # none of which comes late enough for the socket's own timeout.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise _TooLargeError
            if time.monotonic() > deadline:
                raise requests.Timeout("answer too slow")
        return bytes(body)


def endpoint_name(url: str) -> str:
    """Scheme, host and port of an endpoint: user, path and query may hold keys.

    Raises `InvalidInputError` for anything but an HTTP address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise InvalidInputError("RPC endpoint is not a URL") from exc
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInputError("RPC endpoint must begin with http:// or https:// and a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")


def without_secrets(text: str, url: str) -> str:
    """Return what others said, less the parts of an address that nobody may see."""
    return _without(_secrets(url), text)


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def _secrets(url: str) -> list[str]:
    """Return the parts of an address that a node might echo and that nobody may see."""
    parts = urlsplit(url)
    written = [parts.username or "", parts.password or "", *parts.path.split("/")]
    values = [value for _, value in parse_qsl(parts.query)]
    pieces = {parts.query, *values, *written, *map(unquote, written)}
    # The longest first: one may be a part of another. Shorter ones would blank out words.
    return sorted((piece for piece in pieces if len(piece) >= 4), key=len, reverse=True)


def _decode(body: bytes) -> RPCResponse:
    # Not the standard library's parser: it overflows the stack on deeply nested input.
    content: RPCResponse = orjson.loads(body)
    return content


def _holds_error(body: bytes) -> bool:
    try:
        content: object = _decode(body)
    except ValueError:
        return False
    return isinstance(content, dict) and isinstance(content.get("error"), dict)


def _describe(failure: BaseException) -> str:
    status = _status(failure)
    if status is not None:
        return f"HTTP {status}"
    return "answer too large" if isinstance(failure, _TooLargeError) else type(failure).__name__


def _kind(failure: BaseException) -> str:
    status = _status(failure)
    if status is not None:
        return f"http-{status}"
    if isinstance(failure, _TooLargeError):
        return "too-large"
    if isinstance(failure, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return "timeout"
    if isinstance(failure, _UNREADABLE):
        return "malformed"
    return "connection"


def _status(failure: BaseException) -> int | None:
    response = getattr(failure, "response", None)
    return response.status_code if isinstance(response, requests.Response) else None
