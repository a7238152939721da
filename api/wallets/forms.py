"""Reading what OAuth sends: forms, in which nothing may stand twice, and Basic credentials."""

import binascii
from base64 import b64decode
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request

from api.bodies import media_type, read_body
from registry.services.wallets.refusals import UnknownWalletError, WalletRefusedError

FORM: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 16 * 1024  # a redirect URI, a state, and some more
_MAX_FIELDS: Final = 30


async def read_form(request: Request) -> dict[str, str]:
    """The body's fields.

    Raises `WalletRefusedError` for what is no form and for a field that stands twice;
    `TooLargeError`; `UnsupportedMediaTypeError` for another type.
    """
    media_type(request, FORM)
    body = await read_body(request, limit=MAX_FORM_BYTES)
    return fields_of(body)


def fields_of(encoded: bytes) -> dict[str, str]:
    """The fields of a form or a query. Raises `WalletRefusedError`, as RFC 6749 §3.1 wants."""
    try:
        text = encoded.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as exc:
        raise WalletRefusedError("invalid_request", "not a form, or too many fields") from exc
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WalletRefusedError("invalid_request", "a parameter stands twice")
    return found


def basic_credentials(request: Request) -> tuple[str, str]:
    """Client id and secret (RFC 6749 §2.3.1). Raises `UnknownWalletError` if there are none."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise UnknownWalletError
    try:
        text = b64decode(encoded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError) as exc:
        raise UnknownWalletError from exc
    client_id, mark, secret = text.partition(":")
    if not mark:
        raise UnknownWalletError
    return unquote_plus(client_id), unquote_plus(secret)
