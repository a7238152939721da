"""Bitstring status lists (W3C Bitstring Status List 1.0): whole lists of one bit each.

A bit that is set says that its credential must not be accepted now (decision 16). Which bits are
set, `registry.services.status_lists` asks the chain.
"""

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import orjson
from openvc.errors import OpenvcError
from openvc.status.bitstring import decode_bitstring, get_status_bit

from registry.core.documents import Json
from registry.core.wire import format_time
from registry.errors import InvalidInputError
from registry.standards import DATA_INTEGRITY, VC_2

LIST_SIZE: Final = 131_072  # places: the least for herd privacy (§3.1), and 16 kB of bits
PURPOSE: Final = "revocation"


def status_entry(list_url: str, place: int) -> dict[str, Json]:
    """What a credential says of its place in a list."""
    return {
        "id": f"{list_url}#{place}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": PURPOSE,
        "statusListIndex": str(place),
        "statusListCredential": list_url,
    }


def encoded_list(places: Iterable[int], *, is_plain: bool) -> str:
    """The bits, packed; as multibase (§3.3), or plain for readers of StatusList2021."""
    bits = bytearray(LIST_SIZE // 8)
    for place in places:
        bits[place // 8] |= 0x80 >> place % 8  # the first bit is the highest of the first byte
    packed = urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()
    return packed if is_plain else f"u{packed}"


def status_list_credential(
    list_url: str,
    issuer: str,
    places: Iterable[int],
    *,
    valid_from: datetime,
    valid_until: datetime,
    is_plain: bool,
) -> dict[str, Json]:
    """The list as a credential, to be signed; readers may keep it until `valid_until`."""
    return {
        # Blockcerts' verifiers want a second context for any type beside the first.
        "@context": [VC_2, DATA_INTEGRITY],
        "id": list_url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_time(valid_from),
        "validUntil": format_time(valid_until),
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": PURPOSE,
            "encodedList": encoded_list(places, is_plain=is_plain),
        },
    }


def is_set(encoded: str, place: int) -> bool:
    """Whether a bit of an encoded list is set. Raises `InvalidInputError` if it has none such."""
    try:
        return bool(get_status_bit(decode_bitstring(encoded), place))
    except OpenvcError as exc:
        raise InvalidInputError(f"not a status list: {exc}") from exc


def set_places(credential: bytes) -> frozenset[int]:
    """The places that are set in a status list credential; its signature is not looked at.

    Raises `InvalidInputError` for what is no such credential.
    """
    try:
        subject = orjson.loads(credential)["credentialSubject"]
        bits = decode_bitstring(subject["encodedList"])
    except (OpenvcError, orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise InvalidInputError(f"not a status list: {exc}") from exc
    some = [place for place, value in enumerate(bits) if value]  # bytes, most of which are zero
    places = (place for byte in some for place in range(8 * byte, 8 * byte + 8))
    return frozenset(place for place in places if get_status_bit(bits, place))
