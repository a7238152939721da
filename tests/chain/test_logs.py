"""Ranges that nodes refuse, each in its own way, and events that they withhold or make up."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any  # JSON-RPC parameters and results are JSON of any shape

import pytest

from registry.chain import (
    DEVELOPMENT_CHAIN_ID,
    ChainOptions,
    EvmChain,
    LocalSigner,
    deterministic_address,
    development_signer,
)
from registry.errors import InvalidInputError, UnavailableError
from registry.services.ports import (
    Authorization,
    IssuerAnchor,
    OperatorRecord,
    Role,
)
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import Fault, Refusal, RpcProxy

SEALS = [bytes([0x50 + place]) * 32 for place in range(4)]
AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LOGS = "eth_getLogs"
FOR_EVER = 2**64 - 1

LIMITS: list[Fault | Refusal] = [
    Refusal("query exceeds max block range 4", -32600),
    Refusal("query returned more than 10000 results", -32005),
    Refusal("query timeout exceeded", -32005),
    Fault.RPC_ERROR,
    Fault.HTTP_413,
]


def width(parameters: list[dict[str, str]]) -> int:
    return int(parameters[0]["toBlock"], 16) - int(parameters[0]["fromBlock"], 16) + 1


def widths(proxy: RpcProxy) -> list[int]:
    return [width(parameters) for method, parameters in proxy.questions if method == LOGS]


def limit(proxy: RpcProxy, blocks: int, fault: Fault | Refusal) -> None:
    proxy.fail_if(LOGS, lambda parameters: fault if width(parameters) > blocks else None)


@pytest.fixture
def anchored(anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> list[IssuerAnchor]:
    """Four anchors, and blocks between them."""
    for seal in SEALS:
        anvil.mine(7)
        send(chain, signer, chain.anchor_call(signer.address, seal))
    anvil.mine(7)
    return chain.issuer_anchors(signer.address)


class TestRanges:
    @pytest.mark.parametrize("fault", LIMITS, ids=str)
    @pytest.mark.parametrize("blocks", [1, 3, 16])
    def test_a_range_that_a_node_refuses_is_asked_in_parts(
        self,
        anchored: list[IssuerAnchor],
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
        fault: Fault | Refusal,
        blocks: int,
    ) -> None:
        limit(proxy, blocks, fault)
        assert proxied.issuer_anchors(signer.address) == anchored
        for want in anchored:
            assert proxied.find_anchor(signer.address, want.seal, since=AGES_AGO) == want.anchor
        assert proxied.find_anchor(signer.address, bytes(32), since=AGES_AGO) is None

    def test_the_width_that_worked_is_remembered(
        self,
        anchored: list[IssuerAnchor],
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
    ) -> None:
        limit(proxy, 10, LIMITS[0])
        proxied.issuer_anchors(signer.address)
        proxy.questions.clear()
        assert proxied.find_anchor(signer.address, anchored[-1].seal, since=AGES_AGO) is not None
        (first, *_) = widths(proxy)
        assert 5 <= first <= 10

    def test_wider_ranges_are_tried_again_after_a_while(
        self, anvil: Anvil, signer: LocalSigner, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        anvil.mine(200)
        limit(proxy, 4, LIMITS[0])
        proxied.find_anchor(signer.address, SEALS[0], since=AGES_AGO)
        proxy.behave()
        proxy.questions.clear()
        proxied.find_anchor(signer.address, SEALS[0], since=AGES_AGO)
        assert max(widths(proxy)) > 16

    def test_a_node_that_refuses_one_block_cannot_be_asked(
        self, anvil: Anvil, signer: LocalSigner, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        anvil.mine(50)
        limit(proxy, 0, LIMITS[0])
        with pytest.raises(UnavailableError, match="max block range"):
            proxied.find_anchor(signer.address, SEALS[0], since=AGES_AGO)
        assert len(widths(proxy)) < 10

    def test_a_search_of_too_many_questions_ends_with_advice(
        self,
        anvil: Anvil,
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("registry.chain.logs.MAX_QUESTIONS", 20)
        anvil.mine(100)
        limit(proxy, 2, LIMITS[0])
        with pytest.raises(UnavailableError, match="configure an endpoint that takes wider"):
            proxied.operators(signer.address)
        assert len(widths(proxy)) == 20

    def test_a_rate_limit_is_not_taken_for_a_limit_of_blocks(
        self, anvil: Anvil, signer: LocalSigner, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        anvil.mine(50)
        proxy.fail(LOGS, Refusal("request rate limit exceeded", -32005))
        with pytest.raises(UnavailableError, match="rate limit"):
            proxied.find_anchor(signer.address, SEALS[0], since=AGES_AGO)
        assert len(widths(proxy)) == 1

    def test_an_answer_too_large_is_asked_in_parts(
        self,
        anchored: list[IssuerAnchor],
        signer: LocalSigner,
        proxied: EvmChain,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # The logs of one anchor, or a block without transactions, have about half of it.
        monkeypatch.setattr("registry.chain.wire.MAX_ANSWER_BYTES", 2_000)
        assert proxied.issuer_anchors(signer.address) == anchored

    def test_a_hanging_node_is_given_few_chances(
        self,
        anvil: Anvil,
        signer: LocalSigner,
        proxy: RpcProxy,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("registry.chain.logs._SILENT_FLOOR", 16)
        anvil.mine(300)
        hurried = open_chain(proxy.url, ChainOptions(timeout=0.5))
        proxy.fail(LOGS, Fault.HANG)
        with pytest.raises(UnavailableError):
            hurried.operators(signer.address)
        assert 1 < len(widths(proxy)) <= 3
        limit(proxy, 16, Fault.HANG)
        assert hurried.operators(signer.address) == {}
        hurried.close()


TAMPERED: dict[str, Callable[[list[Any]], list[Any]]] = {
    "one withheld": lambda logs: logs[1:],
    "the newest withheld": lambda logs: logs[:-1],
    "all withheld": lambda _: [],
    "one twice": lambda logs: [*logs[:3], logs[0]],
    "two of a sequence": lambda logs: [
        *logs,
        {**logs[0], "topics": [*logs[0]["topics"][:2], word(7), logs[0]["topics"][3]]},
    ],
    "one made up": lambda logs: [*logs, {**logs[0], "topics": [*logs[0]["topics"][:3], word(5)]}],
    "a wrong sequence": lambda logs: [
        *logs[:3],
        {**logs[3], "topics": [*logs[3]["topics"][:3], word(9)]},
    ],
    "without sequence": lambda logs: [{**log, "topics": log["topics"][:3]} for log in logs],
    "of another issuer": lambda logs: [
        {**log, "topics": [log["topics"][0], word(7), *log["topics"][2:]]} for log in logs
    ],
    "of another contract": lambda logs: [{**log, "address": "0x" + "11" * 20} for log in logs],
    "of another range": lambda logs: [{**log, "blockNumber": "0xffffff"} for log in logs],
    "of another block": lambda logs: [{**log, "blockHash": word(1)} for log in logs],
}
# What does not concern whoever wants no blocks, or knows the first two anchors already.
OF_BLOCKS = {"of another block"}
OF_FIRST = {"one withheld", "one twice", "two of a sequence"}


def word(number: int) -> str:
    return f"0x{number:064x}"


class TestIssuerAnchors:
    def test_all_are_listed_by_sequence(
        self, anchored: list[IssuerAnchor], chain: EvmChain, signer: LocalSigner
    ) -> None:
        assert [(found.sequence, found.seal) for found in anchored] == list(enumerate(SEALS, 1))
        for found in anchored:
            assert found.anchor == chain.find_anchor(signer.address, found.seal, since=AGES_AGO)

    def test_who_never_anchored_has_none(self, proxied: EvmChain, proxy: RpcProxy) -> None:
        assert proxied.issuer_anchors(b"\7" * 20) == []
        assert LOGS not in proxy.asked

    @pytest.mark.parametrize("tampering", TAMPERED)
    def test_what_the_contract_did_not_count_is_not_believed(
        self,
        anchored: list[IssuerAnchor],
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
        tampering: str,
    ) -> None:
        assert len(anchored) == 4
        proxy.lie(LOGS, TAMPERED[tampering])
        with pytest.raises(UnavailableError):
            proxied.issuer_anchors(signer.address)

    @pytest.mark.parametrize(
        ("tampering", "after"),
        [(name, 0) for name in TAMPERED if name not in OF_BLOCKS]
        + [(name, 2) for name in TAMPERED if name not in OF_BLOCKS | OF_FIRST],
    )
    def test_nor_is_it_for_seals_alone(
        self,
        anchored: list[IssuerAnchor],
        chain: EvmChain,
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
        tampering: str,
        after: int,
    ) -> None:
        at = chain.head()
        seals = [found.seal for found in anchored]
        assert proxied.issuer_seals(signer.address, at=at, after=after) == seals[after:]
        proxy.lie(LOGS, TAMPERED[tampering])
        with pytest.raises(UnavailableError):
            proxied.issuer_seals(signer.address, at=at, after=after)

    def test_the_search_ends_with_the_first_anchor(
        self, anchored: list[IssuerAnchor], signer: LocalSigner, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        limit(proxy, 4, LIMITS[0])
        proxied.issuer_anchors(signer.address)
        first = min(
            int(parameters[0]["fromBlock"], 16)
            for method, parameters in proxy.questions
            if method == LOGS and width(parameters) <= 4
        )
        assert anchored[0].anchor.block_number - 4 < first

    def test_a_reorganisation_meanwhile_is_noticed(
        self,
        anvil: Anvil,
        anchored: list[IssuerAnchor],
        signer: LocalSigner,
        proxied: EvmChain,
        proxy: RpcProxy,
    ) -> None:

        def reorganise(logs: list[Any]) -> list[Any]:
            # From the last anchor's own block: empty blocks come back with the same hashes.
            anvil.replace_from(anchored[-1].anchor.block_number)
            return logs

        proxy.lie(LOGS, reorganise)
        with pytest.raises(UnavailableError, match="was replaced while events were read"):
            proxied.issuer_anchors(signer.address)


class TestOperators:
    def test_everybody_ever_appointed_is_listed_with_what_holds_now(
        self, chain: EvmChain, signer: LocalSigner, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        hers, his = development_signer(1).address, development_signer(2).address
        for operator, roles, until in [
            (hers, Role.ANCHOR, FOR_EVER),
            (his, Role.ANCHOR | Role.STATUS, FOR_EVER),
            (hers, Role(0), 0),
        ]:
            send(chain, signer, chain.operator_call(signer.address, operator, roles, until))
        want = {
            hers: OperatorRecord(Role(0), 0),
            his: OperatorRecord(Role.ANCHOR | Role.STATUS, FOR_EVER),
        }
        assert chain.operators(signer.address) == want
        assert chain.operators(hers) == {}
        limit(proxy, 1, LIMITS[1])
        assert proxied.operators(signer.address) == want

    def test_an_appointment_outside_the_range_asked_for_is_not_believed(
        self, chain: EvmChain, signer: LocalSigner, proxied: EvmChain, proxy: RpcProxy
    ) -> None:
        call = chain.operator_call(signer.address, b"\7" * 20, Role.ANCHOR, FOR_EVER)
        send(chain, signer, call)
        proxy.lie(LOGS, TAMPERED["of another range"])
        with pytest.raises(UnavailableError, match="not the logs asked for"):
            proxied.operators(signer.address)


def authorization(**changes: object) -> Authorization:
    fields: dict[str, Any] = {
        "issuer": b"\1" * 20,
        "seal": SEALS[0],
        "chain_id": DEVELOPMENT_CHAIN_ID,
        "contract": deterministic_address(),
        "deadline": FOR_EVER,
        "signer": b"\1" * 20,
        "signature": bytes(65),
    }
    return Authorization(**{**fields, **changes})


class TestRelaying:
    def test_a_call_by_signature_names_everything_that_was_signed(self, chain: EvmChain) -> None:
        call = chain.relayed_anchor_call(authorization())
        assert call.to == chain.contract
        assert SEALS[0] in call.data
        assert SEALS[0].hex() in call.label
        with pytest.raises(Exception, match="CredentialRegistryInvalidSignature"):
            chain.estimate(call, sender=development_signer(3).address)

    @pytest.mark.parametrize("changes", [{"chain_id": 1}, {"contract": b"\2" * 20}], ids=str)
    def test_what_was_signed_for_elsewhere_is_refused(
        self, chain: EvmChain, changes: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidInputError, match="the authorization is for 0x"):
            chain.relayed_anchor_call(authorization(**changes))
