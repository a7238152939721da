"""Headers of every fork, and what the nodes of a trie prove."""

from typing import Any

import pytest
import rlp  # type: ignore[import-untyped] # has no annotations
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from registry.chain import Devnet
from registry.chain.proofs import Account, MissingProofError, ProofNodes, encode_header, read_header
from registry.chain.reply import Reply
from registry.chain.rpc import Rpc
from registry.core.wire import MAX_COUNT
from registry.errors import InvalidInputError

# Ethereum's first block, as every client of it knows it.
GENESIS = {
    "parentHash": "0x" + "00" * 32,
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x" + "00" * 20,
    "stateRoot": "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
    "transactionsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "receiptsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x400000000",
    "number": "0x0",
    "gasLimit": "0x1388",
    "gasUsed": "0x0",
    "timestamp": "0x0",
    "extraData": "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
    "mixHash": "0x" + "00" * 32,
    "nonce": "0x0000000000000042",
}
GENESIS_HASH = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
FIELDS = {"berlin": 15, "london": 16, "shanghai": 17, "cancun": 20, "prague": 21}


class ForkedDevnet(Devnet):
    """A chain under the rules of a given fork."""

    def __init__(self, fork: str) -> None:
        super().__init__(block_time=None)
        self._fork = fork

    def _command(self) -> list[str]:
        return [*super()._command(), "--hardfork", self._fork]


def test_the_first_header_of_ethereum_is_hashed_as_everywhere() -> None:
    header = encode_header(Reply(GENESIS, method="", source=""))
    block, state_root = read_header(header)
    assert block.hash.hex() == GENESIS_HASH
    assert (block.number, block.time.timestamp()) == (0, 0)
    assert "0x" + state_root.hex() == GENESIS["stateRoot"]


@pytest.mark.parametrize("fork", FIELDS)
def test_headers_of_each_fork_are_hashed_as_the_node_does(fork: str) -> None:
    with ForkedDevnet(fork) as devnet:
        rpc = Rpc(devnet.url)
        rpc.ask("evm_mine")
        answer = rpc.ask("eth_getBlockByNumber", "0x1", False)  # noqa: FBT003 - JSON-RPC parameter
        rpc.close()
    header = encode_header(answer)
    assert len(rlp.decode(header)) == FIELDS[fork]
    block, _ = read_header(header)
    assert (block.number, block.hash) == (1, answer.member("hash").data(32))
    assert block.time == answer.member("timestamp").time()


def header_with(number: bytes = b"\1", seconds: bytes = b"\1", count: int = 15) -> bytes:
    fields = [b"\1"] * count
    fields[8:9], fields[11:12] = [number], [seconds]
    return bytes(rlp.encode(fields))


def test_numbers_that_json_does_not_carry_are_no_blocks() -> None:
    largest = MAX_COUNT.to_bytes(7, "big")
    assert read_header(header_with(number=largest))[0].number == MAX_COUNT
    for number in (2**53).to_bytes(7, "big"), b"\xff" * 9, b"\xff" * 1900:
        with pytest.raises(InvalidInputError, match="header"):
            read_header(header_with(number=number))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(header_with(seconds=b"\xff" * 5), id="a time beyond the calendar"),
        pytest.param(header_with(seconds=b"\xff" * 1900), id="a time beyond reason"),
        pytest.param(header_with() + b"\0", id="something behind it"),
        pytest.param(header_with()[:-1], id="cut"),
        pytest.param(bytes(rlp.encode([b"\1"] * 11)), id="without a time"),
        pytest.param(bytes(rlp.encode([[b""]] * 15)), id="lists within"),
        pytest.param(b"\x80", id="no list"),
        pytest.param(b"\xff" * 9, id="longer than memory"),
        pytest.param(b"\xc1" * 900, id="lists in lists"),
    ],
)
def test_what_is_no_header_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidInputError, match="header"):
        read_header(header)


KEYS = st.binary(min_size=32, max_size=32)
WORDS = st.integers(1, 2**256 - 1)


