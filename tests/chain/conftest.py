from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from registry.chain import Devnet, EvmChain
from tests.anvil import anvil, anvil_process, chain, open_chain, signer
from tests.rpc_proxy import RpcProxy

__all__ = ["anvil", "anvil_process", "chain", "signer"]


@pytest.fixture
def proxy(anvil_process: Devnet) -> Iterator[RpcProxy]:
    with RpcProxy(anvil_process.port).running() as proxy:
        yield proxy


@pytest.fixture
def trio(anvil_process: Devnet) -> Iterator[list[RpcProxy]]:
    """Three endpoints of one chain."""
    with ExitStack() as stack:
        proxies = [RpcProxy(anvil_process.port) for _ in range(3)]
        yield [stack.enter_context(proxy.running()) for proxy in proxies]


@pytest.fixture
def proxied(proxy: RpcProxy) -> Iterator[EvmChain]:
    chain = open_chain(proxy.url)
    yield chain
    chain.close()
