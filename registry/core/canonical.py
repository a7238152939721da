"""From a credential to its 32-byte hash: the canonical bytes of DESIGN §3."""

import string
from collections.abc import Collection, Iterator
from contextlib import suppress
from enum import StrEnum
from hashlib import sha256
from typing import Final

import orjson
import rfc8785

from registry.core.documents import MAX_DEPTH, MAX_DOCUMENT_BYTES, Json, parse_document
from registry.errors import InvalidInputError

# A document as marks: its brackets as `[`, whatever a number begins with as `0`, and nothing of
# what can stand neither around a number nor before one.
_MARKS: Final = bytes.maketrans(b"{-123456789", b"[0000000000")
# Not "/": "https://x/1" is no number.
_NO_MARKS: Final = (string.ascii_letters + string.whitespace + "._]}").encode()
# Where JSON has a number; some texts look like it, too.
_NUMBERS: Final = (b'":0', b"[0", b",0")
_STRICT: Final = orjson.OPT_STRICT_INTEGER
_SORTED: Final = orjson.OPT_SORT_KEYS | _STRICT


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
    (RFC 8785 sorts by UTF-16 units, orjson by UTF-8) and numbers are integers.
    """
    try:
        return (
            orjson.dumps(value, option=_SORTED) if _orjson_agrees(value) else rfc8785.dumps(value)
        )
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError, UnicodeEncodeError) as exc:
        raise InvalidInputError(f"RFC 8785 cannot carry this document: {exc}") from exc


def _of_plain(data: bytes) -> bytes | None:
    """What `jcs_bytes` makes of a document, five times as fast; None if it is not plain enough.

    Text that orjson prints again as it was has no duplicate keys, and no number or letter in
    another spelling: there is nothing that a stricter parser would see in it.
    """
    marks = data.translate(_MARKS, _NO_MARKS)
    # As many brackets as levels are allowed: so deep it cannot be.
    if len(data) > MAX_DOCUMENT_BYTES or marks.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = orjson.loads(data)
        # All of it, key by key: orjson remembers keys by a hash that can be made to collide, and
        # then takes the one for the other.
        if not isinstance(value, dict) or orjson.dumps(value, option=_STRICT) != data:
            return None
        is_plain = data.isascii() and not any(number in marks for number in _NUMBERS)
        if not (is_plain or _orjson_agrees(value)):
            return None
        value.pop("proof", None)
        return orjson.dumps(value, option=_SORTED)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None  # a stricter parser tells why


def _orjson_agrees(value: Json) -> bool:
    """Whether all keys in a value are ASCII, and no number in it is a float."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if not "".join(one).isascii():
                return False
            members: Collection[Json] = one.values()
        elif isinstance(one, list):
            members = one
        else:
            members = (one,)
        # By kinds: a look at each member would take longer than printing it.
        kinds = set(map(type, members))
        if float in kinds:
            return False
        if dict in kinds or list in kinds:
            left += [member for member in members if isinstance(member, dict | list)]
    return True
