"""Where the contract keeps what it knows: slots of `CredentialRegistry.sol`, and how they are read.

The compiler fixes the layout (docs.soliditylang.org, "Layout of State Variables in Storage"); the
code that a snapshot proves to be there is the one that was compiled to it.
"""

from datetime import UTC, datetime

from eth_utils.crypto import keccak

from registry.services.ports import (
    AnchorRecord,
    CredentialStatus,
    IssuerRecord,
    OperatorRecord,
    Role,
)

CREDENTIALS_IN_WORD = 128  # two bits each
_ISSUERS_SLOT = 2  # behind the two strings of OpenZeppelin's EIP712
_PENDING_MEMBER = 1  # of IssuerRecord
_APPOINTMENTS_MEMBER = 2
_SEALS_MEMBER = 3
_WORDS_MEMBER = 1  # of SealRecord
_MASK_64 = 2**64 - 1
_ADDRESS_BITS = 160


def issuer_slots(issuer: bytes) -> tuple[bytes, bytes]:
    """Slots of an issuer: owner with anchor count, and whom it was offered to."""
    record = _in_mapping(issuer.rjust(32, b"\0"), _word(_ISSUERS_SLOT))
    return record, _plus(record, _PENDING_MEMBER)


def operator_slot(issuer: bytes, operator: bytes) -> bytes:
    """Slot of an appointment: `_issuers[issuer].appointments[operator]`."""
    appointments = _plus(issuer_slots(issuer)[0], _APPOINTMENTS_MEMBER)
    return _in_mapping(operator.rjust(32, b"\0"), appointments)


def seal_slot(issuer: bytes, seal: bytes) -> bytes:
    """Slot of a seal's anchor: `_issuers[issuer].seals[seal].anchor`."""
    return _in_mapping(seal, _plus(issuer_slots(issuer)[0], _SEALS_MEMBER))


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


def read_issuer(word: int, pending: int, issuer: bytes) -> IssuerRecord:
    """What an issuer's two slots say. Raises `ValueError` for what no code of ours wrote."""
    owner = (word & (2**_ADDRESS_BITS - 1)).to_bytes(20, "big")
    offered = pending.to_bytes(32, "big")
    if any(offered[:12]) or word >> (_ADDRESS_BITS + 64):
        raise ValueError("no issuer")
    return IssuerRecord(
        owner=owner if any(owner) else issuer,
        pending_owner=offered[12:] if any(offered) else None,
        anchor_count=word >> _ADDRESS_BITS,
    )


def read_operator(word: int) -> OperatorRecord:
    """What an appointment's slot says. Raises `ValueError` as above."""
    roles, valid_until = word & 0xFF, word >> 8
    if roles > (Role.ANCHOR | Role.STATUS) or valid_until > _MASK_64:
        raise ValueError("no appointment")
    return OperatorRecord(Role(roles), valid_until)


def _in_mapping(key: bytes, slot: bytes) -> bytes:
    return bytes(keccak(key + slot))


def _plus(slot: bytes, offset: int) -> bytes:
    return _word((int.from_bytes(slot, "big") + offset) % 2**256)


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
