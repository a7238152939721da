"""Each question, asked in vain in each way: "could not ask" is never an answer."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from registry.chain import ChainOptions, EvmChain, LocalSigner
from registry.errors import UnavailableError
from registry.services.ports import Fees, Role, SignedTransaction
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import Fault, RpcProxy

SEAL = bytes.fromhex("5e" * 32)
FEES = Fees(max_fee=10**10, priority_fee=10**9)
AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SHORT = 0.2  # seconds until the chain gives up, where waiting is the point
TOO_MANY = hex(2**63)  # SQLite and PostgreSQL hold one less
SLOW_FAULTS = {Fault.HANG, Fault.TRICKLE}


class Case:
    """A chain with one anchor on it, behind the proxy, and a transaction to send."""

    def __init__(
        self, chain: EvmChain, signer: LocalSigner, transaction: bytes, signed: SignedTransaction
    ) -> None:
        self.chain = chain
        self.issuer = signer.address
        self.transaction = transaction
        self.signed = signed


Question = Callable[[Case], object]

QUESTIONS: dict[str, tuple[Question, list[str]]] = {
    "head": (lambda c: c.chain.head(), ["eth_chainId", "eth_getBlockByNumber"]),
    "finalized": (lambda c: c.chain.finalized(), ["eth_getBlockByNumber"]),
    "is_genuine": (lambda c: c.chain.is_genuine(c.chain.contract), ["eth_getCode"]),
    "code": (lambda c: c.chain.code(c.issuer), ["eth_getCode"]),
    "anchor_record": (
        lambda c: c.chain.anchor_record(c.chain.contract, c.issuer, SEAL),
        ["eth_call"],
    ),
    "find_anchor": (
        lambda c: c.chain.find_anchor(c.issuer, SEAL, since=AGES_AGO),
        ["eth_getBlockByNumber", "eth_getLogs", "eth_getBlockByHash"],
    ),
    "anchor_in_transaction": (
        lambda c: c.chain.anchor_in_transaction(c.chain.contract, c.transaction, c.issuer, SEAL),
        ["eth_getTransactionReceipt", "eth_getBlockByHash"],
    ),
    "issuer_anchors": (
        lambda c: c.chain.issuer_anchors(c.issuer),
        ["eth_getBlockByNumber", "eth_call", "eth_getLogs", "eth_getBlockByHash"],
    ),
    "block": (lambda c: c.chain.block(1), ["eth_chainId", "eth_getBlockByNumber"]),
    "issuer_seals": (
        lambda c: c.chain.issuer_seals(c.issuer, at=c.chain.head()),
        ["eth_getBlockByNumber", "eth_call", "eth_getLogs"],
    ),
    "operators": (
        lambda c: c.chain.operators(c.issuer),
        ["eth_getBlockByNumber", "eth_getLogs", "eth_call"],
    ),
    "credential_status": (
        lambda c: c.chain.credential_status(c.chain.contract, c.issuer, SEAL, 7),
        ["eth_call"],
    ),
    "issuer_record": (lambda c: c.chain.issuer_record(c.issuer), ["eth_call"]),
    "operator_record": (
        lambda c: c.chain.operator_record(c.issuer, c.issuer),
        ["eth_call"],
    ),
    "prepare": (
        lambda c: c.chain.prepare(
            c.chain.anchor_call(c.issuer, bytes(31) + b"\1"),
            sender=c.issuer,
            nonce=9,
            fees=FEES,
        ),
        ["eth_estimateGas", "eth_getBalance"],
    ),
    "estimate": (
        lambda c: c.chain.estimate(
            c.chain.anchor_call(c.issuer, bytes(31) + b"\1"), sender=c.issuer
        ),
        ["eth_estimateGas"],
    ),
    "next_nonce": (
        lambda c: c.chain.next_nonce(c.issuer),
        ["eth_getTransactionCount"],
    ),
    "balance": (lambda c: c.chain.balance(c.issuer), ["eth_getBalance"]),
    "fee_market": (lambda c: c.chain.fee_market(), ["eth_feeHistory"]),
    "suggest_fees": (lambda c: c.chain.suggest_fees(), ["eth_feeHistory"]),
    "broadcast": (
        lambda c: c.chain.broadcast(c.signed.raw),
        ["eth_sendRawTransaction"],
    ),
    "mined": (lambda c: c.chain.mined(c.transaction), ["eth_getTransactionReceipt"]),
}
# The one null that is an answer: a transaction without a receipt is in no block.
NULL_IS_NO = ("eth_getTransactionReceipt", Fault.NULL)


@pytest.fixture
def case(chain: EvmChain, signer: LocalSigner, proxied: EvmChain) -> Case:
    send(chain, signer, chain.operator_call(signer.address, b"\7" * 20, Role.ANCHOR, 2**64 - 1))
    mined = send(chain, signer, chain.anchor_call(signer.address, SEAL))
    call = chain.anchor_call(signer.address, bytes(31) + b"\2")
    unsigned = chain.prepare(
        call, sender=signer.address, nonce=chain.next_nonce(signer.address), fees=FEES
    )
    return Case(proxied, signer, mined.transaction, signer.sign(unsigned))


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, method) for name, (_, methods) in QUESTIONS.items() for method in methods],
)
def test_could_not_ask_is_never_an_answer(
    case: Case, proxy: RpcProxy, name: str, method: str, subtests: pytest.Subtests
) -> None:
    question, _ = QUESTIONS[name]
    patient, hurried = case.chain, open_chain(proxy.url, ChainOptions(timeout=SHORT))
    for fault in Fault:  # a question that fails changes nothing, so one chain is enough for all
        with subtests.test(fault.name):
            case.chain = hurried if fault in SLOW_FAULTS else patient
            proxy.asked.clear()
            proxy.fail(method, fault)
            if (method, fault) == NULL_IS_NO:
                assert question(case) is None
            else:
                with pytest.raises(UnavailableError, match=proxy.url):
                    question(case)
            assert method in proxy.asked
    hurried.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_method_a_question_uses_is_tried(case: Case, proxy: RpcProxy, name: str) -> None:
    question, methods = QUESTIONS[name]
    question(case)
    assert proxy.asked[0] == "eth_chainId"  # of every connection, whatever the question
    assert set(proxy.asked) == {"eth_chainId", *methods}


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_is_asked_twice_after_a_failure(case: Case, proxy: RpcProxy, name: str) -> None:
    question, methods = QUESTIONS[name]
    proxy.fail(methods[-1], Fault.DROP)
    with pytest.raises(UnavailableError):
        question(case)
    assert proxy.asked.count(methods[-1]) == 1


def test_a_broadcast_whose_answer_was_lost_has_arrived_and_can_be_sent_again(
    case: Case, proxy: RpcProxy, anvil: Anvil
) -> None:
    anvil.automine(on=False)
    proxy.fail("eth_sendRawTransaction", Fault.LOSE, times=1)
    with pytest.raises(UnavailableError):
        case.chain.broadcast(case.signed.raw)
    case.chain.broadcast(case.signed.raw)
    anvil.mine()
    assert case.chain.mined(case.signed.transaction) is not None


def test_a_chain_works_again_after_a_failure(case: Case, proxy: RpcProxy) -> None:
    proxy.fail("eth_getBalance", Fault.DROP, times=1)
    with pytest.raises(UnavailableError):
        case.chain.balance(case.issuer)
    assert case.chain.balance(case.issuer) > 0


LIES: dict[str, tuple[str, str, Callable[[object], object]]] = {
    "a balance that is no number": ("balance", "eth_getBalance", lambda _: "0x"),
    "a balance in decimal": ("balance", "eth_getBalance", lambda _: 12),
    "a nonce without its prefix": ("next_nonce", "eth_getTransactionCount", lambda _: "12"),
    "a record of three bytes": ("anchor_record", "eth_call", lambda _: "0x010203"),
    "a record of nothing": ("anchor_record", "eth_call", lambda _: "0x"),
    "a record with a tail": ("anchor_record", "eth_call", lambda r: f"{r}00"),
    "a record of no known status": ("anchor_record", "eth_call", lambda r: f"{str(r)[:-1]}9"),
    "a record of no time": (
        "anchor_record",
        "eth_call",
        lambda r: "0x" + "f" * 16 * 4 + str(r)[66:],
    ),
    "a status of no known number": ("credential_status", "eth_call", lambda r: f"{str(r)[:-1]}9"),
    "code of half a byte": ("is_genuine", "eth_getCode", lambda _: "0x1"),
    "no blocks in the fee history": (
        "suggest_fees",
        "eth_feeHistory",
        lambda _: {"baseFeePerGas": [], "reward": []},
    ),
    "no rewards in the fee history": (
        "suggest_fees",
        "eth_feeHistory",
        lambda r: {**_object(r), "reward": None},
    ),
    "a block without a number": (
        "head",
        "eth_getBlockByNumber",
        lambda r: {**_object(r), "number": None},
    ),
    "a block of a far future": (
        "head",
        "eth_getBlockByNumber",
        lambda r: {**_object(r), "timestamp": "0x" + "f" * 16},
    ),
    "a log of another contract": (
        "find_anchor",
        "eth_getLogs",
        lambda r: [{**_first(r), "address": "0x" + "11" * 20}],
    ),
    "a log of another seal": (
        "find_anchor",
        "eth_getLogs",
        lambda r: [{**_first(r), "topics": ["0x" + "11" * 32] * 4}],
    ),
    "the same log twice": ("find_anchor", "eth_getLogs", lambda r: [_first(r), _first(r)]),
    "a log in no block": (
        "find_anchor",
        "eth_getLogs",
        lambda r: [{**_first(r), "blockHash": None}],
    ),
    "a log in a block of another number": (
        "find_anchor",
        "eth_getLogs",
        lambda r: [{**_first(r), "blockNumber": "0x0"}],
    ),
    "another block than asked for": (
        "find_anchor",
        "eth_getBlockByHash",
        lambda r: {**_object(r), "hash": "0x" + "11" * 32},
    ),
    "another receipt than asked for": (
        "mined",
        "eth_getTransactionReceipt",
        lambda r: {**_object(r), "transactionHash": "0x" + "11" * 32},
    ),
    "a receipt of neither success nor failure": (
        "mined",
        "eth_getTransactionReceipt",
        lambda r: {**_object(r), "status": "0x2"},
    ),
    "a receipt without a block": (
        "mined",
        "eth_getTransactionReceipt",
        lambda r: {**_object(r), "blockNumber": None},
    ),
    "a nonce beyond any store": ("next_nonce", "eth_getTransactionCount", lambda _: TOO_MANY),
    "a block beyond any store": (
        "head",
        "eth_getBlockByNumber",
        lambda r: {**_object(r), "number": TOO_MANY},
    ),
    "a receipt beyond any store": (
        "mined",
        "eth_getTransactionReceipt",
        lambda r: {**_object(r), "blockNumber": TOO_MANY},
    ),
    "a log beyond any store": (
        "find_anchor",
        "eth_getLogs",
        lambda r: [{**_first(r), "logIndex": TOO_MANY}],
    ),
    "more gas than any store holds": ("estimate", "eth_estimateGas", lambda _: TOO_MANY),
    "another hash than was sent": (
        "broadcast",
        "eth_sendRawTransaction",
        lambda _: "0x" + "11" * 32,
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_an_answer_that_does_not_fit_is_no_answer(case: Case, proxy: RpcProxy, name: str) -> None:
    question, method, lie = LIES[name]
    proxy.lie(method, lie)
    with pytest.raises(UnavailableError, match=proxy.url):
        QUESTIONS[question][0](case)


def _object(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _first(value: object) -> dict[str, object]:
    assert isinstance(value, list)
    return _object(value[0])
