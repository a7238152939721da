"""Handing out receipts."""

from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from api.access import BackendDep, IssuerDep, hash_in_path
from api.documentation import content, problems
from registry.core.batch import BatchState
from registry.core.receipt import print_receipt
from registry.services.receipts import receipt_in_batch

router = APIRouter(tags=["credentials"])

FINAL: Final = "public, max-age=31536000, immutable"
PENDING: Final = "public, max-age=60"


@router.get(
    "/v1/credentials/{hash}/receipt",
    summary="Get the receipt of a credential",
    response_class=Response,
    responses={
        200: content("The receipt, as printed (RFC 8785).", "Receipt"),
        304: {"description": "Unchanged since the ETag given in If-None-Match."},
        **problems(404, 409, 422, 503),
    },
)
@router.head("/v1/credentials/{hash}/receipt", include_in_schema=False)
def get_receipt(
    request: Request,
    backend: BackendDep,
    issuer: IssuerDep,
    hash_text: Annotated[str, Path(alias="hash", examples=["9f" * 32])],
) -> Response:
    """The receipt of a credential by its hash; name the issuer if several have it.

    Pending (without anchors) until an anchor is final, and cached for good once all are; 409
    `not-sealed` before the batch is.
    """
    credential_hash = hash_in_path(hash_text, "hash")
    found, batch = receipt_in_batch(backend.store, credential_hash, issuer=issuer)
    body = print_receipt(found)
    etag = f'"{sha256(body).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": FINAL if batch.state is BatchState.FINAL else PENDING}
    if is_known(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the caller has that answer already (RFC 9110 §13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
