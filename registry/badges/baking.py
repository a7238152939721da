"""Baking: a credential written into a PNG or SVG, which is then the badge (Open Badges 3.0 §5.3).

`registry.core.baked` reads it. The picture is not looked at, and shows the same afterwards.
"""

import re
import zlib
from typing import Final

from registry.core.baked import MAX_IMAGE_BYTES, unbake
from registry.errors import ConflictError, InvalidInputError, TooLargeError

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORD: Final = b"openbadgecredential"
_NAMESPACE: Final = b"https://purl.imsglobal.org/ob/v3p0"
_ROOT: Final = re.compile(rb"<svg(?=[\s/>])(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


def bake(image: bytes, credential: bytes) -> bytes:
    """The image with a JSON credential in it.

    Raises `InvalidInputError` for what is neither PNG nor SVG, or broken; `ConflictError` if it
    carries a credential already; `TooLargeError` past the limit of what is read again.
    """
    if unbake(image) is not None:
        raise ConflictError("the image carries a credential already")
    baked = _in_png(image, credential) if image.startswith(_PNG) else _in_svg(image, credential)
    if len(baked) > MAX_IMAGE_BYTES:
        raise TooLargeError(f"the badge would have more than {MAX_IMAGE_BYTES} bytes")
    if unbake(baked) != credential:
        raise InvalidInputError("the image does not give the credential back: it is broken")
    return baked


def suffix_of(image: bytes) -> str:
    """Of a file with such an image."""
    return ".png" if image.startswith(_PNG) else ".svg"


def _in_png(image: bytes, credential: bytes) -> bytes:
    """Behind the header, as a chunk of text that is not packed (PNG §11.3.3.4)."""
    end = len(_PNG) + 8 + 13 + 4  # of IHDR, which comes first and has 13 bytes
    if len(image) < end or image[12:16] != b"IHDR":
        raise InvalidInputError("the PNG has no header")
    no_compression, no_language, no_translation = b"\0\0", b"\0", b"\0"
    text = _KEYWORD + b"\0" + no_compression + no_language + no_translation + credential
    chunk = b"iTXt" + text
    whole = len(text).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return image[:end] + whole + image[end:]


def _in_svg(image: bytes, credential: bytes) -> bytes:
    """As the first element of the drawing, in text that XML does not read into."""
    root = _ROOT.search(image)
    if root is None or root[0].endswith(b"/>"):
        raise InvalidInputError("neither a PNG nor an SVG with something in it")
    text = credential.replace(b"]]>", b"]]]]><![CDATA[>")  # which would end it
    element = (
        b'<openbadges:credential xmlns:openbadges="' + _NAMESPACE + b'"><![CDATA[' + text
        + b"]]></openbadges:credential>"
    )  # fmt: skip
    return image[: root.end()] + element + image[root.end() :]
