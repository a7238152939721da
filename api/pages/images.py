"""The picture that stands in a credential, if a browser may be shown it.

Only `data:` URLs: any other would have the visitor's browser ask a stranger. An `<img>` runs no
script of an SVG and loads nothing for it.
"""

import base64
import binascii
import re
from typing import Final

MAX_PICTURE_BYTES: Final = 512 * 2**10
_DATA: Final = re.compile(r"data:(image/(?:png|jpeg|svg\+xml));base64,([A-Za-z0-9+/=]+)", re.ASCII)
_MARKS: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def safe_picture(url: str) -> str | None:
    """The picture in a `data:` URL as a `data:` URL of our own; None if it is not shown.

    PNG, JPEG and SVG are, if they are what they say, of at most `MAX_PICTURE_BYTES`. An SVG must
    be UTF-8 without a document type, so that there is no entity to expand.
    """
    match = _DATA.fullmatch(url)
    if match is None:
        return None
    try:
        picture = base64.b64decode(match[2], validate=True)
    except binascii.Error:
        return None
    if len(picture) > MAX_PICTURE_BYTES or not _is_what_it_says(match[1], picture):
        return None
    return f"data:{match[1]};base64,{base64.b64encode(picture).decode('ascii')}"


def _is_what_it_says(media_type: str, picture: bytes) -> bool:
    mark = _MARKS.get(media_type)
    if mark is not None:
        return picture.startswith(mark)
    try:
        text = picture.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "<svg" in text and "<!doctype" not in text.lower() and "<!entity" not in text.lower()
