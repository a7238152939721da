"""What a visitor may give: images, files in any order, and a trust list."""

from pathlib import Path
from typing import Any  # what JavaScript returns

import pytest

from registry.core.address import format_address
from registry.core.baked import unbake
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.core.receipt import print_receipt
from registry.core.trust import parse_trust_list
from registry.errors import InvalidInputError
from tests.browser.engine import Engine, b64
from tests.core.baking import chunk, in_png, in_svg, itxt, png, svg
from tests.core.strategies import a_receipt

BADGE = b'{"name":"caf\xc3\xa9"}'
RECEIPT = print_receipt(a_receipt())
PDF = b"%PDF-1.7 \x00\xff"
CREDENTIAL = "openbadges:credential"
ISSUER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

DOCTYPE = (
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"'
    b' "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
)
IMAGES = {
    "PNG": in_png(BADGE),
    "PNG, packed": in_png(BADGE, compressed=True),
    "PNG of Open Badges 2": in_png(BADGE, keyword=b"openbadges"),
    "PNG with languages": png(itxt(BADGE, language=b"de", translated=b"Nachweis")),
    "PNG without": png(),
    "PNG with another text": png(itxt(BADGE, keyword=b"Comment")),
    "PNG with a keyword and more": png(itxt(BADGE, keyword=b"openbadgecredentials")),
    "PNG with two": png(itxt(BADGE), itxt(BADGE, keyword=b"openbadges")),
    "PNG, cut off": in_png(BADGE)[:-20],
    "PNG, all but its start cut off": in_png(BADGE)[:8],
    "PNG with a chunk too long": png(b"\xff\xff\xff\xffiTXt"),
    "PNG with a text of no form": png(chunk(b"iTXt", b"openbadges\0\2\0\0\0{}")),
    "PNG with a text of no end": png(chunk(b"iTXt", b"openbadges\0\0\0de")),
    "PNG with a keyword only": png(chunk(b"iTXt", b"openbadges")),
    "PNG with a long keyword": png(chunk(b"iTXt", b"k" * 500_000)),
    "PNG packed in another way": png(chunk(b"iTXt", b"openbadges\0\1\1\0\0{}")),
    "PNG that is not packed": png(chunk(b"iTXt", b"openbadges\0\1\0\0\0{}")),
    "PNG with a bomb": in_png(b" " * (MAX_DOCUMENT_BYTES + 1), compressed=True),
    "PNG with as much as allowed": in_png(b" " * MAX_DOCUMENT_BYTES, compressed=True),
    "PNG packed, and cut": png(itxt(BADGE, compressed=True)[:-8] + b"\0\0\0\0"),
    "SVG": in_svg(BADGE),
    "SVG with a byte order mark": b"\xef\xbb\xbf" + in_svg(BADGE),
    "SVG after a declaration": b'<?xml version="1.0" encoding="latin-1"?>\n' + in_svg(BADGE),
    "SVG of Open Badges 2": svg("<openbadges:assertion>{&quot;a&quot;:1}</openbadges:assertion>"),
    "SVG in pieces": svg(f"<{CREDENTIAL}>{{<![CDATA[ <]]><!-- x --> &gt;}}</{CREDENTIAL}>"),
    "SVG, empty": svg(f"<{CREDENTIAL}/>"),
    "SVG with a link": svg(f'<{CREDENTIAL} verify="https://example.com/1"></{CREDENTIAL}>'),
    "SVG without": svg("<g/>"),
    "SVG with another of theirs": svg("<openbadges:other>x</openbadges:other>"),
    "SVG with two": svg(f"<{CREDENTIAL}>1</{CREDENTIAL}><{CREDENTIAL}>2</{CREDENTIAL}>"),
    "SVG with elements in it": svg(f"<{CREDENTIAL}><g/></{CREDENTIAL}>"),
    "SVG, deep": svg("<g>" * 50 + f"<{CREDENTIAL}>x</{CREDENTIAL}>" + "</g>" * 50),
    "SVG with a document type": b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + in_svg(BADGE),
    "SVG with the public document type": DOCTYPE + in_svg(BADGE),
    "SVG with it behind a comment": b"<?xml version='1.0'?><!-- x -->\n" + DOCTYPE + in_svg(BADGE),
    "SVG with two document types": DOCTYPE + DOCTYPE + in_svg(BADGE),
    "SVG that speaks of it": in_svg(b"{" + DOCTYPE + b"}"),
    "SVG with it, and an entity": DOCTYPE + svg(f"<{CREDENTIAL}>&what;</{CREDENTIAL}>"),
    "SVG, not well-formed": in_svg(BADGE)[:-6],
    "SVG in UTF-16": svg(f"<{CREDENTIAL}>x</{CREDENTIAL}>", "utf-16"),
    "SVG with a stray byte": in_svg(BADGE).replace(b"\xc3\xa9", b"\xff"),
    "SVG with too many elements": svg("<g/>" * 100_001 + f"<{CREDENTIAL}>x</{CREDENTIAL}>"),
    "JSON": BADGE,
    "PDF": PDF,
    "nothing": b"",
    "text that speaks of a badge": f"Write <{CREDENTIAL}>.".encode(),
    "too large": in_png(BADGE) + b" " * (8 * 2**20),
}


