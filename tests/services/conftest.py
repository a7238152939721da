from collections.abc import Iterator

import pytest

from registry.chain import Devnet, EvmChain, LocalSigner, deploy
from registry.chain.rpc import Rpc
from registry.store import SqlStore
from tests.anvil import Anvil, anvil, anvil_process, chain, open_chain, signer
from tests.rpc_proxy import RpcProxy
from tests.services.night_shift import NightShift
from tests.services.office import Office

__all__ = ["anvil", "anvil_process", "chain", "signer"]


@pytest.fixture
def office(sqlite_store: SqlStore, anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> Office:
    """An office with its store on SQLite."""
    return Office(sqlite_store, anvil, chain, signer)


@pytest.fixture
def own_office(sqlite_store: SqlStore, signer: LocalSigner) -> Iterator[Office]:
    """An office with a node to itself, for deep reorganisations.

    A node that other tests put back before does not always find the state of so old a block.
    """
    with Devnet(block_time=None) as devnet:
        chain, rpc = open_chain(devnet.url), Rpc(devnet.url)
        deploy(chain, signer)
        yield Office(sqlite_store, Anvil(devnet.url, rpc), chain, signer)
        rpc.close()
        chain.close()


@pytest.fixture
def office_anywhere(store: SqlStore, anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> Office:
    """An office with its store on either database."""
    return Office(store, anvil, chain, signer)


@pytest.fixture
def proxy(anvil_process: Devnet) -> Iterator[RpcProxy]:
    with RpcProxy(anvil_process.port).running() as proxy:
        yield proxy


@pytest.fixture
def proxied(proxy: RpcProxy) -> Iterator[EvmChain]:
    chain = open_chain(proxy.url)
    yield chain
    chain.close()


@pytest.fixture(scope="session")
def night_shift() -> Iterator[NightShift]:
    with NightShift() as shift:
        yield shift
