"""The credential baked into a PNG or SVG badge (Open Badges 3.0 §5.3, and 2.0 before it).

Takes out what was put in; reads no pixels, and does not look at what the credential says. Of a PDF
it is what is attached (`attachments`).
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from registry.core.attachments import attached
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, TooLargeError

MAX_IMAGE_BYTES: Final = 8 * 2**20  # a badge with a photograph in it has some 2 MB
MAX_ELEMENTS: Final = 100_000  # of an SVG; a drawn badge has some hundreds

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORDS: Final = (b"openbadgecredential", b"openbadges")  # Open Badges 3.0, and 2.0
_SEPARATOR: Final = "\f"  # which no XML can contain
# As the parser gives names of a namespace: behind it, the local name, then the prefix.
_ELEMENTS: Final = tuple(
    f"{_SEPARATOR}{name}{_SEPARATOR}openbadges" for name in ("credential", "assertion")
)
_XML: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*+<")
_MARK: Final = b"<openbadges:"  # the prefix is part of the standard
# As drawing programs write it: no entity is declared in it, and what it names is not fetched.
_DOCTYPE: Final = re.compile(
    rb'<!DOCTYPE[ \t\r\n]+svg[ \t\r\n]+PUBLIC[ \t\r\n]+"[^"<>]*"[ \t\r\n]+"[^"<>]*"[ \t\r\n]*>'
)
# Of an SVG, read at once. The parser stops between pieces only, and reads a tag that is longer
# than a piece again with each.
_PIECE: Final = 2**18


def unbake(data: bytes) -> bytes | None:
    """The credential in an image or a PDF; None if it is none of them, or has none in it.

    Raises `InvalidInputError` for a broken image and for one with two credentials, since
    nobody could say which of them is meant; `TooLargeError` past `MAX_IMAGE_BYTES`, or for a
    credential larger than a document may be.
    """
    pdf = attached(data)
    if pdf is not None:
        return pdf.credential
    if data.startswith(_PNG):
        found = _in_png(_within_limit(data))
    elif _XML.match(data) is not None and _MARK in data:
        found = _in_svg(_within_limit(data))
    else:
        return None
    if len(found) > 1:
        raise InvalidInputError("the image carries more than one credential")
    return found[0] if found else None


def _within_limit(image: bytes) -> bytes:
    if len(image) > MAX_IMAGE_BYTES:
        raise TooLargeError(
            f"an image of {len(image)} bytes is not searched; the limit is {MAX_IMAGE_BYTES}"
        )
    return image


def _in_png(image: bytes) -> list[bytes]:
    texts = (data.partition(b"\0") for kind, data in _chunks(image) if kind == b"iTXt")
    return [_text(rest) for keyword, _, rest in texts if keyword in _KEYWORDS]


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk up to IEND; of any but iTXt, the data is left out."""
    place = len(_PNG)
    while True:
        head = image[place : place + 8]
        length, kind = int.from_bytes(head[:4]), head[4:]
        end = place + 8 + length
        if len(head) < 8 or end + 4 > len(image):
            raise InvalidInputError("the PNG is cut off", place=f"byte {place}")
        if kind == b"IEND":
            return
        yield kind, image[place + 8 : end] if kind == b"iTXt" else b""
        place = end + 4  # past the checksum: the credential's hash judges better


def _text(rest: bytes) -> bytes:
    """Text of an iTXt chunk, from behind its keyword (PNG §11.3.3.4)."""
    parts = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    if len(parts) < 3 or rest[:2] not in (b"\0\0", b"\1\0"):
        raise InvalidInputError("the credential's chunk in the PNG is no iTXt chunk")
    text = _inflated(parts[2]) if rest[0] else parts[2]
    if len(text) > MAX_DOCUMENT_BYTES:
        raise _too_large()
    return text


def _inflated(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, MAX_DOCUMENT_BYTES + 1)
    except zlib.error as exc:
        raise InvalidInputError(f"the credential in the PNG cannot be unpacked: {exc}") from exc
    if len(text) > MAX_DOCUMENT_BYTES:
        raise _too_large()
    if not unpacking.eof or unpacking.unused_data:
        raise InvalidInputError("the credential in the PNG is not packed as its chunk says")
    return text


def _too_large() -> TooLargeError:
    return TooLargeError(f"the credential in the image has more than {MAX_DOCUMENT_BYTES} bytes")


def _in_svg(image: bytes) -> list[bytes]:
    # Before the parser sees it: without a DTD there is no entity to expand and nothing to fetch.
    # UTF-8 alone, whatever the file declares, so that no other encoding hides one.
    image = _without_doctype(image)
    if b"<!DOCTYPE" in image:
        raise InvalidInputError("an SVG with a document type of its own (<!DOCTYPE …>) is not read")
    search = _Search()
    try:
        for start in range(0, len(image), _PIECE):
            search.parser.Parse(image[start : start + _PIECE])
        search.parser.Parse(b"", True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as exc:
        place = f"line {exc.lineno}, column {exc.offset + 1}"
        raise InvalidInputError(
            f"the SVG is not well-formed: {expat.ErrorString(exc.code)}", place=place
        ) from exc
    return [_bounded(text) for text in search.found]


def _without_doctype(image: bytes) -> bytes:
    """Without the document type that only names the public one of SVG.

    Only one that stands before all elements: the credential may speak of one.
    """
    found = _DOCTYPE.search(image)
    if found is None or re.search(rb"<[^!?]", image[: found.start()]) is not None:
        return image
    return image[: found.start()] + image[found.end() :]


def _bounded(text: str) -> bytes:
    data = text.encode()
    if len(data) > MAX_DOCUMENT_BYTES:
        raise _too_large()
    return data


class _Search:
    """Collects the text of the elements that hold a credential, wherever in the SVG they are."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.parser = expat.ParserCreate(encoding="utf-8", namespace_separator=_SEPARATOR)
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._elements = 0
        self._texts: list[str] | None = None  # of the credential being read

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise TooLargeError(f"the SVG has more than {MAX_ELEMENTS} elements")
        if self._texts is not None:
            raise InvalidInputError("the credential in the SVG is not text alone")
        if name.endswith(_ELEMENTS):
            self._texts = []
            self.parser.CharacterDataHandler = self._texts.append

    def _end(self, _name: str) -> None:
        if self._texts is not None:
            self.found.append("".join(self._texts))
            self._texts = None
            self.parser.CharacterDataHandler = None
