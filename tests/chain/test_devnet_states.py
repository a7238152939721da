"""Chains of others on a local Anvil: what still answers as it did, and what does not."""

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from registry.chain import (
    Devnet,
    EvmChain,
    Fork,
    LoadedState,
    LocalSigner,
    artifact,
    deploy,
    deterministic_address,
    dump_state,
    expected_immutables,
)
from registry.chain.code_match import compare_code
from registry.chain.proofs import ProofNodes, encode_header, read_header
from registry.chain.rpc import JsonRpcError, Rpc
from registry.chain.storage import read_anchor, seal_slot
from registry.core.address import format_address
from registry.errors import ConflictError, InvalidInputError, UnavailableError
from registry.services.ports import Call, CodeMatch
from tests.anvil import Anvil, open_chain, send
from tests.rpc_proxy import Fault, Refusal, RpcProxy
from tests.secret_spellings import Needle

CONTRACT = format_address(deterministic_address())
SEALS = [bytes([number]) * 32 for number in range(1, 6)]
KEY = "kWq8zR1vT5yN3mB7"


@dataclass(frozen=True)
class Story:
    """A chain with anchors, told by the node that made it."""

    issuer: bytes
    transactions: list[bytes]

    def slot(self, seal: bytes) -> str:
        return "0x" + seal_slot(self.issuer, seal).hex()


@pytest.fixture
def story(anvil: Anvil, chain: EvmChain, signer: LocalSigner) -> Story:
    """Five seals in a block each, then empty blocks."""
    calls = [Call(to=chain.contract, data=seal, label="raw seal") for seal in SEALS]
    transactions = [send(chain, signer, call).transaction for call in calls]
    anvil.mine(3)
    return Story(signer.address, transactions)


@pytest.fixture
def dump(anvil: Anvil, story: Story, tmp_path: Path) -> Path:  # noqa: ARG001 - there first
    path = tmp_path / "state.json"
    path.write_bytes(dump_state(anvil.rpc))
    return path


@pytest.fixture
def loaded(dump: Path) -> Iterator[Rpc]:
    with Devnet(origin=LoadedState(dump)) as devnet:
        rpc = Rpc(devnet.url)
        yield rpc
        rpc.close()


def questions(story: Story) -> list[tuple[str, list[Any]]]:
    """Whatever an audit asks, but the state of older blocks."""
    head = ["latest", False]
    transaction = "0x" + story.transactions[0].hex()
    return [
        ("eth_chainId", []),
        ("eth_blockNumber", []),
        ("eth_getBlockByNumber", head),
        ("eth_getBlockByNumber", ["finalized", False]),
        ("eth_getBlockByNumber", ["safe", False]),
        ("eth_getBlockByNumber", ["0x0", False]),
        ("eth_getBlockByNumber", ["0x2", True]),
        ("eth_getCode", [CONTRACT, "latest"]),
        ("eth_getStorageAt", [CONTRACT, story.slot(SEALS[0]), "latest"]),
        ("eth_getProof", [CONTRACT, [story.slot(seal) for seal in SEALS], "latest"]),
        ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "latest", "address": CONTRACT}]),
        ("eth_getTransactionReceipt", [transaction]),
        ("eth_getTransactionByHash", [transaction]),
    ]


def proves_its_state(rpc: Rpc) -> bool:
    """Whether proofs of the head's state lead to the root in the head's header."""
    header = encode_header(rpc.ask("eth_getBlockByNumber", "latest", False))  # noqa: FBT003
    proof = rpc.ask("eth_getProof", CONTRACT, [], "latest")
    return keccak(proof.member("accountProof").elements()[0].data()) == read_header(header)[1]


# -- a dump --------------------------------------------------------------------------------------


def test_a_loaded_dump_answers_as_the_chain_did(anvil: Anvil, story: Story, dump: Path) -> None:
    before = [anvil.ask(method, *asked).value for method, asked in questions(story)]
    with Devnet(origin=LoadedState(dump)) as devnet:
        rpc = Rpc(devnet.url)
        after = [rpc.ask(method, *asked).value for method, asked in questions(story)]
        rpc.close()
    for question, then, now in zip(questions(story), before, after, strict=True):
        assert now == then, question