def test_credentials_are_taken_out_of_images_alike(engine: Engine) -> None:
    call = """async (data) => {
      const inside = await baked.unbake(bytes(data));
      return inside === null ? null : text(inside);
    }"""
    found = engine.each(call, [b64(image) for image in IMAGES.values()])
    for (name, image), answer in zip(IMAGES.items(), found, strict=True):
        try:
            inside = unbake(image)
        except InvalidInputError:
            assert "refused" in answer, name
        else:
            assert answer == {"value": None if inside is None else inside.decode()}, name


@pytest.mark.parametrize(
    ("files", "credential", "receipt", "notes"),
    [
        pytest.param([("b.json", BADGE)], 0, None, ["credential"], id="a credential"),
        pytest.param([("x.json", RECEIPT)], None, 0, ["receipt"], id="a receipt"),
        pytest.param([("d.txt", b"")], 0, None, ["credential"], id="an empty file"),
        pytest.param(
            [("d.pdf.receipt.json", RECEIPT), ("d.pdf", PDF)],
            1,
            0,
            ["receipt", "credential"],
            id="a file and its receipt",
        ),
        pytest.param(
            [("d.pdf", PDF), ("d.pdf.Receipt.JSON", b"{damaged")],
            0,
            1,
            ["credential", "receipt"],
            id="a damaged receipt",
        ),
        pytest.param(
            [("b.json", BADGE), ("r.json", b'{"type":"rootseal/receipt@9","type":1}')],
            0,
            None,
            None,
            id="two credentials: the last type is what counts",
        ),
        pytest.param(
            [("b.png", in_png(BADGE)), ("r", RECEIPT)],
            0,
            1,
            ["baked-credential", "receipt"],
            id="an image and its receipt",
        ),
        pytest.param([("pasted", in_svg(BADGE))], 0, None, ["baked-credential"], id="an SVG"),
        pytest.param([("b.png", b"\x89PNG\r\n\x1a\n")], 0, None, ["credential"], id="broken PNG"),
    ],
)
def test_files_are_told_apart(
    engine: Engine,
    files: list[tuple[str, bytes]],
    credential: int | None,
    receipt: int | None,
    notes: list[str] | None,
) -> None:
    found = read(engine, files)
    if notes is None:
        assert found == {"refused": "two-credentials", "place": files[1][0]}
        return
    assert found["value"] == {
        "credential": None if credential is None else b64(files[credential][1]),
        "receipt": None if receipt is None else b64(files[receipt][1]),
        "notes": [
            {"code": code, "name": name} for code, (name, _) in zip(notes, files, strict=True)
        ],
    }


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], "no-file"),
        ([("a.json", RECEIPT), ("b.json", RECEIPT)], "two-receipts"),
        ([("a.json", BADGE), ("b.pdf", PDF)], "two-credentials"),
        ([("a.json", BADGE), ("b.pdf", PDF), ("c.json", RECEIPT)], "two-credentials"),
    ],
)
def test_what_is_no_credential_with_its_receipt_is_refused(
    engine: Engine, files: list[tuple[str, bytes]], code: str
) -> None:
    assert read(engine, files)["refused"] == code


