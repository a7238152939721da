"""The monitor put together by the settings, and its metrics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from registry.alerting import PositionFile, Webhook, read_secret
from registry.core.address import format_chain
from registry.services.monitoring import AlarmKind, Monitoring
from registry.services.monitoring.delivering import Delivering
from registry.services.monitoring.memory import Memory
from registry.wiring import Registry, make_folder, utc_now
from registry.wiring.settings import Settings

_POSITION: Final = "monitor-position.json"
_DATA_FOLDER: Final = Path("rootseal-data")
_LONGEST_DELIVERY: Final = 5.0  # seconds; blocks do not wait


@dataclass(frozen=True, slots=True)
class Options:
    """How this run looks. `with_store` is False for an outsider; `position` and `every` may be set.

    `sleep` may end early when it is stopped.
    """

    with_store: bool
    position: Path | None
    every: float | None
    sleep: Callable[[float], object]
    is_stopped: Callable[[], bool]


def open_monitor(registry: Registry, options: Options) -> tuple[Monitoring, PositionFile]:
    """The monitor, not started yet, and the file of its position, to be closed after it.

    Raises `InvalidInputError` for a webhook or a position that cannot be used.
    """
    settings = registry.settings
    path = options.position or settings.monitor_position or _beside_the_store(settings)
    file = PositionFile(path)
    every = settings.poll_seconds if options.every is None else options.every
    monitoring = Monitoring(
        chains=list(registry.chains.values()),
        issuer=registry.issuer,
        open_store=(lambda: registry.store) if options.with_store else None,
        memory=Memory(file, registry.issuer),
        delivering=_delivering(registry),
        alarm_after=timedelta(hours=settings.alarm_hours),
        clock=utc_now,
        sleep=options.sleep,
        is_stopped=options.is_stopped,
        every=every,
    )
    return monitoring, file


def _beside_the_store(settings: Settings) -> Path:
    store = settings.database_file
    folder = _DATA_FOLDER if store is None else store.parent
    make_folder(folder)
    return folder / _POSITION


def _delivering(registry: Registry) -> Delivering | None:
    url, file = registry.settings.webhook_url, registry.settings.webhook_secret_file
    if url is None or file is None:  # the settings have both or none
        return None
    timeout = min(registry.settings.rpc_timeout, _LONGEST_DELIVERY)
    webhook = Webhook(url.get_secret_value(), read_secret(file), timeout=timeout)
    return Delivering(webhook, registry.issuer, utc_now)


@dataclass(frozen=True, slots=True, eq=False)
class MonitorWatch(Collector):
    """What the monitor of this process knows."""

    monitoring: Monitoring

    def collect(self) -> Iterator[Metric]:
        """Tell it."""
        monitoring = self.monitoring
        alarms = CounterMetricFamily(
            "rootseal_monitor_alarms",
            "Alarms that were raised, by this process.",
            labels=("kind",),
        )
        for kind in AlarmKind:
            alarms.add_metric((kind.value,), monitoring.raised[kind])
        yield alarms
        blocks = GaugeMetricFamily(
            "rootseal_monitor_last_block",
            "The newest block whose events were looked at.",
            labels=("chain",),
        )
        for chain in monitoring.chains:
            position = monitoring.memory.of(chain)
            if position is not None:  # absent until it was looked at: zero would be an answer
                blocks.add_metric((format_chain(chain.chain_id),), position.head_number)
        yield blocks
        yield GaugeMetricFamily(
            "rootseal_monitor_seconds_since_look",
            "Seconds since everything could be asked for the last time, or since the start.",
            value=max(0.0, (monitoring.clock() - monitoring.looked_at).total_seconds()),
        )
        yield GaugeMetricFamily(
            "rootseal_monitor_undelivered",
            "Alarms that the webhook has not taken yet.",
            value=len(monitoring.memory.position.waiting),
        )
