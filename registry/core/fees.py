"""What to offer for gas (EIP-1559), from what the chain asks. Amounts are wei per unit of gas."""

from dataclasses import dataclass
from typing import Final

BASE_FEE_GROWTH: Final = 2  # covers six full blocks in a row, 12.5 % each
_STEP: Final = (9, 8)  # +12.5 %: below that, nodes keep the transaction that they have


@dataclass(frozen=True, slots=True)
class Market:
    """What a block takes: the next one's base fee, and what is usually paid above it."""

    base_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers: at most `max_fee` in all, `priority_fee` of it to the builder."""

    max_fee: int
    priority_fee: int


def offer(market: Market, *, cap: int) -> Fees | None:
    """What to offer to be mined soon; None if the next block's base fee alone is above `cap`."""
    if market.base_fee > cap:
        return None
    max_fee = min(BASE_FEE_GROWTH * market.base_fee + market.priority_fee, cap)
    return Fees(max_fee=max_fee, priority_fee=min(market.priority_fee, max_fee))


def raised(previous: Fees, wanted: Fees, *, cap: int) -> Fees | None:
    """What replaces an offer of `previous`: `wanted`, but at least 12.5 % more of both fees.

    None if that is above `cap`: nodes would not take less.
    """
    floor = Fees(_step(previous.max_fee), _step(previous.priority_fee))
    max_fee = max(wanted.max_fee, floor.max_fee)
    priority_fee = max(wanted.priority_fee, floor.priority_fee)
    max_fee = max(max_fee, priority_fee)
    return None if max_fee > cap else Fees(max_fee=max_fee, priority_fee=priority_fee)


def _step(fee: int) -> int:
    numerator, denominator = _STEP
    return max(-(-fee * numerator // denominator), fee + 1)
