"""How answers travel: HEAD, ETag and 304, gzip. Nothing here knows what an answer says."""

import gzip
from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FINAL: Final = "public, max-age=31536000, immutable"  # these bytes never change
SETTLED: Final = "public, max-age=86400"  # final, but something may still be added to it
PENDING: Final = "public, max-age=60"
LIST: Final = "public, max-age=15"

_SMALLEST_TO_COMPRESS: Final = 1024  # bytes; below, headers and time cost more than is saved
_COMPRESSION: Final = 6
_BODY_HEADERS: Final = ("content-length", "content-type", "content-encoding")


class _Cut:
    """An answer whose body is dropped: its app is told that the caller went away."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.is_cut = False

    async def begin(self, start: Message) -> None:
        """Send an answer without a body."""
        self.is_cut = True
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def receive(self) -> Message:
        """What comes from the caller; nobody is there any more once the answer is sent."""
        return {"type": "http.disconnect"} if self.is_cut else await self._receive()


class HeadAsGet:
    """Middleware that answers HEAD as GET without the body, wherever there is a GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask for the whole, pass the headers on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        cut = _Cut(receive, send)

        async def headers_alone(message: Message) -> None:
            if message["type"] == "http.response.start":
                await cut.begin(message)

        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, cut.receive, headers_alone)
        finally:
            scope["route"] = inner.get("route")  # for the log


class Conditional:
    """Middleware that gives every cacheable answer an ETag, and 304 to who has it already.

    An answer that is streamed has an ETag only if its endpoint gives it one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at answers to GET that may be kept."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        known = ",".join(Headers(scope=scope).getlist("if-none-match"))
        cut = _Cut(receive, send)
        start: Message | None = None  # held until the body tells the ETag

        async def tagged(message: Message) -> None:
            nonlocal start
            if cut.is_cut:
                return
            if message["type"] == "http.response.start" and _may_be_kept(message):
                start = message
                return
            if start is not None:
                held, start = start, None
                if _is_known(_tag(held, message), known):
                    await cut.begin(_not_modified(held))
                    return
                await send(held)
            await send(message)

        await self._app(scope, cut.receive, tagged)


class Compression:
    """Middleware that compresses for those who take it; such an answer's ETag is a weak one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = GZipMiddleware(
            app, minimum_size=_SMALLEST_TO_COMPRESS, compresslevel=_COMPRESSION
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Compress an answer if the caller says so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def weakened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                etag = headers.get("etag", "")
                if "content-encoding" in headers and etag.startswith('"'):
                    headers["ETag"] = f"W/{etag}"
            await send(message)

        inner = dict(scope)
        inner["headers"] = [*_without_accepted(scope), *_accepted(scope)]
        try:
            await self._app(inner, receive, weakened)
        finally:
            scope["route"] = inner.get("route")  # for the log


def _accepted(scope: Scope) -> list[tuple[bytes, bytes]]:
    """`Accept-Encoding` as the middleware below reads it, which knows no `q=0` and no `*`."""
    return [(b"accept-encoding", b"gzip")] if takes_gzip(Headers(scope=scope)) else []


def takes_gzip(headers: Headers) -> bool:
    """Whether a caller takes compressed answers (RFC 9110 §12.5.3)."""
    given = ",".join(headers.getlist("accept-encoding"))
    quality = {}
    for item in given.lower().split(","):
        name, _, weight = item.replace(" ", "").partition(";q=")
        quality[name] = weight
    weight = quality.get("gzip", quality.get("*", "0"))
    return weight.strip("0.") != "" or weight == ""


def _without_accepted(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]


def etag_of(body: bytes) -> str:
    """ETag of an answer by its bytes."""
    return f'"{sha256(body).hexdigest()}"'


def is_worth_compressing(body: bytes) -> bool:
    """Whether `Compression` would compress an answer for who takes it."""
    return len(body) >= _SMALLEST_TO_COMPRESS


def compressed(body: bytes) -> bytes:
    """An answer as `Compression` sends it."""
    return gzip.compress(body, _COMPRESSION, mtime=0)


def _may_be_kept(start: Message) -> bool:
    cache_control = Headers(raw=start["headers"]).get("cache-control", "")
    return bool(start["status"] == 200) and "no-store" not in cache_control


def _tag(start: Message, first: Message) -> str | None:
    headers = MutableHeaders(scope=start)
    if "etag" not in headers and not first.get("more_body", False):
        headers["ETag"] = etag_of(first.get("body", b""))
    return headers.get("etag")


def _is_known(etag: str | None, if_none_match: str) -> bool:
    """Whether the caller has that answer already (RFC 9110 §13.1.2)."""
    if etag is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag.removeprefix("W/") in tags or tags == ["*"]


def _not_modified(start: Message) -> Message:
    kept = [pair for pair in start["headers"] if pair[0].decode() not in _BODY_HEADERS]
    return {**start, "status": 304, "headers": kept}
