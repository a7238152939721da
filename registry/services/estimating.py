"""What a night would cost, asked before anything is sealed or sent."""

from dataclasses import dataclass
from typing import Final

from registry.core.batch import BatchState
from registry.core.fees import Market
from registry.errors import TransactionRefusedError
from registry.services.anchoring import Anchoring
from registry.services.ports import Batch, Store

# Stands for the seal of a batch that is not sealed yet: the gas is the same for any.
_SOME_SEAL: Final = b"\xa5" * 32
_UNSENT: Final = frozenset({BatchState.SEALED, BatchState.ANCHORING})


@dataclass(frozen=True, slots=True)
class Estimate:
    """The cost of a night on one chain, in gas and wei."""

    chain_id: int
    transactions: int
    credentials: int
    gas: int  # of all transactions
    market: Market
    fee_cap: int  # wei per gas
    balance: int  # wei, of the key that pays

    @property
    def fee_now(self) -> int:
        """Wei per gas, if it were mined in the next block."""
        return self.market.base_fee + self.market.priority_fee

    @property
    def cost_now(self) -> int:
        """Wei, at today's fee."""
        return self.gas * self.fee_now

    @property
    def cost_at_cap(self) -> int:
        """Wei, at most."""
        return self.gas * self.fee_cap


def estimate_night(anchoring: Anchoring, issuer: bytes, sender: bytes) -> Estimate:
    """Estimate the night of an issuer on one chain.

    Raises `UnavailableError`, and `ConflictError` if the contract is not ours.
    """
    anchoring.genuine_head()
    store, chain = anchoring.store, anchoring.chain
    unsent = _unsent(store, anchoring, issuer)
    seals = [batch.head.seal for batch in unsent if batch.head is not None]
    credentials = sum(batch.head.tree_size for batch in unsent if batch.head is not None)
    waiting = store.open_count(issuer)
    if waiting:
        seals.append(_SOME_SEAL)
    gas = [_gas(anchoring, issuer, seal, sender) for seal in seals]
    return Estimate(
        chain_id=chain.chain_id,
        transactions=len(seals),
        credentials=credentials + waiting,
        gas=sum(gas),
        market=chain.fee_market(),
        fee_cap=chain.fee_cap,
        balance=chain.balance(sender),
    )


def _gas(anchoring: Anchoring, issuer: bytes, seal: bytes, sender: bytes) -> int:
    """Of a relayer that has no permission for the seal yet, as if the owner sent it."""
    chain = anchoring.chain
    try:
        return chain.estimate(anchoring.anchor_call(issuer, seal), sender=sender)
    except TransactionRefusedError as exc:
        if exc.reason != "reverted":
            raise
        owner = chain.issuer_record(issuer).owner
        return chain.estimate(chain.anchor_call(issuer, seal), sender=owner)


def _unsent(store: Store, anchoring: Anchoring, issuer: bytes) -> list[Batch]:
    found = store.batches(issuer=issuer, states=_UNSENT, limit=1000)
    return [batch for batch in found if anchoring.standing(batch).state in _UNSENT]
