"""Handing out receipts."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.access import HASH_PATTERN, BackendDep, IssuerDep, hash_in_path
from api.delivery import FINAL, PENDING
from api.documentation import content, problems
from registry.core.batch import BatchState
from registry.core.receipt import print_receipt
from registry.services.receipts import receipt_in_batch

router = APIRouter(tags=["credentials"])


@router.get(
    "/v1/credentials/{hash}/receipt",
    summary="Get the receipt of a credential",
    response_class=Response,
    responses={
        200: content("The receipt, as printed (RFC 8785).", "Receipt"),
        **problems(404, 409, 422),
    },
)
def get_receipt(
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
    credential_hash = hash_in_path(hash_text, "hash")
    found, batch = receipt_in_batch(backend.store, credential_hash, issuer=issuer)
    return Response(
        print_receipt(found),
        media_type="application/json",
        headers={"Cache-Control": FINAL if batch.state is BatchState.FINAL else PENDING},
    )
