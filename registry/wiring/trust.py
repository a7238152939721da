"""Whom this verifier trusts: the settings' table and the trust list's file together."""

from pathlib import Path

from registry.core.trust import (
    MAX_TRUST_LIST_BYTES,
    TrustedIssuer,
    TrustList,
    parse_trust_list,
)
from registry.errors import InvalidInputError
from registry.wiring.settings import Settings


def trusted_issuers(settings: Settings) -> TrustList:
    """The issuers of both; what the file says of an address goes before the table.

    Raises `InvalidInputError` naming the file if it cannot be read or is no trust list.
    """
    table = {address: TrustedIssuer(name) for name, address in settings.trust.items()}
    return table if settings.trust_list is None else {**table, **_read(settings.trust_list)}


def _read(path: Path) -> TrustList:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TRUST_LIST_BYTES + 1)
    except OSError as exc:
        raise InvalidInputError(f"trust list {path} cannot be read: {exc.strerror}") from exc
    try:
        return parse_trust_list(data)
    except InvalidInputError as exc:
        raise InvalidInputError(f"trust list {path}: {exc}") from exc
