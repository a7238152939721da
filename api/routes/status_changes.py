"""Status changes: asking for them, and seeing what became of them."""

from datetime import datetime
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access import Backend, BackendDep, NowDep, allowed
from api.bodies import JSON, LARGE, media_type, only_one, parse_request, read_body
from api.documentation import problems, request_body
from api.shown import change_out
from registry.client.models import StatusChangeOut, StatusChanges, StatusRequest
from registry.core.wire import MAX_COUNT
from registry.errors import NotFoundError
from registry.services.ports import ApiKey, CredentialStatus, Scope, StatusChange
from registry.services.status import REASONS

router = APIRouter(tags=["status"])
Key = Annotated[ApiKey, Depends(allowed(Scope.STATUS))]


@router.post(
    "/v1/status-changes",
    summary="Revoke, suspend or reinstate",
    status_code=202,
    response_description="The stored changes, to be carried out.",
    responses=problems(401, 403, 404, 409, 422),
    openapi_extra=request_body({JSON: "StatusRequest"}),
)
async def request_status_changes(
    request: Request, backend: BackendDep, now: NowDep, key: Key
) -> StatusChanges:
    """Ask for a status of credentials, or of a whole batch; the next nightly run carries it out.

    The same request again, before it was carried out, returns the same changes.
    """
    media_type(request, JSON)
    body = await read_body(request)
    wanted, _ = await run_sync(
        lambda: parse_request(StatusRequest, body),
        limiter=backend.large if len(body) > LARGE else None,
    )
    only_one({"hashes": wanted.hashes, "seal": wanted.seal})

    changes = await run_in_threadpool(_ask, backend, key.issuer, wanted, now)
    return StatusChanges(changes=tuple(change_out(change) for change in changes))


@router.get(
    "/v1/status-changes/{id}",
    summary="Get a status change",
    response_description="The change as it stands.",
    responses=problems(401, 403, 404, 422),
)
def get_status_change(
    response: Response,
    backend: BackendDep,
    key: Key,
    change_id: Annotated[int, Path(alias="id", ge=1, le=MAX_COUNT, examples=[7])],
) -> StatusChangeOut:
    """One of the caller's own changes, and whether it was carried out or refused."""
    change = backend.store.status_change(change_id)
    if change.issuer != key.issuer:
        raise NotFoundError(f"there is no status change {change_id}")
    response.headers["Cache-Control"] = "private, no-cache"
    return change_out(change)


def _ask(
    backend: Backend, issuer: bytes, wanted: StatusRequest, now: datetime
) -> list[StatusChange]:
    status = CredentialStatus[wanted.status.upper()]
    reason = REASONS[wanted.reason]
    _ = backend.store  # opened under the backend's lock
    service = backend.registry.statuses
    if wanted.seal is not None:
        return [service.request_for_seal(issuer, wanted.seal, status, reason=reason, now=now)]
    hashes = list(wanted.hashes or ())
    return service.request(issuer, hashes, status, reason=reason, now=now)