def test_the_state_of_a_loaded_dump_is_proved_by_its_head(loaded: Rpc, story: Story) -> None:
    header = encode_header(loaded.ask("eth_getBlockByNumber", "latest", False))  # noqa: FBT003
    block, root = read_header(header)
    state = {"blockHash": "0x" + block.hash.hex()}
    proof = loaded.ask("eth_getProof", CONTRACT, [story.slot(SEALS[0])], state)
    parts = [proof.member("accountProof")]
    parts += [each.member("proof") for each in proof.member("storageProof").elements()]
    proofs = ProofNodes([node.data() for part in parts for node in part.elements()])
    account = proofs.account(root, deterministic_address())
    assert account is not None
    word = proofs.slot(account.storage_root, seal_slot(story.issuer, SEALS[0]))
    record = read_anchor(word)
    assert record is not None
    assert record.sequence == 1


@pytest.mark.parametrize("block", ["0x2", "finalized"])
def test_older_states_are_not_in_a_dump(loaded: Rpc, story: Story, block: str) -> None:
    for method, asked in (
        ("eth_getProof", [CONTRACT, [story.slot(SEALS[0])]]),
        ("eth_getStorageAt", [CONTRACT, story.slot(SEALS[0])]),
        ("eth_getCode", [CONTRACT]),
    ):
        with pytest.raises(JsonRpcError, match="BlockOutOfRange"):
            loaded.ask(method, *asked, block)


def test_nothing_is_mined_and_the_file_stays(dump: Path) -> None:
    before, written = dump.read_bytes(), dump.stat().st_mtime_ns
    dump.chmod(0o444)
    with Devnet(origin=LoadedState(dump)) as devnet:
        rpc = Rpc(devnet.url)
        head = rpc.ask("eth_blockNumber").count()
        time.sleep(1.2)  # a block's time on a devnet
        assert rpc.ask("eth_blockNumber").count() == head
        assert rpc.ask("eth_accounts").value == []
        rpc.ask("anvil_mine", "0x2")
        rpc.close()
    assert dump.read_bytes() == before
    assert dump.stat().st_mtime_ns == written
    assert list(dump.parent.iterdir()) == [dump]


def test_a_chain_with_other_accounts_keeps_its_state_root(tmp_path: Path) -> None:
    """Anvil would put its own ten rich accounts over them."""
    path = tmp_path / "state.json"
    with _PoorDevnet(block_time=None) as devnet:
        rpc = Rpc(devnet.url)
        rpc.ask("anvil_mine", "0x2")
        path.write_bytes(dump_state(rpc))
        rpc.close()
    with Devnet(origin=LoadedState(path)) as devnet:
        rpc = Rpc(devnet.url)
        assert proves_its_state(rpc)
        rpc.close()


class _PoorDevnet(Devnet):
    def _command(self) -> list[str]:
        odd = ["--accounts", "3", "--balance", "5", "--disable-default-create2-deployer"]
        return [*super()._command(), *odd]


def test_a_state_that_was_changed_no_longer_leads_to_the_head(dump: Path, story: Story) -> None:
    content = json.loads(dump.read_bytes())
    slot = story.slot(SEALS[0])
    content["accounts"][CONTRACT.lower()]["storage"][slot] = "0x" + "00" * 31 + "07"
    dump.write_text(json.dumps(content))
    with Devnet(origin=LoadedState(dump)) as devnet:
        rpc = Rpc(devnet.url)
        assert rpc.ask("eth_getStorageAt", CONTRACT, slot, "latest").quantity() == 7
        assert not proves_its_state(rpc)
        rpc.close()


