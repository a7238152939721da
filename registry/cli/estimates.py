"""`rootseal nightly --dry-run`: what a night would cost."""

from decimal import Decimal
from typing import Final

from registry.cli.output import Value
from registry.cli.session import Session
from registry.errors import InvalidInputError
from registry.services.estimating import Estimate, estimate_night

_WEI_PER_COIN: Final = 10**18
_WEI_PER_GWEI: Final = 10**9


def coins(wei: int) -> str:
    """An amount in the chain's coin."""
    return f"{Decimal(wei) / _WEI_PER_COIN:f}"


def show_estimates(session: Session) -> None:
    """Estimate the night on every chain, and print it."""
    registry = session.registry
    if registry.signer is None:
        raise InvalidInputError("no key is configured, so nobody's cost can be estimated")
    sender = registry.signer.address
    _ = session.existing_store
    found = [estimate_night(each, registry.issuer, sender) for each in registry.anchorings]
    lines = ["Dry run: nothing was sealed or sent."]
    lines += [line for estimate in found for line in _lines(estimate)]
    session.output.result({"estimates": [_value(estimate) for estimate in found]}, lines)


def _lines(estimate: Estimate) -> list[str]:
    head = (
        f"eip155:{estimate.chain_id}: {estimate.credentials:,} credentials, "
        f"{estimate.transactions} transactions, {estimate.gas:,} gas"
    )
    return [
        head,
        _priced("fee now", estimate, estimate.fee_now),
        _priced("fee at cap", estimate, estimate.fee_cap),
        f"  balance     {coins(estimate.balance)} coins",
    ]


def _priced(name: str, estimate: Estimate, fee: int) -> str:
    cost = estimate.gas * fee
    each = coins(cost // max(estimate.credentials, 1))
    gwei = f"{Decimal(fee) / _WEI_PER_GWEI:f}"
    return f"  {name:<10}  {gwei} gwei per gas: {coins(cost)} coins, {each} per credential"


def _value(estimate: Estimate) -> dict[str, Value]:
    """Amounts of wei as text: JSON's numbers do not carry them."""
    return {
        "chain": f"eip155:{estimate.chain_id}",
        "credentials": estimate.credentials,
        "transactions": estimate.transactions,
        "gas": estimate.gas,
        "feeNowWei": str(estimate.fee_now),
        "feeAtCapWei": str(estimate.fee_cap),
        "costNowWei": str(estimate.cost_now),
        "costAtCapWei": str(estimate.cost_at_cap),
        "costPerCredentialNowWei": str(estimate.cost_now // max(estimate.credentials, 1)),
        "costPerCredentialAtCapWei": str(estimate.cost_at_cap // max(estimate.credentials, 1)),
        "balanceWei": str(estimate.balance),
    }
