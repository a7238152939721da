from collections.abc import Iterator

import pytest

from registry.chain import (
    Devnet,
    EvmChain,
    LocalSigner,
    deploy,
    deterministic_address,
    runtime_matches,
)
from registry.chain.artifact import artifact
from registry.chain.rpc import Rpc
from registry.core.address import format_address
from registry.errors import ConflictError, TransactionRefusedError, UnavailableError
from tests.anvil import Anvil, open_chain


@pytest.fixture(scope="module")
def empty_devnet() -> Iterator[Devnet]:
    with Devnet(block_time=None) as devnet:
        yield devnet


@pytest.fixture
def empty(empty_devnet: Devnet) -> Iterator[Rpc]:
    """A chain without the contract, put back to that after each test."""
    rpc = Rpc(empty_devnet.url)
    snapshot = rpc.ask("evm_snapshot").value
    yield rpc
    rpc.ask("anvil_dropAllTransactions")
    rpc.ask("evm_setAutomine", True)  # noqa: FBT003 - JSON-RPC parameter
    assert rpc.ask("evm_revert", snapshot).value is True
    rpc.close()


@pytest.fixture
def empty_chain(empty: Rpc, empty_devnet: Devnet) -> Iterator[EvmChain]:
    assert empty is not None
    chain = open_chain(empty_devnet.url)
    yield chain
    chain.close()


def test_deploys_to_the_address_of_the_artifact(empty_chain: EvmChain, signer: LocalSigner) -> None:
    deployment = deploy(empty_chain, signer)
    assert deployment.address == deterministic_address() == artifact().address
    assert deployment.transaction is not None
    assert deployment.gas_used > 0
    assert empty_chain.is_genuine(deployment.address)


def test_deploying_again_sends_nothing(empty_chain: EvmChain, signer: LocalSigner) -> None:
    first = deploy(empty_chain, signer)
    nonce = empty_chain.next_nonce(signer.address)
    again = deploy(empty_chain, signer)
    assert (again.address, again.transaction, again.gas_used) == (first.address, None, 0)
    assert empty_chain.next_nonce(signer.address) == nonce


def test_refuses_a_chain_without_the_proxy(
    empty: Rpc, empty_chain: EvmChain, signer: LocalSigner
) -> None:
    empty.ask("anvil_setCode", format_address(artifact().deployer), "0x")
    with pytest.raises(ConflictError, match="lacks the CREATE2 proxy"):
        deploy(empty_chain, signer)
    assert empty_chain.next_nonce(signer.address) == 0


def test_refuses_an_address_with_other_code(
    empty: Rpc, empty_chain: EvmChain, signer: LocalSigner
) -> None:
    empty.ask("anvil_setCode", format_address(deterministic_address()), "0x6001")
    with pytest.raises(ConflictError, match="other code than ours"):
        deploy(empty_chain, signer)
    assert empty_chain.next_nonce(signer.address) == 0


def test_a_proxy_that_deploys_nothing_is_noticed(
    empty: Rpc, empty_chain: EvmChain, signer: LocalSigner
) -> None:
    empty.ask("anvil_setCode", format_address(artifact().deployer), "0x00")  # STOP
    with pytest.raises(TransactionRefusedError, match="succeeded, but the contract is not there"):
        deploy(empty_chain, signer)


def test_a_sender_without_coins_deploys_nothing(
    empty: Rpc, empty_chain: EvmChain, signer: LocalSigner
) -> None:
    empty.ask("anvil_setBalance", format_address(signer.address), "0x1")
    with pytest.raises(TransactionRefusedError) as caught:
        deploy(empty_chain, signer)
    assert caught.value.reason == "insufficient-funds"


def test_waits_for_the_block_and_no_longer_than_told(
    empty: Rpc, empty_chain: EvmChain, signer: LocalSigner
) -> None:
    empty.ask("evm_setAutomine", False)  # noqa: FBT003 - JSON-RPC parameter
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(UnavailableError, match="not mined yet"):
        deploy(empty_chain, signer, patience=1, clock=lambda: now[0], sleep=sleep)
    assert 1 <= now[0] < 2


def test_only_our_code_is_genuine(anvil: Anvil, chain: EvmChain) -> None:
    other = b"\7" * 20
    code = bytearray(chain.code(chain.contract))
    code[100] ^= 1
    anvil.ask("anvil_setCode", format_address(other), "0x" + code.hex())
    assert chain.is_genuine(chain.contract)
    assert not chain.is_genuine(other)
    assert not chain.is_genuine(b"\x08" * 20)


def test_immutables_are_the_only_bytes_that_may_differ() -> None:
    ours = artifact()
    assert ours.immutables
    filled = bytearray(ours.runtime_code)
    for place in ours.immutables:
        filled[place] = b"\xaa" * (place.stop - place.start)
    assert runtime_matches(bytes(filled))
    assert runtime_matches(ours.runtime_code)
    beside = bytearray(filled)
    beside[ours.immutables[0].start - 1] ^= 1
    assert not runtime_matches(bytes(beside))
    assert not runtime_matches(bytes(filled) + b"\0")
    assert not runtime_matches(b"")
