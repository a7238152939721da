"""Whether the process is up, and whether everything it needs answers."""

import logging
from collections.abc import Callable
from typing import Final, Literal

from fastapi import APIRouter, Response

from api.access import Backend, BackendDep, NowDep
from api.documentation import content
from api.models import Health, Probe, Readiness
from api.problems import RETRY_SECONDS
from registry.errors import RootsealError

router = APIRouter(tags=["health"])

_log = logging.getLogger(__name__)
_SAYS: Final = {True: "answers", False: "does not answer as it should; see the log"}


@router.get("/healthz", summary="Is the process up?", response_description="It is.")
@router.head("/healthz", include_in_schema=False)
def healthz() -> Health:
    """Asks nobody."""
    return Health()


@router.get(
    "/readyz",
    summary="Does everything answer?",
    response_description="Everything that is needed answers.",
    responses={503: content("Something that is needed does not answer.", "Readiness")},
)
@router.head("/readyz", include_in_schema=False)
def readyz(response: Response, backend: BackendDep, now: NowDep) -> Readiness:
    """Asks the store, the chain (is it the configured one?) and the contract (is it ours?).

    `oldestUnanchoredSeconds` is how long the oldest credential waits for its anchor; null if
    none does or the store could not be asked.
    """
    waiting: list[int | None] = []

    def ask_store() -> bool:
        oldest = backend.store.oldest_unanchored()
        waiting.append(None if oldest is None else max(0, int((now - oldest).total_seconds())))
        return True

    probes = (
        _probe("store", ask_store),
        _probe("chain", lambda: _head_answers(backend)),
        _probe("contract", lambda: backend.chain.is_genuine(backend.chain.contract)),
    )
    ready = all(probe.ok for probe in probes)
    response.headers["Cache-Control"] = "no-store"
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    waited = waiting[0] if waiting else None
    return Readiness(ready=ready, probes=probes, oldest_unanchored_seconds=waited)


def _head_answers(backend: Backend) -> bool:
    backend.chain.head()  # raises for a node of another chain
    return True


def _probe(name: Literal["store", "chain", "contract"], ask: Callable[[], bool]) -> Probe:
    """A failed question is an answer here: that something is wrong is what is asked."""
    try:
        ok = ask()
    except RootsealError as exc:
        _log.warning("not ready: %s: %s", name, exc)
        ok = False
    return Probe(name=name, ok=ok, detail=_SAYS[ok])
