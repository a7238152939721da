"""Credential and receipt attached to a PDF (ISO 32000 §7.11.4), as certificates have them.

Reads attachments alone, and no page: what a PDF shows is not what was sealed. A stream never stands
inside another object, so its dictionary is found in the file as it is; no cross-reference is
followed, and whoever appends a second credential gets a refusal and not a choice.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, TooLargeError

MAX_PDF_BYTES: Final = 16 * 2**20
MAX_ATTACHMENTS: Final = 50
_MAX_DICTIONARY: Final = 1_000  # bytes before and behind the name of its type
_START: Final = b"%PDF-"
_MARK: Final = re.compile(rb"/Type[ \t\r\n\f\0]*/EmbeddedFile(?![0-9A-Za-z])")
_LENGTH: Final = re.compile(
    rb"/Length[ \t\r\n\f\0]+([0-9]{1,8})(?![0-9]|[ \t\r\n\f\0]+[0-9]+[ \t\r\n\f\0]+R)"
)
_FILTER: Final = re.compile(rb"/Filter[ \t\r\n\f\0]*\[?[ \t\r\n\f\0]*(/[0-9A-Za-z]+)")
_DATA: Final = re.compile(rb"stream\r?\n")
_END: Final = re.compile(rb"[\r\n]{0,2}endstream")
_PACKED: Final = b"/FlateDecode"
_RECEIPT: Final = b'"rootseal/receipt@'  # of any format: its reader says which it reads
_CREDENTIAL: Final = b'"credentialSubject"'


class Attached(NamedTuple):
    """What of ours is attached to a PDF."""

    credential: bytes
    receipt: bytes | None


def attached(data: bytes) -> Attached | None:
    """Credential and receipt in a PDF; None if it is none, or has no credential attached.

    Raises `InvalidInputError` if two are attached, or an attachment cannot be read; `TooLargeError`
    past the limits. Attachments that are neither are passed over.
    """
    if not data.startswith(_START) or _MARK.search(data) is None:
        return None
    if len(data) > MAX_PDF_BYTES:
        raise TooLargeError(
            f"a PDF of {len(data)} bytes is not searched; the limit is {MAX_PDF_BYTES}"
        )
    found: dict[bytes, bytes] = {}
    for text in _attachments(data):  # one at a time: each may be large, and there may be many
        kind = _kind(text)
        if kind in found:
            raise InvalidInputError("the PDF carries more than one credential, or receipt")
        if kind is not None:
            found[kind] = text
    if _CREDENTIAL not in found:
        return None
    return Attached(found[_CREDENTIAL], found.get(_RECEIPT))


def _kind(text: bytes) -> bytes | None:
    """By which mark it is one of ours; a credential may have its receipt inside."""
    if text[:1] != b"{":
        return None
    return next((mark for mark in (_CREDENTIAL, _RECEIPT) if mark in text), None)


def _attachments(data: bytes) -> Iterator[bytes]:
    """Each that is not too large to be a credential, in the file's order."""
    place = count = 0
    while (mark := _MARK.search(data, place)) is not None:
        count += 1
        if count > MAX_ATTACHMENTS:
            raise TooLargeError(f"the PDF has more than {MAX_ATTACHMENTS} attachments")
        content, place = _stream(data, mark.start(), mark.end())
        if content is not None:
            yield content


def _stream(data: bytes, start: int, end: int) -> tuple[bytes | None, int]:
    """Content of the stream in whose dictionary a type stands, and where it ends."""
    opening = data.rfind(b"obj", max(0, start - _MAX_DICTIONARY), start)
    begin = _DATA.search(data, end, end + _MAX_DICTIONARY)
    if opening < 0 or begin is None:
        raise _broken(start)
    dictionary = data[opening : begin.start()]
    length, packing = _LENGTH.search(dictionary), _FILTER.search(dictionary)
    if length is None or (packing is not None and packing[1] != _PACKED):
        raise InvalidInputError(
            "an attachment of the PDF is stored in a way that is not read here",
            place=f"byte {start}",
        )
    stop = begin.end() + int(length[1])
    if _END.match(data, stop) is None:
        raise _broken(start)
    content = data[begin.end() : stop]
    return (_unpacked(content, start) if packing is not None else content), stop


def _unpacked(packed: bytes, start: int) -> bytes | None:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, MAX_DOCUMENT_BYTES + 1)
    except zlib.error as exc:
        raise _broken(start) from exc
    if len(text) > MAX_DOCUMENT_BYTES:
        return None
    if not unpacking.eof or unpacking.unused_data:
        raise _broken(start)
    return text


def _broken(place: int) -> InvalidInputError:
    return InvalidInputError("an attachment of the PDF is broken", place=f"byte {place}")
