"""Metrics in Prometheus' text format: with `monitors`, all that knows prometheus-client.

What the store knows is asked when metrics are read, so that it is right whichever process did the
work. What could not be asked is left out: zero would be an answer.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from registry.core.address import format_address
from registry.errors import ConflictError, InvalidInputError, UnavailableError
from registry.services.alarm import overdue_by
from registry.services.funds import Funds, funds_on
from registry.services.ports import Purpose, Store
from registry.wiring import Registry

__all__ = ["CONTENT_TYPE", "FundsWatch", "Metrics"]

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_REFRESH_SECONDS: Final = 60.0
_STALE_SECONDS: Final = 300.0  # funds that were asked for longer ago are not shown
_log = logging.getLogger(__name__)


class Metrics:
    """One process's metrics. Counts the failed questions of chains that are opened after this."""

    def __init__(self, registry: Registry, open_store: Callable[[], Store] | None) -> None:
        self._collectors = CollectorRegistry(auto_describe=False)
        self._rpc_errors = Counter(
            "rootseal_rpc_errors",
            "Questions to a node that failed, by this process.",
            ("endpoint", "kind"),
            registry=self._collectors,
        )
        if open_store is not None:
            self._collectors.register(_StoreCollector(registry, open_store))
        registry.on_rpc_error = self._count_rpc_error

    def text(self) -> bytes:
        """All of them, as `CONTENT_TYPE` has it."""
        return generate_latest(self._collectors)

    def show_funds(self, funds: "FundsWatch") -> None:
        """Show what a key has, too."""
        self.show(funds)

    def show(self, collector: Collector) -> None:
        """Show what a collector tells, too."""
        self._collectors.register(collector)

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[None]:
        """Answer with them over HTTP while the context is open.

        Raises `InvalidInputError` if that cannot be listened on.
        """
        try:
            server, thread = start_http_server(port, host, self._collectors)
        except OSError as exc:
            raise InvalidInputError(
                f"cannot listen on {host} port {port}: {exc.strerror}", place="--metrics-port"
            ) from exc
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _count_rpc_error(self, endpoint: str, kind: str) -> None:
        self._rpc_errors.labels(endpoint, kind).inc()


@dataclass(frozen=True, slots=True)
class _StoreCollector(Collector):
    """What the store knows."""

    registry: Registry
    open_store: Callable[[], Store]

    def collect(self) -> Iterator[Metric]:
        """Ask the store."""
        try:
            found = list(self._ask(self.open_store()))
        except UnavailableError as exc:
            _log.warning("metrics without the store", extra={"detail": str(exc)})
            return
        yield from found

    def _ask(self, store: Store) -> Iterator[Metric]:
        yield from self._waiting(store)
        batches = GaugeMetricFamily("rootseal_batches", "Batches in each state.", labels=("state",))
        for state, count in store.batch_counts().items():
            batches.add_metric((state.value,), count)
        yield batches
        yield from _attempts(store)
        yield CounterMetricFamily(
            "rootseal_reorgs",
            "Anchors that a reorganisation of the chain took away.",
            value=store.reorg_count(),
        )

    def _waiting(self, store: Store) -> Iterator[Metric]:
        now = self.registry.now()
        yield GaugeMetricFamily(
            "rootseal_oldest_unanchored_seconds",
            "How long the oldest credential without an anchor has waited; 0 if there is none.",
            value=_seconds(store.oldest_unanchored(), now),
        )
        requested = [change.requested_at for change in store.open_status_changes()]
        yield GaugeMetricFamily(
            "rootseal_oldest_open_status_change_seconds",
            "How long the oldest status change that is not done has waited; 0 if there is none.",
            value=_seconds(min(requested, default=None), now),
        )
        limit = timedelta(hours=self.registry.settings.alarm_hours)
        yield GaugeMetricFamily(
            "rootseal_alarm",
            "1 while a credential or a status change waits longer than alarm_hours.",
            value=0 if overdue_by(store, now=now, limit=limit) is None else 1,
        )


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _attempts(store: Store) -> Iterator[Metric]:
    every = CounterMetricFamily(
        "rootseal_attempts", "Transactions that were signed.", labels=("purpose",)
    )
    replacing = CounterMetricFamily(
        "rootseal_replacements",
        "Those of them that replaced one which was stuck.",
        labels=("purpose",),
    )
    counts = store.attempt_counts()
    for purpose in Purpose:
        attempts, replacements = counts.get(purpose, (0, 0))
        every.add_metric((purpose.value,), attempts)
        replacing.add_metric((purpose.value,), replacements)
    yield every
    yield replacing


class FundsWatch(Collector):
    """What the configured key has on each chain; asked by `refresh`, shown by `collect`.

    Apart, because a node may take longer to answer than the reader of metrics waits.
    """

    def __init__(self, registry: Registry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._asked_at: float | None = None
        self._found: tuple[Funds, ...] = ()

    def refresh(self) -> None:
        """Ask, at most once a minute; what cannot be asked is not shown until the next time."""
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < _REFRESH_SECONDS:
            return
        self._found = tuple(self._ask())
        self._asked_at = now

    def collect(self) -> Iterator[Metric]:
        """What was found when it was asked last, unless that is long ago."""
        balances = GaugeMetricFamily(
            "rootseal_balance_wei",
            "What the key that pays for anchors has.",
            labels=("chain", "address"),
        )
        nights = GaugeMetricFamily(
            "rootseal_nights_left",
            "For how many anchors that would do at the present fee.",
            labels=("chain",),
        )
        for funds in self._fresh():
            chain = f"eip155:{funds.chain_id}"
            balances.add_metric((chain, format_address(funds.address)), funds.balance)
            if funds.nights is not None:
                nights.add_metric((chain,), funds.nights)
        yield balances
        yield nights

    def _fresh(self) -> tuple[Funds, ...]:
        asked_at = self._asked_at
        is_stale = asked_at is None or self._clock() - asked_at > _STALE_SECONDS
        return () if is_stale else self._found

    def _ask(self) -> Iterator[Funds]:
        signer = self._registry.signer
        if signer is None:
            return
        for anchoring in self._registry.anchorings:
            try:
                yield funds_on(anchoring, self._registry.issuer, signer.address)
            except (UnavailableError, ConflictError) as exc:
                _log.info("funds not known", extra={"detail": str(exc)})
