"""Metrics for Prometheus: what the store knows, and how this process fares with the nodes."""

from fastapi import APIRouter, Response

from api.access import BackendDep
from api.documentation import content
from registry.wiring.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={200: content("Metrics in text.", "Metrics", media_type="text/plain")},
)
def metrics(backend: BackendDep) -> Response:
    """Age of the oldest unanchored credential, batches, transactions, failed questions to nodes.

    What could not be asked is left out. Needs no key: keep it from the public in the proxy before
    this server, if numbers of batches are nobody's business.
    """
    headers = {"Cache-Control": "no-store"}
    return Response(backend.metrics.text(), media_type=CONTENT_TYPE, headers=headers)
