"""Taking credentials in from issuers."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request

from api.access import BackendDep, NowDep, allowed
from api.bodies import (
    JSON,
    LARGE,
    NDJSON,
    media_type,
    ndjson_blocks,
    only_one,
    parse_request,
    read_body,
)
from api.documentation import problems, request_body
from api.problems import BusyError
from registry.client.models import CredentialIntake, IntakeAnswer
from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import Json
from registry.errors import InvalidInputError
from registry.services.hashing import Hashes, Lines, Submitted
from registry.services.intake import IntakeResult, add_credentials
from registry.services.ports import ApiKey, Scope

router = APIRouter(tags=["credentials"])


@router.post(
    "/v1/credentials",
    summary="Add credentials to tonight's batch",
    response_model_exclude_none=True,
    response_description="What was new, and what was known already.",
    responses=problems(401, 403, 422),
    openapi_extra=request_body({JSON: "CredentialIntake", NDJSON: "Credential"}),
)
async def post_credentials(
    request: Request,
    backend: BackendDep,
    now: NowDep,
    key: Annotated[ApiKey, Depends(allowed(Scope.ADD))],
) -> IntakeAnswer:
    """Add one credential or many, their hashes, or an NDJSON stream of credentials.

    All or nothing; a credential that the issuer has already is counted as known, so the same
    request may be repeated. Documents are hashed (RFC 8785 without `proof`) and not kept.
    """

    def take(submitted: Iterable[Submitted]) -> IntakeResult:
        return add_credentials(backend.store, key.issuer, submitted, now=now)

    if media_type(request, JSON, NDJSON) == NDJSON:
        if backend.streams.available_tokens == 0:
            raise BusyError("too many streams of credentials at once; try again")
        result = await run_sync(lambda: take(_stream(request)), limiter=backend.streams)
        return IntakeAnswer(new=result.new, known=result.known)
    body = await read_body(request)

    def take_body() -> IntakeAnswer:
        found = _hashes(body)
        result = take([found])
        return IntakeAnswer(new=result.new, known=result.known, hashes=found.hashes)

    return await run_sync(take_body, limiter=backend.large if len(body) > LARGE else None)


def _stream(request: Request) -> Iterator[Lines]:
    for first, lines in ndjson_blocks(request):
        yield Lines("line ", first, lines)


def _hashes(body: bytes) -> Hashes:
    """What a JSON body holds, hashed already: the document was parsed exactly, with the body."""
    intake, document = parse_request(CredentialIntake, body)
    given = only_one(
        {
            "credential": intake.credential,
            "credentials": intake.credentials,
            "hash": intake.hash,
            "hashes": intake.hashes,
        }
    )
    hashes = intake.hashes if intake.hash is None else (intake.hash,)
    if hashes is not None:
        if intake.canonicalization is None:
            raise InvalidInputError(
                f"say how the hash was made: {' or '.join(Canonicalization)}",
                place="/canonicalization",
            )
        return Hashes(hashes, intake.canonicalization)
    if intake.canonicalization is not None:
        raise InvalidInputError("only a hash has a canonicalization", place="/canonicalization")
    value = document[given]
    if isinstance(value, list):
        made = [_hash(item, f"/credentials/{index}") for index, item in enumerate(value)]
    else:
        made = [_hash(value, "/credential")]
    return Hashes(tuple(made), Canonicalization.JCS)


def _hash(document: Json, place: str) -> bytes:
    if not isinstance(document, dict):
        raise InvalidInputError("a credential is a JSON object", place=place)
    return document_hash(document)
