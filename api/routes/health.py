"""Whether the process is up, whether all it needs answers, and whether nobody waits too long."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from fastapi import APIRouter, Request, Response

from api.access import Backend, BackendDep, NowDep
from api.documentation import content, problems
from api.problems import RETRY_SECONDS, BusyError
from registry.client.models import Health, Probe, Readiness
from registry.errors import RootsealError
from registry.services.alarm import overdue_by
from registry.services.ports import Chain

router = APIRouter(tags=["health"])

_log = logging.getLogger(__name__)
DRAINING: Final = "draining"  # under which `registry.cli.serving` says that the process ends
_ANSWERS: Final = "answers"
_SILENT: Final = "does not answer as it should; see the log"
_IN_TIME: Final = "no credential waits too long"
_OVERDUE: Final = "a credential or a status change waits longer than alarm_hours; see the runbook"


@router.get(
    "/healthz",
    summary="Is the process up?",
    response_description="It is.",
    responses=problems(503),
)
def healthz(request: Request, response: Response) -> Health:
    """Asks nobody. 503 once it is about to end (`rootseal serve --drain`): ask another."""
    if request.scope.get("state", {}).get(DRAINING):
        raise BusyError("this process is about to end; ask another")
    response.headers["Cache-Control"] = "no-store"
    return Health()


@router.get(
    "/readyz",
    summary="Does everything answer, in time?",
    response_description="Everything that is needed answers, and no credential waits too long.",
    responses={
        503: content(
            "Something that is needed does not answer, or a credential waits too long.", "Readiness"
        )
    },
)
def readyz(response: Response, backend: BackendDep, now: NowDep) -> Readiness:
    """Asks the store, the chain (is it the configured one?) and the contract (is it ours?).

    And whether a credential waits longer for its anchor than the setting `alarm_hours`: then
    `anchoring` is not ok, and somebody should look at the nightly job.

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
        _probe("chain", lambda: _heads_answer(backend)),
        _probe("contract", lambda: _contracts_are_ours(backend)),
        _probe("anchoring", lambda: _is_in_time(backend, now), good=_IN_TIME, bad=_OVERDUE),
    )
    ready = all(probe.ok for probe in probes)
    response.headers["Cache-Control"] = "no-store"
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    waited = waiting[0] if waiting else None
    return Readiness(ready=ready, probes=probes, oldest_unanchored_seconds=waited)


def _chains(backend: Backend) -> Iterable[Chain]:
    """Every configured chain: behind the first, another may be down unnoticed."""
    _ = backend.chain  # opens all of them, once
    return backend.registry.chains.values()


def _heads_answer(backend: Backend) -> bool:
    for chain in _chains(backend):
        chain.head()  # raises for a node of another chain
    return True


def _contracts_are_ours(backend: Backend) -> bool:
    return all(chain.is_genuine(chain.contract) for chain in _chains(backend))


def _is_in_time(backend: Backend, now: datetime) -> bool:
    limit = timedelta(hours=backend.registry.settings.alarm_hours)
    return overdue_by(backend.store, now=now, limit=limit) is None


def _probe(
    name: Literal["store", "chain", "contract", "anchoring"],
    ask: Callable[[], bool],
    *,
    good: str = _ANSWERS,
    bad: str = _SILENT,
) -> Probe:
    """A failed question is an answer here: that something is wrong is what is asked."""
    try:
        ok = ask()
    except RootsealError as exc:
        _log.warning("not ready", extra={"probe": name, "detail": str(exc)})
        return Probe(name=name, ok=False, detail=_SILENT)
    return Probe(name=name, ok=ok, detail=good if ok else bad)
