"""What a server's refusal means: problems (RFC 9457) as errors of ours."""

import re
from typing import Final

from registry.client.models import Problem
from registry.core.documents import printable
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RootsealError,
    TooLargeError,
    UnavailableError,
)

_MAX_SHOWN: Final = 500  # characters of what a server says
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_SAYS_NOTHING: Final = (408, 429)  # too slow, too much: beside those of the server itself
_INVALID: Final[dict[int, type[InvalidInputError]]] = {
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    413: TooLargeError,
}


def error_of(problem: Problem, *, status: int, source: str) -> RootsealError:
    """The error that a problem means, with its code, sentence and place.

    `UnavailableError` for whatever does not say that the request itself is at fault.
    """
    error = _error(problem, status, source)
    if _CODE.fullmatch(problem.code) is not None:
        error.code = problem.code
    return error


def _error(problem: Problem, status: int, source: str) -> RootsealError:
    detail = printable(problem.detail[:_MAX_SHOWN])
    if not 400 <= status < 500 or status in _SAYS_NOTHING:
        return UnavailableError(detail, source=source)
    if status == 409:
        return ConflictError(detail)
    error = _INVALID.get(status, InvalidInputError)(detail)
    if problem.place is not None:
        error.place = printable(problem.place[:_MAX_SHOWN])
    return error
