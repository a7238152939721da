"""What the W3C's data model wants of any credential or presentation (VC 2.0 §4, VC 1.1 §4)."""

import re
from collections.abc import Mapping
from typing import Final

from registry.core.documents import Json
from registry.core.wire import read_time
from registry.errors import InvalidInputError
from registry.standards import VC_1, VC_2

CREDENTIAL: Final = "VerifiableCredential"
PRESENTATION: Final = "VerifiablePresentation"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_TIMES: Final = ("validFrom", "validUntil", "issuanceDate", "expirationDate")
_TYPED: Final = (
    "credentialStatus",
    "credentialSchema",
    "evidence",
    "refreshService",
    "termsOfUse",
)
_OTHER_MODEL: Final = {VC_2: ("issuanceDate", "expirationDate"), VC_1: ("validFrom", "validUntil")}


def require_credential(document: Mapping[str, Json]) -> None:
    """Raise `InvalidInputError`, with the place, for what is no credential of VC 1.1 or 2.0."""
    model = _model(document, CREDENTIAL)
    if _id_of(document.get("issuer")) is None:
        raise _fault("issuer", "no URL, nor an object with one as its id")
    subjects = document.get("credentialSubject")
    some = subjects if isinstance(subjects, list) else [subjects]
    if not some or not all(isinstance(each, dict) and each for each in some):
        raise _fault("credentialSubject", "no object that says something")
    for name in _TIMES:
        if name in document and read_time(document[name]) is None:
            raise _fault(name, "no date with a time and a zone")
    for name in _OTHER_MODEL[model]:
        if name in document:
            raise _fault(name, "not of this version of the data model")
    if model == VC_1 and "issuanceDate" not in document:
        raise _fault("issuanceDate", "is missing")
    _require_order(document)
    for name in _TYPED:
        _require_typed(document, name)
    _require_schemas(document)


def require_presentation(document: Mapping[str, Json]) -> None:
    """Raise `InvalidInputError` for what is no presentation."""
    _model(document, PRESENTATION)
    if "holder" in document and _id_of(document["holder"]) is None:
        raise _fault("holder", "no URL, nor an object with one as its id")


def _model(document: Mapping[str, Json], kind: str) -> str:
    contexts, kinds = document.get("@context"), document.get("type")
    if not isinstance(contexts, list) or not contexts or contexts[0] not in {VC_1, VC_2}:
        raise _fault("@context", f"does not begin with {VC_2} or {VC_1}")
    if kind not in (kinds if isinstance(kinds, list) else [kinds]):
        raise _fault("type", f"is no {kind}")
    if "id" in document and not _is_url(document["id"]):
        raise _fault("id", "is no URL")
    return str(contexts[0])


def _require_order(document: Mapping[str, Json]) -> None:
    """A credential may not end before it begins (VC 2.0 §4.9)."""
    start, end = (read_time(document.get(name)) for name in ("validFrom", "validUntil"))
    if start is not None and end is not None and end < start:
        raise _fault("validUntil", "before validFrom")


def _require_schemas(document: Mapping[str, Json]) -> None:
    """Each schema is found by its id (VC 2.0 §4.11, VC 1.1 §5.4)."""
    found = document.get("credentialSchema")
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict) and not _is_url(each.get("id")):
            raise _fault("credentialSchema", "has no URL as its id")


def _require_typed(document: Mapping[str, Json], name: str) -> None:
    found = document.get(name)
    for each in found if isinstance(found, list) else [found]:
        if each is not None and not (isinstance(each, dict) and each.get("type")):
            raise _fault(name, "has no type")


def _id_of(value: Json) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return str(found) if _is_url(found) else None


def _is_url(value: Json) -> bool:
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _fault(name: str, reason: str) -> InvalidInputError:
    return InvalidInputError(reason, place=f"/{name}")
