"""The picture that other sites show with a link to a credential's page, as PNG.

They take no SVG. It has no words, which stand in the page's title: a seal, and the page's address
as a QR code. And no verdict: sites keep such pictures for months.
"""

import struct
import zlib
from functools import lru_cache
from math import sqrt
from typing import Final, TypeAlias

import segno

WIDTH: Final = 1200  # pixels: the size that link previews are made for
HEIGHT: Final = 630
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_Colour: TypeAlias = tuple[int, int, int]
_NIGHT: Final = (23, 32, 56)
_PAPER: Final = (255, 255, 255)
_INK: Final = (0, 0, 0)
_GOLD: Final = (214, 165, 60)
_DEEP_GOLD: Final = (176, 127, 33)
_RIBBON: Final = (166, 49, 60)
_SEAL: Final = (330, 270)  # its middle
_CODE: Final = (720, 115, 400)  # left, top and size of the paper around the code
_QUIET: Final = 4  # modules of white around a QR code, as its standard asks


@lru_cache(maxsize=64)
def picture_of(address: str) -> bytes:
    """A PNG with the address on it."""
    canvas = _Canvas(_NIGHT)
    _draw_seal(canvas)
    left, top, size = _CODE
    canvas.rectangle(left, top, size, size, _PAPER)
    _draw_code(canvas, address)
    return canvas.png()


class _Canvas:
    """Rows of pixels, three bytes each."""

    def __init__(self, colour: _Colour) -> None:
        self._rows = [bytearray(bytes(colour) * WIDTH) for _ in range(HEIGHT)]

    def rectangle(self, left: int, top: int, width: int, height: int, colour: _Colour) -> None:
        for row in self._rows[top : top + height]:
            row[3 * left : 3 * (left + width)] = bytes(colour) * width

    def disc(self, middle: tuple[int, int], radius: int, colour: _Colour) -> None:
        """A filled circle, its edge at the sides blended with what is there."""
        x, y = middle
        for place in range(y - radius, y + radius + 1):
            half = sqrt(max(radius**2 - (place - y) ** 2, 0))
            inner = int(half)
            self.rectangle(x - inner, place, 2 * inner + 1, 1, colour)
            for edge in (x - inner - 1, x + inner + 1):
                self._blend(edge, place, colour, half - inner)

    def _blend(self, x: int, y: int, colour: _Colour, share: float) -> None:
        row = self._rows[y]
        there = row[3 * x : 3 * x + 3]
        row[3 * x : 3 * x + 3] = bytes(
            round(new * share + old * (1 - share)) for new, old in zip(colour, there, strict=True)
        )

    def png(self) -> bytes:
        """The picture as a file (PNG, truecolour, no filter)."""
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + row for row in self._rows), 9)
        chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
        return _PNG + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _draw_seal(canvas: _Canvas) -> None:
    x, y = _SEAL
    for side in (-1, 1):  # two ends of ribbon, each cut aslant
        for step in range(210):
            canvas.rectangle(x - 38 + side * (58 + step // 6), y + 110 + step, 76, 1, _RIBBON)
    for radius, colour in ((190, _DEEP_GOLD), (176, _GOLD), (128, _DEEP_GOLD), (120, _GOLD)):
        canvas.disc(_SEAL, radius, colour)
    canvas.disc(_SEAL, 46, _NIGHT)


def _draw_code(canvas: _Canvas, address: str) -> None:
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    left, top, size = _CODE
    scale = size // (len(rows) + 2 * _QUIET)
    rest = (size - scale * len(rows)) // 2
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                place = (left + rest + x * scale, top + rest + y * scale)
                canvas.rectangle(*place, scale, scale, _INK)
