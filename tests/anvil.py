"""Fixtures of a real chain: one Anvil for each module, put back to its start after each test.

Not one for all: after some hundred blocks that it was made to forget, Anvil no longer finds the
state of an older one, and a reorganisation leaves it without the contract.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from registry.chain import (
    DEVELOPMENT_CHAIN_ID,
    ChainOptions,
    Devnet,
    EvmChain,
    LocalSigner,
    deploy,
    deterministic_address,
    development_signer,
)
from registry.chain.reply import Reply
from registry.chain.rpc import Rpc
from registry.services.ports import Call, Chain, MinedTransaction, Signer

MINING_SECONDS = 10.0


@dataclass(frozen=True)
class Anvil:
    """A node that tests may turn and twist: each finds it as if just deployed."""

    url: str
    rpc: Rpc

    def ask(self, method: str, *params: object) -> Reply:
        """Ask anything, `anvil_…` and `evm_…` methods included."""
        return self.rpc.ask(method, *params)

    def mine(self, blocks: int = 1) -> None:
        """Mine empty blocks."""
        self.ask("anvil_mine", hex(blocks))

    def reorganise(self, depth: int) -> None:
        """Replace the last `depth` blocks by as many empty ones."""
        self.ask("anvil_reorg", depth, [])

    def replace_from(self, block: int) -> None:
        """Replace that block and all above it by empty ones."""
        head = int(str(self.ask("eth_blockNumber").value), 16)
        self.reorganise(head - block + 1)

    def automine(self, *, on: bool) -> None:
        """Mine a block for each transaction, or leave them pending."""
        self.ask("evm_setAutomine", on)

    def chain(self, url: str | None = None) -> EvmChain:
        """Open a chain through another address of this node, say a proxy's; close it yourself."""
        return open_chain(self.url if url is None else url)


def open_chain(
    url: str | Sequence[str],
    options: ChainOptions | None = None,
    *,
    chain_id: int = DEVELOPMENT_CHAIN_ID,
) -> EvmChain:
    """Open a local chain behind one address or several."""
    return EvmChain(
        chain_id=chain_id,
        rpc_url=url,
        contract=deterministic_address(),
        options=options,
    )


def send(chain: Chain, signer: Signer, call: Call) -> MinedTransaction:
    """Send a call and return where it was mined; needs automine."""
    unsigned = chain.prepare(
        call,
        sender=signer.address,
        nonce=chain.next_nonce(signer.address),
        fees=chain.suggest_fees(),
    )
    signed = signer.sign(unsigned)
    chain.broadcast(signed.raw)
    return wait_mined(chain, signed.transaction)


def wait_mined(chain: Chain, transaction: bytes) -> MinedTransaction:
    """Return where a transaction is mined: automine takes a moment after the broadcast."""
    deadline = time.monotonic() + MINING_SECONDS
    while (mined := chain.mined(transaction)) is None:
        assert time.monotonic() < deadline, "not mined: is automine on?"
        time.sleep(0.002)
    return mined


@pytest.fixture(scope="module")
def anvil_process() -> Iterator[Devnet]:
    with Devnet(block_time=None) as devnet:
        chain = open_chain(devnet.url)
        deploy(chain, development_signer())
        chain.close()
        yield devnet


@pytest.fixture
def anvil(anvil_process: Devnet) -> Iterator[Anvil]:
    rpc = Rpc(anvil_process.url)
    snapshot = rpc.ask("evm_snapshot").value
    base_fee = _next_base_fee(rpc)
    yield Anvil(anvil_process.url, rpc)
    rpc.ask("anvil_dropAllTransactions")
    # Only if it is off: switched on twice, Anvil mines every transaction's block twice.
    if rpc.ask("anvil_getAutomine").value is False:
        rpc.ask("evm_setAutomine", True)  # noqa: FBT003 - JSON-RPC parameter
    assert rpc.ask("evm_revert", snapshot).value is True
    rpc.ask("anvil_setNextBlockBaseFeePerGas", base_fee)  # which is in no snapshot
    rpc.close()


def _next_base_fee(rpc: Rpc) -> object:
    history = rpc.ask("eth_feeHistory", "0x1", "latest", [])
    return history.member("baseFeePerGas").elements()[-1].value


@pytest.fixture
def chain(anvil: Anvil) -> Iterator[EvmChain]:
    chain = anvil.chain()
    yield chain
    chain.close()


@pytest.fixture
def signer() -> LocalSigner:
    return development_signer()
