"""What a block takes now, from the fees of the last ones (EIP-1559). Remembers nothing."""

from collections.abc import Callable
from decimal import Decimal
from statistics import median_low

from registry.chain.reply import Reply
from registry.core.fees import Fees, Market, offer
from registry.errors import GasTooExpensiveError

_BLOCKS = 20
_PERCENTILE = 50  # of the gas in a block, by what it paid above the base fee
_MIN_PRIORITY_FEE = 1_000_000  # wei; below it, nodes of default settings build no blocks with us
_GWEI = 10**9


def read_market(ask: Callable[..., Reply]) -> Market:
    """Read the next block's base fee, and what is usually paid above it."""
    history = ask("eth_feeHistory", hex(_BLOCKS), "latest", [_PERCENTILE])
    base_fees = history.member("baseFeePerGas").elements()
    rewards = history.member("reward").elements()
    if not base_fees or not rewards:
        raise history.malformed("a history of fees")
    return Market(
        base_fee=base_fees[-1].quantity(), priority_fee=max(_usual(rewards), _MIN_PRIORITY_FEE)
    )


def suggest(market: Market, *, cap: int) -> Fees:
    """Suggest fees with which a transaction is mined soon.

    Raises `GasTooExpensiveError` if the next block's base fee alone is above `cap`.
    """
    fees = offer(market, cap=cap)
    if fees is None:
        raise GasTooExpensiveError(
            f"gas costs {_gwei(market.base_fee)} gwei, above the cap of {_gwei(cap)} gwei: "
            "wait for cheaper gas, or raise fee_cap_gwei",
            needed=market.base_fee,
            cap=cap,
        )
    return fees


def _usual(rewards: list[Reply]) -> int:
    """Return the middle of what blocks were paid; empty blocks, which report 0, aside."""
    paid: list[int] = []
    for block in rewards:
        paid += [reward.quantity() for reward in block.elements()]
    return median_low([fee for fee in paid if fee > 0] or [0])


def _gwei(fee: int) -> str:
    return f"{Decimal(fee) / _GWEI:f}"
