"""From a credential to its 32-byte hash: the canonical bytes of DESIGN §3."""

import re
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from hashlib import sha256
from typing import Final

import orjson
import rfc8785

from registry.core.documents import MAX_DEPTH, MAX_DOCUMENT_BYTES, Json, parse_document
from registry.errors import InvalidInputError

# A number with a fraction or an exponent; texts that look like one are found, too. One branch, and
# no group around it: a choice in a pattern takes ten times as long.
_FRACTION: Final = re.compile(rb"[\[:,]-?[0-9]+[.e]")
_SORTED: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_NULL: Final = b"null"  # as which orjson prints infinity


class Canonicalization(StrEnum):
    """How a credential becomes bytes. Receipts name it, so the values are frozen."""

    JCS = "jcs"  # RFC 8785 bytes of the JSON document without its top-level `proof`
    RAW = "raw"  # the file's bytes
    RDFC = "rdfc"  # RDFC-1.0 N-Quads of the JSON-LD document without its top-level `proof`


def credential_hash(data: bytes, canonicalization: Canonicalization) -> bytes:
    """SHA-256 of the canonical bytes of a credential file.

    Raises as `parse_document` if `data` is not JSON that the canonicalization can carry.
    """
    if canonicalization is Canonicalization.RAW:
        return sha256(data).digest()
    if canonicalization is Canonicalization.JCS:
        canonical = _of_plain(data)
        if canonical is not None:
            return sha256(canonical).digest()
    return document_hash(parse_document(data), canonicalization)


def document_hash(
    document: dict[str, Json], canonicalization: Canonicalization = Canonicalization.JCS
) -> bytes:
    """SHA-256 of a parsed JSON credential's canonical bytes, `jcs` or `rdfc`.

    Raises `InvalidInputError`, for `rdfc` also as `rdf.rdfc_bytes` and `rdf.require_exact`.
    """
    if canonicalization is Canonicalization.RDFC:
        # Here: JSON-LD takes half a second to import, and most credentials need none.
        from registry.core.rdf import rdfc_bytes, require_exact  # noqa: PLC0415

        quads = rdfc_bytes(document)
        require_exact(document)
        return sha256(quads).digest()
    return sha256(jcs_bytes({k: v for k, v in document.items() if k != "proof"})).digest()


def hashes_of(document: dict[str, Json]) -> Iterator[bytes]:
    """The hashes that a JSON credential may go by, the likelier one first."""
    yield document_hash(document)
    if "@context" in document:
        with suppress(InvalidInputError):  # then nobody can have hashed its statements
            yield document_hash(document, Canonicalization.RDFC)


def jcs_bytes(value: Json) -> bytes:
    """RFC 8785 form of a value. Raises `InvalidInputError` for what `parse_json` would refuse.

    orjson with sorted keys gives the same bytes, ten times faster, wherever keys are ASCII
    (RFC 8785 sorts by UTF-16 units, orjson by UTF-8) and numbers are integers. Most documents show
    that in their bytes; of the others each member is looked at.
    """
    try:
        data = orjson.dumps(value, option=_SORTED)
        if _is_exact(data) or _orjson_agrees(value):
            return data
        return rfc8785.dumps(value)
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError, UnicodeEncodeError) as exc:
        raise InvalidInputError(f"RFC 8785 cannot carry this document: {exc}") from exc


def _of_plain(data: bytes) -> bytes | None:
    """What `jcs_bytes` makes of a document, five times as fast; None if it is not plain enough.

    Text that orjson prints again as it was has no duplicate keys, and no number or letter in
    another spelling: there is nothing that a stricter parser would see in it.
    """
    # As many brackets as levels are allowed: so deep it cannot be.
    if len(data) > MAX_DOCUMENT_BYTES or data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = orjson.loads(data)
        if not isinstance(value, dict) or orjson.dumps(value) != data:
            return None
        value.pop("proof", None)
        canonical = orjson.dumps(value, option=_SORTED)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None  # a stricter parser tells why
    return canonical if _is_exact(canonical) or _orjson_agrees(value) else None


def _is_exact(data: bytes) -> bool:
    """Whether bytes show that orjson printed them as RFC 8785 does."""
    is_scalar = data[:1] not in (b"{", b"[")
    return not is_scalar and data.isascii() and _FRACTION.search(data) is None and _NULL not in data


def _orjson_agrees(value: Json) -> bool:
    if isinstance(value, dict):
        return all(key.isascii() and _orjson_agrees(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_orjson_agrees(item) for item in value)
    return not isinstance(value, float)
