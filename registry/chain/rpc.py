"""JSON-RPC over HTTP to one node: the only place that opens connections to a chain.

Turns every way in which asking can fail into `UnavailableError`. Retries nothing: that is
`registry.chain.endpoint`'s. Does not know what the methods mean.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final  # JSON-RPC results are JSON of any shape
from urllib.parse import parse_qsl, unquote, urlsplit

from registry.chain.questions import Question
from registry.chain.reply import Reply
from registry.chain.wire import FAILURES, describe, kind_of
from registry.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from registry.chain.provider import Provider

DEFAULT_TIMEOUT = 20.0  # seconds for a whole answer
_MAX_MESSAGE = 200  # characters of a node's error message that are shown
_SINGLE_SECONDS: Final = 600.0  # in which no batch is sent to a node that left one unanswered
_AWAY: Final = frozenset({"connection", "timeout"})  # kinds of failure that a single question meets


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
        self._single_until = 0.0
        self._url = url

    def __repr__(self) -> str:
        return f"Rpc({self.source})"

    @cached_property
    def _provider(self) -> "Provider":
        # When it is asked: web3 takes a second to import, and many commands ask no node.
        from registry.chain.provider import Provider  # noqa: PLC0415

        return Provider(self._url, timeout=self.timeout)

    def ask(self, method: str, *params: object) -> Reply:
        """Ask the node. Raises `JsonRpcError` for its error, `NoAnswerError` for silence."""
        with self._own_errors(method):
            response: Any = self._provider.make_request(method, params)
        if not isinstance(response, dict):
            raise self._malformed(f"{method} got no JSON-RPC answer")
        if response.get("error") is None and "result" not in response:
            raise self._malformed(f"{method} got neither result nor error")
        answer = self._read(method, response)
        if isinstance(answer, JsonRpcError):
            raise answer
        return answer

    def ask_all(self, questions: Sequence[Question]) -> list[Reply | JsonRpcError | None]:
        """Put several questions at once (JSON-RPC 2.0 §6), and return the answer to each.

        None for one that got no answer here, and must be asked by itself: for all of them, if the
        node takes no batches, which is then not tried for a while. Raises `NoAnswerError` if the
        node is not there.
        """
        if time.monotonic() < self._single_until:
            return [None] * len(questions)
        try:
            with self._own_errors("a batch"):
                content: Any = self._provider.make_batch_request(
                    [(method, params) for method, *params in questions]
                )
        except NoAnswerError as exc:
            if exc.kind in _AWAY:
                raise
            content = None
        answers = _by_number(content, len(questions))
        if None in answers:
            self._single_until = time.monotonic() + _SINGLE_SECONDS
        return [
            None if answer is None else self._read(question[0], answer)
            for question, answer in zip(questions, answers, strict=True)
        ]

    def close(self) -> None:
        """Close the connections."""
        if "_provider" in self.__dict__:
            self._provider.close()

    def _read(self, method: str, answer: dict[str, object]) -> Reply | JsonRpcError:
        error = answer.get("error")
        if error is not None:
            return self._refusal(method, error)
        return Reply(answer["result"], method=method, source=self.source)

    @contextmanager
    def _own_errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except FAILURES as exc:
            # Not chained: those exceptions print the URL, and with it the API key.
            raise NoAnswerError(
                f"{what} got no answer ({describe(exc)})", kind=kind_of(exc), source=self.source
            ) from None

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


def _by_number(content: object, count: int) -> list[dict[str, Any] | None]:
    """Sort the answers to a batch, which come in any order; None where there is none."""
    answers: list[dict[str, Any] | None] = [None] * count
    for answer in content if isinstance(content, list) else []:
        if not isinstance(answer, dict):
            continue
        number = answer.get("id")
        if type(number) is not int or not 0 <= number < count:  # True is no number
            continue
        if "result" in answer or answer.get("error") is not None:
            answers[number] = answer
    return answers
