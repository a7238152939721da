"""What could not be asked is neither a forgery nor a green tick, and moves nothing."""

import socket

import pytest

from registry.chain import EvmChain
from registry.core.report import Outcome, Verdict
from registry.errors import UnavailableError
from registry.services.verification import Evidence
from tests.anvil import open_chain
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.evidence import check, evidence_of
from tests.services.office import PATIENCE, Office, verification

READS = ["eth_chainId", "eth_getBlockByNumber", "eth_getCode", "eth_call"]
READS += ["eth_getTransactionReceipt", "eth_getBlockByHash"]
FAULTS = [
    Fault.DROP,
    Fault.LOSE,
    Fault.CUT,
    Fault.HTTP_429,
    Fault.HTTP_502,
    Fault.NOT_JSON,
    Fault.RPC_ERROR,
    Fault.NO_RESULT,
    Fault.WRONG_TYPE,
]


def dead_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def evidence(office: Office) -> Evidence:
    office.final("diploma", "neighbour")
    return evidence_of(b"diploma", office.receipt("diploma"))


@pytest.mark.parametrize("method", READS)
def test_a_read_that_fails_leaves_the_verdict_open(
    office: Office, proxy: RpcProxy, proxied: EvmChain, method: str
) -> None:
    given = evidence(office)
    verifier = verification(proxied)
    assert verifier.verify(given).verdict is Verdict.VALID
    assert method in proxy.asked
    for fault in FAULTS:
        proxy.fail(method, fault)
        report = verifier.verify(given)
        anchor = check(report, "anchor")
        assert (report.verdict, anchor.code) == (Verdict.UNDETERMINED, "chain-unavailable"), fault
        assert anchor.outcome is Outcome.UNKNOWN
        assert check(report, "status").outcome is Outcome.UNKNOWN
        proxy.behave()
    assert verifier.verify(given).verdict is Verdict.VALID


def test_a_chain_without_a_node_leaves_the_verdict_open(office: Office) -> None:
    given = evidence(office)
    chain = open_chain(dead_url())
    report = verification(chain).verify(given)
    chain.close()
    assert (report.verdict, check(report, "anchor").code) == (
        Verdict.UNDETERMINED,
        "chain-unavailable",
    )


def test_what_is_false_by_itself_is_false_without_a_chain(office: Office) -> None:
    office.final("diploma", "neighbour")
    chain = open_chain(dead_url())
    report = verification(chain).verify(evidence_of(b"diploma", office.receipt("neighbour")))
    chain.close()
    assert report.verdict is Verdict.INVALID


def test_a_node_of_another_chain_leaves_the_verdict_open(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    given = evidence(office)
    proxy.lie("eth_chainId", lambda _: "0x1")
    report = verification(proxied).verify(given)
    assert (report.verdict, check(report, "anchor").code) == (
        Verdict.UNDETERMINED,
        "chain-unavailable",
    )


def test_without_a_node_no_batch_moves(office: Office) -> None:
    batch = office.sealed("diploma")
    chain = open_chain(dead_url())
    away = office.with_chain(chain)
    with pytest.raises(UnavailableError):
        away.advance(batch)
    with pytest.raises(UnavailableError):
        away.nightly.anchor(away.issuer, patience=PATIENCE * 0)
    chain.close()
    assert office.store.batch(batch.id) == batch
    assert office.attempts(batch) == []


ANCHORING = ["eth_getCode", "eth_call", "eth_estimateGas", "eth_feeHistory", "eth_getBalance"]
ANCHORING += ["eth_getTransactionCount", "eth_sendRawTransaction", "eth_getTransactionReceipt"]


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.LOSE, Fault.HTTP_502, Fault.RPC_ERROR])
@pytest.mark.parametrize("method", ANCHORING)
def test_a_night_with_one_failed_question_still_anchors_once(
    office: Office, proxy: RpcProxy, proxied: EvmChain, method: str, fault: Fault
) -> None:
    batch, before = office.sealed("diploma"), office.nonce()
    proxy.fail(method, fault, times=1)
    night = office.with_chain(proxied).nightly.anchor(office.issuer, patience=PATIENCE)
    assert night.is_final
    assert method in proxy.asked
    assert (office.events(batch), office.nonce()) == (1, before + 1)
