"""Permissions to anchor one seal, signed with an issuer's key for whoever pays (EIP-712).

Pure but for the signer that it is given. Does not judge a wallet's signature (ERC-1271): only the
wallet can, when the contract asks it.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol  # typed data is JSON of any shape

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from registry.chain.transactions import recover
from registry.core.address import format_address
from registry.core.authorization import (
    AUTHORIZATION_TYPE,
    AuthorizationDocument,
    parse_authorization,
    print_authorization,
)
from registry.errors import InvalidInputError
from registry.services.ports import Authorization

DOMAIN_NAME: Final = "CredentialRegistry"
DOMAIN_VERSION: Final = "1"
_DOMAIN: Final = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
]
_ANCHOR: Final = [("issuer", "address"), ("seal", "bytes32"), ("deadline", "uint256")]


class DigestSigner(Protocol):
    """A key that signs anything of 32 bytes: all but those behind a signing service."""

    @property
    def address(self) -> bytes:
        """Address of the account."""

    def sign_hash(self, digest: bytes, *, chain_id: int) -> bytes:
        """Sign what means something on chain `chain_id`: r ‖ s ‖ v with v 27 or 28.

        Raises `NotAllowedError` for a chain on which the key may not sign, `UnavailableError` if
        the signer cannot be reached.
        """


def typed_data(wanted: Authorization) -> dict[str, Any]:
    """What is signed, as wallets show it (eth_signTypedData_v4); the signature is not read."""
    return {
        "types": {"EIP712Domain": _members(_DOMAIN), "Anchor": _members(_ANCHOR)},
        "primaryType": "Anchor",
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": wanted.chain_id,
            "verifyingContract": format_address(wanted.contract),
        },
        "message": {
            "issuer": format_address(wanted.issuer),
            "seal": "0x" + wanted.seal.hex(),
            "deadline": wanted.deadline,
        },
    }


def authorization_hash(wanted: Authorization) -> bytes:
    """The 32 bytes that are signed: the same for every signer; the signature is not read."""
    domain = domain_separator(chain_id=wanted.chain_id, contract=wanted.contract)
    content = _struct_hash("Anchor", _ANCHOR, wanted.issuer, wanted.seal, wanted.deadline)
    return keccak(b"\x19\x01" + domain + content)


def domain_separator(*, chain_id: int, contract: bytes) -> bytes:
    """What ties a signature to one contract on one chain."""
    return _struct_hash(
        "EIP712Domain",
        _DOMAIN,
        keccak(text=DOMAIN_NAME),
        keccak(text=DOMAIN_VERSION),
        chain_id,
        contract,
    )


def sign_authorization(signer: DigestSigner, wanted: Authorization) -> Authorization:
    """Sign what is `wanted`, whose signature is still empty.

    Raises `ValueError` if `wanted` names another signer, and as the signer does.
    """
    if wanted.signer != signer.address:
        raise ValueError(f"{signer!r} cannot sign for {format_address(wanted.signer)}")
    digest = authorization_hash(wanted)
    return replace(wanted, signature=signer.sign_hash(digest, chain_id=wanted.chain_id))


def recovered_signer(authorization: Authorization) -> bytes:
    """The account that signed; other than `signer` means forged, unless that is a wallet.

    Raises `ValueError` for what no account can have signed; a wallet's signature may be that.
    """
    return recover(authorization_hash(authorization), authorization.signature)


def read_authorization(data: bytes) -> Authorization:
    """Read an authorization file; raises as `parse_authorization`."""
    document = parse_authorization(data)
    return Authorization(
        issuer=document.issuer,
        seal=document.seal,
        chain_id=document.chain,
        contract=document.contract,
        deadline=int(document.deadline.timestamp()),
        signer=document.signer,
        signature=document.signature,
    )


def write_authorization(authorization: Authorization) -> bytes:
    """Print an authorization file. Raises `InvalidInputError` for a deadline beyond year 9999."""
    try:
        deadline = datetime.fromtimestamp(authorization.deadline, UTC)
    except (OverflowError, ValueError, OSError) as exc:
        raise InvalidInputError(f"no date is as late as {authorization.deadline} s") from exc
    document = AuthorizationDocument(
        type=AUTHORIZATION_TYPE,
        chain=authorization.chain_id,
        contract=authorization.contract,
        issuer=authorization.issuer,
        seal=authorization.seal,
        deadline=deadline,
        signer=authorization.signer,
        signature=authorization.signature,
    )
    return print_authorization(document)


def _members(fields: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def _struct_hash(name: str, fields: list[tuple[str, str]], *values: object) -> bytes:
    """EIP-712 hashStruct; strings come hashed already."""
    declared = ",".join(f"{kind} {field}" for field, kind in fields)
    kinds = ["bytes32" if kind == "string" else kind for _, kind in fields]
    return keccak(encode(["bytes32", *kinds], [keccak(text=f"{name}({declared})"), *values]))
