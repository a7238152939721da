"""Every error as one shape, an RFC 9457 problem: the only place that turns errors into statuses.

Says nothing of hosts, databases or stack traces: those go to the log.
"""

import logging
from collections.abc import Sequence
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.requests import current_request_id
from api.shapes import shaped
from registry.client.models import Fault, Problem
from registry.core.documents import json_pointer
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RootsealError,
    TooLargeError,
    UnavailableError,
    VerificationError,
)
from registry.services.api_keys import ScopeMissingError
from registry.services.intake import IntakeRefusedError
from registry.services.receipts import NotSealedError
from registry.services.wallets.refusals import (
    ScopeRefusedError,
    TokenRefusedError,
    UnknownWalletError,
    WalletRefusedError,
)

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 30  # after an outage, or for a chain to become final
SEALED_SECONDS: Final = 3600  # after which to ask again for tonight's batch
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="rootseal"'}
_UNAVAILABLE: Final = "The chain or the store could not be asked. That says nothing; try again."


class UnsupportedMediaTypeError(InvalidInputError):
    """The body is of a type that the endpoint does not read."""

    code = "unsupported-media-type"


class NothingToSealError(ConflictError):
    """The issuer's open batch has no credentials."""

    code = "nothing-to-seal"


class SlowBodyError(InvalidInputError):
    """The body does not come, or too slowly."""

    code = "request-timeout"

    def __init__(self, seconds: float, rate: int) -> None:
        super().__init__(
            f"the body came too slowly: nothing in {seconds:g} seconds, "
            f"or less than {rate} bytes a second"
        )


class BusyError(ConflictError):
    """As much of this is being done as this process can do at once."""

    code = "busy"


# The first that fits decides.
_STATUS: Final[tuple[tuple[type[RootsealError], int], ...]] = (
    (TooLargeError, 413),
    (UnsupportedMediaTypeError, 415),
    (SlowBodyError, 408),
    (BusyError, 503),
    (NotFoundError, 404),
    (TokenRefusedError, 401),
    (ScopeRefusedError, 403),
    (UnknownWalletError, 401),
    (WalletRefusedError, 400),
    (ScopeMissingError, 403),
    (NotAllowedError, 401),
    (InvalidInputError, 422),
    (VerificationError, 422),
    (UnavailableError, 503),
    (ConflictError, 409),
)
# What Starlette refuses by itself. Not its phrases, which change with Python's version.
_HTTP_CODES: Final = {400: "bad-request", 404: "not-found", 405: "method-not-allowed"}


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    instance: str,
    place: str | None = None,
    errors: Sequence[Fault] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem as it is sent."""
    problem = _problem(status, code, detail, instance=instance, place=place, errors=errors)
    return _sent(problem, headers or {})


def error_response(exc: RootsealError, *, instance: str) -> Response:
    """An error of ours as a problem."""
    return _sent(problem_of(exc, instance=instance), _headers(exc))


def problem_of(exc: RootsealError, *, instance: str) -> Problem:
    """What a caller is told of an error of ours."""
    detail = str(exc)
    if isinstance(exc, UnavailableError):
        _log.warning("could not ask", extra={"detail": detail})
        detail = _UNAVAILABLE
    errors = None
    if isinstance(exc, IntakeRefusedError):
        errors = [Fault(place=r.place, reason=r.reason) for r in exc.rejections]
    place = exc.place if isinstance(exc, InvalidInputError) else None
    return _problem(
        _status_of(exc), exc.code, detail, instance=instance, place=place, errors=errors
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(RootsealError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_parameters)
    app.add_exception_handler(HTTPException, _on_http)


class LastResort:
    """Outermost middleware: an exception that nobody expected is logged and told to nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer 500 if that fails before an answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            _log.info("the caller went away")
        except Exception:
            if begun:
                # The server breaks the connection: half an answer must not pass for a whole one.
                raise
            _log.exception("the request failed")
            response = problem_response(
                500,
                "internal-error",
                "The registry failed. The fault is logged.",
                instance=scope["path"],
            )
            await response(scope, receive, send)


def _problem(
    status: int,
    code: str,
    detail: str,
    *,
    instance: str,
    place: str | None,
    errors: Sequence[Fault] | None,
) -> Problem:
    return Problem(
        type=f"urn:rootseal:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        instance=instance,
        code=code,
        place=place,
        errors=None if errors is None else tuple(errors),
        request_id=current_request_id(),
    )


def _sent(problem: Problem, headers: dict[str, str]) -> Response:
    status, media_type, body = shaped(problem)
    return Response(
        body,
        status_code=status,
        media_type=media_type,
        headers={"Cache-Control": "no-store", **headers},
    )


def _status_of(exc: RootsealError) -> int:
    return next(status for kind, status in _STATUS if isinstance(exc, kind))


def _headers(exc: RootsealError) -> dict[str, str]:
    if isinstance(exc, UnavailableError | BusyError):
        return {"Retry-After": str(RETRY_SECONDS)}
    if isinstance(exc, NotSealedError):
        return {"Retry-After": str(SEALED_SECONDS)}
    if isinstance(exc, ScopeRefusedError | TokenRefusedError | UnknownWalletError):
        return {"WWW-Authenticate": _wallet_challenge(exc)}
    if _status_of(exc) == 401:
        return _CHALLENGE
    return {}


def _wallet_challenge(exc: ScopeRefusedError | TokenRefusedError | UnknownWalletError) -> str:
    """What a wallet has to show (RFC 6750 §3, RFC 7617)."""
    if isinstance(exc, UnknownWalletError):
        return 'Basic realm="rootseal"'
    if isinstance(exc, ScopeRefusedError):
        return f'Bearer realm="rootseal", error="insufficient_scope", scope="{exc.scope}"'
    return 'Bearer realm="rootseal", error="invalid_token"'


# Starlette types handlers by `Exception`; it calls each for its own class alone.


async def _on_error(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, RootsealError):
        raise exc
    return error_response(exc, instance=request.url.path)


async def _on_invalid_parameters(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, RequestValidationError):
        raise exc
    faults = [
        Fault(place=json_pointer(error["loc"]), reason=str(error["msg"])) for error in exc.errors()
    ]
    return problem_response(
        422,
        InvalidInputError.code,
        f"{faults[0].reason} (at {faults[0].place})",
        instance=request.url.path,
        place=faults[0].place,
        errors=faults,
    )


def _methods(request: Request) -> set[str]:
    """What may be done with a path. Starlette names the methods of its first route alone."""
    found: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        if context.original_route.matches(request.scope)[0] is not Match.NONE:
            found |= context.methods or set()
    return found | {"HEAD"} if "GET" in found else found


async def _on_http(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, HTTPException):
        raise exc
    headers = dict(exc.headers or {})
    if exc.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return problem_response(
        exc.status_code,
        _HTTP_CODES.get(exc.status_code, "http-error"),
        exc.detail,
        instance=request.url.path,
        headers=headers,
    )
