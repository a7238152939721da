"""EVM addresses and chain names, as Ethereum tools print them (EIP-55, CAIP-2)."""

import re
from functools import lru_cache

from eth_utils.address import to_checksum_address

from registry.errors import InvalidInputError

ADDRESS_BYTES = 20
MAX_CHAIN_ID = 2**63 - 37  # EIP-2294: so that ids and sums with them fit 64 bits
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_CHAIN = re.compile(r"eip155:([1-9][0-9]{0,18})", re.ASCII)


@lru_cache(maxsize=1_024)  # its checksum is a Keccak hash, and a night prints one address often
def format_address(address: bytes) -> str:
    """Print 20 bytes with 0x and the EIP-55 checksum."""
    if len(address) != ADDRESS_BYTES:
        raise ValueError(f"an address has 20 bytes, got {len(address)}")
    return str(to_checksum_address(address))


def parse_address(text: str, *, place: str | None = None) -> bytes:
    """Read an address as a person types it: any one case, or mixed case with a right checksum.

    Raises `InvalidInputError` naming what is wrong.
    """
    if _ADDRESS.fullmatch(text) is None:
        raise InvalidInputError(
            f"not an address (0x and 40 hex digits): {text[:60]!r}", place=place
        )
    address = bytes.fromhex(text[2:])
    digits = text[2:]
    one_case = digits in (digits.lower(), digits.upper())
    if not one_case and text != format_address(address):
        raise InvalidInputError(f"address {text} has a wrong checksum (EIP-55)", place=place)
    return address


def format_chain(chain_id: int) -> str:
    """Print an EVM chain id as CAIP-2."""
    if not 1 <= chain_id <= MAX_CHAIN_ID:
        raise ValueError(f"no EVM chain has the id {chain_id}")
    return f"eip155:{chain_id}"


def parse_chain(text: str, *, place: str | None = None) -> int:
    """Read the EVM chain id out of a CAIP-2 name. Raises `InvalidInputError`."""
    match = _CHAIN.fullmatch(text)
    if match is None or int(match[1]) > MAX_CHAIN_ID:
        raise InvalidInputError(f"not an EVM chain (eip155:<id>): {text[:60]!r}", place=place)
    return int(match[1])
