import base64
import html
import json
import re
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.pages.badge import badge_of, safe_link
from api.pages.images import MAX_PICTURE_BYTES, safe_picture
from registry.core.address import format_address, parse_address
from registry.core.canonical import Canonicalization
from registry.services.hashing import Submission
from registry.services.intake import add_credentials
from registry.services.ports import Scope
from registry.services.publishing import publish
from tests.anvil import Anvil
from tests.api.conftest import NOBODY, Open, Site
from tests.api.html import Page
from tests.api.test_explorer import page_at, words

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BADGE: dict[str, Any] = json.loads((EXAMPLES / "cloud-certificate.json").read_bytes())
PUBLIC = "https://badges.example"
OTHER = parse_address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>'


@pytest.fixture
def public(site: Site) -> Site:
    """A site that knows where it is reached from outside."""
    site.registry.settings = site.registry.settings.model_copy(update={"public_url": PUBLIC + "/"})
    return site


def published(site: Site, document: Mapping[str, object] = BADGE, *, is_final: bool = True) -> str:
    """Add and publish a credential; its hash."""
    digest = site.add(document)[0]
    data = json.dumps(document).encode()
    publish(site.registry.store, site.issuer, data, now=datetime.now(UTC))
    if is_final:
        site.seal()
        site.anchor()
    return digest


def data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


