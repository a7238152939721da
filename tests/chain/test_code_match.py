"""Code on chains compared with what the published sources compile to."""

import pytest

from registry.chain import (
    Devnet,
    EvmChain,
    RemoteSigner,
    artifact,
    deploy,
    deterministic_address,
)
from registry.chain.artifact import compiler_input
from registry.chain.code_match import compare_code, expected_immutables, split_metadata
from registry.chain.compiling import CompiledContract, compile_input
from registry.core.address import format_address, parse_address
from registry.errors import InvalidInputError
from registry.services.ports import CodeMatch
from tests.anvil import Anvil, open_chain
from tests.chain.counter import COUNTER, WITH_HASH, counter

PAYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.fixture(scope="module")
def ours() -> CompiledContract:
    return compile_input(compiler_input())


def deployed(anvil: Anvil, creation: bytes) -> bytes:
    """Deploy code as any contract is deployed; return its address."""
    call = {"from": PAYER, "data": "0x" + creation.hex()}
    transaction = anvil.ask("eth_sendTransaction", call).value
    while (receipt := anvil.ask("eth_getTransactionReceipt", transaction)).is_null:
        pass
    return parse_address(str(receipt.member("contractAddress").value))


def code_at(anvil: Anvil, address: bytes) -> bytes:
    return anvil.ask("eth_getCode", format_address(address), "latest").data()


def test_the_contract_on_the_chain_is_what_the_sources_compile_to(
    chain: EvmChain, ours: CompiledContract
) -> None:
    onchain = chain.code(chain.contract)
    for built in ours, artifact():
        values = expected_immutables(built, chain_id=31337, address=deterministic_address())
        assert compare_code(onchain, built, immutables=values) is CodeMatch.EXACT
        assert compare_code(onchain, built) is CodeMatch.EXACT


def test_the_constructor_fills_in_address_and_chain(anvil: Anvil, ours: CompiledContract) -> None:
    elsewhere = deployed(anvil, ours.creation_code)
    onchain = code_at(anvil, elsewhere)
    values = expected_immutables(ours, chain_id=31337, address=elsewhere)
    assert compare_code(onchain, ours, immutables=values) is CodeMatch.EXACT
    for chain_id, address in (31337, deterministic_address()), (1, elsewhere):
        others = expected_immutables(ours, chain_id=chain_id, address=address)
        assert compare_code(onchain, ours, immutables=others) is CodeMatch.DIFFERENT
    assert compare_code(onchain, ours) is CodeMatch.EXACT


def test_the_contract_of_another_chain_is_different() -> None:
    with Devnet(block_time=None, chain_id=11155111) as devnet:
        other = open_chain(devnet.url, chain_id=11155111)
        signer = RemoteSigner(devnet.url, parse_address(PAYER))
        deploy(other, signer)
        signer.close()
        onchain, address = other.code(other.contract), other.contract
        other.close()
    values = expected_immutables(artifact(), chain_id=11155111, address=address)
    assert compare_code(onchain, artifact(), immutables=values) is CodeMatch.EXACT
    others = expected_immutables(artifact(), chain_id=1, address=address)
    assert compare_code(onchain, artifact(), immutables=others) is CodeMatch.DIFFERENT


def test_each_immutable_counts(chain: EvmChain) -> None:
    onchain = chain.code(chain.contract)
    values = expected_immutables(artifact(), chain_id=31337, address=chain.contract)
    assert len(set(values)) == 7
    for place in artifact().immutables:
        changed = bytearray(onchain)
        changed[place.start + 31] ^= 1
        assert compare_code(bytes(changed), artifact(), immutables=values) is CodeMatch.DIFFERENT


def test_any_other_byte_counts(chain: EvmChain) -> None:
    onchain = chain.code(chain.contract)
    filled = {at for place in artifact().immutables for at in range(place.start, place.stop)}
    for at in range(len(onchain)):
        changed = bytearray(onchain)
        changed[at] ^= 1
        match = compare_code(bytes(changed), artifact())
        assert (match is CodeMatch.EXACT) == (at in filled), at


@pytest.mark.parametrize("length", [0, 1, 100, 6140, 6150, -1])
def test_code_that_was_cut_is_different(chain: EvmChain, length: int) -> None:
    assert compare_code(chain.code(chain.contract)[:length], artifact()) is CodeMatch.DIFFERENT


def test_immutables_of_another_contract_are_unknown() -> None:
    other = compile_input(counter())
    assert other.immutable_names == ("_start",)
    with pytest.raises(InvalidInputError, match="_start"):
        expected_immutables(other, chain_id=1, address=b"\1" * 20)


# -- metadata ------------------------------------------------------------------------------------


def test_a_comment_changes_the_metadata_alone(anvil: Anvil) -> None:
    plain = compile_input(counter())
    first = compile_input(counter(metadata=WITH_HASH))
    second = compile_input(counter("// A comment.\n" + COUNTER, metadata=WITH_HASH))
    onchain = code_at(anvil, deployed(anvil, first.creation_code + (7).to_bytes(32, "big")))
    assert split_metadata(plain.runtime_code) == (plain.runtime_code, b"")
    assert len(split_metadata(onchain)[1]) == 1 + 51 + 2
    assert compare_code(onchain, first) is CodeMatch.EXACT
    assert compare_code(onchain, second) is CodeMatch.METADATA_DIFFERS
    assert compare_code(onchain, plain) is CodeMatch.METADATA_DIFFERS
    assert compare_code(plain.runtime_code, first) is CodeMatch.METADATA_DIFFERS
    assert compare_code(onchain, first, immutables=[(7).to_bytes(32, "big")]) is CodeMatch.EXACT
    assert compare_code(onchain, first, immutables=[bytes(32)]) is CodeMatch.DIFFERENT


def test_another_program_with_the_same_metadata_is_different() -> None:
    one = compile_input(counter(metadata=WITH_HASH))
    program, metadata = split_metadata(one.runtime_code)
    assert compare_code(program[:-1] + b"\0" + metadata, one) is CodeMatch.DIFFERENT
    assert compare_code(program + b"\0" + metadata, one) is CodeMatch.DIFFERENT
    assert compare_code(program[:-1] + metadata, one) is CodeMatch.DIFFERENT


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b"\xa0\x00\x01", id="an empty map"),
        pytest.param(b"\x81\x00\x00\x02", id="a list"),
        pytest.param(b"\xa1\x61a\x00\x00\x00\x05", id="something behind the map"),
        pytest.param(b"\xa1\x61a\x18\x00\x00\x05", id="a number spelled long"),
        pytest.param(b"\xbf\x61a\x00\xff\x00\x05", id="a map without a length"),
        pytest.param(b"\xa1\x61a\x00\x00\x05", id="a length too great"),
        pytest.param(b"\xa2\x61a\x00\x00\x04", id="a map cut short"),
        pytest.param(b"\xa1\x59\x01\x00" + b"x" * 256 + b"\x00\x01\x05", id="longer than metadata"),
        pytest.param(b"\x81" * 200 + b"\x00\xc8", id="lists in lists"),
        pytest.param(b"\xff\xff", id="longer than the code"),
        pytest.param(b"\x00\x00", id="no length"),
    ],
)
def test_what_is_no_metadata_is_code(tail: bytes) -> None:
    code = artifact().runtime_code + tail
    assert split_metadata(code) == (code, b"")
    assert compare_code(code, artifact()) is CodeMatch.DIFFERENT
