"""Whether code on a chain is what a compiler made of published sources, and what differs.

Asks nobody: callers fetch the code and have the sources compiled.
"""

from collections.abc import Sequence
from typing import Protocol

import cbor2
from eth_utils.crypto import keccak

from registry.chain.authorizations import DOMAIN_NAME, DOMAIN_VERSION, domain_separator
from registry.errors import InvalidInputError
from registry.services.ports import CodeMatch

_MAX_METADATA_BYTES = 256  # compilers write about 50; code is not given up as metadata lightly
_LENGTH_BYTES = 2
_INVALID = b"\xfe"


class Built(Protocol):
    """An `Artifact` or a `CompiledContract`."""

    @property
    def runtime_code(self) -> bytes:
        """Code with zeros where the constructor fills in immutables."""

    @property
    def immutables(self) -> tuple[slice, ...]:
        """These places, in their order."""

    @property
    def immutable_names(self) -> tuple[str, ...]:
        """The variable at each of them."""


def compare_code(
    onchain: bytes, built: Built, *, immutables: Sequence[bytes] | None = None
) -> CodeMatch:
    """Compare code with a build whose constructor filled in `immutables`.

    If those are None any will do, which tells a chain's contract from another chain's no more:
    say `expected_immutables`. The metadata that compilers append is never run and says only how
    the sources read, so it is compared apart; so is whether there is any.
    """
    values = _found(onchain, built) if immutables is None else immutables
    theirs, their_metadata = split_metadata(onchain)
    ours, our_metadata = split_metadata(_filled(built, values))
    if theirs != ours:
        return CodeMatch.DIFFERENT
    return CodeMatch.EXACT if their_metadata == our_metadata else CodeMatch.METADATA_DIFFERS


def split_metadata(code: bytes) -> tuple[bytes, bytes]:
    """Split runtime code into program and metadata, which is empty if there is none.

    Metadata is a CBOR map with the length of it in the last two bytes. The compiler puts an INVALID
    in front, which is not there in code without metadata and where no program runs on to.
    """
    length = int.from_bytes(code[-_LENGTH_BYTES:], "big")
    start = len(code) - _LENGTH_BYTES - length
    if not 0 < length <= _MAX_METADATA_BYTES or start < 0:
        return code, b""
    if not _is_metadata(code[start:-_LENGTH_BYTES]):
        return code, b""
    program = code[:start].removesuffix(_INVALID)
    return program, code[len(program) :]


def expected_immutables(built: Built, *, chain_id: int, address: bytes) -> tuple[bytes, ...]:
    """What our constructor fills in at `address` on a chain, in the order of `built.immutables`.

    Without these the code of one chain could be shown for that of another, and a contract whose
    signatures hold elsewhere for ours. Raises `InvalidInputError` for a build with immutables
    that are not our contract's.
    """
    known = {
        "_cachedDomainSeparator": domain_separator(chain_id=chain_id, contract=address),
        "_cachedChainId": chain_id.to_bytes(32, "big"),
        "_cachedThis": address.rjust(32, b"\0"),
        "_hashedName": keccak(text=DOMAIN_NAME),
        "_hashedVersion": keccak(text=DOMAIN_VERSION),
        "_name": _short_string(DOMAIN_NAME),
        "_version": _short_string(DOMAIN_VERSION),
    }
    unknown = set(built.immutable_names) - known.keys()
    if unknown:
        raise InvalidInputError(f"our contract has no immutables {sorted(unknown)}")
    return tuple(known[name] for name in built.immutable_names)


def _found(onchain: bytes, built: Built) -> list[bytes]:
    """What stands at the places of the immutables; zeros beyond the end of shorter code."""
    return [onchain[place].ljust(place.stop - place.start, b"\0") for place in built.immutables]


def _filled(built: Built, values: Sequence[bytes]) -> bytes:
    code = bytearray(built.runtime_code)
    for place, value in zip(built.immutables, values, strict=True):
        code[place] = value
    return bytes(code)


def _is_metadata(data: bytes) -> bool:
    try:
        content = cbor2.loads(data)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError):
        return False
    # Encoded again, as a decoder ends with the first value and takes many spellings of one.
    return isinstance(content, dict) and bool(content) and cbor2.dumps(content) == data


def _short_string(text: str) -> bytes:
    """A `ShortString` of OpenZeppelin: the text, then zeros, then its length."""
    return text.encode().ljust(31, b"\0") + bytes([len(text)])
