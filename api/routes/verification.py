"""Verifying what anybody brings."""

from collections.abc import Callable
from typing import Final

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile

from api.access import Backend, BackendDep
from api.bodies import JSON, LARGE, MULTIPART, media_type, parse_request, read_body
from api.documentation import content, problems, request_body
from api.problems import RETRY_SECONDS
from registry.client.models import VerifyRequest
from registry.core.address import parse_address
from registry.core.canonical import Canonicalization, jcs_bytes
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.core.receipt import MAX_RECEIPT_BYTES
from registry.core.report import Report, Verdict
from registry.core.wire import parse_hash
from registry.errors import InvalidInputError, TooLargeError
from registry.services.verification import Evidence

router = APIRouter(tags=["verification"])

_FILES: Final = ("credential", "receipt")
_FIELDS: Final = ("hash", "issuer")
_MAX_FIELD_BYTES: Final = 1024  # a hash has 64, an address 42
# A body of JSON holds a credential with its receipt, and a little around them.
_MAX_JSON_BYTES: Final = MAX_DOCUMENT_BYTES


@router.post(
    "/v1/verify",
    summary="Verify a credential",
    response_class=Response,
    responses={
        200: content("The verdict: valid or invalid, with every check.", "Report"),
        503: content("Undetermined: something could not be asked. Never means no.", "Report"),
        **problems(422),
    },
    openapi_extra=request_body({JSON: "VerifyRequest", MULTIPART: "VerifyUpload"}),
)
async def verify(request: Request, backend: BackendDep) -> Response:
    """Verify a JSON credential, any uploaded file, or only a hash, with a receipt or without.

    The receipt may stand beside the credential, inside its `proof`, or be known to this
    registry. A receipt of a file's raw bytes needs that file as an upload.
    """
    if media_type(request, JSON, MULTIPART) == JSON:
        body = await read_body(request, limit=_MAX_JSON_BYTES)
        report = await _report(backend, lambda: _from_json(body), size=len(body))
    else:
        form = request.form(max_files=2, max_fields=2, max_part_size=_MAX_FIELD_BYTES)
        async with form as fields:
            size = sum(part.size or 0 for part in fields.values() if isinstance(part, UploadFile))
            report = await _report(backend, lambda: _from_form(fields), size=size)
    undetermined = report.verdict is Verdict.UNDETERMINED
    headers = {"Cache-Control": "no-store"}
    if undetermined:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return Response(
        report.model_dump_json(),
        status_code=503 if undetermined else 200,
        media_type=JSON,
        headers=headers,
    )


async def _report(
    backend: Backend, read: Callable[[], tuple[Evidence, bytes | None]], *, size: int
) -> Report:
    """Read and verify, in a thread."""

    def verified() -> Report:
        evidence, issuer = read()
        # Not the store: a receipt that was brought along is verified while the store is down.
        _ = backend.chain  # opened under the backend's lock
        verification = backend.registry.verification(with_store=True)
        return verification.verify(evidence, expected_issuer=issuer)

    return await run_sync(verified, limiter=backend.large if size > LARGE else None)


def _from_json(body: bytes) -> tuple[Evidence, bytes | None]:
    wanted, document = parse_request(VerifyRequest, body)
    credential = document.get("credential")
    receipt = document.get("receipt")
    if isinstance(receipt, dict) and credential is not None:
        _refuse_raw(receipt.get("canonicalization"))
    evidence = _evidence(
        # With its `proof`, where a receipt may stand.
        credential=None if credential is None else jcs_bytes(credential),
        credential_hash=wanted.hash,
        # Not in canonical form: 1.0 for 1 must stay what it was, so that it is refused.
        receipt=None if receipt is None else orjson.dumps(receipt),
    )
    return evidence, wanted.issuer


def _refuse_raw(canonicalization: object) -> None:
    if canonicalization == Canonicalization.RAW.value:
        raise InvalidInputError(
            "this receipt is of a file's raw bytes: upload the file as multipart/form-data",
            place="/credential",
        )


def _from_form(form: FormData) -> tuple[Evidence, bytes | None]:
    items = form.multi_items()
    if len({name for name, _ in items}) != len(items):
        raise InvalidInputError("each part may be given once", place="/")
    files: dict[str, bytes] = {}
    fields: dict[str, str] = {}
    for name, value in items:
        if isinstance(value, UploadFile) and name in _FILES:
            files[name] = _read(value, name)
        elif isinstance(value, str) and name in _FIELDS:
            fields[name] = value
        else:
            raise InvalidInputError(
                "send files credential and receipt, fields hash and issuer", place=f"/{name[:80]}"
            )
    digest, issuer = fields.get("hash"), fields.get("issuer")
    evidence = _evidence(
        credential=files.get("credential"),
        credential_hash=None if digest is None else parse_hash(digest, place="/hash"),
        receipt=files.get("receipt"),
    )
    return evidence, None if issuer is None else parse_address(issuer, place="/issuer")


def _read(upload: UploadFile, name: str) -> bytes:
    if name == "receipt" and (upload.size is None or upload.size > MAX_RECEIPT_BYTES):
        raise TooLargeError(f"a receipt has at most {MAX_RECEIPT_BYTES} bytes", place="/receipt")
    return upload.file.read()


def _evidence(
    *, credential: bytes | None, credential_hash: bytes | None, receipt: bytes | None
) -> Evidence:
    if credential is not None and credential_hash is not None:
        # Only one of them would be checked against the receipt, and the caller could not tell.
        raise InvalidInputError("give the credential or its hash, not both", place="/hash")
    return Evidence(credential=credential, credential_hash=credential_hash, receipt=receipt)
