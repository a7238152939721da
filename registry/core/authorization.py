"""The authorization file, format 1: a signed permission to anchor one seal, for whoever pays.

Parses strictly and prints in one form. It does not verify: an account's signature is judged by
`registry.chain`, a wallet's by the contract alone.
"""

import re
from typing import Annotated, Final, Literal

import orjson
from pydantic import PlainSerializer, PlainValidator, ValidationError, WithJsonSchema

from registry.core.documents import json_pointer, parse_json
from registry.core.wire import FROM_JSON, Address, Chain, Hash, Time, WireModel
from registry.errors import InvalidInputError, TooLargeError

AUTHORIZATION_TYPE: Final = "rootseal/authorization@1"
MAX_SIGNATURE_BYTES: Final = 4096  # an account's has 65, a wallet of 60 owners 3900
MAX_AUTHORIZATION_BYTES: Final = 16 * 2**10  # the longest signature takes 8 kB
_SIGNATURE = re.compile(rf"0x(?:[0-9a-f]{{2}}){{1,{MAX_SIGNATURE_BYTES}}}", re.ASCII)


def _signature(value: object) -> bytes:
    if isinstance(value, str):
        if _SIGNATURE.fullmatch(value) is None:
            raise ValueError(f"not 0x and the lower-case hex of 1 to {MAX_SIGNATURE_BYTES} bytes")
        return bytes.fromhex(value[2:])
    if not isinstance(value, bytes) or not 1 <= len(value) <= MAX_SIGNATURE_BYTES:
        raise ValueError(f"not 1 to {MAX_SIGNATURE_BYTES} bytes")
    return value


def _as_hex(value: bytes) -> str:
    return "0x" + value.hex()


Signature = Annotated[
    bytes,
    PlainValidator(_signature),
    PlainSerializer(_as_hex),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIGNATURE.pattern}$"}),
]


class AuthorizationDocument(WireModel):
    """`signer` allows anybody to anchor `seal` of `issuer` in `contract`, until `deadline`."""

    type: Literal["rootseal/authorization@1"]
    chain: Chain
    contract: Address
    issuer: Address
    seal: Hash
    deadline: Time
    signer: Address
    signature: Signature


def parse_authorization(data: bytes) -> AuthorizationDocument:
    """Read an authorization file.

    Raises `InvalidInputError` naming the place for anything that format 1 does not allow,
    unknown keys and other spellings of the same value included; `TooLargeError` past
    `MAX_AUTHORIZATION_BYTES`.
    """
    if len(data) > MAX_AUTHORIZATION_BYTES:
        raise TooLargeError(
            f"authorization has {len(data)} bytes; the limit is {MAX_AUTHORIZATION_BYTES}"
        )
    document = parse_json(data)
    try:
        return AuthorizationDocument.model_validate(
            document, by_alias=True, by_name=False, context=FROM_JSON
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidInputError(
            f"not an authorization of format 1: {first['msg']}", place=json_pointer(first["loc"])
        ) from exc


def print_authorization(authorization: AuthorizationDocument) -> bytes:
    """The one printed form of an authorization: RFC 8785."""
    return orjson.dumps(authorization.model_dump(), option=orjson.OPT_SORT_KEYS)
