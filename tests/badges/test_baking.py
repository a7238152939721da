import json
import xml.dom.minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openbadgeslib.baking import extract_png, extract_svg

from registry.badges.baking import bake, suffix_of
from registry.badges.drawing import badge_picture
from registry.badges.images import data_url
from registry.core.baked import unbake
from registry.errors import ConflictError, InvalidInputError
from tests.core.baking import in_png, in_svg, png

CREDENTIAL = json.dumps({"name": "Zażółć ]]> <&> \u2028"}, ensure_ascii=False).encode()
PNG = png()
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" title="a>b"><g/></svg>'
DRAWN = badge_picture(name="Cloud", issuer="Academy", kind="MicroCredential", key="urn:x:1")


@pytest.mark.parametrize("image", [PNG, SVG, DRAWN], ids=["PNG", "SVG", "drawn"])
def test_what_is_baked_comes_out_again(image: bytes) -> None:
    baked = bake(image, CREDENTIAL)
    assert unbake(baked) == CREDENTIAL
    assert len(baked) > len(image) + len(CREDENTIAL)


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50))
def test_any_json_comes_out_of_a_png(text: str) -> None:
    credential = json.dumps({"name": text}, ensure_ascii=False).encode()
    assert unbake(bake(PNG, credential)) == credential


@pytest.mark.parametrize("image", [in_png(b"{}"), in_svg(b"{}")], ids=["PNG", "SVG"])
def test_a_badge_is_not_baked_twice(image: bytes) -> None:
    with pytest.raises(ConflictError, match="already"):
        bake(image, CREDENTIAL)


@pytest.mark.parametrize(
    "image",
    [b"", b"text", b"<html></html>", b"<svg/>", b"\xff\xd8\xff", PNG[:20], PNG[:40], b"<svg><g>"],
)
def test_what_is_no_picture_is_refused(image: bytes) -> None:
    with pytest.raises(InvalidInputError):
        bake(image, CREDENTIAL)


def test_a_drawing_is_well_formed_whatever_the_names() -> None:
    names = ["", "<&>\"'", "x" * 300, " ".join(["word"] * 60), "Zażółć 中文 \U0001f600"]
    for name in names:
        drawn = badge_picture(name=name, issuer=name, kind=name, key=name)
        xml.dom.minidom.parseString(drawn)  # noqa: S318 - our own


def test_a_drawing_is_the_same_each_time_and_of_each_its_own() -> None:
    values = {"name": "Cloud", "issuer": "Academy", "kind": "Badge"}
    assert badge_picture(**values, key="a") == badge_picture(**values, key="a")
    assert badge_picture(**values, key="a") != badge_picture(**values, key="b")


@pytest.mark.parametrize(("image", "suffix"), [(PNG, ".png"), (SVG, ".svg")])
def test_a_file_is_named_by_what_it_is(image: bytes, suffix: str) -> None:
    assert suffix_of(image) == suffix
    assert data_url(image).startswith("data:image/png" if suffix == ".png" else "data:image/svg")


def test_others_read_it() -> None:
    """Text, because a credential with its proofs inside is no compact JWS for `verify="…"`."""
    assert extract_png(bake(PNG, CREDENTIAL), keyword=b"openbadgecredential") == CREDENTIAL.decode()
    found = extract_svg(bake(SVG, CREDENTIAL), element="openbadges:credential", text_fallback=True)
    assert found == CREDENTIAL.decode()
