import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.address import (
    MAX_CHAIN_ID,
    format_address,
    format_chain,
    parse_address,
    parse_chain,
)
from registry.errors import InvalidInputError
from tests.core.strategies import addresses

# The examples of EIP-55.
CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_prints_the_examples_of_eip_55(text: str) -> None:
    assert format_address(bytes.fromhex(text[2:])) == text


@given(address=addresses)
def test_reads_an_address_in_its_checksum_or_in_one_case(address: bytes) -> None:
    assert parse_address(format_address(address)) == address
    assert parse_address("0x" + address.hex()) == address
    assert parse_address("0x" + address.hex().upper()) == address


@given(address=addresses, place=st.integers(2, 41))
def test_one_digit_in_the_wrong_case_is_noticed(address: bytes, place: int) -> None:
    text = format_address(address)
    changed = text[:place] + text[place].swapcase() + text[place + 1 :]
    one_case = changed[2:] in (changed[2:].lower(), changed[2:].upper())
    if one_case or changed == text:
        return
    with pytest.raises(InvalidInputError, match="wrong checksum"):
        parse_address(changed)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(CHECKSUMMED[0][2:], id="no 0x"),
        pytest.param("0X" + CHECKSUMMED[0][2:], id="0X"),
        pytest.param(CHECKSUMMED[0][:-1], id="39 digits"),
        pytest.param(CHECKSUMMED[0] + "0", id="41 digits"),
        pytest.param(CHECKSUMMED[0] + "\n", id="line end"),
        pytest.param("0x" + "g" * 40, id="not hex"),
        pytest.param("0x" + "\uff11" * 40, id="digits of another script"),
    ],
)
def test_refuses_what_is_not_an_address(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not an address") as caught:
        parse_address(text, place="/issuer")
    assert caught.value.place == "/issuer"


@pytest.mark.parametrize("length", [0, 19, 21, 32])
def test_prints_20_bytes_only(length: int) -> None:
    with pytest.raises(ValueError, match="20 bytes"):
        format_address(bytes(length))


@given(chain=st.integers(1, MAX_CHAIN_ID))
def test_reads_the_chains_it_prints(chain: int) -> None:
    assert parse_chain(format_chain(chain)) == chain


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("eip155:0", id="zero"),
        pytest.param("eip155:01", id="leading zero"),
        pytest.param("eip155:-1", id="negative"),
        pytest.param("eip155:", id="no id"),
        pytest.param("EIP155:1", id="upper case"),
        pytest.param("bip122:1", id="not EVM"),
        pytest.param("eip155:1 ", id="space"),
        pytest.param("eip155:1\n", id="line end"),
        pytest.param("eip155:\u0661", id="digit of another script"),
        pytest.param(f"eip155:{MAX_CHAIN_ID + 1}", id="one beyond the largest id"),
        pytest.param("eip155:" + "9" * 5000, id="5000 digits"),
    ],
)
def test_refuses_what_is_not_an_evm_chain(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not an EVM chain") as caught:
        parse_chain(text, place="/chain")
    assert caught.value.place == "/chain"


@pytest.mark.parametrize("chain", [0, -1, MAX_CHAIN_ID + 1])
def test_prints_no_chain_that_cannot_be(chain: int) -> None:
    with pytest.raises(ValueError, match="no EVM chain"):
        format_chain(chain)
