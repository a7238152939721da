"""Questions that are put before their turn: fewer journeys, and no other answer than without."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any  # JSON-RPC answers are JSON of any shape

import pytest

from registry.chain import ChainOptions, EvmChain, LocalSigner
from registry.core.receipt import AnchorReference
from registry.errors import ConflictError, UnavailableError
from registry.services.ports import ChainState, CredentialStatus, StatusChange
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import ANY, Fault, RpcProxy

SEAL = bytes.fromhex("5e" * 32)
LEAF = 7
PLACE = ["eth_chainId", "eth_getBlockByNumber", "eth_getBlockByNumber"]
PLACE += ["eth_getTransactionReceipt", "eth_getBlockByHash"]
STATE = ["eth_getCode", "eth_call", "eth_call"]


@pytest.fixture
def anchor(anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> AnchorReference:
    mined = send(chain, signer, chain.anchor_call(signer.address, SEAL))
    found = chain.anchor_in_transaction(chain.contract, mined.transaction, signer.address, SEAL)
    assert found is not None
    anvil.mine(3)
    return AnchorReference(
        chain=chain.chain_id,
        contract=chain.contract,
        issuer=signer.address,
        transaction=found.transaction,
        block_number=found.block_number,
        block_hash=found.block_hash,
        log_index=found.log_index,
        anchored_at=found.anchored_at,
    )


def revoke(chain: EvmChain, signer: LocalSigner, anchor: AnchorReference) -> None:
    change = StatusChange(
        id=1,
        issuer=signer.address,
        seal=SEAL,
        leaf_indexes=(LEAF,),
        status=CredentialStatus.REVOKED,
        reason=1,
        requested_at=anchor.anchored_at,
        done_at=None,
        refusal=None,
    )
    send(chain, signer, chain.status_call(change))


def facts(chain: ChainState, anchor: AnchorReference) -> tuple[object, ...]:
    """All that is asked to judge an anchor, in the order in which it is."""
    asked = chain.inquiry(anchor, seal=SEAL, leaf_index=LEAF)
    at = asked.head()
    return (
        at,
        asked.is_genuine(anchor.contract, at=at),
        asked.anchor_record(anchor.contract, anchor.issuer, SEAL, at=at),
        asked.anchor_in_transaction(anchor.contract, anchor.transaction, anchor.issuer, SEAL),
        asked.finalized(),
        asked.credential_status(anchor.contract, anchor.issuer, SEAL, LEAF, at=at),
    )


def facts_one_by_one(chain: EvmChain, anchor: AnchorReference) -> tuple[object, ...]:
    at = chain.head()
    return (
        at,
        chain.is_genuine(anchor.contract, at=at),
        chain.anchor_record(anchor.contract, anchor.issuer, SEAL, at=at),
        chain.anchor_in_transaction(anchor.contract, anchor.transaction, anchor.issuer, SEAL),
        chain.finalized(),
        chain.credential_status(anchor.contract, anchor.issuer, SEAL, LEAF, at=at),
    )


def test_two_journeys_and_then_one_while_the_head_stays(
    anvil: Anvil,
    chain: EvmChain,
    anchor: AnchorReference,
    proxy: RpcProxy,
    proxied: EvmChain,
) -> None:
    want = facts_one_by_one(chain, anchor)
    assert facts(proxied, anchor) == want
    assert proxy.exchanges == [5, 3]
    assert proxy.asked == PLACE + STATE
    proxy.exchanges.clear()
    assert facts(proxied, anchor) == want
    assert proxy.exchanges == [8]
    proxy.exchanges.clear()
    anvil.mine()
    assert facts(proxied, anchor) == facts_one_by_one(chain, anchor) != want
    assert proxy.exchanges == [8, 3]


@pytest.mark.parametrize("finality", [1, 3])
@pytest.mark.parametrize("quorum", [1, 2, 3])
def test_a_configured_depth_and_a_quorum_are_foreseen_too(
    anchor: AnchorReference, trio: list[RpcProxy], finality: int, quorum: int
) -> None:
    options = ChainOptions(finality=finality, quorum=quorum)
    chain = open_chain([proxy.url for proxy in trio], options)
    found = facts(chain, anchor)
    assert all(proxy.exchanges == [5, 3] for proxy in trio[:quorum])
    assert found == facts_one_by_one(chain, anchor)
    chain.close()


def test_what_changed_since_the_last_head_is_not_missed(
    chain: EvmChain, signer: LocalSigner, anchor: AnchorReference, anvil: Anvil, proxied: EvmChain
) -> None:
    assert facts(proxied, anchor)[-1] is CredentialStatus.ACTIVE
    revoke(chain, signer, anchor)
    assert facts(proxied, anchor)[-1] is CredentialStatus.REVOKED
    anvil.reorganise(2)
    anvil.ask("anvil_dropAllTransactions")
    assert facts(proxied, anchor)[-1] is CredentialStatus.ACTIVE


def test_no_answer_is_given_out_twice(
    anvil: Anvil, anchor: AnchorReference, proxied: EvmChain
) -> None:
    asked = proxied.inquiry(anchor, seal=SEAL, leaf_index=LEAF)
    before = asked.head()
    anvil.mine()
    assert asked.head().number == before.number + 1


def with_changes(change: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    return lambda answers: (None, change(answers))


def with_status(fault: Fault) -> Callable[[list[Any]], Any]:
    return lambda _: (fault, {})


REFUSED: dict[str, Callable[[list[Any]], tuple[Fault | None, Any]]] = {
    **{
        fault.name: with_status(fault)
        for fault in (Fault.HTTP_400, Fault.HTTP_413, Fault.HTTP_429, Fault.HTTP_500)
    },
    "one error": with_changes(lambda _: {"id": None, "error": {"code": -32600, "message": "no"}}),
    "an empty array": with_changes(lambda _: []),
    "one error in an array": with_changes(
        lambda _: [{"id": None, "error": {"code": -32005, "message": "batch too large"}}]
    ),
    "no objects": with_changes(lambda answers: [1 for _ in answers]),
    "ids as text": with_changes(lambda answers: [{**a, "id": str(a["id"])} for a in answers]),
    "ids that are flags": with_changes(lambda answers: [{**a, "id": True} for a in answers]),
    "ids beyond": with_changes(lambda answers: [{**a, "id": a["id"] + 99} for a in answers]),
    "no results": with_changes(lambda answers: [{"id": a["id"]} for a in answers]),
    "the last one missing": with_changes(lambda answers: answers[:-1]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_node_that_takes_no_batches_is_asked_singly_from_then_on(
    chain: EvmChain, anchor: AnchorReference, proxy: RpcProxy, proxied: EvmChain, name: str
) -> None:
    proxy.batches = REFUSED[name]
    want = facts_one_by_one(chain, anchor)
    assert facts(proxied, anchor) == want
    assert [count for count in proxy.exchanges if count > 1] == [5]
    proxy.exchanges.clear()
    assert facts(proxied, anchor) == want
    assert proxy.exchanges == [1] * 8


def test_batches_are_tried_again_later(
    anchor: AnchorReference,
    proxy: RpcProxy,
    proxied: EvmChain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("registry.chain.rpc._SINGLE_SECONDS", 0.0)
    proxy.batches = REFUSED["HTTP_429"]
    facts(proxied, anchor)
    proxy.batches = None
    proxy.exchanges.clear()
    facts(proxied, anchor)
    assert proxy.exchanges == [8]


def test_answers_are_told_apart_by_their_numbers(
    chain: EvmChain, anchor: AnchorReference, proxy: RpcProxy, proxied: EvmChain
) -> None:
    proxy.batches = with_changes(lambda answers: list(reversed(answers)))
    assert facts(proxied, anchor) == facts_one_by_one(chain, anchor)
    assert proxy.exchanges == [5, 3]


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.LOSE, Fault.CUT, Fault.HANG, Fault.TRICKLE])
def test_silence_is_not_waited_for_twice(
    anchor: AnchorReference, proxy: RpcProxy, fault: Fault
) -> None:
    proxy.fail("eth_chainId", fault)
    chain = open_chain(proxy.url, ChainOptions(timeout=0.3))
    with pytest.raises(UnavailableError):
        facts(chain, anchor)
    assert proxy.exchanges == [5]
    chain.close()


def test_what_may_pass_is_asked_again_singly(
    chain: EvmChain, anchor: AnchorReference, proxy: RpcProxy
) -> None:
    proxy.fail("eth_chainId", Fault.DROP, times=1)
    patient = open_chain(proxy.url, ChainOptions(attempts=2))
    assert facts(patient, anchor) == facts_one_by_one(chain, anchor)
    assert proxy.exchanges[0] == 5
    patient.close()


def test_each_inquiry_asks_whose_chain_it_is(
    anchor: AnchorReference, proxy: RpcProxy, proxied: EvmChain
) -> None:
    facts(proxied, anchor)
    proxy.lie("eth_chainId", lambda _: "0x1")
    with pytest.raises(ConflictError, match="serves chain 1"):
        facts(proxied, anchor)


def test_one_bad_answer_spoils_no_other(
    anchor: AnchorReference, proxy: RpcProxy, proxied: EvmChain
) -> None:
    proxy.fail("eth_call", Fault.RPC_ERROR)
    asked = proxied.inquiry(anchor, seal=SEAL, leaf_index=LEAF)
    at = asked.head()
    assert asked.is_genuine(anchor.contract, at=at)
    with pytest.raises(UnavailableError):
        asked.anchor_record(anchor.contract, anchor.issuer, SEAL, at=at)
    assert proxy.exchanges == [5, 3]


@pytest.fixture
def two_of_three(trio: list[RpcProxy]) -> Iterator[EvmChain]:
    chain = open_chain([proxy.url for proxy in trio], ChainOptions(quorum=2, timeout=5.0))
    yield chain
    chain.close()


@pytest.mark.parametrize("liar", range(3))
@pytest.mark.parametrize("method", [*dict.fromkeys(PLACE[1:]), "eth_getCode", "eth_call", ANY])
def test_one_of_three_in_trouble_changes_nothing(
    chain: EvmChain,
    anchor: AnchorReference,
    two_of_three: EvmChain,
    trio: list[RpcProxy],
    method: str,
    liar: int,
) -> None:
    trio[liar].fail(method, Fault.WRONG_TYPE)
    assert facts(two_of_three, anchor) == facts_one_by_one(chain, anchor)


@dataclass
class Meeting:
    """Lets a question pass only when so many wait for an answer at the same time."""

    barrier: threading.Barrier

    def rule(self, _parameters: list[Any]) -> None:
        self.barrier.wait(10)


def test_nodes_are_asked_at_once(
    anchor: AnchorReference, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    together = Meeting(threading.Barrier(3))
    for proxy in trio:
        proxy.fail_if("eth_getBlockByHash", together.rule)
    two_of_three.inquiry(anchor, seal=SEAL, leaf_index=LEAF).head()
    two = Meeting(threading.Barrier(2))
    for proxy in trio:
        proxy.fail_if("eth_getCode", two.rule)
    assert two_of_three.is_genuine(anchor.contract)
