"""The short way of what is asked most: the receipt of a credential that has one.

What it answers is what the endpoint would, which answers everything else: a short way for one
answer needs no second copy of errors, parameters and patience. It leaves out what a request without
body, key and query has no use for, and FastAPI, which takes longer than the store.
"""

import asyncio
import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import backend_of
from api.limits import Counting
from api.routes.receipts import ROUTE, receipt_response
from registry.services.receipts import Issued

_PATH: Final = re.compile(r"/v1/credentials/([0-9a-f]{64})/receipt", re.ASCII)
_UNUSUAL: Final = frozenset({b"authorization", b"content-length", b"transfer-encoding"})
_SECONDS: Final = 1.0  # then the long way waits on, and says in the end that it took too long


class ReceiptLane:
    """Middleware that answers a plain request for a receipt, and passes on all others."""

    def __init__(self, app: ASGIApp, *, counting: Counting) -> None:
        self._app = app
        self._counting = counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, if there is a receipt; the endpoint says why there is none."""
        digest = _plainly_asked(scope)
        headers = None if digest is None else self._counting.count_once(scope)
        if digest is None or headers is None:
            await self._app(scope, receive, send)
            return
        found = await _find(scope, digest)
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = ROUTE  # for the log
        response = receipt_response(found)
        response.headers.update(headers)
        await response(scope, receive, send)


def _plainly_asked(scope: Scope) -> bytes | None:
    """The hash whose receipt is asked for and nothing else with it."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return None
    path = _PATH.fullmatch(scope["path"])
    if path is None or not _UNUSUAL.isdisjoint(name for name, _ in scope["headers"]):
        return None
    return bytes.fromhex(path[1])


async def _find(scope: Scope, digest: bytes) -> Issued | None:
    """The receipt; None if there is none, or it is not known why there is none."""
    try:
        async with asyncio.timeout(_SECONDS):
            found = await backend_of(scope).receipts.ask((digest, None))
    except Exception:  # noqa: BLE001 - the endpoint asks again, and tells what it is told
        return None
    return found if isinstance(found, Issued) else None
