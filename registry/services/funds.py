"""How long a key's money lasts. Only asks."""

from dataclasses import dataclass
from typing import Final

from registry.errors import TransactionRefusedError
from registry.services.anchoring import Anchoring

# Stands for the seal of a batch that is not sealed yet: the gas is the same for any.
_SOME_SEAL: Final = b"\xa5" * 32


@dataclass(frozen=True, slots=True)
class Funds:
    """What a key has on one chain, and for how many nights it would do.

    `nights` is None where that cannot be said: gas is free, or the key may anchor only what the
    issuer authorizes seal by seal.
    """

    chain_id: int
    address: bytes
    balance: int  # wei
    nights: float | None  # anchors, at the fee of the next block


def funds_on(anchoring: Anchoring, issuer: bytes, address: bytes) -> Funds:
    """What `address` has on a chain to anchor with. Raises `UnavailableError`, `ConflictError`."""
    chain = anchoring.chain
    balance = chain.balance(address)
    cost = _cost_of_anchor(anchoring, issuer, address)
    nights = balance / cost if cost else None
    return Funds(chain.chain_id, address, balance, nights)


def _cost_of_anchor(anchoring: Anchoring, issuer: bytes, address: bytes) -> int | None:
    """Wei for one anchor now; None if `address` may not send any."""
    chain = anchoring.chain
    try:
        gas = chain.estimate(anchoring.anchor_call(issuer, _SOME_SEAL), sender=address)
    except TransactionRefusedError:
        return None
    market = chain.fee_market()
    return gas * (market.base_fee + market.priority_fee)
