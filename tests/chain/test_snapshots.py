"""Snapshots are taken of what a node proves, and of nothing less."""

from collections.abc import Callable, Iterator
from typing import Any  # answers of a node are JSON of any shape

import pytest
from eth_utils.crypto import keccak

from registry.chain import DEVELOPMENT_CHAIN_ID, EvmChain, deterministic_address
from registry.chain.proofs import encode_header
from registry.chain.reply import Reply
from registry.chain.snapshots import take_snapshot
from registry.core.receipt import Receipt, parse_receipt
from registry.core.snapshot import MAX_CODE_BYTES, MAX_HEADER_BYTES
from registry.errors import InvalidInputError, TooLargeError, UnavailableError
from tests.anvil import open_chain
from tests.rpc_proxy import RpcProxy
from tests.worlds import World, case_world, load_cases

__all__ = ["case_world"]

CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in load_cases()["cases"]}


def receipt_of(name: str) -> Receipt:
    return parse_receipt(CASES[name]["receipt"].encode())


@pytest.fixture(scope="module")
def chain(case_world: World) -> Iterator[EvmChain]:
    chain = open_chain(case_world.url)
    yield chain
    chain.close()


def refused_after(world: World, method: str, lie: Callable[[Any], Any]) -> UnavailableError:
    """What taking a snapshot raises from a node that lies to one question."""
    with RpcProxy(world.port).running() as proxy:
        proxy.lie(method, lie)
        chain = open_chain(proxy.url)
        with pytest.raises(UnavailableError) as refused:
            chain.snapshot([receipt_of("pdf")])
        chain.close()
        assert method in proxy.asked
    return refused.value


LIES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "another header": (
        "eth_getBlockByNumber",
        lambda block: {**block, "stateRoot": "0x" + "11" * 32},
    ),
    "a field more": ("eth_getBlockByNumber", lambda block: {**block, "withdrawalsRoot": "0x11"}),
    "no nodes": ("eth_getProof", lambda proof: {**proof, "accountProof": []}),
    "no proofs": ("eth_getProof", lambda proof: {**proof, "storageProof": []}),
    "long nodes": ("eth_getProof", lambda proof: {**proof, "accountProof": ["0x" + "00" * 2000]}),
    "no list": ("eth_getProof", lambda proof: {**proof, "accountProof": None}),
    "empty nodes": ("eth_getProof", lambda proof: {**proof, "accountProof": ["0x"] * 3}),
    "null": ("eth_getProof", lambda _: None),
    "another code": ("eth_getCode", lambda code: code[:-2] + "00"),
    "no code": ("eth_getCode", lambda _: "0x"),
    "long code": ("eth_getCode", lambda _: "0x" + "00" * (MAX_CODE_BYTES + 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_node_that_lies_gives_no_snapshot(case_world: World, lie: str) -> None:
    refused_after(case_world, *LIES[lie])


def test_a_header_beyond_any_size_gives_no_snapshot(case_world: World) -> None:
    """Its hash would be right, if the node makes the hash too."""
    refused = refused_after(case_world, "eth_getBlockByNumber", with_long_header)
    assert "form that is not known" in str(refused)


def with_long_header(block: Any) -> Any:
    changed = {**block, "extraData": "0x" + "00" * MAX_HEADER_BYTES}
    header = encode_header(Reply(changed, method="", source=""))
    return {**changed, "hash": "0x" + keccak(header).hex()}


def test_another_block_than_asked_for_gives_no_snapshot(case_world: World) -> None:
    """The newest, say, which is not final."""

    def newest_instead(method: str, *parameters: object) -> Reply:
        if method == "eth_getBlockByNumber":
            parameters = ("latest", *parameters[1:])
        return case_world.rpc.ask(method, *parameters)

    with pytest.raises(UnavailableError, match="another block"):
        take_snapshot(
            newest_instead,
            chain_id=DEVELOPMENT_CHAIN_ID,
            contract=deterministic_address(),
            number=1,
            slots=[],
            source="test",
        )


def test_more_than_fits_is_refused(chain: EvmChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.chain.snapshots.MAX_NODES", 3)
    with pytest.raises(TooLargeError, match="several"):
        chain.snapshot([receipt_of("pdf")])


@pytest.mark.parametrize(
    "unproved",
    [
        pytest.param("a pending receipt", id="pending"),
        pytest.param("an anchor on a chain that nobody asks", id="of another chain"),
        pytest.param("receipt: anchor, contract", id="of another contract"),
    ],
)
def test_no_receipt_is_left_out_in_silence(chain: EvmChain, unproved: str) -> None:
    lacking = receipt_of(unproved)
    with pytest.raises(InvalidInputError, match="no anchor on eip155:31337") as refused:
        chain.snapshot([receipt_of("pdf"), lacking])
    assert refused.value.place == lacking.credential_hash.hex()


def test_an_anchor_that_is_not_final_waits(chain: EvmChain) -> None:
    with pytest.raises(UnavailableError, match="not final yet"):
        chain.snapshot([receipt_of("pdf"), receipt_of("not final")])
