"""Two of three endpoints must say the same; each test lets one or two of them misbehave."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any  # JSON-RPC results are JSON of any shape

import pytest

from registry.chain import ChainOptions, EvmChain, LocalSigner
from registry.errors import (
    ConflictError,
    DisagreementError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.ports import Block, CredentialStatus, MinedTransaction
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import ANY, Fault, Refusal, RpcProxy

SEAL = bytes.fromhex("5e" * 32)
NEVER_SEALED = bytes.fromhex("5f" * 32)
AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)
BLOCK = "eth_getBlockByNumber"
DEAR = hex(10**15)  # wei per gas
LIE = "0x" + "11" * 32

Trouble = Callable[[RpcProxy], None]
Question = Callable[[EvmChain, "Mined"], object]


class Mined:
    """An anchor, and the blocks around it."""

    def __init__(self, anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> None:
        anvil.mine(3)
        self.before = anvil.ask(BLOCK, "latest", False).value  # noqa: FBT003 - JSON-RPC parameter
        self.issuer = signer.address
        self.transaction: MinedTransaction = send(
            chain, signer, chain.anchor_call(signer.address, SEAL)
        )
        self.head: Block = chain.head()


@pytest.fixture
def mined(anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> Mined:
    return Mined(anvil, chain, signer)


@pytest.fixture
def two_of_three(trio: list[RpcProxy]) -> Iterator[EvmChain]:
    chain = open_chain([p.url for p in trio], ChainOptions(quorum=2, timeout=5.0))
    yield chain
    chain.close()


QUESTIONS: dict[str, Question] = {
    "head": lambda c, _: c.head(),
    "finalized": lambda c, _: c.finalized(),
    "code": lambda c, _: c.is_genuine(c.contract),
    "record": lambda c, m: c.anchor_record(c.contract, m.issuer, SEAL),
    "record at a block": lambda c, m: c.anchor_record(c.contract, m.issuer, SEAL, at=m.head),
    "status": lambda c, m: c.credential_status(c.contract, m.issuer, SEAL, 1),
    "issuer": lambda c, m: c.issuer_record(m.issuer),
    "operator": lambda c, m: c.operator_record(m.issuer, m.issuer),
    "find": lambda c, m: c.find_anchor(m.issuer, SEAL, since=AGES_AGO),
    "in transaction": lambda c, m: c.anchor_in_transaction(
        c.contract, m.transaction.transaction, m.issuer, SEAL
    ),
    "all": lambda c, m: c.issuer_anchors(m.issuer),
    "block": lambda c, m: c.block(m.head.number),
    "seals": lambda c, m: c.issuer_seals(m.issuer, at=m.head),
    "operators": lambda c, m: c.operators(m.issuer),
    "nonce": lambda c, m: c.next_nonce(m.issuer),
    "balance": lambda c, m: c.balance(m.issuer),
    "mined": lambda c, m: c.mined(m.transaction.transaction),
    "not mined": lambda c, _: c.mined(b"\1" * 32),
}


def older(mined: Mined) -> Callable[[Any], Any]:
    """Take the head for the block before the anchor."""
    head = hex(mined.head.number)
    return lambda block: mined.before if block["number"] == head else block


def changed(name: str, value: object) -> Callable[[Any], Any]:
    return lambda result: None if result is None else {**result, name: value}


def always(value: object) -> Callable[[Any], Any]:
    return lambda _: value


LIES: dict[str, Callable[[RpcProxy, Mined], None]] = {
    "dead": lambda p, _: p.fail(ANY, Fault.DROP),
    "erring": lambda p, _: p.fail(ANY, Fault.RPC_ERROR),
    "of another chain": lambda p, _: p.lie("eth_chainId", lambda _: "0x1"),
    "with a stale head": lambda p, m: p.lie(BLOCK, older(m)),
    "with a head of the future": lambda p, _: p.lie(BLOCK, changed("number", "0xffffff")),
    "with another block hash": lambda p, _: p.lie(BLOCK, changed("hash", LIE)),
    "with another block time": lambda p, _: p.lie(BLOCK, changed("timestamp", "0x1")),
    "with other storage": lambda p, _: p.lie("eth_call", lambda r: f"{r[:-1]}1"),
    "with empty storage": lambda p, _: p.lie("eth_call", lambda r: "0x" + "0" * (len(r) - 2)),
    "with other code": lambda p, _: p.lie("eth_getCode", lambda _: "0x6001"),
    "without code": lambda p, _: p.lie("eth_getCode", lambda _: "0x"),
    "with no balance": lambda p, _: p.lie("eth_getBalance", lambda _: "0x0"),
    "with another nonce": lambda p, _: p.lie("eth_getTransactionCount", lambda _: "0x0"),
    "without receipts": lambda p, _: p.fail("eth_getTransactionReceipt", Fault.NULL),
    "with failed receipts": lambda p, _: p.lie(
        "eth_getTransactionReceipt", changed("status", "0x0")
    ),
    "with receipts of another block": lambda p, _: p.lie(
        "eth_getTransactionReceipt", changed("blockHash", LIE)
    ),
    "without logs": lambda p, _: p.lie("eth_getLogs", lambda _: []),
    "with other logs": lambda p, _: p.lie(
        "eth_getLogs", lambda logs: [{**log, "transactionHash": LIE} for log in logs]
    ),
    "that knows no such block": lambda p, _: p.fail("eth_call", Refusal("header not found")),
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("trouble", LIES)
def test_one_node_in_trouble_changes_no_answer(
    chain: EvmChain,
    mined: Mined,
    two_of_three: EvmChain,
    trio: list[RpcProxy],
    trouble: str,
    place: int,
) -> None:
    LIES[trouble](trio[place], mined)
    for name, question in QUESTIONS.items():
        assert question(two_of_three, mined) == question(chain, mined), name


def test_no_more_are_asked_than_it_takes(
    chain: EvmChain, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    two_of_three.is_genuine(chain.contract, at=chain.head())
    assert [proxy.asked.count("eth_getCode") for proxy in trio] == [1, 1, 0]


def test_hexadecimal_digits_have_no_case(
    chain: EvmChain, mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    trio[0].lie("eth_getCode", lambda code: "0x" + code[2:].upper())
    trio[2].fail(ANY, Fault.DROP)
    assert two_of_three.is_genuine(chain.contract, at=mined.head)


def test_the_latest_state_is_that_of_the_agreed_head(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    for proxy in trio[:2]:
        proxy.lie(BLOCK, older(mined))
    trio[2].fail("eth_call", Fault.DROP)
    head = two_of_three.head()
    assert head.number == mined.head.number - 1
    assert two_of_three.anchor_record(two_of_three.contract, mined.issuer, SEAL) is None
    pinned = {"blockHash": "0x" + head.hash.hex(), "requireCanonical": True}
    calls = [parameters for method, parameters in trio[0].questions if method == "eth_call"]
    assert [call[-1] for call in calls] == [pinned]


def test_a_node_that_is_ahead_alone_does_not_set_the_head(
    anvil: Anvil, mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    assert anvil.url
    for proxy in trio[1:]:
        proxy.lie(BLOCK, older(mined))
    assert two_of_three.head().number == mined.head.number - 1


def test_where_the_newest_block_is_in_dispute_the_one_before_counts(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    trio[0].lie(BLOCK, changed("hash", LIE))
    trio[1].lie(BLOCK, older(mined))
    assert two_of_three.head().number == mined.head.number - 1


def test_depth_counts_from_the_agreed_head(mined: Mined, trio: list[RpcProxy]) -> None:
    for proxy in trio[:2]:
        proxy.lie(BLOCK, older(mined))
    chain = open_chain([p.url for p in trio], ChainOptions(finality=1, quorum=2))
    assert chain.finalized() == mined.head.number - 1
    chain.close()


def test_the_second_highest_finalized_block_is_final(
    anvil: Anvil, mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    assert mined.head.number > 2
    final = two_of_three.finalized()
    later = anvil.ask(BLOCK, hex(final + 1), False).value  # noqa: FBT003 - JSON-RPC parameter
    trio[0].lie(BLOCK, lambda block: later if block["number"] == hex(final) else block)
    assert two_of_three.finalized() == final


def test_there_is_no_final_block_if_most_say_so(
    two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    trio[0].fail(BLOCK, Refusal("finalized block not found"))
    assert two_of_three.finalized() >= 0
    trio[2].fail(BLOCK, Refusal("Unknown block", -39001))
    assert two_of_three.finalized() == -1


@pytest.mark.parametrize(
    ("trouble", "answer"),
    [
        (lambda p: p.lie(BLOCK, changed("hash", LIE)), f"block {{number}} {LIE}"),
        (lambda p: p.fail(BLOCK, Fault.DROP), "no answer (connection)"),
        (lambda p: p.fail(BLOCK, Fault.HTTP_429), "no answer (http-429)"),
        (lambda p: p.fail(BLOCK, Fault.NULL), "no answer (malformed)"),
        (lambda p: p.fail(BLOCK, Refusal("x", -32001)), "no answer (error -32001)"),
        (lambda p: p.lie("eth_chainId", lambda _: "0x5"), "serves chain 5"),
    ],
)
def test_too_few_that_agree_are_shown_with_what_each_said(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], trouble: Trouble, answer: str
) -> None:
    trouble(trio[0])
    trio[2].fail(ANY, Fault.DROP)
    with pytest.raises(DisagreementError) as caught:
        two_of_three.head()
    number, block_hash = mined.head.number, mined.head.hash.hex()
    assert caught.value.answers == (
        f"node 1: {answer.format(number=number)}",
        f"node 2: block {number} 0x{block_hash}",
        "node 3: no answer (connection)",
    )
    assert not any(proxy.url in caught.value.message for proxy in trio)


@pytest.mark.parametrize(
    ("method", "question", "answers"),
    [
        ("eth_call", "record", ("0x{data}", "0x1234")),
        ("eth_getCode", "code", ("0x", "0x6001")),
        ("eth_getBalance", "balance", ("1", "2")),
        ("eth_getLogs", "find", ("0 logs", "1 logs")),
    ],
)
def test_what_disagrees_is_shown_in_short(
    mined: Mined,
    two_of_three: EvmChain,
    trio: list[RpcProxy],
    method: str,
    question: str,
    answers: tuple[str, str],
) -> None:
    lies: dict[str, tuple[Any, Any]] = {
        "eth_call": ("0x" + "00" * 96, "0x1234"),
        "eth_getCode": ("0x", "0x6001"),
        "eth_getBalance": ("0x1", "0x2"),
        "eth_getLogs": ([], None),
    }
    for proxy, lie in zip(trio, lies[method], strict=False):
        if lie is not None:
            proxy.lie(method, always(lie))
    trio[2].fail(method, Fault.DROP)
    with pytest.raises(DisagreementError) as caught:
        QUESTIONS[question](two_of_three, mined)
    first, second, third = caught.value.answers
    assert first.startswith(f"node 1: {answers[0].format(data='00' * 32)}")
    assert second == f"node 2: {answers[1]}"
    assert third == "node 3: no answer (connection)"


@pytest.mark.parametrize("question", QUESTIONS)
def test_one_answer_of_three_is_none(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], question: str
) -> None:
    for proxy in trio[1:]:
        proxy.fail(ANY, Fault.DROP)
    with pytest.raises(UnavailableError):
        QUESTIONS[question](two_of_three, mined)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_answer_is_an_outage_and_no_disagreement(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], question: str
) -> None:
    for proxy in trio:
        proxy.fail(ANY, Fault.DROP)
    with pytest.raises(UnavailableError) as caught:
        QUESTIONS[question](two_of_three, mined)
    assert not isinstance(caught.value, DisagreementError)


def test_all_of_another_chain_are_a_conflict(two_of_three: EvmChain, trio: list[RpcProxy]) -> None:
    for proxy in trio:
        proxy.lie("eth_chainId", lambda _: "0x1")
    with pytest.raises(ConflictError, match="serves chain 1"):
        two_of_three.balance(SEAL[:20])


def test_a_revert_counts_if_enough_say_it(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    trio[0].lie("eth_call", lambda _: "0x" + "00" * 32)
    with pytest.raises(ConflictError, match="CredentialRegistryNotAnchored"):
        two_of_three.credential_status(two_of_three.contract, mined.issuer, NEVER_SEALED, 0)
    trio[1].fail("eth_call", Fault.DROP)
    with pytest.raises(UnavailableError):
        two_of_three.credential_status(two_of_three.contract, mined.issuer, NEVER_SEALED, 0)


def test_gas_and_fees_are_each_nodes_own_reckoning(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy]
) -> None:
    trio[0].fail("eth_feeHistory", Fault.DROP)
    trio[0].fail("eth_estimateGas", Fault.HTTP_500)
    assert two_of_three.suggest_fees().max_fee > 0
    call = two_of_three.anchor_call(mined.issuer, NEVER_SEALED)
    assert two_of_three.estimate(call, sender=mined.issuer) > 21_000
    again = two_of_three.anchor_call(mined.issuer, SEAL)
    with pytest.raises(TransactionRefusedError, match="would revert"):
        two_of_three.estimate(again, sender=mined.issuer)


@pytest.mark.parametrize("liar", range(3))
@pytest.mark.parametrize("gas", [hex(36_000), hex(30_000_000)])
def test_one_nodes_gas_counts_for_nothing(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], chain: EvmChain, liar: int, gas: str
) -> None:
    call = chain.anchor_call(mined.issuer, NEVER_SEALED)
    honest = chain.estimate(call, sender=mined.issuer)
    trio[liar].lie("eth_estimateGas", lambda _: gas)
    assert two_of_three.estimate(call, sender=mined.issuer) == honest


@pytest.mark.parametrize("liar", range(3))
def test_one_node_that_says_it_would_revert_stops_nothing(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], liar: int
) -> None:
    refusal = Refusal("execution reverted", 3, "0x")
    trio[liar].fail_if("eth_estimateGas", lambda _: refusal)
    call = two_of_three.anchor_call(mined.issuer, NEVER_SEALED)
    assert two_of_three.estimate(call, sender=mined.issuer) > 21_000


@pytest.mark.parametrize("lie", [{"baseFeePerGas": [DEAR] * 21}, {"reward": [[DEAR]] * 20}])
@pytest.mark.parametrize("liar", range(3))
def test_one_nodes_fees_count_for_nothing(
    two_of_three: EvmChain, trio: list[RpcProxy], chain: EvmChain, liar: int, lie: dict[str, Any]
) -> None:
    honest = chain.fee_market()
    trio[liar].lie("eth_feeHistory", lambda found: {**found, **lie})
    assert two_of_three.fee_market() == honest


@pytest.mark.parametrize("liar", range(3))
def test_one_node_beyond_any_store_stops_nothing(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], liar: int
) -> None:
    too_many = hex(2**63)
    trio[liar].lie(BLOCK, changed("number", too_many))
    trio[liar].lie("eth_getTransactionCount", always(too_many))
    assert two_of_three.head() == mined.head
    assert two_of_three.next_nonce(mined.issuer) < 2**63


def test_anchors_through_a_quorum(
    anvil: Anvil, two_of_three: EvmChain, signer: LocalSigner, trio: list[RpcProxy]
) -> None:
    assert anvil.url
    trio[1].fail(ANY, Fault.HTTP_502)
    send(two_of_three, signer, two_of_three.anchor_call(signer.address, SEAL))
    status = two_of_three.credential_status(two_of_three.contract, signer.address, SEAL, 0)
    assert status is CredentialStatus.ACTIVE


def test_a_dead_node_is_left_alone_for_a_while(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    trio[0].fail(ANY, Fault.DROP)
    two_of_three.head()
    asked = len(trio[0].asked)
    assert two_of_three.head() == mined.head
    assert len(trio[0].asked) == asked
    trio[1].fail(ANY, Fault.DROP)
    trio[0].behave()
    assert two_of_three.head() == mined.head  # it is needed now
    monkeypatch.setattr("registry.chain.endpoint._REST_SECONDS", 0.0)
    trio[0].fail(ANY, Fault.DROP)
    trio[1].behave()
    two_of_three.head()
    asked = len(trio[0].asked)
    two_of_three.head()
    assert len(trio[0].asked) > asked


@pytest.mark.parametrize("wide", [True, False], ids=["one takes any range", "none does"])
def test_ranges_that_too_few_take_are_split(
    anvil: Anvil,
    mined: Mined,
    two_of_three: EvmChain,
    trio: list[RpcProxy],
    chain: EvmChain,
    *,
    wide: bool,
) -> None:
    anvil.mine(30)

    def too_long(parameters: list[dict[str, str]]) -> Refusal | None:
        first, last = (int(parameters[0][name], 16) for name in ("fromBlock", "toBlock"))
        return Refusal("block range too large", -32005) if last - first >= 4 else None

    trio[0].fail("eth_getLogs", Fault.DROP)
    trio[1].fail_if("eth_getLogs", too_long)
    if not wide:
        trio[2].fail_if("eth_getLogs", too_long)
    want = chain.issuer_anchors(mined.issuer)
    assert two_of_three.issuer_anchors(mined.issuer) == want


def test_a_node_of_another_chain_is_logged_once(
    mined: Mined, two_of_three: EvmChain, trio: list[RpcProxy], caplog: pytest.LogCaptureFixture
) -> None:
    trio[0].lie("eth_chainId", lambda _: "0x1")
    for _ in range(3):
        assert two_of_three.head() == mined.head
    assert [r.levelname for r in caplog.records if r.levelname == "ERROR"] == ["ERROR"]