def test_logs_that_were_taken_out_of_a_file_are_missed_by_nobody(dump: Path, story: Story) -> None:
    """Anvil does not compare them with the headers: only the contract's own count shows it."""
    content = json.loads(dump.read_bytes())
    gone = "0x" + story.transactions[-1].hex()
    content["transactions"] = [
        each for each in content["transactions"] if each["info"]["transaction_hash"] != gone
    ]
    dump.write_text(json.dumps(content))
    with Devnet(origin=LoadedState(dump)) as devnet:
        rpc = Rpc(devnet.url)
        wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": CONTRACT}
        assert len(rpc.ask("eth_getLogs", wanted).elements()) == len(SEALS) - 1
        assert rpc.ask("eth_getTransactionReceipt", gone).is_null
        assert proves_its_state(rpc)
        rpc.close()


def test_a_dump_has_no_chain_id_and_the_code_tells_it(dump: Path) -> None:
    with Devnet(origin=LoadedState(dump), chain_id=1) as devnet:
        other = open_chain(devnet.url, chain_id=1)
        onchain, address = other.code(other.contract), other.contract
        other.close()
    for chain_id, match in (1, CodeMatch.DIFFERENT), (31337, CodeMatch.EXACT):
        values = expected_immutables(artifact(), chain_id=chain_id, address=address)
        assert compare_code(onchain, artifact(), immutables=values) is match


def test_what_is_no_dump_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for content in None, b"{}", gzip.compress(b"{}"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UnavailableError, match="ended at once"):
            Devnet(origin=LoadedState(path)).start()


def test_a_chain_of_others_is_written_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not written"):
        Devnet(state=tmp_path / "a", origin=LoadedState(tmp_path / "b"))


# -- dumping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["anvil_nodeInfo", "anvil_dumpState"])
def test_other_nodes_say_that_they_are_no_anvil(proxy: RpcProxy, method: str) -> None:
    said = f"the method {method} does not exist/is not available"
    proxy.fail(method, Refusal(said, number=-32601))
    rpc = Rpc(proxy.url)
    with pytest.raises(UnavailableError, match="is no Anvil"):
        dump_state(rpc)
    rpc.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param("0x7b7d", "not gzip", id="not packed"),
        pytest.param("0x" + gzip.compress(b"{}")[:-9].hex(), "cut", id="cut"),
        pytest.param("0x", "cut", id="nothing"),
        pytest.param(None, "null", id="null"),
    ],
)
def test_a_dump_that_cannot_be_read_is_none(proxy: RpcProxy, answer: str | None, said: str) -> None:
    proxy.lie("anvil_dumpState", lambda _: answer)
    rpc = Rpc(proxy.url)
    with pytest.raises(UnavailableError, match=said):
        dump_state(rpc)
    rpc.close()


