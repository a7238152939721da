"""`rootseal watch`: the worker that does the nightly job by itself."""

import logging
from contextlib import ExitStack
from datetime import time, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from registry.cli.session import Session
from registry.cli.stopping import Stop, stopping
from registry.core.address import format_address
from registry.errors import InvalidInputError, UnavailableError
from registry.services.watching import Schedule, Watching

if TYPE_CHECKING:
    from registry.wiring import Registry, Settings
    from registry.wiring.metrics import FundsWatch

_log = logging.getLogger(__name__)

_STORE_PAUSE: Final = 5.0  # seconds until a store that does not answer at the start is asked again


def watch(
    session: Session,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="PORT", help="Answer GET /metrics on this port."),
    ] = None,
    metrics_host: Annotated[
        str, typer.Option(metavar="HOST", help="Address to answer on.")
    ] = "127.0.0.1",
) -> None:
    """Do the nightly job every night at `nightly_at`, until stopped by SIGTERM or Ctrl-C.

    A night that was missed is caught up with at the start; what is not final yet, and status
    changes, go on at any time. Several may run at once, on several hosts. What happens is logged
    to stderr, as JSON unless that is a terminal; docs/runbook.md explains each event.

    Exit code 0: stopped; 1 or 2: something is configured wrongly, and nothing was sent.

    Example: rootseal watch --metrics-port 9464
    """
    from registry.wiring.metrics import FundsWatch, Metrics  # noqa: PLC0415 - slow to import

    registry = session.registry
    if registry.signer is None:
        raise InvalidInputError("no key to anchor with: set keystore, kms_key or signer_url")
    metrics = Metrics(registry, lambda: registry.store)  # before the chains are opened
    funds = FundsWatch(registry)
    metrics.show_funds(funds)
    with ExitStack() as context:
        stop = context.enter_context(stopping())
        if not _opens_store(registry, stop):
            return
        watching = _watching(registry, stop, funds)
        watching.require_ready()
        if metrics_port is not None:
            context.enter_context(metrics.served(metrics_host, metrics_port))
        _log.info("watching", extra=_fields(registry.settings, registry.issuer))
        watching.run()
    _log.info("stopped")


def _opens_store(registry: "Registry", stop: Stop) -> bool:
    """Open the store, waiting for it if need be; False if stopped before it answers."""
    is_told = False
    while not stop.is_set():
        try:
            _ = registry.store
        except UnavailableError as exc:
            if not is_told:
                _log.warning("waiting for the store", extra={"detail": str(exc)})
            is_told = True
            stop.wait(_STORE_PAUSE)
        else:
            return True
    return False


def _watching(registry: "Registry", stop: Stop, funds: "FundsWatch") -> Watching:
    settings = registry.settings
    schedule = Schedule(
        at=time.fromisoformat(settings.nightly_at),
        zone=ZoneInfo(settings.time_zone),
        alarm_after=timedelta(hours=settings.alarm_hours),
    )
    return Watching(
        nightly=registry.nightly,
        issuer=registry.issuer,
        schedule=schedule,
        sleep=stop.wait,
        is_stopped=stop.is_set,
        each_look=funds.refresh,
    )


def _fields(settings: "Settings", issuer: bytes) -> dict[str, object]:
    return {
        "issuer": format_address(issuer),
        "chains": [f"eip155:{chain.chain_id}" for chain in settings.all_chains],
        "nightly_at": settings.nightly_at,
        "time_zone": settings.time_zone,
    }
