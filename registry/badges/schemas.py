"""1EdTech's JSON Schema of Open Badges 3.0, as published; and whether a badge keeps to it."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import jsonschema_rs

from registry.badges.achievements import OPEN_BADGE_SCHEMA
from registry.core.documents import Json, json_pointer
from registry.errors import InvalidInputError
from registry.standards import schema

_MAX_FAULTS: Final = 10


def require_open_badge(document: Mapping[str, Json]) -> None:
    """Raise `InvalidInputError`, naming the places, for what is no Open Badge 3.0."""
    faults = []
    for error in _validator().iter_errors(dict(document)):
        faults.append(f"{json_pointer(error.instance_path)}: {error.message[:200]}")
        if len(faults) == _MAX_FAULTS:
            break
    if faults:
        raise InvalidInputError(f"not an Open Badge 3.0: {'; '.join(faults)}")


@cache
def _validator() -> jsonschema_rs.Draft201909Validator:
    # As published it names its draft; what it refers to is in it, and nothing is fetched.
    return jsonschema_rs.Draft201909Validator(schema(OPEN_BADGE_SCHEMA), validate_formats=True)
