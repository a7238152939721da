"""Puts the contract on a chain, at the address that it has on every chain.

Through the CREATE2 proxy, so that neither sender nor nonce matter. Prints nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from registry.chain.artifact import artifact
from registry.chain.evm import EvmChain
from registry.core.address import format_address
from registry.errors import ConflictError, TransactionRefusedError, UnavailableError
from registry.services.ports import Call, MinedTransaction, Signer

_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 180.0  # fifteen blocks of Ethereum


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
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Deployment:
    """Deploy the contract, unless it is there already, and check the code that is there then.

    Raises `ConflictError` if the chain lacks the proxy or holds other code at the address,
    `TransactionRefusedError`, and `UnavailableError` if the transaction is not mined within
    `patience` seconds (it may be later: deploying again is harmless).
    """
    address = artifact().address
    if _is_there(chain, address):
        return Deployment(address=address, transaction=None, gas_used=0)
    transaction = _send(chain, signer)
    mined = _wait(chain, transaction, until=clock() + patience, clock=clock, sleep=sleep)
    if not _is_there(chain, address):
        outcome = "succeeded" if mined.succeeded else "failed"
        raise TransactionRefusedError(
            f"deployment 0x{transaction.hex()} {outcome}, but the contract is not there",
            reason="reverted",
        )
    return Deployment(address=address, transaction=transaction, gas_used=mined.gas_used)


def _is_there(chain: EvmChain, address: bytes) -> bool:
    if chain.is_genuine(address):
        return True
    if chain.code(address):
        raise ConflictError(f"there is other code than ours at {format_address(address)}")
    return False


def _send(chain: EvmChain, signer: Signer) -> bytes:
    """Send the deployment and return its hash."""
    proxy = artifact().deployer
    if not chain.code(proxy):
        raise ConflictError(
            f"chain {chain.chain_id} lacks the CREATE2 proxy {format_address(proxy)}: "
            "deploy that first, see https://github.com/Arachnid/deterministic-deployment-proxy"
        )
    call = Call(to=proxy, data=artifact().salt + artifact().creation_code, label="deployment")
    unsigned = chain.prepare(
        call,
        sender=signer.address,
        nonce=chain.next_nonce(signer.address),
        fees=chain.suggest_fees(),
    )
    signed = signer.sign(unsigned)
    chain.broadcast(signed.raw)
    return signed.transaction


def _wait(
    chain: EvmChain,
    transaction: bytes,
    *,
    until: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> MinedTransaction:
    while True:
        mined = chain.mined(transaction)
        if mined is not None:
            return mined
        if clock() >= until:
            raise UnavailableError(
                f"deployment 0x{transaction.hex()} is not mined yet", source=chain.source
            )
        sleep(_POLL_SECONDS)
