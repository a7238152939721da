"""Trust lists: whose an anchoring address is, in the verifier's own words (docs/checks.md).

Reads the TOML file. Who stands on a list, and why, is up to whoever writes it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from registry.core.address import format_address, parse_address
from registry.core.documents import json_pointer
from registry.errors import InvalidInputError, TooLargeError

MAX_TRUST_LIST_BYTES: Final = 2**20  # some five thousand issuers
MAX_NAME: Final = 200
MAX_ACCREDITATION: Final = 1000
MAX_URL: Final = 2000


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Whose an address is; `accreditation` says in a sentence who accredited them."""

    name: str
    accreditation: str | None = None
    url: str | None = None


TrustList: TypeAlias = Mapping[bytes, TrustedIssuer]  # by address


def _address(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("not a string")  # noqa: TRY004 - pydantic collects ValueError only
    try:
        return parse_address(value)
    except InvalidInputError as exc:
        raise ValueError(str(exc)) from exc


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class _Issuer(_Table):
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    addresses: Annotated[
        tuple[Annotated[bytes, BeforeValidator(_address)], ...], Field(min_length=1, strict=False)
    ]
    accreditation: Annotated[str | None, Field(min_length=1, max_length=MAX_ACCREDITATION)] = None
    url: Annotated[str | None, Field(pattern=r"^https?://[^\s\"'<>]+$", max_length=MAX_URL)] = None


class _File(_Table):
    # At least one: a list that names nobody would be taken for no list, which judges nobody.
    issuers: Annotated[tuple[_Issuer, ...], Field(min_length=1, strict=False)]


def parse_trust_list(data: bytes) -> TrustList:
    """Read a trust list.

    Raises `InvalidInputError` naming the place for anything that is not in the format, unknown
    keys and an address named twice included; `TooLargeError` past `MAX_TRUST_LIST_BYTES`.
    """
    if len(data) > MAX_TRUST_LIST_BYTES:
        raise TooLargeError(
            f"a trust list of {len(data)} bytes; the limit is {MAX_TRUST_LIST_BYTES}"
        )
    trusted: dict[bytes, TrustedIssuer] = {}
    for number, entry in enumerate(_read(data).issuers):
        issuer = TrustedIssuer(entry.name, entry.accreditation, entry.url)
        for index, address in enumerate(entry.addresses):
            if address in trusted:
                raise InvalidInputError(
                    f"the address {format_address(address)} is named twice",
                    place=json_pointer(("issuers", number, "addresses", index)),
                )
            trusted[address] = issuer
    return MappingProxyType(trusted)


def _read(data: bytes) -> _File:
    try:
        return _File.model_validate(tomllib.loads(data.decode("utf-8")))
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        message = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise InvalidInputError(
            f"not a trust list: {message.removeprefix('Value error, ')}",
            place=json_pointer(first["loc"]),
        ) from exc
    except UnicodeDecodeError as exc:
        raise InvalidInputError("not UTF-8", place=f"byte {exc.start}") from exc
    # tomllib raises a plain ValueError for a number of too many digits.
    except (ValueError, RecursionError) as exc:
        raise InvalidInputError(f"not TOML: {exc}") from exc
