"""A name for each request, in its answer and in every line that is logged for it.

One line of log tells how it ended: method, route, status and time, never a query, a body or a
credential's hash.
"""

import logging
import re
import secrets
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

_log = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-Id"
_FIELD: Final = "request_id"
_SANE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}", re.ASCII)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Outermost middleware: names each request and logs how it ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the caller's name for the request if it is harmless, else make one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = name_request(Headers(scope=scope).getlist(REQUEST_ID))
        started, status = time.perf_counter(), None

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, named)
        finally:
            log_request(scope["method"], _route(scope), status, time.perf_counter() - started)


def name_request(given: list[str]) -> str:
    """Name the request that the current task is at: as its caller does, or by a new name."""
    request_id = request_name(given)
    # Not taken back at the end: what the server itself logs of the request comes after it.
    clear_contextvars()
    bind_contextvars(**{_FIELD: request_id})
    return request_id


def request_name(given: list[str]) -> str:
    """What a request is called: as its caller says, if that is harmless, or by a new name."""
    return given[0] if len(given) == 1 and _SANE.fullmatch(given[0]) else secrets.token_hex(8)


def current_request_id() -> str | None:
    """Name of the request that is being answered; None outside of one."""
    found = get_contextvars().get(_FIELD)
    return found if isinstance(found, str) else None


def log_request(
    method: str,
    route: str | None,
    status: int | None,
    seconds: float,
    *,
    request_id: str | None = None,
) -> None:
    """One line. `route` is the path's template; no `status`: the caller went away before.

    The request is the current task's, unless another `request_id` is told.
    """
    fields = {
        "method": method if method in _METHODS else "(other)",
        "route": route,
        "status": status,
        "seconds": round(seconds, 4),
        _FIELD: current_request_id() if request_id is None else request_id,
    }
    if _log.isEnabledFor(logging.INFO):
        # Not by `info`, which looks for the line of code that it is called from.
        name, level = _log.name, logging.INFO
        _log.handle(_log.makeRecord(name, level, "", 0, "request", (), None, extra=fields))


def _route(scope: Scope) -> str | None:
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else None