def read(engine: Engine, files: list[tuple[str, bytes]]) -> dict[str, Any]:
    call = """async (files) => {
      const base64 = (bytes) => bytes === null ? null : btoa(String.fromCharCode(...bytes));
      const given = files.map(([name, data]) => ({ name, bytes: bytes(data) }));
      const found = await inputs.readInputs(given);
      return { ...found, credential: base64(found.credential), receipt: base64(found.receipt) };
    }"""
    (found,) = engine.each(call, [[[name, b64(data)] for name, data in files]])
    return found


def trust_list(**members: str) -> str:
    good = {"name": '"Nordic"', "addresses": f'["{ISSUER}"]'}
    lines = [f"{key} = {value}" for key, value in {**good, **members}.items() if value]
    return "\n".join(["[[issuers]]", *lines, ""])


OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TRUST_LISTS = {
    "one": trust_list(),
    "all members": trust_list(accreditation='"By the board."', url='"https://example.com/a"'),
    "two addresses": trust_list(addresses=f'["{ISSUER}", "{OTHER}"]'),
    "lower case": trust_list(addresses=f'["{ISSUER.lower()}"]'),
    "two issuers": trust_list() + trust_list(name='"Other"', addresses=f'["{OTHER}"]'),
    "longest name": trust_list(name='"' + "😀" * 200 + '"'),
    "name too long": trust_list(name='"' + "n" * 201 + '"'),
    "empty name": trust_list(name='""'),
    "no name": trust_list(name=""),
    "a number for a name": trust_list(name="1"),
    "no addresses": trust_list(addresses=""),
    "no address": trust_list(addresses="[]"),
    "one address outside a list": trust_list(addresses=f'"{ISSUER}"'),
    "wrong checksum": trust_list(addresses=f'["{ISSUER[:-1]}7"]'),
    "no address at all": trust_list(addresses='["example.com"]'),
    "a number for an address": trust_list(addresses="[1]"),
    "named twice": trust_list(addresses=f'["{ISSUER}", "{ISSUER.lower()}"]'),
    "named by two": trust_list() + trust_list(name='"Other"'),
    "unknown key": trust_list(adresses='["x"]'),
    "empty accreditation": trust_list(accreditation='""'),
    "accreditation too long": trust_list(accreditation='"' + "a" * 1001 + '"'),
    "no url": trust_list(url='"example.com"'),
    "script for a url": trust_list(url='"javascript:alert(1)"'),
    "url with a blank": trust_list(url='"https://example.com/a b"'),
    "unknown table": trust_list() + "[other]\n",
    "nobody": "",
    "an empty list": "issuers = []\n",
    "a table": "[issuers]\nname = 'x'\n",
    "numbers": "issuers = [1]\n",
    "no TOML": "[[issuers]",
    "doubled key": trust_list() + 'name = "x"\n',
    "prototype": "__proto__ = 1\n" + trust_list(),
    "too large": trust_list() + "#" * 2**20,
}  # fmt: skip


def test_trust_lists_are_read_or_refused_alike(engine: Engine) -> None:
    found = engine.each("trust.parseTrustList", list(TRUST_LISTS.values()))
    for (name, text), answer in zip(TRUST_LISTS.items(), found, strict=True):
        try:
            trusted = parse_trust_list(text.encode())
        except InvalidInputError:
            assert "refused" in answer, name
        else:
            want = {
                format_address(address): {
                    "name": issuer.name,
                    "accreditation": issuer.accreditation,
                }
                for address, issuer in trusted.items()
            }
            assert answer == {"value": want}, name


@pytest.mark.parametrize(
    ("name", "code", "place"),
    [
        ("named by two", "address-named-twice", "/issuers/1/addresses/0"),
        ("wrong checksum", "wrong-checksum", "/issuers/0/addresses/0"),
        ("unknown key", "unknown-key", "/issuers/0/adresses"),
        ("no TOML", "not-toml", "line 1, column 11"),
    ],
)
def test_a_refused_trust_list_says_where(engine: Engine, name: str, code: str, place: str) -> None:
    (found,) = engine.each("trust.parseTrustList", [TRUST_LISTS[name]])
    assert found == {"refused": code, "place": place}


def test_the_examples_are_credentials(engine: Engine) -> None:
    folder = Path(__file__).parents[2] / "examples"
    files = sorted(path for path in folder.iterdir() if path.suffix in {".json", ".pdf"})
    assert len(files) > 2
    for path in files:
        found = read(engine, [(path.name, path.read_bytes())])
        assert found["value"]["notes"] == [{"code": "credential", "name": path.name}]
