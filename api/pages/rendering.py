"""From values to pages: templates, headers, and pages for what went wrong."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final  # Any: what FastAPI and Jinja type so

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.pages.badge import plain
from api.pages.language import language_of, words_in
from api.problems import RETRY_SECONDS
from registry.core.address import format_address, format_chain
from registry.core.wire import format_time
from registry.errors import InvalidInputError, UnavailableError

_log = logging.getLogger(__name__)

NO_STORE: Final = "no-store"
POLICY: Final = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_GWEI: Final = 10**9


class PageRoute(APIRoute):
    """A route whose errors are pages: what is not here, and what could not be asked."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, in a frame that turns errors into pages."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except (InvalidInputError, RequestValidationError):
                return render(request, "not_found.html", status=404, cache=NO_STORE)
            except UnavailableError as exc:
                _log.warning("could not ask", extra={"detail": str(exc)})
                return render(request, "unavailable.html", status=503, cache=NO_STORE)

        return handle


def render(
    request: Request, template: str, *, cache: str, status: int = 200, **values: object
) -> Response:
    """A page in the visitor's language. 503 comes with Retry-After."""
    words = words_in(language_of(request.headers.get("accept-language", "")))
    page = _environment().get_template(template)
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": cache,
        "Content-Language": words.language,
        "Vary": "Accept-Language",
    }
    if status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return Response(
        page.render(t=words, style=style_path(), **values),
        status_code=status,
        media_type="text/html",
        headers=headers,
    )


def render_picture(template: str, **values: object) -> str:
    """An SVG, in English."""
    return _environment().get_template(template).render(t=words_in("en"), **values)


@cache
def style() -> bytes:
    """The pages' own style sheet; the verifier's comes before it."""
    return (files("api.pages") / "explorer.css").read_bytes()


@cache
def style_path() -> str:
    """Where the style sheet is served: another place for other contents."""
    return f"/explore/style-{sha256(style()).hexdigest()[:16]}.css"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": format_address,
        "chain": format_chain,
        "time": _time,
        "short": _short,
        "shown": _shown,
        "gwei": lambda wei: wei / _GWEI,
        "duration": duration,
        "plain": plain,
    }
    return environment


def duration(value: timedelta | float) -> str:
    """A length of time, to two units."""
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    for unit, size, lesser, lesser_size in _UNITS:
        if seconds >= size:
            rest = seconds % size // lesser_size
            return f"{seconds // size} {unit}" + (f" {rest} {lesser}" if rest else "")
    return f"{seconds} s" if seconds else "< 1 s"


_UNITS: Final = (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))


def _time(time: datetime) -> str:
    """A time for a person: the same everywhere, in UTC."""
    return f"{format_time(time)[:16].replace('T', ' ')} UTC"


def _short(value: bytes | int) -> str:
    """A hash, cut so that two of them can be told apart."""
    return str(value) if isinstance(value, int) else f"{value.hex()[:6]}…{value.hex()[-4:]}"


def _shown(value: bytes | int) -> str:
    return str(value) if isinstance(value, int) else value.hex()
