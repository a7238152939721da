"""The nights: each batch with what it cost and how long it took, as rows and as charts.

The charts show the rows in other form, and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from api.pages.chain_facts import Cost, NotAsked
from registry.core.batch import BatchState
from registry.services.ports import Batch, MinedTransaction, OnChain

CHART_WIDTH: Final = 360
CHART_HEIGHT: Final = 120
_TOP: Final = 22  # above the bars, for the largest value
_BOTTOM: Final = 20  # below them, for dates
_WIDEST_BAR: Final = 26
_LOWEST_BAR: Final = 2  # so that the smallest value is seen


@dataclass(frozen=True, slots=True)
class Night:
    """One batch: how it stands on the registry's first chain, and what its anchor cost there."""

    batch: Batch
    on_chain: OnChain | None
    cost: Cost | None

    @property
    def size(self) -> int:
        """Credentials in it."""
        return 0 if self.batch.head is None else self.batch.head.tree_size

    @property
    def fee(self) -> int | None:
        """What the anchor cost, in wei, if that is known."""
        if not isinstance(self.cost, MinedTransaction):
            return None
        return self.cost.gas_used * self.cost.gas_price

    @property
    def unasked(self) -> NotAsked | None:
        """Why the cost of an anchor is not known."""
        return self.cost if isinstance(self.cost, NotAsked) else None

    @property
    def delay(self) -> timedelta | None:
        """From the seal to the moment at which it was seen to be final, if that was noted."""
        if self.on_chain is None or self.on_chain.final_at is None or self.batch.sealed_at is None:
            return None
        return max(self.on_chain.final_at - self.batch.sealed_at, timedelta(0))

    @property
    def is_final(self) -> bool:
        """Whether it is final on that chain."""
        return self.on_chain is not None and self.on_chain.state is BatchState.FINAL


@dataclass(frozen=True, slots=True)
class Bar:
    """A night in a chart; without a value it is a mark on the ground, and no bar of height 0."""

    night: Night
    x: float
    y: float
    width: float
    height: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars from the oldest night to the newest; `name` is that of its messages."""

    name: str
    bars: tuple[Bar, ...]
    most: float | None  # None if no value is known

    @property
    def known(self) -> int:
        """How many nights have a value."""
        return sum(bar.value is not None for bar in self.bars)


def charts_of(nights: Sequence[Night]) -> tuple[Chart, ...]:
    """The three charts of the nights, which come newest first."""
    oldest_first = nights[::-1]
    return (
        _chart("credentials", oldest_first, lambda night: night.size),
        _chart("fee", oldest_first, lambda night: night.fee),
        _chart(
            "delay",
            oldest_first,
            lambda night: None if night.delay is None else night.delay.total_seconds(),
        ),
    )


def _chart(name: str, nights: Sequence[Night], value_of: Callable[[Night], float | None]) -> Chart:
    values = [value_of(night) for night in nights]
    most = max((value for value in values if value is not None), default=None)
    pitch = CHART_WIDTH / max(len(nights), 1)
    width = min(pitch * 0.72, _WIDEST_BAR)
    ground = CHART_HEIGHT - _BOTTOM
    bars = []
    for place, (night, value) in enumerate(zip(nights, values, strict=True)):
        share = 0.0 if not most or value is None else value / most
        height = max(share * (ground - _TOP), _LOWEST_BAR)
        x = place * pitch + (pitch - width) / 2
        bars.append(
            Bar(
                night,
                round(x, 1),
                round(ground - height, 1),
                round(width, 1),
                round(height, 1),
                value,
            )
        )
    return Chart(name, tuple(bars), most)
