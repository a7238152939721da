"""Puts the contract on a chain, at the address that it has on every chain.

Through the CREATE2 proxy, so that neither sender nor nonce matter. Prints nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from registry.chain.artifact import artifact
from registry.chain.evm import EvmChain
from registry.core.address import format_address
from registry.errors import ConflictError, TransactionRefusedError
from registry.services.ports import Call, Signer
from registry.services.submitting import submit

_PATIENCE_SECONDS = 180.0  # fifteen blocks of Ethereum
_REPLACE_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contract is; `transaction` is None and `gas_used` 0 if it was there before."""

    address: bytes
    transaction: bytes | None
    gas_used: int


def deploy(
    chain: EvmChain,
    signer: Signer,
    *,
    patience: float = _PATIENCE_SECONDS,
    replace_after: float = _REPLACE_AFTER_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Deployment:
    """Deploy the contract, unless it is there already, and check the code that is there then.

    Raises `ConflictError` if the chain lacks the proxy or holds other code at the address,
    `TransactionRefusedError`, `GasTooExpensiveError`, and `UnavailableError` if the transaction
    is not mined within `patience` seconds (it may be later: deploying again is harmless).
    """
    address = artifact().address
    if _is_there(chain, address):
        return Deployment(address=address, transaction=None, gas_used=0)
    mined = submit(
        chain,
        signer,
        _call(chain),
        clock=clock,
        sleep=sleep,
        patience=patience,
        replace_after=replace_after,
        has_happened=lambda: _is_there(chain, address),
    )
    if mined is None:
        return Deployment(address=address, transaction=None, gas_used=0)
    if not _is_there(chain, address):
        raise TransactionRefusedError(
            f"deployment 0x{mined.transaction.hex()} succeeded, but the contract is not there",
            reason="reverted",
        )
    return Deployment(address=address, transaction=mined.transaction, gas_used=mined.gas_used)


def _is_there(chain: EvmChain, address: bytes) -> bool:
    if chain.is_genuine(address):
        return True
    if chain.code(address):
        raise ConflictError(f"there is other code than ours at {format_address(address)}")
    return False


def _call(chain: EvmChain) -> Call:
    proxy = artifact().deployer
    if not chain.code(proxy):
        raise ConflictError(
            f"chain {chain.chain_id} lacks the CREATE2 proxy {format_address(proxy)}: "
            "deploy that first, see https://github.com/Arachnid/deterministic-deployment-proxy"
        )
    return Call(to=proxy, data=artifact().salt + artifact().creation_code, label="deployment")
