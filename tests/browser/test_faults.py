"""A node that is silent, garbled or lying: both engines say the same, and never more than is so."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any  # answers of a node are JSON of any shape

import pytest

from registry.chain import Devnet
from registry.core.receipt import Receipt
from registry.core.report import Report, Verdict
from tests.browser.engine import Engine
from tests.browser.lies import LIES, LOG_LIES, ZERO, always, word
from tests.browser.parity import Verifier, same_report
from tests.rpc_proxy import ANY, Fault, Refusal, RpcProxy
from tests.services.evidence import check, codes, evidence_of, with_anchor
from tests.services.office import Office

METHODS = (
    "eth_chainId",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_call",
    "eth_getTransactionReceipt",
    "eth_getBlockByHash",
)
SILENT = {Fault.HANG, Fault.TRICKLE}


@pytest.fixture
def diploma(office: Office) -> Receipt:
    office.final("diploma")
    return office.receipt("diploma")


@pytest.fixture
def proxies(anvil_process: Devnet) -> Iterator[Callable[[], RpcProxy]]:
    """Makes as many proxies of the chain as a test wants."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(RpcProxy(anvil_process.port).running())


def verified(engine: Engine, receipt: Receipt, *nodes: RpcProxy, **settings: Any) -> Report:
    verifier = Verifier([node.url for node in nodes], **settings)
    return same_report(engine, verifier, evidence_of(b"diploma", receipt))


def test_through_the_proxy_all_is_well(engine: Engine, diploma: Receipt, proxy: RpcProxy) -> None:
    assert verified(engine, diploma, proxy).verdict is Verdict.VALID


@pytest.mark.parametrize("method", METHODS)
def test_a_question_that_fails_is_no_answer(
    engine: Engine, diploma: Receipt, proxy: RpcProxy, method: str
) -> None:
    for fault in set(Fault) - SILENT:
        proxy.behave()
        proxy.fail(method, fault)
        report = verified(engine, diploma, proxy)
        if (method, fault) == ("eth_getTransactionReceipt", Fault.NULL):
            assert report.verdict is Verdict.VALID  # the logs tell as much
            continue
        assert check(report, "anchor").code == "chain-unavailable", fault
        assert report.verdict is Verdict.UNDETERMINED


@pytest.mark.parametrize("fault", sorted(SILENT))
def test_a_node_that_never_answers_is_given_up(
    engine: Engine, diploma: Receipt, proxy: RpcProxy, fault: Fault
) -> None:
    proxy.fail("eth_call", fault)
    report = verified(engine, diploma, proxy, timeout=0.3)
    assert check(report, "anchor").code == "chain-unavailable"


def test_the_reason_is_named_for_a_person(
    engine: Engine, diploma: Receipt, proxy: RpcProxy
) -> None:
    for fault, code in [
        (Fault.HANG, "timeout"),
        (Fault.DROP, "connection"),
        (Fault.REDIRECT, "connection"),
        (Fault.HTTP_429, "http-429"),
        (Fault.NOT_JSON, "malformed"),
        (Fault.RPC_ERROR, "node-error"),
    ]:
        proxy.behave()
        proxy.fail("eth_call", fault)
        verifier = Verifier([proxy.url], timeout=0.3)
        report = verifier.in_javascript(engine, evidence_of(b"diploma", diploma))
        (anchor,) = (check for check in report["checks"] if check["name"] == "anchor")
        assert anchor["reason"] == {"code": code, "place": None}


def test_an_endless_answer_is_cut_off(engine: Engine, diploma: Receipt, proxy: RpcProxy) -> None:
    proxy.lie("eth_chainId", lambda _: "0x" + "0" * (65 * 2**20))
    verifier = Verifier([proxy.url])
    report = verifier.in_javascript(engine, evidence_of(b"diploma", diploma))
    (anchor,) = (check for check in report["checks"] if check["name"] == "anchor")
    assert anchor["reason"]["code"] == "too-large"


def test_another_chain_is_asked_nothing_more(
    engine: Engine, diploma: Receipt, proxy: RpcProxy
) -> None:
    for served in ("0x1", "0x7a6a", "0x" + "f" * 64):
        proxy.lie("eth_chainId", always(served))
        proxy.asked.clear()
        report = verified(engine, diploma, proxy)
        assert check(report, "anchor").code == "chain-unavailable"
        # What goes out along with the question for its number (decision 27) is public: no more.
        assert "eth_chainId" in proxy.asked
        assert set(proxy.asked) <= {
            "eth_chainId",
            "eth_blockNumber",
            "eth_getBlockByNumber",
            "eth_getBlockByHash",
            "eth_getTransactionReceipt",
        }


def test_a_lie_convinces_nobody_of_more_than_one_may_believe(
    engine: Engine, diploma: Receipt, proxy: RpcProxy
) -> None:
    for what, (method, lie, allowed) in LIES.items():
        proxy.behave()
        proxy.lie(method, lie)
        report = verified(engine, diploma, proxy)
        assert check(report, "anchor").code in allowed, (what, codes(report))
        if allowed != {"anchored"}:
            assert report.verdict is not Verdict.VALID, what


def test_what_is_final_is_for_the_finalized_block_to_say(
    engine: Engine, diploma: Receipt, proxy: RpcProxy
) -> None:
    calls = count()

    def second(result: dict[str, Any]) -> dict[str, Any]:
        return {**result, "number": "0x0"} if next(calls) % 2 else result

    proxy.lie("eth_getBlockByNumber", second)
    assert check(verified(engine, diploma, proxy), "anchor").code == "not-final"