def storage_of(words: dict[bytes, int]) -> tuple[bytes, list[bytes]]:
    """Root and nodes of a storage trie, built by putting each word into it."""
    coded = {
        slot: rlp.encode(word.to_bytes((word.bit_length() + 7) // 8, "big"))
        for slot, word in words.items()
    }
    return trie_of(coded)


def trie_of(values: dict[bytes, bytes]) -> tuple[bytes, list[bytes]]:
    nodes: dict[bytes, bytes] = {}
    trie = HexaryTrie(nodes)
    for key, value in values.items():
        trie.set(bytes(keccak(key)), value)  # type: ignore[no-untyped-call] # as it is
    return bytes(trie.root_hash), list(nodes.values())


@given(st.dictionaries(KEYS, WORDS, max_size=40), KEYS)
def test_slots_are_read_as_they_were_written(words: dict[bytes, int], other: bytes) -> None:
    root, nodes = storage_of(words)
    proofs = ProofNodes(nodes)
    for slot, word in words.items():
        assert proofs.slot(root, slot) == word
    assert proofs.slot(root, other) == words.get(other, 0)


@given(st.dictionaries(KEYS, WORDS, min_size=1, max_size=40), st.data())
def test_damage_anywhere_gives_the_same_word_or_none(words: dict[bytes, int], data: Any) -> None:
    """Never another word, and above all no zero: an unset slot is a seal that was not withdrawn."""
    root, nodes = storage_of(words)
    place = data.draw(st.integers(0, len(nodes) - 1))
    at = data.draw(st.integers(0, len(nodes[place]) - 1))
    changed = bytearray(nodes[place])
    changed[at] ^= data.draw(st.integers(1, 255))
    damaged = ProofNodes([*nodes[:place], bytes(changed), *nodes[place + 1 :]])
    for slot, word in words.items():
        try:
            assert damaged.slot(root, slot) == word
        except MissingProofError:
            continue


@pytest.mark.parametrize(
    "node",
    [
        pytest.param(b"\xc1" * 1024, id="lists in lists"),
        pytest.param(b"\xff" * 9 + b"\0" * 60, id="longer than memory"),
        pytest.param(b"\x80" * 40, id="several things"),
        pytest.param(bytes(rlp.encode([b"\0" * 33] * 5)), id="five items"),
        pytest.param(bytes(rlp.encode([b"", b"x" * 40])), id="no path"),
    ],
)
def test_a_root_that_is_no_node_proves_nothing(node: bytes) -> None:
    """As of a chain made for it, whose root somebody trusts."""
    with pytest.raises(MissingProofError):
        ProofNodes([node]).slot(bytes(keccak(node)), b"\0" * 32)


def test_nodes_that_lead_on_and_on_prove_nothing() -> None:
    nodes = [bytes(rlp.encode([b"\x00", b"\1" * 32]))]  # an extension of no length
    for _ in range(5000):
        nodes.append(bytes(rlp.encode([b"\x00", bytes(keccak(nodes[-1]))])))
    with pytest.raises(MissingProofError):
        ProofNodes(nodes).slot(bytes(keccak(nodes[-1])), b"\0" * 32)


def test_a_word_of_more_than_32_bytes_is_none() -> None:
    root, nodes = trie_of({b"slot": rlp.encode(b"\1" * 33)})
    with pytest.raises(MissingProofError):
        ProofNodes(nodes).slot(root, b"slot")


@pytest.mark.parametrize(
    "account",
    [
        pytest.param(rlp.encode(b"\1" * 40), id="no list"),
        pytest.param(rlp.encode([b"\1"] * 3), id="three fields"),
        pytest.param(rlp.encode([b"\1"] * 5), id="five fields"),
        pytest.param(b"\xc1" * 600, id="lists in lists"),
    ],
)
def test_what_is_no_account_is_none(account: bytes) -> None:
    root, nodes = trie_of({b"address": account})
    with pytest.raises(MissingProofError):
        ProofNodes(nodes).account(root, b"address")


def test_an_account_that_is_not_there_is_proved_so() -> None:
    root, nodes = trie_of({b"address": rlp.encode([b"", b"", b"r" * 32, b"c" * 32])})
    account = ProofNodes(nodes).account(root, b"address")
    assert account == Account(storage_root=b"r" * 32, code_hash=b"c" * 32)
    assert ProofNodes(nodes).account(root, b"another") is None
    with pytest.raises(MissingProofError):
        ProofNodes([]).account(root, b"another")
