"""Headers for browsers: who may read from other sites, and what no answer may be used for."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READING: Final = frozenset({"GET", "HEAD"})
_READING_POSTS: Final = frozenset({"/v1/verify", "/v1/receipts"})  # which change nothing
_ALLOWED: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy",
}
# No Authorization: what needs a key is not done from a page of somebody else.
_PREFLIGHT: Final = {
    **_ALLOWED,
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match, X-Request-Id",
    "Access-Control-Max-Age": "86400",
}
# Pages set a policy of their own, which stands.
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

READING_HEADERS: Final = {**_SECURITY, **_ALLOWED}  # of every answer that reads


class BrowserHeaders:
    """Middleware that opens reading to pages of any origin (CORS), and guards every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser's question before its request, and add the headers to others."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("access-control-request-method")
        if scope["method"] == "OPTIONS" and asked is not None and _is_open(asked, scope["path"]):
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
                if _is_open(scope["method"], scope["path"]):
                    headers.update(_ALLOWED)
            await send(message)

        await self._app(scope, receive, with_headers)


def _is_open(method: str, path: str) -> bool:
    if method == "POST":
        return path in _READING_POSTS
    return method in _READING and path.startswith("/v1/")
