"""Where the contract keeps what it knows: slots of `CredentialRegistry.sol`, and how they are read.

The compiler fixes the layout (docs.soliditylang.org, "Layout of State Variables in Storage"); the
code that a snapshot proves to be there is the one that was compiled to it.
"""

from datetime import UTC, datetime

from eth_utils.crypto import keccak

from registry.services.ports import AnchorRecord, CredentialStatus

CREDENTIALS_IN_WORD = 128  # two bits each
_ISSUERS_SLOT = 2  # behind the two strings of OpenZeppelin's EIP712
_SEALS_MEMBER = 3  # of IssuerRecord
_WORDS_MEMBER = 1  # of SealRecord
_MASK_64 = 2**64 - 1


def seal_slot(issuer: bytes, seal: bytes) -> bytes:
    """Slot of a seal's anchor: `_issuers[issuer].seals[seal].anchor`."""
    record = _in_mapping(issuer.rjust(32, b"\0"), _word(_ISSUERS_SLOT))
    return _in_mapping(seal, _plus(record, _SEALS_MEMBER))


def status_slot(issuer: bytes, seal: bytes, leaf_index: int) -> bytes:
    """Slot of the word with a credential's own status."""
    words = _plus(seal_slot(issuer, seal), _WORDS_MEMBER)
    return _in_mapping(_word(leaf_index // CREDENTIALS_IN_WORD), words)


def read_anchor(word: int) -> AnchorRecord | None:
    """What a seal's slot says; None for a seal that was never anchored. Raises `ValueError`."""
    if word == 0:
        return None
    anchored_at, sequence = word & _MASK_64, (word >> 64) & _MASK_64
    try:
        time = datetime.fromtimestamp(anchored_at, UTC)
    except (OverflowError, OSError) as exc:
        raise ValueError("no time") from exc
    return AnchorRecord(time, sequence, CredentialStatus(word >> 128))


def read_status(word: int, leaf_index: int) -> CredentialStatus:
    """A credential's own status from its word. Raises `ValueError` for none."""
    return CredentialStatus((word >> (2 * (leaf_index % CREDENTIALS_IN_WORD))) & 3)


def _in_mapping(key: bytes, slot: bytes) -> bytes:
    return bytes(keccak(key + slot))


def _plus(slot: bytes, offset: int) -> bytes:
    return _word((int.from_bytes(slot, "big") + offset) % 2**256)


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