def test_a_dump_has_a_limit(proxy: RpcProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.chain.dumping.MAX_STATE_BYTES", 1000)
    proxy.lie("anvil_dumpState", lambda _: "0x" + gzip.compress(bytes(1001)).hex())
    rpc = Rpc(proxy.url)
    with pytest.raises(UnavailableError, match="too large"):
        dump_state(rpc)
    proxy.lie("anvil_dumpState", lambda _: "0x" + gzip.compress(bytes(1000)).hex())
    assert dump_state(rpc) == bytes(1000)
    rpc.close()


# -- a fork --------------------------------------------------------------------------------------


def test_a_fork_answers_as_the_chain_did_and_of_older_states_too(
    anvil: Anvil, story: Story
) -> None:
    older = ("eth_getProof", [CONTRACT, [story.slot(SEALS[0])], "0x3"])
    asked = [*questions(story), older]
    before = [anvil.ask(method, *parameters).value for method, parameters in asked]
    with Devnet(origin=Fork(anvil.url)) as devnet:
        rpc = Rpc(devnet.url)
        for (method, parameters), then in zip(asked, before, strict=True):
            assert rpc.ask(method, *parameters).value == then, method
        rpc.close()


def test_a_fork_ends_at_its_block_and_mines_nothing(anvil: Anvil, story: Story) -> None:
    with Devnet(origin=Fork(anvil.url, 3)) as devnet:
        chain = open_chain(devnet.url)
        assert chain.head().number == 3
        assert chain.is_genuine(chain.contract)
        seals = [SEALS[number] for number in (0, 1, 4)]
        found = [chain.anchor_record(chain.contract, story.issuer, seal) for seal in seals]
        assert [record is not None for record in found] == [True, True, False]
        anvil.mine(2)
        time.sleep(1.2)
        assert chain.head().number == 3
        # By Anvil's count from its own head, not by what the node says of its blocks.
        assert chain.finalized() == 1
        chain.close()


def test_a_fork_cannot_be_dumped(anvil: Anvil) -> None:
    with Devnet(origin=Fork(anvil.url)) as devnet:
        rpc = Rpc(devnet.url)
        with pytest.raises(UnavailableError, match="is a fork"):
            dump_state(rpc)
        rpc.close()


def test_a_fork_is_of_the_chain_that_was_named(anvil: Anvil) -> None:
    devnet = Devnet(origin=Fork(anvil.url), chain_id=1)
    with pytest.raises(ConflictError, match="is chain 31337, not 1"):
        devnet.start()
    assert devnet.pid is None


def test_the_address_of_a_fork_is_shown_to_nobody(anvil: Anvil) -> None:
    fork, needle = Fork(f"{anvil.url}/?apikey={KEY}"), Needle(KEY.encode())
    assert KEY not in repr(fork)
    with Devnet(origin=fork) as devnet:
        process = Path(f"/proc/{devnet.pid}")
        for name in "cmdline", "environ":
            assert not needle.is_in((process / name).read_bytes()), name


@pytest.mark.parametrize("path", [f"/v2/{KEY}", f"/?apikey={KEY}"])
def test_a_fork_that_fails_does_not_say_its_address(proxy: RpcProxy, path: str) -> None:
    proxy.fail("eth_chainId", Fault.RPC_ERROR)
    with pytest.raises(UnavailableError) as caught:
        Devnet(origin=Fork(proxy.url + path)).start()
    assert KEY not in str(caught.value)
    with pytest.raises(UnavailableError, match=r"http://127\.0\.0\.1:1/.*…") as caught:
        Devnet(origin=Fork(f"http://127.0.0.1:1{path}")).start()
    assert KEY not in str(caught.value)


def test_a_folder_has_no_say_about_a_fork(
    anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor may stand in one that came with the evidence."""
    elsewhere = '[rpc_endpoints]\nrootseal_fork = "http://127.0.0.1:1"\n'
    (tmp_path / "foundry.toml").write_text(elsewhere)
    (tmp_path / ".env").write_text("HTTP_PROXY=http://127.0.0.1:1\nhttp_proxy=http://127.0.0.1:1\n")
    monkeypatch.chdir(tmp_path)
    with Devnet(origin=Fork(anvil.url)) as devnet:
        rpc = Rpc(devnet.url)
        assert rpc.ask("eth_getCode", CONTRACT, "latest").data()
        rpc.close()


@pytest.mark.parametrize(
    ("url", "block"),
    [
        ("ftp://127.0.0.1", None),
        ("rootseal", None),
        ("http://127.0.0.1/${HOME}", None),
        ("http://127.0.0.1", -1),
    ],
)
def test_a_fork_of_nothing_is_refused(url: str, block: int | None) -> None:
    with pytest.raises(InvalidInputError):
        Fork(url, block)


def test_a_block_that_is_not_there_yet_cannot_be_forked(anvil: Anvil) -> None:
    with pytest.raises(UnavailableError, match="block number: 9000"):
        Devnet(origin=Fork(anvil.url, 9000)).start()


def test_a_fork_is_gone_on_with_by_nobody_else(anvil: Anvil, signer: LocalSigner) -> None:
    """What is mined on it by request never reaches the chain."""
    head = anvil.ask("eth_blockNumber").count()
    with Devnet(origin=Fork(anvil.url)) as devnet:
        chain = open_chain(devnet.url)
        assert deploy(chain, signer).transaction is None
        chain.close()
        rpc = Rpc(devnet.url)
        rpc.ask("anvil_mine", "0x2")
        rpc.close()
    assert anvil.ask("eth_blockNumber").count() == head
