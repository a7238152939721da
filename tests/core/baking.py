"""Images with credentials in them."""

import zlib


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return len(data).to_bytes(4) + kind + data + checksum.to_bytes(4)


_HEADER = (1).to_bytes(4) * 2 + bytes([8, 6, 0, 0, 0])  # one pixel of RGBA
_IMAGE = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", _HEADER) + chunk(b"IDAT", zlib.compress(bytes(5)))
_END = chunk(b"IEND", b"")


def itxt(
    text: bytes,
    *,
    keyword: bytes = b"openbadgecredential",
    compressed: bool = False,
    language: bytes = b"",
    translated: bytes = b"",
) -> bytes:
    head = keyword + (b"\0\1\0" if compressed else b"\0\0\0")
    packed = zlib.compress(text) if compressed else text
    return chunk(b"iTXt", head + language + b"\0" + translated + b"\0" + packed)


def png(*chunks: bytes) -> bytes:
    """One transparent pixel, with more chunks before its end."""
    return _IMAGE + b"".join(chunks) + _END


def in_png(
    credential: bytes, *, keyword: bytes = b"openbadgecredential", compressed: bool = False
) -> bytes:
    return png(itxt(credential, keyword=keyword, compressed=compressed))


def svg(content: str, encoding: str = "utf-8") -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">{content}</svg>'
    ).encode(encoding)


def in_svg(credential: bytes) -> bytes:
    text = credential.decode()
    return svg(f"<openbadges:credential><![CDATA[{text}]]></openbadges:credential><g/>")
