"""Batches: sealing one's own, and looking at anybody's."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse

from api.access import HASH_PATTERN, Backend, BackendDep, IssuerDep, NowDep, allowed, hash_in_path
from api.delivery import FINAL, LIST, PENDING, SETTLED
from api.documentation import content, problems
from api.problems import NothingToSealError
from api.shown import batch_out
from registry.client.models import BatchOut, BatchPage, SealBatches, State
from registry.core.batch import BatchState
from registry.errors import InvalidInputError, NotFoundError
from registry.services.ports import ApiKey, Batch, Scope

router = APIRouter(tags=["batches"])

MAX_PAGE: Final = 100
_LINES_AT_ONCE: Final = 4096  # leaves in one chunk, 260 kB
_CURSOR: Final = re.compile(r"[0-9]{1,18}", re.ASCII)  # below 2^63

SealPath = Annotated[
    str, Path(description="A seal.", examples=["9f" * 32], json_schema_extra=HASH_PATTERN)
]


@router.post(
    "/v1/batches",
    summary="Seal tonight's batch",
    status_code=201,
    response_description="The sealed batch.",
    responses=problems(401, 403, 409),
)
def seal_batch(
    response: Response,
    backend: BackendDep,
    now: NowDep,
    key: Annotated[ApiKey, Depends(allowed(Scope.SEAL))],
) -> BatchOut:
    """Fix the open batch and compute its seal; the nightly job anchors it.

    409 `nothing-to-seal` if nothing was added since the last batch.
    """
    batch = backend.store.seal_open_batch(key.issuer, now=now)
    if batch is None or batch.head is None:
        raise NothingToSealError("no credential was added since the last batch was sealed")
    response.headers["Location"] = f"/v1/batches/{batch.head.seal.hex()}"
    return batch_out(batch, [])


@router.get(
    "/v1/batches",
    summary="List batches, newest first",
    response_description="A page of batches.",
    responses=problems(422),
)
def list_batches(
    response: Response,
    backend: BackendDep,
    issuer: IssuerDep,
    state: Annotated[State | None, Query(description="Only batches in this state.")] = None,
    cursor: Annotated[
        str | None,
        Query(
            description="`next` of the page before.",
            examples=["41"],
            json_schema_extra={"pattern": f"^{_CURSOR.pattern}$"},
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Batches on a page.")] = 20,
) -> BatchPage:
    """A page of the batches of one issuer, or of all."""
    states = None if state is None else [BatchState(state)]
    before = None if cursor is None else _parse_cursor(cursor)
    response.headers["Cache-Control"] = LIST
    return page_of(backend, issuer=issuer, states=states, before=before, limit=limit)


@router.get(
    "/v1/batches/{seal}",
    summary="Get the batches with a seal",
    response_description="The batches, by issuer.",
    responses=problems(404, 422),
)
def get_seal(
    response: Response, backend: BackendDep, issuer: IssuerDep, seal: SealPath
) -> SealBatches:
    """The batch with that seal: size, root, state, anchors. Two issuers may seal equal sets."""
    wanted = hash_in_path(seal, "seal")
    found = _with_seal(backend, wanted, issuer)
    is_final = all(batch.state is BatchState.FINAL for batch in found)
    response.headers["Cache-Control"] = SETTLED if is_final else PENDING
    return SealBatches(seal=wanted, batches=tuple(_shown(backend, batch) for batch in found))


@router.get(
    "/v1/batches/{seal}/leaves",
    summary="Get the leaves of a seal",
    response_class=Response,
    responses={
        200: content("One leaf a line, hex, ascending.", "Leaves", media_type="text/plain"),
        **problems(404, 422),
    },
)
def get_leaves(backend: BackendDep, seal: SealPath) -> Response:
    """Every leaf under the seal, streamed: with them anyone can compute root and seal again.

    A leaf tells nothing of its credential, whose salt is in the receipt alone.
    """
    batch = _with_seal(backend, hash_in_path(seal, "seal"), None)[0]
    headers = {"ETag": f'"{seal}"', "Cache-Control": FINAL}
    chunks = _lines(backend.store.leaves(batch))
    # The first is read before the answer begins, so that an outage can still be told as one.
    first = next(chunks, b"")
    return StreamingResponse(chain([first], chunks), media_type="text/plain", headers=headers)


def page_of(
    backend: Backend,
    *,
    issuer: bytes | None,
    states: Iterable[BatchState] | None,
    before: int | None,
    limit: int,
) -> BatchPage:
    """One page of batches with their anchors."""
    found = backend.store.batches(issuer=issuer, states=states, before_id=before, limit=limit + 1)
    shown = found[:limit]
    following = str(shown[-1].id) if len(found) > limit else None
    return BatchPage(batches=tuple(_shown(backend, batch) for batch in shown), next=following)


def _with_seal(backend: Backend, seal: bytes, issuer: bytes | None) -> list[Batch]:
    found = backend.store.batches_with_seal(seal)
    found = [batch for batch in found if issuer is None or batch.issuer == issuer]
    if not found:
        raise NotFoundError(f"no batch with seal {seal.hex()}")
    return found


def _shown(backend: Backend, batch: Batch) -> BatchOut:
    return batch_out(batch, backend.store.anchors(batch.id))


def _parse_cursor(text: str) -> int:
    if _CURSOR.fullmatch(text) is None:
        raise InvalidInputError("not a cursor of this registry", place="/query/cursor")
    return int(text)


def _lines(leaves: Iterator[bytes]) -> Iterator[bytes]:
    while some := list(islice(leaves, _LINES_AT_ONCE)):
        yield "".join(f"{leaf.hex()}\n" for leaf in some).encode("ascii")
