"""Handing out receipts."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.access import HASH_PATTERN, Backend, BackendDep, IssuerDep, hash_in_path
from api.bodies import JSON, LARGE, NDJSON, media_type, parse_request, read_body
from api.delivery import FINAL, PENDING
from api.documentation import content, problems, request_body
from api.problems import problem_of
from registry.client.models import ReceiptLine, ReceiptsRequest
from registry.core.receipt import Receipt, print_receipt
from registry.errors import RootsealError
from registry.services.receipts import Issued, receipts_of

router = APIRouter(tags=["credentials"])

ROUTE: Final = "/v1/credentials/{hash}/receipt"
_LINES_AT_ONCE: Final = 64  # receipts in one chunk, some 100 kB


@router.get(
    ROUTE,
    summary="Get the receipt of a credential",
    response_class=Response,
    responses={
        200: content("The receipt, as printed (RFC 8785).", "Receipt"),
        **problems(404, 409, 422),
    },
)
async def get_receipt(
    backend: BackendDep,
    issuer: IssuerDep,
    hash_text: Annotated[
        str, Path(alias="hash", examples=["9f" * 32], json_schema_extra=HASH_PATTERN)
    ],
) -> Response:
    """The receipt of a credential by its hash; name the issuer if several have it.

    Pending (without anchors) until an anchor is final, and cached for good once all are; 409
    `not-sealed` before the batch is.
    """
    found = await backend.receipts.ask((hash_in_path(hash_text, "hash"), issuer))
    if not isinstance(found, Issued):
        raise found
    return Response(
        print_receipt(found.receipt),
        media_type="application/json",
        headers={"Cache-Control": cache_control(found)},
    )


def cache_control(found: Issued) -> str:
    """How long a receipt may be kept."""
    return FINAL if found.is_final else PENDING


@router.post(
    "/v1/receipts",
    summary="Get the receipts of many credentials",
    response_class=Response,
    responses={
        200: content(
            "A line of JSON for each hash, in its order.", "ReceiptLine", media_type=NDJSON
        ),
        **problems(422),
    },
    openapi_extra=request_body({JSON: "ReceiptsRequest"}),
)
async def post_receipts(request: Request, backend: BackendDep) -> Response:
    """The receipt of each credential by its hash, or why there is none, streamed.

    As many lines come as hashes were given. An answer that breaks off before its end is an outage,
    and says nothing of the hashes that are missing.
    """
    media_type(request, JSON)
    body = await read_body(request)
    wanted, _ = await run_sync(
        lambda: parse_request(ReceiptsRequest, body),
        limiter=backend.large if len(body) > LARGE else None,
    )
    chunks = _chunks(backend, wanted)
    # The first is read before the answer begins, so that an outage can still be told as one.
    first = await run_in_threadpool(next, chunks, b"")
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(chain([first], chunks), media_type=NDJSON, headers=headers)


def _chunks(backend: Backend, wanted: ReceiptsRequest) -> Iterator[bytes]:
    found = receipts_of(backend.store, wanted.hashes, issuer=wanted.issuer)
    lines = (_line(*each) for each in zip(wanted.hashes, found, strict=True))
    while some := list(islice(lines, _LINES_AT_ONCE)):
        yield b"".join(some)


def _line(digest: bytes, found: Receipt | RootsealError) -> bytes:
    if isinstance(found, Receipt):
        line = ReceiptLine(hash=digest, receipt=found)
    else:
        instance = f"/v1/credentials/{digest.hex()}/receipt"
        line = ReceiptLine(hash=digest, problem=problem_of(found, instance=instance))
    return line.model_dump_json(exclude_none=True).encode() + b"\n"
