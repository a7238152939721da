"""`rootseal monitor`: an alarm for what happens on chain that nobody here asked for."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.output import Value
from registry.cli.session import Session
from registry.cli.stopping import Stop, stopping
from registry.core.address import format_address, format_chain
from registry.errors import UnavailableError
from registry.services.monitoring import Look, Monitoring

if TYPE_CHECKING:
    from registry.wiring.metrics import Metrics

_log = logging.getLogger(__name__)


def monitor(
    session: Session,
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.05,
            max=600,
            metavar="SECONDS",
            help="Pause between looks; poll_seconds if not given.",
            show_default=False,
        ),
    ] = None,
    position: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to keep its place; monitor_position if not given.",
            show_default=False,
        ),
    ] = None,
    without_store: Annotated[
        bool,
        typer.Option("--without-store", help="Follow somebody else's issuer: no seal is strange."),
    ] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="PORT", help="Answer GET /metrics on this port."),
    ] = None,
    metrics_host: Annotated[
        str, typer.Option(metavar="HOST", help="Address to answer on.")
    ] = "127.0.0.1",
) -> None:
    """Follow the issuer on every configured chain, and raise an alarm for what is not its work.

    Within a block: a seal that the store does not know (a stolen key), a status that this registry
    did not set, another owner or operator, another profile, blocks that were replaced; and a
    credential that waits longer than `alarm_hours`. Alarms are logged as `monitor alarm`, counted
    in the metrics, and posted to `webhook_url`. docs/runbook.md says what to do about each.

    Exit code 0: stopped, or --once and quiet; 1: --once raised an alarm, or the contract is not
    ours; 2: wrong use; 3: --once could not ask everything.

    Example: rootseal monitor --metrics-port 9465
    """
    from registry.wiring.metrics import Metrics  # noqa: PLC0415 - slow to import

    registry = session.registry
    if not without_store:
        with suppress(UnavailableError):  # which each look tells: chains are followed without it
            _ = session.existing_store
    metrics = Metrics(registry, None)  # before the chains are opened
    with ExitStack() as context:
        stop = context.enter_context(stopping())
        monitoring = context.enter_context(
            _opened(session, stop, position, every, with_store=not without_store)
        )
        if metrics_port is not None:
            _show(metrics, monitoring)
            context.enter_context(metrics.served(metrics_host, metrics_port))
        if once:
            _end(session, monitoring.look())
        _log.info("monitoring", extra=_fields(monitoring))
        monitoring.run()
    _log.info("stopped")


@contextmanager
def _opened(
    session: Session, stop: Stop, position: Path | None, every: float | None, *, with_store: bool
) -> Iterator[Monitoring]:
    from registry.wiring.monitors import Options, open_monitor  # noqa: PLC0415 - as above

    options = Options(with_store, position, every, stop.wait, stop.is_set)
    monitoring, file = open_monitor(session.registry, options)
    try:
        monitoring.start()
        yield monitoring
    finally:
        file.close()


def _show(metrics: "Metrics", monitoring: Monitoring) -> None:
    from registry.wiring.monitors import MonitorWatch  # noqa: PLC0415 - as above

    metrics.show(MonitorWatch(monitoring))


def _end(session: Session, look: Look) -> None:
    session.output.result(_value(look), _lines(look))
    if look.alarms:
        raise typer.Exit(REFUSED)
    raise typer.Exit(UNDECIDED if look.troubles else DONE)


def _value(look: Look) -> Value:
    return {
        "alarms": [
            {
                "id": alarm.id,
                "kind": alarm.kind.value,
                "chain": None if alarm.chain is None else format_chain(alarm.chain),
                "detail": alarm.detail,
                "evidence": alarm.evidence,
            }
            for alarm in look.alarms
        ],
        "couldNotAsk": [str(trouble) for trouble in look.troubles],
    }


def _lines(look: Look) -> list[str]:
    lines = [f"{alarm.kind.value}: {alarm.detail}" for alarm in look.alarms]
    lines += [f"Could not ask: {trouble}" for trouble in look.troubles]
    return lines or ["Quiet: nothing strange."]


def _fields(monitoring: Monitoring) -> dict[str, object]:
    return {
        "issuer": format_address(monitoring.issuer),
        "chains": [format_chain(chain.chain_id) for chain in monitoring.chains],
        "webhook": monitoring.delivering is not None,
        "store": monitoring.open_store is not None,
    }
