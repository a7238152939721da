"""Every question of a night, failing in every way: nothing false is written down, and it goes on.

The night runs behind a proxy that misbehaves; the truth is looked up past it, by the audit.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any  # answers of a node are JSON of any shape

import pytest

from registry.chain import ChainOptions, EvmChain
from registry.core.batch import BatchState
from registry.errors import ConflictError, RootsealError, UnavailableError
from registry.services.books import check_books
from registry.services.ports import Batch
from tests.anvil import open_chain
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import PATIENCE, Office
from tests.services.test_crash import IS_LONG, QUESTIONS

NO_PATIENCE = timedelta(0)
ROUNDS = 3  # of a night that fails; enough to come from sealed to final if it did not
FAULTS = {
    "timeout": Fault.HANG,
    "connection reset": Fault.DROP,
    "answer lost after it was taken": Fault.LOSE,
    "HTTP 429": Fault.HTTP_429,
    "HTTP 500": Fault.HTTP_500,
    "HTTP 502": Fault.HTTP_502,
    "malformed JSON": Fault.NOT_JSON,
    "JSON-RPC error": Fault.RPC_ERROR,
    "empty result": Fault.NULL,
    "no result": Fault.NO_RESULT,
}
# Every question with some of the faults, every fault with some of the questions; the long run all.
FAULTY = [
    (fault, method)
    for row, fault in enumerate(FAULTS)
    for column, method in enumerate(QUESTIONS)
    if IS_LONG or (row + column) % 3 == 0
]


@pytest.fixture
def away(office: Office, proxy: RpcProxy) -> Iterator[Office]:
    """The office, asking through the proxy and not for long."""
    chain = open_chain(proxy.url, ChainOptions(timeout=0.3))
    yield office.with_chain(chain)
    chain.close()


def try_night(office: Office) -> None:
    """Run a night that may fail in any of our ways, without waiting."""
    with suppress(RootsealError):
        office.nightly.run(office.issuer, patience=NO_PATIENCE)
    office.anvil.mine()


def tells_the_truth(office: Office) -> bool:
    return check_books(office.store, [office.chain], office.issuer) == []


def is_finished_once(office: Office, away: Office, nonce_before: int) -> bool:
    """The night goes through where it failed before, with one transaction."""
    night = away.nightly.run(office.issuer, patience=PATIENCE)
    (batch,) = office.store.batches()
    return (
        night.is_final
        and office.events(batch) == 1
        and office.nonce() == nonce_before + 1
        and tells_the_truth(office)
    )


@pytest.mark.parametrize(("fault", "method"), FAULTY)
def test_a_fault_writes_nothing_false_and_the_night_goes_on_when_it_ends(
    office: Office, away: Office, proxy: RpcProxy, method: str, fault: str
) -> None:
    office.add([b"diploma"])
    before = office.nonce()
    proxy.fail(method, FAULTS[fault])
    for _ in range(ROUNDS):
        try_night(away)
        assert tells_the_truth(office)
    assert method in proxy.asked
    proxy.behave()
    assert is_finished_once(office, away, before)


@pytest.mark.parametrize("method", QUESTIONS)
def test_a_node_that_turns_into_one_of_another_chain_is_believed_nothing(
    office: Office, away: Office, proxy: RpcProxy, method: str
) -> None:
    office.add([b"diploma"])
    before = office.nonce()
    proxy.fail(method, Fault.DROP, times=1)
    try_night(away)
    states = [batch.state for batch in office.store.batches()]
    proxy.lie("eth_chainId", lambda _: "0x1")
    for _ in range(ROUNDS):
        with pytest.raises((ConflictError, UnavailableError)):
            away.nightly.run(office.issuer, patience=NO_PATIENCE)
        assert [batch.state for batch in office.store.batches()] == states
        assert tells_the_truth(office)
    proxy.behave()
    assert is_finished_once(office, away, before)


def freeze(proxy: RpcProxy, chain: EvmChain) -> None:
    """Let the node stay at the block where it is now, for all that it is asked."""
    ask: Callable[..., Any] = chain.nodes.ask
    block = ask("eth_getBlockByNumber", "latest", False).value  # noqa: FBT003 - JSON-RPC parameter
    number = int(block["number"], 16)

    def is_later(receipt: Any) -> bool:
        return receipt is not None and int(receipt["blockNumber"], 16) > number

    proxy.lie("eth_getBlockByNumber", lambda _: block)
    proxy.lie("eth_blockNumber", lambda _: block["number"])
    proxy.lie("eth_getTransactionReceipt", lambda found: None if is_later(found) else found)
    proxy.lie("eth_getLogs", lambda logs: [log for log in logs if not is_later(log)])


def open_batch(office: Office) -> Batch:
    office.add([b"diploma"])
    (batch,) = office.store.batches()
    return batch


def sent(office: Office) -> Batch:
    return office.advance(office.sealed("diploma"))


@pytest.mark.parametrize(
    "reach",
    [
        pytest.param(open_batch, id="open"),
        pytest.param(lambda office: office.sealed("diploma"), id="sealed"),
        pytest.param(sent, id="sent"),
        pytest.param(lambda office: office.anchored("diploma"), id="anchored"),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_node_that_stays_behind_is_believed_nothing_that_it_cannot_know(
    office: Office,
    away: Office,
    proxy: RpcProxy,
    reach: Callable[[Office], Batch],
    when: str,
) -> None:
    assert isinstance(away.chain, EvmChain)
    before = office.nonce()
    if when == "before":
        freeze(proxy, away.chain)
    batch = reach(office)
    if when == "after":
        freeze(proxy, away.chain)
        office.anvil.mine(5)
    states = []
    for _ in range(ROUNDS):
        try_night(away)
        states.append(office.store.batch(batch.id).state)
        assert tells_the_truth(office)
    if when == "before":
        assert BatchState.FINAL not in states
    if batch.state is BatchState.ANCHORED:  # never back to anchoring: nothing left the chain
        assert set(states) <= {BatchState.ANCHORED, BatchState.FINAL}
    proxy.behave()
    assert is_finished_once(office, away, before)


def test_several_nodes_of_which_one_is_down_make_no_difference(
    office: Office, proxy: RpcProxy
) -> None:
    """A dead provider stops no night, whichever question it fails."""
    office.add([b"diploma"])
    before = office.nonce()
    for method in QUESTIONS:
        proxy.fail(method, Fault.DROP)
    assert isinstance(office.chain, EvmChain)
    chain = EvmChain(
        chain_id=office.chain.chain_id,
        rpc_url=[proxy.url, office.anvil.url],
        contract=office.chain.contract,
        options=ChainOptions(timeout=0.5),
    )
    both = replace(office, chain=chain)
    assert is_finished_once(office, both, before)
    chain.close()
