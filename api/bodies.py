"""Reading request bodies: bounded while they stream, each and together, and JSON exactly.

FastAPI's own JSON reader rounds integers and drops duplicate keys, so it reads no body here.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final, TypeVar

import anyio.from_thread
from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import BusyError, UnsupportedMediaTypeError, error_response
from registry.core.documents import MAX_DOCUMENT_BYTES, Json, json_pointer, parse_document
from registry.core.wire import FROM_JSON, WireModel, unknown_key
from registry.errors import InvalidInputError, TooLargeError
from registry.services.hashing import BOM

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
MULTIPART: Final = "multipart/form-data"
LARGE: Final = 256 * 1024  # bytes; parsed, JSON takes up to fifty times as many
_MAX_HELD: Final = 128 * 2**20  # bytes of all JSON bodies in memory at once
_M = TypeVar("_M", bound=WireModel)


class BodyLimit:
    """Middleware that counts the bytes of every body as they come, whatever the headers say.

    JSON is held in memory while it is read, so that all of it together has a limit, too. Uploads
    wait in files, and streams are read a line at a time.
    """

    def __init__(self, app: ASGIApp, *, default: int, limits: Mapping[str, int]) -> None:
        self._app = app
        self._default = default
        self._limits = limits
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is announced too large at once, and what turns out to be on its way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], self._default)
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced[:20]) > limit:
            response = error_response(_too_large(limit), instance=scope["path"])
            await response(scope, receive, send)
            return
        is_held = given_type(headers) == JSON
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            size = len(message.get("body", b""))
            seen += size
            if seen > limit:
                raise _too_large(limit)
            if is_held:
                self._held += size
                if self._held > _MAX_HELD:
                    raise BusyError("too many large requests at once; try again")
            return message

        try:
            await self._app(scope, counted, send)
        finally:
            self._held -= seen if is_held else 0


def media_type(request: Request, *accepted: str) -> str:
    """The body's type. Raises `UnsupportedMediaTypeError` unless it is one of `accepted`."""
    given = given_type(request.headers)
    if given not in accepted:
        raise UnsupportedMediaTypeError(
            f"send {' or '.join(accepted)}, not {given[:80] or 'a body without a type'}"
        )
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedMediaTypeError(f"content codings are not read: {coding[:80]}")
    return given


def given_type(headers: Headers) -> str:
    """The media type that is given, without its parameters."""
    return headers.get("content-type", "").split(";")[0].strip().lower()


async def read_body(request: Request, *, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
    """The whole body of a JSON request. Raises `TooLargeError` as soon as it passes `limit`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def parse_request(model: type[_M], body: bytes) -> tuple[_M, dict[str, Json]]:
    """Read a JSON body exactly: checked against the model, and as it was parsed.

    Raises `InvalidInputError` with the place of the first fault.
    """
    document = parse_document(body)
    key = unknown_key(model, document)
    if key is not None:
        raise InvalidInputError("there is no such member", place=json_pointer([key]))
    try:
        parsed = model.model_validate(document, by_alias=True, by_name=False, context=FROM_JSON)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidInputError(first["msg"], place=json_pointer(first["loc"])) from exc
    return parsed, document


def only_one(values: Mapping[str, object]) -> str:
    """Name of the one value that is given. Raises `InvalidInputError` for none or several."""
    given = [name for name, value in values.items() if value is not None]
    if len(given) != 1:
        raise InvalidInputError(f"give one of {', '.join(values)}", place="/")
    return given[0]


def ndjson_blocks(request: Request) -> Iterator[tuple[int, bytes]]:
    """Whole lines of the body, many at a time as they arrive, and the number of the first of them.

    For a thread that the event loop started: it waits for the network, so memory stays bounded.
    Raises `TooLargeError` for a line without an end in sight.
    """
    number, rest, is_begun = 1, bytearray(), False
    for chunk in _chunks(request):
        start = len(rest)
        rest += chunk
        if not is_begun and len(rest) >= len(BOM):
            is_begun = True
            if rest.startswith(BOM):
                del rest[: len(BOM)]
        if b"\n" in chunk:
            end = rest.rfind(b"\n") + 1
            block = bytes(rest[:end])
            del rest[:end]
            yield number, block
            number += block.count(b"\n")
        elif start > MAX_DOCUMENT_BYTES:
            raise TooLargeError(
                f"longer than a credential may be ({MAX_DOCUMENT_BYTES} bytes)",
                place=f"line {number}",
            )
    if rest:
        yield number, bytes(rest)


def _chunks(request: Request) -> Iterator[bytes]:
    stream = request.stream()
    while (chunk := anyio.from_thread.run(_next, stream)) is not None:
        yield chunk


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit} bytes")
