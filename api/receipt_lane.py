"""The short way of what is asked most: the receipt of a credential that has one.

It answers as the endpoint does with all that is around it, and leaves everything else to that: a
short way for one answer needs no second copy of errors, parameters and patience. It leaves out
what a request without body, key and query has no use for, and FastAPI: together they take longer
than the store.
"""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import backend_of
from api.delivery import compressed, etag_of, is_worth_compressing, takes_gzip
from api.headers import READING_HEADERS
from api.limits import Counting
from api.requests import REQUEST_ID, log_request, request_name
from api.routes.receipts import ROUTE, cache_control
from registry.core.receipt import print_receipt
from registry.services.receipts import Issued

_PATH: Final = re.compile(r"/v1/credentials/([0-9a-f]{64})/receipt", re.ASCII)
_UNUSUAL: Final = frozenset(
    {b"authorization", b"content-length", b"transfer-encoding", b"if-none-match"}
)
_SECONDS: Final = 1.0  # then the long way asks, and says in the end that it took too long
_ALWAYS: Final = [
    (b"content-type", b"application/json"),
    *((name.lower().encode(), value.encode()) for name, value in READING_HEADERS.items()),
]


class ReceiptLane:
    """Outermost middleware: answers a plain request for a receipt, and passes on all others."""

    def __init__(self, app: ASGIApp, *, counting: Counting) -> None:
        self._app = app
        self._counting = counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, if there is a receipt; the endpoint says why there is none."""
        started = time.perf_counter()
        digest = _plainly_asked(scope)
        left = None if digest is None else self._counting.count_once(scope)
        found = None if digest is None or left is None else await _find(scope, digest)
        if found is None or left is None:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope)
        name, status = request_name(given.getlist(REQUEST_ID)), None
        try:
            await _send(send, found, {**left, REQUEST_ID: name}, zips=takes_gzip(given))
            status = 200
        finally:
            seconds = time.perf_counter() - started
            log_request("GET", ROUTE, status, seconds, request_id=name)


@dataclass(frozen=True, slots=True)
class _Found:
    """A receipt as it is printed, and how long it may be kept."""

    body: bytes
    cache_control: str


def _plainly_asked(scope: Scope) -> bytes | None:
    """The hash whose receipt is asked for and nothing else with it."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return None
    path = _PATH.fullmatch(scope["path"])
    if path is None or not _UNUSUAL.isdisjoint(name for name, _ in scope["headers"]):
        return None
    return bytes.fromhex(path[1])


async def _find(scope: Scope, digest: bytes) -> _Found | None:
    """The receipt; None if there is none, or it is not known why there is none."""
    try:
        async with asyncio.timeout(_SECONDS):
            found = await backend_of(scope).receipts.ask((digest, None))
        if not isinstance(found, Issued):
            return None
        return _Found(print_receipt(found.receipt), cache_control(found))
    except Exception:  # noqa: BLE001 - the endpoint asks again, and tells what it is told
        return None


async def _send(send: Send, found: _Found, headers: dict[str, str], *, zips: bool) -> None:
    body = found.body
    headers |= {"cache-control": found.cache_control, "etag": etag_of(body)}
    if is_worth_compressing(body):
        headers["vary"] = "Accept-Encoding"
        if zips:
            body = compressed(body)
            headers |= {"etag": f"W/{headers['etag']}", "content-encoding": "gzip"}
    headers["content-length"] = str(len(body))
    own = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": [*_ALWAYS, *own]})
    await send({"type": "http.response.body", "body": body})
