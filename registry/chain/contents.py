"""What the contract's events say, and who acted in its calls. Asks no node."""

from collections.abc import Sequence
from typing import Any  # ABI values are of any shape

from registry.chain.authorizations import recovered_signer
from registry.chain.contract import decode_call, decode_event
from registry.core.address import parse_address
from registry.services.ports import (
    Authorization,
    CredentialStatus,
    OperatorSet,
    ProfileSet,
    Role,
    SealAnchored,
    StatusChanged,
    Transferred,
    TransferStarted,
)
from registry.services.ports.history import Content


def read_content(topics: Sequence[bytes], data: bytes) -> Content:
    """What an event says. Raises `ValueError` for one that the contract cannot have made."""
    name, values = decode_event(topics, data)
    match name:
        case "SealAnchored":
            return SealAnchored(values["seal"], values["sequence"])
        case "CredentialStatusChanged" | "SealStatusChanged":
            return _status(values)
        case "OperatorSet":
            operator = parse_address(values["operator"])
            return OperatorSet(operator, Role(values["roles"]), values["validUntil"])
        case "IssuerTransferStarted":
            owner, offered = parse_address(values["owner"]), parse_address(values["pendingOwner"])
            return TransferStarted(owner, offered)
        case "IssuerTransferred":
            previous = parse_address(values["previousOwner"])
            return Transferred(previous, parse_address(values["newOwner"]))
        case "ProfileSet":
            # Whatever the owner's key put there: an event that nobody can read would blind audits.
            return ProfileSet(values["uri"].decode("utf-8", "replace"))
    raise ValueError(f"{name} is of no issuer")


def read_authorization_call(data: bytes, *, chain_id: int, contract: bytes) -> Authorization | None:
    """The permission in a call of `anchorWithSignature`; None in any other."""
    try:
        name, values = decode_call(data)
    except ValueError:
        return None
    if name != "anchorWithSignature":
        return None
    return Authorization(
        issuer=parse_address(values["issuer"]),
        seal=values["seal"],
        chain_id=chain_id,
        contract=contract,
        deadline=values["deadline"],
        signer=parse_address(values["signer"]),
        signature=values["signature"],
    )


def account_behind(authorization: Authorization) -> bytes | None:
    """The account that signed a permission; None if none did, as with a wallet's signature."""
    try:
        return recovered_signer(authorization)
    except ValueError:
        return None


def _status(values: dict[str, Any]) -> StatusChanged:
    indexes = values.get("indexes")
    return StatusChanged(
        seal=values["seal"],
        leaf_indexes=None if indexes is None else tuple(indexes),
        status=CredentialStatus(values["status"]),
        reason=values["reason"],
    )