class TestPublished:
    def test_the_page_says_what_the_credential_says(self, public: Site) -> None:
        page = page_at(public, f"/c/{published(public)}")
        text = words(page)
        for said in (
            "Cloud Operations Associate",
            "Example Cloud Academy",
            "Certification",
            "Runs, watches and repairs services on a public cloud.",
            "A proctored practical examination",
            "cloud technologies ESCO",
            "2025-01-15 09:00 UTC",
            "2035-01-15 09:00 UTC",
        ):
            assert said in text
        assert "https://academy.example" in page.links()
        # The framework's own link is http: it is shown, and is no link.
        assert not [link for link in page.links() if "europa.eu" in link]

    def test_the_verdict_is_our_engines(self, public: Site) -> None:
        digest = published(public)
        page = page_at(public, f"/c/{digest}")
        credential = public.get(f"/c/{digest}/credential.json").json()
        report = public.post("/v1/verify", json={"credential": credential}).json()
        assert report["verdict"] == "valid"
        assert "Valid, issuer unknown The credential on this page is anchored" in words(page)
        for check in report["checks"]:
            assert check["detail"] in words(page)
            assert check["code"] in words(page)

    def test_the_page_leads_to_where_anybody_verifies_it(self, public: Site) -> None:
        digest = published(public)
        links = page_at(public, f"/c/{digest}").links()
        assert f"/#{PUBLIC}/c/{digest}/credential.json" in links
        answer = public.get(f"/c/{digest}/credential.json")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["content-type"] == "application/json"
        receipt = public.get(f"/v1/credentials/{digest}/receipt").json()
        (proof,) = answer.json()["proof"]
        assert proof["receipt"] == receipt
        assert {k: v for k, v in answer.json().items() if k != "proof"} == BADGE

    def test_a_profile_link_is_filled_in(self, public: Site) -> None:
        digest = published(public)
        links = page_at(public, f"/c/{digest}").links()
        (link,) = [each for each in links if "linkedin.com" in each]
        assert {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()} == {
            "startTask": "CERTIFICATION_NAME",
            "name": "Cloud Operations Associate",
            "organizationName": "Example Cloud Academy",
            "issueYear": "2025",
            "issueMonth": "1",
            "expirationYear": "2035",
            "expirationMonth": "1",
            "certUrl": f"{PUBLIC}/c/{digest}",
            "certId": digest,
        }

    def test_a_preview_has_title_and_picture(self, public: Site) -> None:
        digest = published(public)
        page = page_at(public, f"/c/{digest}")
        meta = {
            each.get("property", each.get("name")): each["content"]
            for each in page.all("meta")
            if "content" in each
        }
        assert meta["og:title"] == "Cloud Operations Associate"
        assert meta["og:url"] == f"{PUBLIC}/c/{digest}"
        assert meta["og:image"] == f"{PUBLIC}/c/{digest}/picture.png"
        assert meta["twitter:card"] == "summary_large_image"
        picture = public.get(urlsplit(meta["og:image"]).path)
        assert picture.headers["content-type"] == "image/png"
        assert size_of(picture.content) == (1200, 630)

    def test_the_snippet_shows_a_card_of_ours(self, public: Site) -> None:
        digest = published(public)
        source = public.get(f"/c/{digest}").text
        snippet = html.unescape(source.split("<textarea")[1].split(">", 1)[1].split("</text")[0])
        (link,) = Page(snippet).all("a")
        (picture,) = Page(snippet).all("img")
        assert link == {"href": f"{PUBLIC}/c/{digest}"}
        assert picture["src"] == f"{PUBLIC}/c/{digest}/picture.svg"
        card = public.get(urlsplit(picture["src"]).path)
        assert card.headers["content-type"] == "image/svg+xml"
        assert "default-src 'none'" in card.headers["content-security-policy"]
        assert "Cloud Operations" in card.text

    def test_without_a_public_address_nothing_is_passed_on(self, site: Site) -> None:
        digest = published(site)
        answer = site.get(f"/c/{digest}", headers={"Host": "evil.example"})
        assert "evil.example" not in answer.text
        assert "linkedin" not in answer.text
        assert "og:image" not in answer.text
        assert f"/#/c/{digest}/credential.json" in Page(answer.text).links()
        for name in ("picture.png", "picture.svg"):
            page_at(site, f"/c/{digest}/{name}", status=404)

    def test_a_trusted_issuer_is_no_stranger(self, open_site: Open, anvil: Anvil) -> None:
        names = {"Nordic Institute": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"}
        site = open_site(anvil.url, trust=names)
        page = page_at(site, f"/c/{published(site)}")
        assert "Valid The credential on this page is anchored" in words(page)

    def test_it_is_said_in_german(self, public: Site) -> None:
        page = page_at(public, f"/c/{published(public)}", language="de-DE")
        assert "Gültig, Aussteller unbekannt Der Nachweis auf dieser Seite" in words(page)
        assert "Der Aussteller hat ihn nicht zurückgenommen." in words(page)

    def test_a_page_is_never_kept_for_good(self, public: Site) -> None:
        digest = published(public)
        for tail in ("", "/credential.json", "/picture.png", "/picture.svg"):
            statuses = set()
            for _ in range(2):  # the page says the minute in which the chain was asked
                answer = public.get(f"/c/{digest}{tail}")
                assert answer.headers["cache-control"] == "public, max-age=60"
                known = {"If-None-Match": answer.headers["etag"]}
                statuses.add(public.get(f"/c/{digest}{tail}", headers=known).status_code)
            assert 304 in statuses

    def test_what_was_withdrawn_has_no_document_and_no_picture(self, public: Site) -> None:
        digest = published(public)
        public.registry.store.drop_publication(public.issuer, bytes.fromhex(digest))
        page = page_at(public, f"/c/{digest}")
        assert "Cloud" not in page.source
        for tail in ("credential.json", "picture.png", "picture.svg"):
            page_at(public, f"/c/{digest}/{tail}", status=404)


class TestUnpublished:
    def test_only_the_verdict_on_the_hash_is_shown(self, site: Site) -> None:
        digest = site.add(BADGE)[0]
        site.seal()
        site.anchor()
        page = page_at(site, f"/c/{digest}")
        assert "Anchored and not withdrawn" in words(page)
        assert "only its file can show" in words(page)
        assert "Cloud" not in page.source
        assert site.get(f"/c/{digest}").headers["x-robots-tag"] == "noindex"
        assert {"name": "robots", "content": "noindex"} in page.all("meta")

    def test_it_says_no_more_than_the_receipt(self, site: Site) -> None:
        """Every hash and address on the page is in the receipt."""
        digest = site.add(BADGE)[0]
        site.seal()
        site.anchor()
        receipt = site.get(f"/v1/credentials/{digest}/receipt").text
        text = words(page_at(site, f"/c/{digest}"))
        hashes = re.findall("[0-9a-fA-F]{40,}", text)
        assert len(hashes) > 4
        assert not [each for each in hashes if each not in receipt]

    def test_an_unknown_hash_is_not_here(self, offline: Site) -> None:
        for text in ("07" * 32, "07", "x" * 64, "a/b", ""):
            page_at(offline, f"/c/{text}", status=404)


class TestState:
    def test_before_the_seal_there_is_no_verdict(self, public: Site) -> None:
        digest = published(public, is_final=False)
        page = page_at(public, f"/c/{digest}")
        assert "Not final yet" in words(page)
        assert "Cloud Operations Associate" in words(page)
        assert not [link for link in page.links() if link.startswith("/#")]
        assert public.get(f"/c/{digest}/credential.json").json() == BADGE

    def test_before_an_anchor_is_final_nothing_is_proven(self, public: Site) -> None:
        digest = published(public, is_final=False)
        public.seal()
        page = page_at(public, f"/c/{digest}")
        assert "Not final yet" in words(page)
        assert "Valid The" not in words(page)
        assert "issuer unknown" not in words(page)
        assert public.get(f"/c/{digest}/credential.json").json() == BADGE

    def test_an_outage_is_neither_valid_nor_false(self, open_site: Open, site: Site) -> None:
        digest = published(site)
        down = open_site(NOBODY)
        page = page_at(down, f"/c/{digest}", status=503)
        assert "Could not be decided" in words(page)
        assert "neither valid nor false" in words(page)
        assert "Cloud Operations Associate" in words(page)
        answer = down.get(f"/c/{digest}")
        assert answer.headers["cache-control"] == "no-store"
        assert int(answer.headers["retry-after"]) > 0

    @pytest.mark.parametrize("status", ["revoked", "suspended"])
    def test_what_is_withdrawn_is_not_valid(self, site: Site, status: str) -> None:
        digest = published(site)
        change = {"hashes": [digest], "status": status, "reason": "unspecified"}
        answer = site.post("/v1/status-changes", json=change, headers=site.bearer(Scope.STATUS))
        assert answer.status_code in {200, 201, 202}, answer.text
        site.anchor()
        page = page_at(site, f"/c/{digest}")
        assert "Not valid A check failed" in words(page)
        assert f"The issuer has {status} it." in words(page)

    def test_an_expired_credential_is_not_valid(self, site: Site) -> None:
        digest = published(site, {**BADGE, "validUntil": "2025-02-01T00:00:00Z"})
        assert "It expired on 2025-02-01" in words(page_at(site, f"/c/{digest}"))

    def test_what_is_false_is_so_before_an_anchor_too(self, site: Site) -> None:
        expired = {**BADGE, "validUntil": "2025-02-01T00:00:00Z"}
        digest = published(site, expired, is_final=False)
        site.seal()
        assert "Not valid A check failed" in words(page_at(site, f"/c/{digest}"))

    def test_of_several_issuers_the_visitor_chooses(self, public: Site) -> None:
        digest = published(public)
        store, now = public.registry.store, datetime.now(UTC)
        data = json.dumps(BADGE).encode()
        submission = Submission("theirs", data, Canonicalization.JCS)
        add_credentials(store, OTHER, [submission], now=now)
        choice = page_at(public, f"/c/{digest}")
        assert "Cloud" not in choice.source
        places = {
            who: f"/c/{digest}?issuer={format_address(who)}" for who in (public.issuer, OTHER)
        }
        assert set(places.values()) <= set(choice.links())
        own = page_at(public, places[public.issuer])
        assert "Cloud Operations Associate" in words(own)
        document = f"/c/{digest}/credential.json?issuer={format_address(public.issuer)}"
        assert document in own.links()
        assert f"/#{PUBLIC}{document}" in own.links()
        assert public.get(document).json()["proof"]
        assert "Cloud" not in page_at(public, places[OTHER]).source
        page_at(public, f"/c/{digest}/credential.json", status=404)
        page_at(public, f"/c/{digest}?issuer=nobody", status=404)


NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}\u202etxt.exe'
NASTY_URLS = [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http://plain.example/",
    "//other.example/",
    "https://user:pass@bank.example/",
    'https://ok.example/"onmouseover="alert(1)',
    "https://",
    "https://[::1",
    "https://a.example/" + "x" * 2001,
    "vbscript:x",
    "",
]
NASTY_PICTURES = [
    "https://tracker.example/pixel.png",
    "http://tracker.example/pixel.png",
    "//tracker.example/pixel.png",
    "/v1/batches",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml;utf8,<svg onload=alert(1)>",
    data_url("image/svg+xml", b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'),
    data_url("image/svg+xml", b"<html><script>alert(1)</script></html>"),
    data_url("image/svg+xml", SVG.decode().encode("utf-16")),
    data_url("image/png", SVG),
    data_url("image/png", PNG) + '" onload="alert(1)',
    data_url("image/gif", b"GIF89a"),
    data_url("image/png", PNG + b"\0" * MAX_PICTURE_BYTES),
    "data:image/png;base64,A",
]


def nasty(url: str = NASTY_URLS[0], picture: object = NASTY_PICTURES[0]) -> dict[str, Any]:
    return {
        "name": NASTY,
        "issuer": {"id": url, "url": url, "name": NASTY},
        "validFrom": NASTY,
        "credentialSubject": {
            "name": NASTY,
            "achievement": {
                "name": NASTY,
                "achievementType": NASTY,
                "description": NASTY,
                "image": {"id": picture},
                "criteria": {"id": url, "narrative": NASTY},
                "alignment": [{"targetName": NASTY, "targetUrl": url, "targetFramework": NASTY}]
                * 60,
            },
        },
        "proof": {"type": NASTY},
    }


class TestHostileDocuments:
    """Whatever a document says, it is words. `page_at` looks at every element of every page."""

    def test_markup_in_it_is_text(self, public: Site) -> None:
        digest = published(public, nasty())
        page = page_at(public, f"/c/{digest}")
        assert "alert(1)" in page.text
        assert "{{ 7*7 }}" in page.text
        assert "\u202e" not in page.source
        assert page.source.count("<script") == 0
        card = public.get(f"/c/{digest}/picture.svg").text
        assert "<script" not in card
        assert "onerror=alert" not in card.replace("&gt;", "").split("<text")[0]
        assert not [tag for tag, _ in Page(card).elements if tag in {"script", "img"}]
        snippet = Page(html.unescape(page.source.split("<textarea")[1].split(">", 1)[1]))
        assert [tag for tag, _ in snippet.elements][:2] == ["a", "img"]

    def test_no_url_but_https_is_a_link(self, public: Site) -> None:
        for url in NASTY_URLS:
            assert safe_link(url) is None, url
        digest = published(public, nasty(url=NASTY_URLS[-2]))
        outside = [x for x in page_at(public, f"/c/{digest}").links() if x[0] not in "/#"]
        assert [urlsplit(link).hostname for link in outside] == ["www.linkedin.com"]

    @pytest.mark.parametrize("url", ["https://ok.example/a?b=c#d", "https://münchen.example/"])
    def test_an_https_url_is_a_link(self, url: str) -> None:
        assert safe_link(url) == url

    def test_no_picture_from_outside_is_shown(self, public: Site) -> None:
        for url in NASTY_PICTURES:
            assert safe_picture(url) is None, url[:60]
        digest = published(public, nasty(picture=NASTY_PICTURES[0]))
        page = page_at(public, f"/c/{digest}")
        assert page.all("img") == []
        assert "tracker" not in page.source

    @pytest.mark.parametrize(
        "picture",
        [
            pytest.param(data_url("image/png", PNG), id="png"),
            pytest.param(data_url("image/svg+xml", SVG), id="svg"),
            pytest.param(data_url("image/jpeg", b"\xff\xd8\xff\xe0"), id="jpeg"),
        ],
    )
    def test_a_picture_in_the_document_is_shown(self, public: Site, picture: str) -> None:
        digest = published(public, nasty(picture=picture))
        (shown,) = page_at(public, f"/c/{digest}").all("img")
        assert shown["src"] == picture

    def test_texts_are_cut(self) -> None:
        badge = badge_of({"name": "n" * 10_000, "description": "d" * 100_000}, "en")
        assert badge.name is not None
        assert badge.description is not None
        assert len(badge.name) == 201
        assert len(badge.description) == 4001
        assert len(badge_of(nasty(), "en").skills) == 50

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"credentialSubject": None, "issuer": None, "name": None},
            {"credentialSubject": [], "issuer": [], "name": []},
            {"credentialSubject": "x", "issuer": 1, "name": 2.5, "image": True},
            {"credentialSubject": [{"achievement": [1, {"name": {"@value": {"a": []}}}]}]},
            {"credentialSubject": {"achievement": {"alignment": {"targetName": ["x"]}}}},
            {"validFrom": "2025-01-01", "validUntil": "9999-12-31T23:59:59-23:59"},
            {"name": {"@language": "de", "@value": 1}},
            {"name": "\u202e\u2066\x00\x07"},
        ],
    )
    def test_any_shape_has_a_page(self, offline: Site, document: dict[str, Any]) -> None:
        digest = published(offline, {"n": 1, **document}, is_final=False)
        assert "Credential" in words(page_at(offline, f"/c/{digest}"))

    def test_a_name_in_several_languages_is_the_visitors(self) -> None:
        listed = [{"@language": "en", "@value": "Welding"}, {"@language": "de", "@value": "Löten"}]
        both: list[Any] = [listed, {"en": "Welding", "de": "Löten"}]
        for names in both:
            assert badge_of({"name": names}, "de").name == "Löten"
            assert badge_of({"name": names}, "en").name == "Welding"
        assert badge_of({"name": [{"@language": "fr", "@value": "Souder"}]}, "en").name == "Souder"


def size_of(png: bytes) -> tuple[int, int]:
    """Size of a PNG whose chunks are whole and whose pixels are all there."""
    assert png.startswith(PNG[:8])
    place, data = 8, b""
    header: tuple[int, ...] = ()
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        checksum = png[place + 8 + length : place + 12 + length]
        assert zlib.crc32(kind + content) == int.from_bytes(checksum, "big")
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", content)
        data += content if kind == b"IDAT" else b""
        place += 12 + length
    width, height = header[:2]
    assert len(zlib.decompress(data)) == height * (1 + 3 * width)
    return width, height
