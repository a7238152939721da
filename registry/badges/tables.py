"""Reading TOML files that people write: strict, and every fault with its place."""

import re
import tomllib
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from registry.core.documents import json_pointer
from registry.errors import InvalidInputError, TooLargeError

MAX_FILE_BYTES: Final = 2**20

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[
    str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")
]
Url = Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\s\"'<>\\^`{|}]+$")]
Uri = Annotated[
    str, Field(max_length=2_000, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s\"'<>\\^`{|}]+$")
]


class Table(BaseModel):
    """A table of such a file: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


_T = TypeVar("_T", bound=Table)


def read_table(data: bytes, form: type[_T], what: str) -> _T:
    """Read a file of one form. Raises `InvalidInputError` with all faults, `TooLargeError`."""
    if len(data) > MAX_FILE_BYTES:
        raise TooLargeError(f"{what} of {len(data)} bytes; the limit is {MAX_FILE_BYTES}")
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise InvalidInputError("not UTF-8", place=f"byte {exc.start}") from exc
    except (ValueError, RecursionError) as exc:
        raise InvalidInputError(f"not TOML: {exc}") from exc
    try:
        return form.model_validate(values)
    except ValidationError as exc:
        faults = exc.errors(include_url=False, include_input=False, include_context=False)
        told = "; ".join(
            f"{json_pointer(fault['loc'])}: {_words(fault['type'], fault['msg'])}"
            for fault in faults[:10]
        )
        more = f"; and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise InvalidInputError(f"not {what}: {told}{more}") from exc


def _words(kind: str, message: str) -> str:
    match kind:
        case "string_too_short":
            return "is empty"
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "is missing"
        case "string_pattern_mismatch":
            return "not of the form that is wanted here"
    return re.sub(r"^Value error, ", "", message)