NO_FINAL_BLOCK = (
    Refusal("finalized block not found"),
    Refusal("Finalized block not found", -32603),
    Refusal("unknown block", -39001),
)
OTHER_REFUSALS = (Refusal("internal error"), Refusal("header not found"), Refusal("busy", -32005))


def only_finalized(refusal: Refusal) -> Callable[[list[Any]], Refusal | None]:
    return lambda parameters: refusal if parameters[0] == "finalized" else None


def test_a_chain_without_a_final_block_has_nothing_final(
    engine: Engine, diploma: Receipt, proxy: RpcProxy
) -> None:
    for refusal in NO_FINAL_BLOCK:
        proxy.fail_if("eth_getBlockByNumber", only_finalized(refusal))
        assert check(verified(engine, diploma, proxy), "anchor").code == "not-final"
    for refusal in OTHER_REFUSALS:
        proxy.fail_if("eth_getBlockByNumber", only_finalized(refusal))
        assert check(verified(engine, diploma, proxy), "anchor").code == "chain-unavailable"


def test_a_node_without_old_transactions_is_asked_for_the_event(
    engine: Engine, office: Office, diploma: Receipt, proxy: RpcProxy
) -> None:
    office.anvil.mine(40)
    proxy.lie("eth_getTransactionReceipt", lambda _: None)
    assert verified(engine, diploma, proxy).verdict is Verdict.VALID
    block = diploma.anchors[0].block_number
    for number in (block - 1, block + 1, 1):
        elsewhere = with_anchor(diploma, block_number=number)
        report = verified(engine, elsewhere, proxy)
        assert check(report, "anchor").code == "wrong-transaction", number
    proxy.lie("eth_getLogs", lambda _: [])
    assert check(verified(engine, diploma, proxy), "anchor").code == "no-event"


def test_logs_that_do_not_fit_the_question_are_no_answer(
    engine: Engine, diploma: Receipt, proxy: RpcProxy
) -> None:
    for what, lie in LOG_LIES.items():
        proxy.behave()
        proxy.lie("eth_getTransactionReceipt", lambda _: None)
        proxy.lie("eth_getLogs", lie)
        report = verified(engine, diploma, proxy)
        assert check(report, "anchor").code == "chain-unavailable", what


def test_several_nodes_must_say_the_same(
    engine: Engine, diploma: Receipt, proxies: Callable[[], RpcProxy]
) -> None:
    one, two = proxies(), proxies()
    assert verified(engine, diploma, one, two).verdict is Verdict.VALID
    for method, lie in [
        ("eth_call", lambda _: "0x" + word(0) * 3),
        ("eth_getCode", lambda _: "0x"),
        ("eth_getBlockByNumber", lambda r: {**r, "hash": ZERO}),
    ]:
        two.lie(method, lie)
        report = verified(engine, diploma, one, two)
        assert check(report, "anchor").code == "nodes-disagree", method
        two.behave()
    two.fail(ANY, Fault.HTTP_500)
    report = verified(engine, diploma, one, two)
    assert check(report, "anchor").code == "nodes-disagree"
    one.fail(ANY, Fault.HTTP_500)
    assert check(verified(engine, diploma, one, two), "anchor").code == "chain-unavailable"


def test_what_several_nodes_said_names_none_of_their_addresses(
    engine: Engine, diploma: Receipt, proxies: Callable[[], RpcProxy]
) -> None:
    one, two = proxies(), proxies()
    two.fail("eth_call", Fault.HTTP_500)
    verifier = Verifier([one.url, two.url])
    report = verifier.in_javascript(engine, evidence_of(b"diploma", diploma))
    (anchor,) = (check for check in report["checks"] if check["name"] == "anchor")
    answers = anchor["evidence"]["answers"]
    assert answers.startswith("node 1: 0x")
    assert answers.endswith("; node 2: no answer (http-500)")
    assert "127.0.0.1" not in answers


def test_of_several_nodes_the_one_behind_sets_the_block(
    engine: Engine, office: Office, diploma: Receipt, proxies: Callable[[], RpcProxy]
) -> None:
    one, two = proxies(), proxies()
    head = office.chain.head()
    office.anvil.mine(2)
    earlier = office.anvil.ask("eth_getBlockByNumber", hex(head.number), False).value  # noqa: FBT003 - JSON-RPC parameter
    two.lie("eth_getBlockByNumber", lambda _: earlier)
    report = verified(engine, diploma, one, two)
    assert report.verdict is Verdict.VALID
    assert check(report, "anchor").evidence["askedAtBlock"] == head.number


@pytest.mark.parametrize(
    ("urls", "code"),
    [
        (["http://node.example", "http://NODE.example:80/"], "same-endpoint-twice"),
        (["ftp://node.example"], "bad-endpoint"),
        (["javascript:alert(1)"], "bad-endpoint"),
        (["http://user:secret@node.example"], "bad-endpoint"),
        (["node.example"], "bad-endpoint"),
        ([], "no-endpoint"),
    ],
)
def test_settings_that_cannot_work_are_refused(engine: Engine, urls: list[str], code: str) -> None:
    script = """async (urls) => {
      const chain = { chain: "eip155:1", rpcUrls: urls, finality: "finalized",
        contract: "0x66AACb610e13aa5d24A81D5C0592A1e2f5E1816d" };
      const settings = { chains: [chain], trusted: {}, expectedIssuer: null, now: new Date(),
        timeout: 1000, fetch };
      return outcome(() => verify({ credential: new Uint8Array(1), receipt: null }, settings));
    }"""
    assert engine.run(script, urls)["refused"] == code
