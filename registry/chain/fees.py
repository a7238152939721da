"""What to offer for gas, from the fees of the last blocks (EIP-1559). Remembers nothing."""

from collections.abc import Callable
from statistics import median_low

from registry.chain.reply import Reply
from registry.errors import ConflictError
from registry.services.ports import Fees

_BLOCKS = 20
_PERCENTILE = 50  # of the gas in a block, by what it paid above the base fee
_MIN_PRIORITY_FEE = 1_000_000  # wei; below it, nodes of default settings build no blocks with us
_BASE_FEE_GROWTH = 2  # covers six full blocks in a row, 12.5 % each


def suggest(ask: Callable[..., Reply], *, cap: int) -> Fees:
    """Suggest fees with which a transaction is mined soon.

    Raises `ConflictError` if the next block's base fee alone is above `cap`.
    """
    history = ask("eth_feeHistory", hex(_BLOCKS), "latest", [_PERCENTILE])
    base_fees = history.member("baseFeePerGas").elements()
    rewards = history.member("reward").elements()
    if not base_fees or not rewards:
        raise history.malformed("a history of fees")
    base_fee = base_fees[-1].quantity()
    if cap < base_fee:
        raise ConflictError(f"gas price is above the cap: {base_fee} wei, cap {cap} wei")
    priority_fee = max(_usual(rewards), _MIN_PRIORITY_FEE)
    max_fee = min(_BASE_FEE_GROWTH * base_fee + priority_fee, cap)
    return Fees(max_fee=max_fee, priority_fee=min(priority_fee, max_fee))


def _usual(rewards: list[Reply]) -> int:
    """Return the middle of what blocks were paid; empty blocks, which report 0, aside."""
    paid: list[int] = []
    for block in rewards:
        paid += [reward.quantity() for reward in block.elements()]
    return median_low([fee for fee in paid if fee > 0] or [0])
