"""The VC-API of the W3C's community, at the paths that interoperability suites ask.

Left out of the API's description: it is described where it is made. Off unless `vc_api` is set.
"""

from collections.abc import Callable
from datetime import datetime
from random import SystemRandom
from typing import Annotated, Final, TypeVar

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from api.access import Backend, BackendDep, NowDep, allowed
from api.bodies import JSON, LARGE, media_type, read_body
from registry.core.documents import MAX_DOCUMENT_BYTES, Json, parse_document
from registry.core.report import Check, Outcome
from registry.errors import InvalidInputError, NotAllowedError, NotFoundError
from registry.services.issuing import Proofs
from registry.services.ports import ApiKey, Scope
from registry.services.vc_api import VcApi
from registry.vc.data_integrity import Cryptosuite

router = APIRouter(include_in_schema=False)
Adder = Annotated[ApiKey, Depends(allowed(Scope.ADD))]
Changer = Annotated[ApiKey, Depends(allowed(Scope.STATUS))]
_T = TypeVar("_T")
_REVOCATION: Final = "revocation"


@router.post("/credentials/issue")
async def issue(request: Request, backend: BackendDep, now: NowDep, key: Adder) -> Response:
    """Sign a credential of the issuer's, and add it to the next night's batch."""

    def made(body: dict[str, Json]) -> dict[str, Json]:
        return _opened(backend, key, now).issue(
            _object(body, "credential"),
            _suite(_options(body)),
            now=now,
            shuffle=SystemRandom(),
        )

    found = await _answered(request, backend, made)
    return _json({"verifiableCredential": found}, 201)


@router.post("/credentials/verify")
async def verify(request: Request, backend: BackendDep, now: NowDep) -> Response:
    """Check signatures, dates and status of a credential."""

    def checked(body: dict[str, Json]) -> list[Check]:
        return _opened(backend, None, now).verify(_object(body, "verifiableCredential"), now=now)

    return _verdict(await _answered(request, backend, checked))


@router.post("/presentations/verify")
async def verify_presentation(request: Request, backend: BackendDep, now: NowDep) -> Response:
    """Check a presentation, and the credentials in it."""

    def checked(body: dict[str, Json]) -> list[Check]:
        options = _options(body)
        return _opened(backend, None, now).verify_presentation(
            _object(body, "verifiablePresentation"),
            challenge=_text(options, "challenge"),
            domain=_text(options, "domain"),
            now=now,
        )

    return _verdict(await _answered(request, backend, checked))


@router.post("/credentials/status")
async def set_status(request: Request, backend: BackendDep, now: NowDep, key: Changer) -> Response:
    """Revoke, suspend or reinstate by a status entry; the next nightly run carries it out."""

    def asked(body: dict[str, Json]) -> int:
        entries = body.get("credentialStatus")
        some = entries if isinstance(entries, list) else [entries]
        api, asked_for = _opened(backend, key, now), []
        for entry in some:
            if not isinstance(entry, dict):
                raise InvalidInputError("no status entry", place="/credentialStatus")
            is_set = _flag(body.get("status", entry.get("status")))
            asked_for.append(({"statusPurpose": _REVOCATION, **entry}, is_set))
        return len(api.set_status(asked_for, now=now))

    return _json({"changes": await _answered(request, backend, asked)}, 202)


def _opened(backend: Backend, key: ApiKey | None, now: datetime) -> VcApi:
    """The service. Raises `NotFoundError` unless it is wanted, `NotAllowedError` for a stranger."""
    documents = backend.issuer_documents
    if not backend.registry.settings.vc_api or documents is None:
        raise NotFoundError("this registry does not answer to the VC-API (vc_api)")
    if key is not None and key.issuer != documents.issuer:
        raise NotAllowedError("the key is of another issuer than the one who signs here")

    def signed_list(number: int) -> bytes:
        return backend.status_lists.get(documents, number, Proofs.RDFC, now)

    return VcApi(documents, signed_list, backend.registry.directory)


async def _answered(
    request: Request, backend: Backend, answer: Callable[[dict[str, Json]], _T]
) -> _T:
    media_type(request, JSON)
    body = await read_body(request, limit=MAX_DOCUMENT_BYTES)
    return await run_sync(
        lambda: answer(parse_document(body)),
        limiter=backend.large if len(body) > LARGE else None,
    )


def _verdict(checks: list[Check]) -> Response:
    """200 for what holds, else 400 with what does not, as the suites want it.

    Errors and warnings are told twice: the API has them in `problemDetails` since 2024, and older
    suites read the other two.
    """
    failed = [check for check in checks if check.outcome is Outcome.FAIL]
    warned = [check for check in checks if check.outcome in {Outcome.UNKNOWN, Outcome.SKIPPED}]
    told = {
        "verified": not failed,
        "checks": [check.name for check in checks],
        "errors": [_problem(check) for check in failed],
        "warnings": [_problem(check) for check in warned],
        "problemDetails": [_problem(check) for check in (*failed, *warned)],
    }
    return _json(told, 400 if failed else 200)


def _problem(check: Check) -> dict[str, str]:
    kind = f"urn:rootseal:problem:{check.code}"
    return {"type": kind, "title": check.code, "detail": check.detail}


def _json(value: object, status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(value), status_code=status, media_type=JSON, headers=headers)


def _object(body: dict[str, Json], name: str) -> dict[str, Json]:
    found = body.get(name)
    if not isinstance(found, dict):
        raise InvalidInputError("an object is wanted here", place=f"/{name}")
    return found


def _options(body: dict[str, Json]) -> dict[str, Json]:
    return _object({"options": {}, **body}, "options")


def _suite(options: dict[str, Json]) -> Cryptosuite:
    name = options.get("cryptosuite", Cryptosuite.RDFC.value)
    if name not in [suite.value for suite in Cryptosuite]:
        raise InvalidInputError("no cryptosuite of this issuer", place="/options/cryptosuite")
    return Cryptosuite(str(name))


def _text(options: dict[str, Json], name: str) -> str | None:
    value = options.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInputError("a text is wanted here", place=f"/options/{name}")
    return value


def _flag(value: Json) -> bool:
    if value is True or value in ("1", "true"):
        return True
    if value is False or value in ("0", "false"):
        return False
    raise InvalidInputError("true or false is wanted here", place="/status")
