"""Pictures of badges: which bytes are one, and a picture written into an address (RFC 2397)."""

from base64 import b64encode
from typing import Final

from registry.errors import InvalidInputError, TooLargeError

MAX_INLINE_BYTES: Final = 64 * 2**10  # each badge carries it
_KINDS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "image/svg+xml"),
)


def data_url(image: bytes) -> str:
    """A picture as an address that needs nobody's server. Raises `InvalidInputError`.

    `TooLargeError` past `MAX_INLINE_BYTES`: put it on the web then, and name its address.
    """
    if len(image) > MAX_INLINE_BYTES:
        raise TooLargeError(
            f"a picture of {len(image):,} bytes; the limit is {MAX_INLINE_BYTES:,}, since each "
            "badge carries it: make it smaller, or name its https:// address"
        )
    kind = next((kind for start, kind in _KINDS if image.lstrip().startswith(start)), None)
    if kind is None:
        raise InvalidInputError("not a picture that badges have: PNG, JPEG or SVG")
    return f"data:{kind};base64,{b64encode(image).decode()}"
