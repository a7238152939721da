"""Several endpoints, one answer: retries that end, and the next endpoint."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from registry.chain import (
    DEVELOPMENT_CHAIN_ID,
    ChainOptions,
    EvmChain,
    LocalSigner,
    deterministic_address,
)
from registry.errors import (
    ConflictError,
    InvalidInputError,
    TransactionRefusedError,
    UnavailableError,
)
from registry.services.ports import Fees, SignedTransaction
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import ANY, Fault, Refusal, RpcProxy

SEAL = bytes.fromhex("5e" * 32)
SOMEBODY = bytes.fromhex("07" * 20)
FEES = Fees(max_fee=10**10, priority_fee=10**9)
SHORT = 0.4  # seconds
SEND = "eth_sendRawTransaction"

# Not of the node: its answers would be as bad through any other endpoint.
AWAY = [fault for fault in Fault if fault is not Fault.NULL]
PASSING = [
    Fault.DROP,
    Fault.LOSE,
    Fault.CUT,
    Fault.HTTP_429,
    Fault.HTTP_500,
    Fault.HTTP_502,
    Fault.BLANK,
    Fault.NOT_JSON,
    Fault.RPC_ERROR,
    Refusal("rate limit exceeded", -32005),
    Refusal("the method is busy, request timed out"),
]
LASTING = [
    Fault.HTTP_400,
    Fault.HTTP_404,
    Fault.REDIRECT,
    Fault.NULL,
    Fault.WRONG_TYPE,
    Refusal("method not found", -32601),
    Refusal("missing trie node"),
]


@contextmanager
def opened(proxies: list[RpcProxy], **options: float) -> Iterator[EvmChain]:
    chain = open_chain(
        [proxy.url for proxy in proxies],
        ChainOptions(**{"timeout": 5.0, **options}),  # type: ignore[arg-type]  # by name
    )
    yield chain
    chain.close()


@pytest.fixture
def signed(chain: EvmChain, signer: LocalSigner) -> SignedTransaction:
    call = chain.anchor_call(signer.address, SEAL)
    nonce = chain.next_nonce(signer.address)
    return signer.sign(chain.prepare(call, sender=signer.address, nonce=nonce, fees=FEES))


def hex_instead(number: int, _: object) -> str:
    return hex(number)


class TestRetries:
    @pytest.mark.parametrize("fault", PASSING, ids=str)
    def test_what_may_pass_is_tried_again_as_often_as_allowed(
        self, anvil: Anvil, proxy: RpcProxy, fault: Fault | Refusal
    ) -> None:
        assert anvil.url != proxy.url
        proxy.fail("eth_getBalance", fault, times=2)
        with opened([proxy], attempts=3) as chain:
            assert chain.balance(SOMEBODY) == 0
        proxy.fail("eth_getBalance", fault)
        proxy.asked.clear()
        with opened([proxy], attempts=3) as chain, pytest.raises(UnavailableError):
            chain.balance(SOMEBODY)
        assert proxy.asked.count("eth_getBalance") == 3

    @pytest.mark.parametrize("fault", LASTING, ids=str)
    def test_what_will_not_pass_is_not_tried_again(
        self, proxy: RpcProxy, fault: Fault | Refusal
    ) -> None:
        proxy.fail("eth_getBalance", fault)
        with opened([proxy], attempts=3) as chain, pytest.raises(UnavailableError):
            chain.balance(SOMEBODY)
        assert proxy.asked.count("eth_getBalance") == 1

    def test_an_answer_that_says_no_is_not_tried_again(
        self, chain: EvmChain, signer: LocalSigner, proxy: RpcProxy, signed: SignedTransaction
    ) -> None:
        send(chain, signer, chain.anchor_call(signer.address, SEAL))
        with opened([proxy], attempts=3) as proxied:
            with pytest.raises(TransactionRefusedError):
                proxied.broadcast(signed.raw)
            with pytest.raises(TransactionRefusedError):
                proxied.estimate(chain.anchor_call(signer.address, SEAL), sender=signer.address)
            with pytest.raises(ConflictError):
                proxied.credential_status(chain.contract, signer.address, bytes(32), 0)
        for method in (SEND, "eth_estimateGas", "eth_call"):
            assert proxy.asked.count(method) == 1

    @pytest.mark.parametrize("fault", [Fault.HANG, Fault.DROP])
    def test_retries_end_in_time_however_many_are_allowed(
        self, proxy: RpcProxy, fault: Fault
    ) -> None:
        proxy.fail("eth_chainId", fault)
        started = time.monotonic()
        with (
            opened([proxy], attempts=10**6, timeout=SHORT) as chain,
            pytest.raises(UnavailableError),
        ):
            chain.balance(SOMEBODY)
        # The last attempt begins before two timeouts are over, and lasts one; and some slack.
        assert time.monotonic() - started < 3 * SHORT + 1
        assert 1 < len(proxy.asked) < 1000

    def test_who_answers_after_a_failure_is_asked_who_it_is(self, proxy: RpcProxy) -> None:
        with opened([proxy], attempts=2) as chain:
            chain.balance(SOMEBODY)
            proxy.fail("eth_getBalance", Fault.DROP, times=1)
            proxy.lie("eth_chainId", lambda _: "0x1")
            with pytest.raises(ConflictError, match="serves chain 1"):
                chain.balance(SOMEBODY)
        assert proxy.asked.count("eth_getBalance") == 2

    def test_a_lost_answer_to_a_sent_transaction_is_made_good(
        self, anvil: Anvil, proxy: RpcProxy, signed: SignedTransaction
    ) -> None:
        anvil.automine(on=False)
        proxy.fail(SEND, Fault.LOSE, times=1)
        with opened([proxy], attempts=2) as chain:
            chain.broadcast(signed.raw)
        assert proxy.asked.count(SEND) == 2
        anvil.mine()
        assert anvil.ask("eth_getTransactionReceipt", "0x" + signed.transaction.hex()).value


class TestFailover:
    @pytest.mark.parametrize("fault", AWAY)
    def test_the_next_endpoint_answers_for_the_first(
        self, anvil: Anvil, trio: list[RpcProxy], fault: Fault
    ) -> None:
        assert anvil.url
        first, second, third = trio
        first.fail(ANY, fault)
        with opened(trio, timeout=SHORT) as chain:
            assert chain.balance(SOMEBODY) == 0
            assert chain.code(chain.contract)
        assert second.asked == ["eth_chainId", "eth_getBalance", "eth_getCode"]
        assert third.asked == []

    @pytest.mark.parametrize("fault", [Fault.DROP, Fault.NULL, Fault.WRONG_TYPE, Fault.RPC_ERROR])
    def test_a_single_method_may_fail_over(self, trio: list[RpcProxy], fault: Fault) -> None:
        trio[0].fail("eth_getBlockByNumber", fault)
        with opened(trio) as chain:
            assert chain.head().number > 0
        assert trio[1].asked == ["eth_chainId", "eth_getBlockByNumber"]

    def test_whoever_answered_last_is_asked_first(self, trio: list[RpcProxy]) -> None:
        first, second, _ = trio
        first.fail(ANY, Fault.DROP)
        with opened(trio) as chain:
            chain.balance(SOMEBODY)
            asked = len(first.asked)
            first.behave()
            chain.balance(SOMEBODY)
            assert len(first.asked) == asked
            second.fail(ANY, Fault.DROP)
            chain.balance(SOMEBODY)
            assert first.asked[asked:] == ["eth_chainId", "eth_getBalance"]

    def test_an_answer_that_says_no_needs_no_second_opinion(
        self, chain: EvmChain, signer: LocalSigner, trio: list[RpcProxy]
    ) -> None:
        send(chain, signer, chain.anchor_call(signer.address, SEAL))
        with opened(trio) as several, pytest.raises(TransactionRefusedError, match="would revert"):
            several.estimate(chain.anchor_call(signer.address, SEAL), sender=signer.address)
        assert trio[1].asked == []

    @pytest.mark.parametrize(
        "lagging", [Refusal("Unknown block", -39001), Refusal("header not found")], ids=str
    )
    def test_a_node_that_lags_leaves_the_answer_to_the_next(
        self, chain: EvmChain, trio: list[RpcProxy], lagging: Refusal
    ) -> None:
        trio[0].fail("eth_getCode", lagging)
        with opened(trio) as several:
            assert several.is_genuine(chain.contract, at=chain.head())

    def test_if_all_are_away_nobody_was_asked(self, trio: list[RpcProxy]) -> None:
        for proxy in trio:
            proxy.fail(ANY, Fault.HTTP_502)
        with opened(trio) as chain, pytest.raises(UnavailableError, match="HTTP 502"):
            chain.balance(SOMEBODY)
        assert all(proxy.asked for proxy in trio)

    def test_failures_are_counted_by_endpoint_and_kind(self, trio: list[RpcProxy]) -> None:
        counted: list[tuple[str, str]] = []
        first, second, third = trio
        first.fail("eth_getBalance", Fault.HTTP_429)
        second.fail("eth_getBalance", Fault.HANG)
        third.lie("eth_chainId", lambda _: "0x1")
        chain = EvmChain(
            chain_id=DEVELOPMENT_CHAIN_ID,
            rpc_url=[proxy.url for proxy in trio],
            contract=deterministic_address(),
            options=ChainOptions(timeout=SHORT),
            on_error=lambda source, kind: counted.append((source, kind)),
        )
        with pytest.raises(UnavailableError):
            chain.balance(SOMEBODY)
        assert counted == [
            (first.url, "http-429"),
            (second.url, "timeout"),
            (third.url, "wrong-chain"),
        ]
        chain.close()

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (Fault.DROP, "connection"),
            (Fault.CUT, "connection"),
            (Fault.NOT_JSON, "malformed"),
            (Fault.NOT_TEXT, "malformed"),
            (Fault.BATCH, "malformed"),
            (Fault.NO_RESULT, "malformed"),
            (Fault.NULL, "malformed"),
            (Fault.WRONG_TYPE, "malformed"),
            (Fault.TRICKLE, "timeout"),
            (Fault.HTTP_500, "http-500"),
            (Fault.RPC_ERROR, "rpc-error"),
        ],
    )
    def test_each_fault_has_a_kind(self, proxy: RpcProxy, fault: Fault, kind: str) -> None:
        counted: list[str] = []
        chain = EvmChain(
            chain_id=DEVELOPMENT_CHAIN_ID,
            rpc_url=proxy.url,
            contract=deterministic_address(),
            options=ChainOptions(timeout=SHORT),
            on_error=lambda _, kind: counted.append(kind),
        )
        proxy.fail("eth_getBalance", fault)
        with pytest.raises(UnavailableError):
            chain.balance(SOMEBODY)
        assert counted == [kind]
        chain.close()


class TestWrongChain:
    def test_an_endpoint_of_another_chain_is_never_used(
        self, trio: list[RpcProxy], caplog: pytest.LogCaptureFixture
    ) -> None:
        trio[0].lie("eth_chainId", lambda _: "0x1")
        with opened(trio) as chain:
            chain.head()
            chain.balance(SOMEBODY)
        assert set(trio[0].asked) == {"eth_chainId"}
        (said,) = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
        assert said.startswith("node 1 is not used")

    def test_if_all_serve_another_chain_each_is_named_with_the_settings(
        self, trio: list[RpcProxy]
    ) -> None:
        for chain_id, proxy in enumerate(trio, start=1):
            proxy.lie("eth_chainId", partial(hex_instead, chain_id))
        with opened(trio) as chain, pytest.raises(ConflictError) as caught:
            chain.head()
        for chain_id, proxy in enumerate(trio, start=1):
            assert f"{proxy.url} serves chain {chain_id}, configured is 31337" in str(caught.value)
        assert "rpc_url or chain_id" in str(caught.value)

    def test_one_that_is_away_may_yet_be_the_right_one(self, trio: list[RpcProxy]) -> None:
        trio[0].lie("eth_chainId", lambda _: "0x1")
        trio[1].fail(ANY, Fault.DROP)
        with opened(trio[:2]) as chain, pytest.raises(UnavailableError):
            chain.head()


class TestSending:
    def mempool(self, anvil: Anvil, signed: SignedTransaction) -> bool:
        return anvil.ask("eth_getTransactionByHash", "0x" + signed.transaction.hex()).value != None  # noqa: E711

    def test_a_transaction_is_sent_to_all(
        self, anvil: Anvil, trio: list[RpcProxy], signed: SignedTransaction
    ) -> None:
        anvil.automine(on=False)
        with opened(trio) as chain:
            chain.broadcast(signed.raw)  # the second and third node know it already
        assert all(proxy.asked == ["eth_chainId", SEND] for proxy in trio)

    @pytest.mark.parametrize(
        "say_no",
        [
            lambda proxy: proxy.fail(SEND, Fault.DROP),
            lambda proxy: proxy.fail(SEND, Fault.RPC_ERROR),
            lambda proxy: proxy.fail(SEND, Refusal("transaction underpriced")),
            lambda proxy: proxy.lie(SEND, lambda _: "0x" + "11" * 32),
            lambda proxy: proxy.lie("eth_chainId", lambda _: "0x1"),
        ],
        ids=["away", "an error", "a refusal", "another hash", "another chain"],
    )
    def test_one_that_takes_it_is_enough(
        self,
        anvil: Anvil,
        trio: list[RpcProxy],
        signed: SignedTransaction,
        say_no: Callable[[RpcProxy], None],
    ) -> None:
        anvil.automine(on=False)
        say_no(trio[0])
        say_no(trio[2])
        with opened(trio) as chain:
            chain.broadcast(signed.raw)
        assert trio[2].asked[0] == "eth_chainId"

    def test_a_refusal_outweighs_silence(
        self, trio: list[RpcProxy], signed: SignedTransaction
    ) -> None:
        trio[0].fail(SEND, Fault.DROP)
        trio[1].fail(SEND, Refusal("insufficient funds for gas * price + value"))
        trio[2].fail(SEND, Fault.RPC_ERROR)
        with opened(trio) as chain, pytest.raises(TransactionRefusedError) as caught:
            chain.broadcast(signed.raw)
        assert caught.value.reason == "insufficient-funds"

    def test_a_used_nonce_outweighs_other_refusals(
        self, trio: list[RpcProxy], signed: SignedTransaction
    ) -> None:
        trio[0].fail(SEND, Refusal("replacement transaction underpriced"))
        trio[1].fail(SEND, Refusal("nonce too low"))
        trio[2].fail(SEND, Refusal("insufficient funds"))
        with opened(trio) as chain, pytest.raises(TransactionRefusedError) as caught:
            chain.broadcast(signed.raw)
        assert caught.value.reason == "nonce-too-low"

    def test_a_hash_of_something_else_is_no_acceptance(
        self, proxy: RpcProxy, signed: SignedTransaction
    ) -> None:
        proxy.lie(SEND, lambda _: "0x" + "11" * 32)
        with opened([proxy]) as chain, pytest.raises(UnavailableError, match="transaction's hash"):
            chain.broadcast(signed.raw)

    def test_silence_everywhere_refuses_nothing(
        self, trio: list[RpcProxy], signed: SignedTransaction
    ) -> None:
        for proxy in trio:
            proxy.fail(SEND, Fault.DROP)
        with opened(trio) as chain, pytest.raises(UnavailableError):
            chain.broadcast(signed.raw)
        assert all(SEND in proxy.asked for proxy in trio)


@pytest.mark.parametrize("quorum", [2, 5])
def test_a_quorum_of_more_than_there_are_is_refused(quorum: int) -> None:
    with pytest.raises(InvalidInputError, match=r"quorum is \d, but must be from 1 to 1"):
        open_chain("http://127.0.0.1:9", ChainOptions(quorum=quorum))


@pytest.mark.parametrize(
    "again",
    [
        pytest.param("http://node.example/a", id="the same"),
        pytest.param("http://node.example/a/", id="with a slash"),
        pytest.param("HTTP://Node.Example/a", id="in other case"),
        pytest.param("http://node.example:80/a", id="with the usual port"),
    ],
)
def test_a_node_is_no_quorum_of_itself(again: str) -> None:
    with pytest.raises(InvalidInputError, match="same endpoint twice"):
        open_chain(["http://node.example/a", again], ChainOptions(quorum=2))


@pytest.mark.parametrize(
    ("url", "again"),
    [
        pytest.param("https://u:p@h.example/k", "https://u:p@H.example:443/k/", id="with a user"),
        pytest.param("http://[::1]/k", "http://[::1]:80/k", id="by an IPv6 address"),
        pytest.param("https://h.example/k", "https://h.example:/k", id="with an empty port"),
        pytest.param("https://h.example/k", "https://h.example/k#2", id="with a fragment"),
    ],
)
def test_no_way_to_write_an_endpoint_makes_it_two(url: str, again: str) -> None:
    with pytest.raises(InvalidInputError, match="same endpoint twice"):
        open_chain([url, again], ChainOptions(quorum=2))


@pytest.mark.parametrize("other", ["http://h.example:81/k", "http://h.example/K"])
def test_another_port_or_path_is_another_endpoint(other: str) -> None:
    open_chain(["http://h.example/k", other], ChainOptions(quorum=2)).close()


def test_no_endpoint_is_no_chain() -> None:
    with pytest.raises(InvalidInputError, match="number of endpoints in rpc_url"):
        open_chain([])
