import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.core.baked import MAX_ELEMENTS, MAX_IMAGE_BYTES, unbake
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, TooLargeError
from tests.core.baking import chunk, in_png, in_svg, itxt, png, svg

CREDENTIAL = '{"name": "Müller & <Söhne>"}'.encode()
ESCAPED = '{"name": "Müller &amp; &lt;Söhne&gt;"}'
ENTITIES = b"""<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<svg xmlns:openbadges="x"><openbadges:credential>&b;</openbadges:credential></svg>"""
FETCHING = b"""<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<svg xmlns:openbadges="x"><openbadges:credential>&a;</openbadges:credential></svg>"""
DOCTYPE = b"""<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"
 "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">"""


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(in_png(CREDENTIAL), id="PNG"),
        pytest.param(in_png(CREDENTIAL, compressed=True), id="PNG, compressed"),
        pytest.param(in_png(CREDENTIAL, keyword=b"openbadges"), id="PNG of Open Badges 2.0"),
        pytest.param(png(itxt(CREDENTIAL, language=b"de", translated=b"Abzeichen")), id="language"),
        pytest.param(png(itxt(b"x", keyword=b"Comment"), itxt(CREDENTIAL)), id="beside a comment"),
        pytest.param(in_png(CREDENTIAL) + itxt(b"another"), id="what follows the end"),
        pytest.param(in_svg(CREDENTIAL), id="SVG, CDATA"),
        pytest.param(svg(f"<openbadges:credential>{ESCAPED}</openbadges:credential>"), id="text"),
        pytest.param(svg(f"<openbadges:assertion>{ESCAPED}</openbadges:assertion>"), id="SVG of 2"),
        pytest.param(b"\xef\xbb\xbf\n" + in_svg(CREDENTIAL), id="SVG with a byte order mark"),
        pytest.param(b'<?xml version="1.0"?><!-- -->' + in_svg(CREDENTIAL), id="with a prologue"),
        pytest.param(DOCTYPE + in_svg(CREDENTIAL), id="with the public document type"),
        pytest.param(
            b'<?xml version="1.0"?>\n<!-- drawn -->' + DOCTYPE + in_svg(CREDENTIAL),
            id="with a prologue and the public document type",
        ),
        pytest.param(
            svg(f"<g><g><openbadges:credential>{ESCAPED}</openbadges:credential></g></g>"),
            id="deeper in the SVG",
        ),
    ],
)
def test_the_credential_comes_out_as_it_went_in(image: bytes) -> None:
    assert unbake(image) == CREDENTIAL


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"%PDF-1.4", png(), svg("<g/>"), b"<html>openbadges:</html>", b"\x89PNG"],
)
def test_another_file_has_none(data: bytes) -> None:
    assert unbake(data) is None


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (png(itxt(b"{}"), itxt(b"{}")), "more than one credential"),
        (png(itxt(b"{}"), itxt(b"{}", keyword=b"openbadges")), "more than one credential"),
        (svg("<openbadges:credential/><openbadges:assertion/>"), "more than one credential"),
        (in_png(b"{}")[:-1], "the PNG is cut off"),
        (in_png(b"{}")[:40], "the PNG is cut off"),
        (b"\x89PNG\r\n\x1a\n", "the PNG is cut off"),
        (png(chunk(b"iTXt", b"openbadges\0")), "is no iTXt chunk"),
        (png(chunk(b"iTXt", b"openbadges\0\0\0only a language\0")), "is no iTXt chunk"),
        (png(chunk(b"iTXt", b"openbadges\0\2\0\0\0{}")), "is no iTXt chunk"),
        (png(chunk(b"iTXt", b"openbadges\0\1\1\0\0{}")), "is no iTXt chunk"),
        (png(chunk(b"iTXt", b"openbadges\0\1\0\0\0{}")), "cannot be unpacked"),
        (
            png(chunk(b"iTXt", b"openbadges\0\1\0\0\0" + zlib.compress(b"{}")[:-1])),
            "not packed as its chunk says",
        ),
        (
            png(chunk(b"iTXt", b"openbadges\0\1\0\0\0" + zlib.compress(b"{}") + b"{}")),
            "not packed as its chunk says",
        ),
        (b"<svg xmlns:openbadges='x'><openbadges:credential>", "no element found .at line 1"),
        (b"<svg><openbadges:credential/></svg>", "unbound prefix"),
        (svg("<openbadges:credential>&what;</openbadges:credential>"), "undefined entity"),
        (svg("<openbadges:credential>{<g/>}</openbadges:credential>"), "not text alone"),
        (svg("<openbadges:credential>\xa0</openbadges:credential>", "latin-1"), "not well-formed"),
        (ENTITIES, "document type"),
        (DOCTYPE + ENTITIES, "document type"),
        (DOCTYPE + DOCTYPE + in_svg(CREDENTIAL), "document type"),
        (DOCTYPE.replace(b">", b"[]>") + in_svg(CREDENTIAL), "document type"),
        (in_svg(b"{" + DOCTYPE + b"}"), "document type"),
        (
            DOCTYPE + svg("<openbadges:credential>&what;</openbadges:credential>"),
            "undefined entity",
        ),
        (FETCHING, "document type"),
    ],
)
def test_a_broken_or_ambiguous_image_is_refused(image: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        unbake(image)


def test_an_encoding_that_hides_a_document_type_is_not_followed() -> None:
    hidden = b'<?xml version="1.0" encoding="utf-7"?>\n<!-- <openbadges: -->' + ENTITIES.replace(
        b"<!DOCTYPE", b"+ADwAIQ-DOCTYPE"
    )
    with pytest.raises(InvalidInputError, match="not well-formed"):
        unbake(hidden)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(in_png(b" " * (MAX_DOCUMENT_BYTES + 1)), id="PNG"),
        pytest.param(in_svg(b" " * (MAX_DOCUMENT_BYTES + 1)), id="SVG"),
        pytest.param(svg("<g/>" * MAX_ELEMENTS + "<openbadges:credential/>"), id="elements"),
        pytest.param(png(chunk(b"IDAT", bytes(MAX_IMAGE_BYTES))), id="large PNG"),
        pytest.param(in_svg(b" " * MAX_IMAGE_BYTES), id="large SVG"),
    ],
)
def test_what_is_too_large_is_not_unpacked(image: bytes) -> None:
    with pytest.raises(TooLargeError):
        unbake(image)


def test_a_bomb_is_not_unpacked_to_its_end() -> None:
    bomb = in_png(b" " * 2**28, compressed=True)
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        unbake(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_DOCUMENT_BYTES


@pytest.mark.parametrize("compressed", [True, False])
def test_a_credential_of_the_largest_size_comes_out(*, compressed: bool) -> None:
    credential = b" " * MAX_DOCUMENT_BYTES
    assert unbake(in_png(credential, compressed=compressed)) == credential


@given(st.binary(max_size=300), st.integers(0, 300), st.sampled_from(["png", "packed", "svg"]))
@example(b"\xff", 8, "png")
def test_whatever_comes_is_read_or_refused(noise: bytes, place: int, kind: str) -> None:
    whole = {
        "png": in_png(CREDENTIAL),
        "packed": in_png(CREDENTIAL, compressed=True),
        "svg": in_svg(CREDENTIAL),
    }[kind]
    for image in (whole[:place] + noise, whole[:place] + noise + whole[place + len(noise) :]):
        with suppress(InvalidInputError):
            unbake(image)
