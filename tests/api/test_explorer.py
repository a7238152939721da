import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.core.address import format_address
from registry.core.trust import TrustedIssuer
from registry.services.ports import CredentialStatus, StatusChange
from tests.anvil import Anvil, send
from tests.api.conftest import NOBODY, Open, Site
from tests.api.html import Page, assert_harmless
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.conftest import proxy

__all__ = ["proxy"]

UNKNOWN = "07" * 32


def page_at(site: Site, path: str, *, status: int = 200, language: str = "en") -> Page:
    answer = site.get(path, headers={"Accept-Language": language})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'none'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    page = Page(answer.text)
    assert_harmless(page, host="http://testserver")
    return page


def words(page: Page) -> str:
    return " ".join(page.text.split())


def night(site: Site, *documents: Mapping[str, object]) -> tuple[str, list[str]]:
    """Seal and anchor a batch; its seal and the hashes."""
    hashes = site.add(*documents)
    seal = site.seal()
    site.anchor()
    return seal, hashes


@pytest.fixture
def two_nights(site: Site) -> list[tuple[str, list[str]]]:
    return [night(site, *({"n": n, "size": size} for n in range(size))) for size in (3, 5)]


class TestNights:
    def test_every_night_has_its_figures(
        self, site: Site, two_nights: list[tuple[str, list[str]]]
    ) -> None:
        page = page_at(site, "/explore")
        for (seal, _), size in zip(two_nights, (3, 5), strict=True):
            assert f"/explore/batches/{seal}" in page.links()
            (batch,) = site.registry.store.batches_with_seal(bytes.fromhex(seal))
            (anchor,) = site.registry.store.anchors(batch.id)
            mined = site.registry.chain.mined(anchor.transaction)
            assert mined is not None
            fee = f"{mined.gas_used * mined.gas_price / 10**9:,.0f}"
            row = next(row for row in _rows(page.source) if seal in row)
            *cells, waited = _cells(row)[3:]
            assert cells == ["final", str(size), fee]
            assert re.fullmatch(r"< 1 s|[0-9]+ s", waited)  # on a busy machine, longer
        assert "2 8" in words(page)  # batches and credentials of the issuer

    @pytest.mark.usefixtures("two_nights")
    def test_the_chart_shows_what_the_table_says(self, site: Site) -> None:
        page = page_at(site, "/explore")
        bars = [each for each in page.all("rect") if each["class"] == "bar bar-credentials"]
        heights = [float(bar["height"]) for bar in bars]
        assert heights[0] / heights[1] == pytest.approx(3 / 5, abs=0.01)
        labels = [each["aria-label"] for each in page.all("svg")]
        assert labels[0].startswith("Credentials: bar chart")
        assert "2 of 2 values are known, the largest is 5." in labels[0]

    @pytest.mark.usefixtures("two_nights")
    def test_what_could_not_be_asked_is_no_bar_and_no_zero(self, open_site: Open) -> None:
        page = page_at(open_site(NOBODY), "/explore")
        assert not [each for each in page.all("rect") if each["class"] == "bar bar-fee"]
        assert len([each for each in page.all("text") if each["class"] == "no-bar"]) == 2
        rows = [row for row in _rows(page.source) if "/explore/batches/" in row]
        assert [_cells(row)[5] for row in rows] == ["could not be asked"] * 2

    @pytest.mark.usefixtures("two_nights")
    def test_costs_of_final_anchors_are_asked_once(self, open_site: Open, proxy: RpcProxy) -> None:
        watched = open_site(proxy.url)
        page_at(watched, "/explore")
        assert proxy.asked.count("eth_getTransactionReceipt") == 2
        page_at(watched, "/explore")
        assert proxy.asked.count("eth_getTransactionReceipt") == 2
        proxy.fail("eth_getTransactionReceipt", Fault.HTTP_500)
        assert "could not be asked" not in words(page_at(watched, "/explore"))

    @pytest.mark.usefixtures("two_nights")
    def test_a_chain_that_is_silent_is_asked_once_for_a_page(
        self, open_site: Open, proxy: RpcProxy
    ) -> None:
        proxy.fail("eth_getTransactionReceipt", Fault.HTTP_500)
        watched = open_site(proxy.url)
        page_at(watched, "/explore")
        asked = proxy.asked.count("eth_getTransactionReceipt")
        page_at(watched, "/explore")
        assert proxy.asked.count("eth_getTransactionReceipt") == asked

    def test_a_batch_that_is_not_anchored_is_not_yet_final(self, site: Site) -> None:
        site.add({"n": 1})
        seal = site.seal()
        (row,) = [row for row in _rows(page_at(site, "/explore").source) if seal in row]
        assert _cells(row)[3:] == ["sealed", "1", "not yet", "not yet"]

    def test_what_waits_in_an_open_batch_is_nobodys_business(self, site: Site) -> None:
        site.add({"n": 1}, {"n": 2})
        assert "Nothing was sealed yet." in words(page_at(site, "/explore"))
        page_at(site, f"/explore/issuers/{format_address(site.issuer)}", status=404)

    def test_pages_follow_one_another(self, offline: Site) -> None:
        for number in range(32):
            offline.add({"n": number})
            offline.seal()
        first = page_at(offline, "/explore")
        (following,) = [link for link in first.links() if "before=" in link]
        second = page_at(offline, following)
        seals = [_seals(first), _seals(second)]
        assert [len(each) for each in seals] == [30, 2]
        assert len(set(seals[0] + seals[1])) == 32
        assert not [link for link in second.links() if "before=" in link]
        assert "/explore" in second.links()


class TestIssuers:
    def test_an_issuer_has_its_nights_and_its_record(
        self, site: Site, two_nights: list[tuple[str, list[str]]]
    ) -> None:
        page = page_at(site, f"/explore/issuers/{format_address(site.issuer).lower()}")
        assert "2 batches, 8 credentials" in words(page)
        assert re.search(r"On eip155:31337 \d+ anchors", words(page))
        assert set(_seals(page)) == {seal for seal, _ in two_nights}
        assert "trust list does not say who that is" in words(page)

    @pytest.mark.usefixtures("two_nights")
    def test_a_trusted_issuer_has_a_name(self, site: Site) -> None:
        accreditation = "Accredited by <b>nobody</b>."
        site.registry.trusted = {site.issuer: TrustedIssuer("Nord & Süd", accreditation)}
        for path in ("/explore", f"/explore/issuers/{format_address(site.issuer)}"):
            assert "Nord & Süd" in words(page_at(site, path))
        assert accreditation in words(page_at(site, path))

    @pytest.mark.usefixtures("two_nights")
    def test_without_the_chain_the_record_could_not_be_asked(
        self, site: Site, open_site: Open
    ) -> None:
        page = page_at(open_site(NOBODY), f"/explore/issuers/{format_address(site.issuer)}")
        assert "On eip155:31337 could not be asked" in words(page)

    @pytest.mark.parametrize("address", ["0x" + "07" * 20, "0x07", "nobody"])
    def test_others_are_not_here(self, offline: Site, address: str) -> None:
        page_at(offline, f"/explore/issuers/{address}", status=404)


class TestBatches:
    def test_a_batch_is_shown_with_its_anchor(
        self, site: Site, two_nights: list[tuple[str, list[str]]]
    ) -> None:
        seal, _ = two_nights[1]
        (batch,) = site.registry.store.batches_with_seal(bytes.fromhex(seal))
        (anchor,) = site.registry.store.anchors(batch.id)
        assert batch.head is not None
        text = words(page_at(site, f"/explore/batches/{seal}"))
        for shown in (
            seal,
            batch.head.merkle_root.hex(),
            "0x" + anchor.transaction.hex(),
            "0x" + anchor.block_hash.hex(),
            format_address(anchor.contract),
            "5 credentials",
            "Final, seen to be so at",
        ):
            assert shown in text
        assert re.search(r"active 5 suspended 0 revoked 0", text)
        assert re.search(r"[\d,]+ at [\d.]+ Gwei: [\d,]+ Gwei", text)

    def test_statuses_are_those_on_chain_whoever_set_them(
        self, site: Site, two_nights: list[tuple[str, list[str]]]
    ) -> None:
        seal = two_nights[1][0]
        for status, indexes in (("SUSPENDED", (0, 1)), ("REVOKED", (4,))):
            change = StatusChange(
                id=1,
                issuer=site.issuer,
                seal=bytes.fromhex(seal),
                leaf_indexes=indexes,
                status=CredentialStatus[status],
                reason=0,
                requested_at=datetime.now(UTC),
                done_at=None,
                refusal=None,
            )
            call = site.registry.chain.status_call(change)
            assert site.registry.signer is not None
            send(site.registry.chain, site.registry.signer, call)
        text = words(page_at(site, f"/explore/batches/{seal}"))
        assert "active 2 suspended 2 revoked 1" in text

    @pytest.mark.parametrize("fault", [Fault.HTTP_500, Fault.WRONG_TYPE])
    def test_statuses_that_could_not_be_asked_are_no_zero(
        self,
        open_site: Open,
        two_nights: list[tuple[str, list[str]]],
        proxy: RpcProxy,
        fault: Fault,
    ) -> None:
        proxy.fail("eth_call", fault)
        text = words(page_at(open_site(proxy.url), f"/explore/batches/{two_nights[0][0]}"))
        assert "Statuses could not be asked" in text
        assert "revoked" not in text

    def test_a_reset_chain_knows_nothing_and_says_so(self, open_site: Open, anvil: Anvil) -> None:
        snapshot = anvil.ask("evm_snapshot").value
        site = open_site(anvil.url)
        seal, _ = night(site, {"n": 1})
        anvil.ask("evm_revert", snapshot)
        text = words(page_at(open_site(anvil.url), f"/explore/batches/{seal}"))
        assert "Statuses the node does not have it" in text
        assert "Gas the node does not have it" in text

    def test_a_batch_on_no_chain_says_so(self, offline: Site) -> None:
        offline.add({"n": 1})
        page = page_at(offline, f"/explore/batches/{offline.seal()}")
        assert "It stands on no chain yet." in words(page)

    @pytest.mark.parametrize("seal", [UNKNOWN, "07", "0x" + UNKNOWN, UNKNOWN.upper() + "F"])
    def test_other_seals_are_not_here(self, offline: Site, seal: str) -> None:
        page_at(offline, f"/explore/batches/{seal}", status=404)


class TestTree:
    @pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 9, 21])
    def test_the_drawing_leads_from_each_credential_to_the_seal(
        self, offline: Site, size: int
    ) -> None:
        hashes = offline.add(*({"n": n} for n in range(size)))
        seal = offline.seal()
        for digest in {hashes[0], hashes[-1]}:
            page = page_at(offline, f"/explore/batches/{seal}/{digest}")
            receipt = offline.get(f"/v1/credentials/{digest}/receipt").json()
            titles = re.findall(r"<title>([a-zA-Z ]+): ([0-9a-f]+)</title>", page.source)
            assert ("seal", seal) in titles
            assert ("credential hash", digest) in titles
            assert ("salt", receipt["salt"]) in titles
            assert ("size", str(size)) in titles
            values = {value for _, value in titles}
            assert set(receipt["siblings"]) <= values
            if size <= 8:
                leaves = offline.get(f"/v1/batches/{seal}/leaves").text.split()
                assert set(leaves) <= values
            else:
                assert len(titles) == 1 + 2 * (len(receipt["siblings"]) + 2)

    def test_boxes_lie_apart_and_inside(self, offline: Site) -> None:
        for size in (*range(1, 10), 100):
            hashes = offline.add(*({"n": n, "size": size} for n in range(size)))
            seal = offline.seal()
            for digest in (hashes[0], hashes[-1]):
                page = page_at(offline, f"/explore/batches/{seal}/{digest}")
                (drawing,) = page.all("svg")
                width, height = (int(each) for each in drawing["viewbox"].split()[2:])
                boxes = [
                    tuple(int(box[name]) for name in ("x", "y", "width", "height"))
                    for box in page.all("rect")
                ]
                assert len(set(boxes)) == len(boxes)
                for x, y, w, h in boxes:
                    assert x >= 0
                    assert x + w <= width
                    assert y + h <= height
                    for other in boxes:
                        apart = abs(other[0] - x) >= w or abs(other[1] - y) >= h
                        assert apart or other == (x, y, w, h)

    def test_a_credential_of_another_batch_is_not_under_this_seal(self, offline: Site) -> None:
        other = offline.add({"n": 1})[0]
        offline.seal()
        offline.add({"n": 2})
        seal = offline.seal()
        waiting = offline.add({"n": 3})[0]
        for digest in (other, waiting, UNKNOWN, "no hash"):
            page_at(offline, f"/explore/batches/{seal}/{digest}", status=404)


class TestFinding:
    def test_what_is_looked_for_is_found(self, offline: Site) -> None:
        digest = offline.add({"n": 1})[0]
        seal = offline.seal()
        address = format_address(offline.issuer)
        for text, place in {
            seal: f"/explore/batches/{seal}",
            f" 0x{seal.upper()} ": f"/explore/batches/{seal}",
            digest: f"/c/{digest}",
            address.lower(): f"/explore/issuers/{address}",
        }.items():
            answer = offline.get("/explore", params={"q": text}, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, place)
        where = f"/explore/batches/{seal}"
        answer = offline.get(where, params={"q": f"0x{digest}"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{where}/{digest}")

    @pytest.mark.parametrize("text", [UNKNOWN, "", "//evil.example", "a" * 201, "0x" + "zz" * 20])
    def test_what_is_not_here_is_not_found(self, offline: Site, text: str) -> None:
        page_at(offline, f"/explore?q={text}", status=404)


class TestDelivery:
    @pytest.mark.parametrize(
        "path", ["/explore/nothing", "/explore/a/b/c", "/explore?before=-1", "/explore?after=0x"]
    )
    def test_unknown_places_are_pages_too(self, offline: Site, path: str) -> None:
        page = page_at(offline, path, status=404)
        assert "says nothing of a credential" in words(page)

    def test_a_store_that_does_not_answer_is_a_page_that_says_so(
        self, offline: Site, tmp_path: Path
    ) -> None:
        offline.registry.store.close()
        (tmp_path / "registry.db").write_bytes(b"no database" * 1000)
        for path in ("/explore", f"/explore/batches/{UNKNOWN}", f"/c/{UNKNOWN}"):
            page = page_at(offline, path, status=503)
            assert "Could not be asked" in words(page)
            answer = offline.get(path)
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["cache-control"] == "no-store"

    def test_a_page_is_kept_as_long_as_it_is_true(
        self, site: Site, two_nights: list[tuple[str, list[str]]]
    ) -> None:
        seal, hashes = two_nights[0]
        for path, cache in {
            "/explore": "public, max-age=15",
            f"/explore/batches/{seal}": "public, max-age=60",
            f"/explore/batches/{seal}/{hashes[0]}": "public, max-age=86400",
        }.items():
            answer = site.get(path)
            assert answer.headers["cache-control"] == cache
            again = site.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304
            assert site.client.head(path).status_code == 200

    def test_the_style_sheet_is_one_of_ours(self, offline: Site) -> None:
        sheets = [link["href"] for link in page_at(offline, "/explore").all("link")]
        own = next(each for each in sheets if each.startswith("/explore/style-"))
        answer = offline.get(own)
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert "url(" not in answer.text
        assert "@import" not in answer.text

    @pytest.mark.parametrize(
        ("accepted", "language"),
        [
            ("", "en"),
            ("de", "de"),
            ("de-AT,en;q=0.5", "de"),
            ("fr, de;q=0.3, en;q=0.7", "en"),
            ("en;q=0, de;q=0.1", "de"),
            ("xx;q=nonsense", "en"),
        ],
    )
    def test_pages_speak_the_visitors_language(
        self, offline: Site, accepted: str, language: str
    ) -> None:
        answer = offline.get("/explore", headers={"Accept-Language": accepted})
        assert answer.headers["content-language"] == language
        assert f'<html lang="{language}">' in answer.text
        assert "Accept-Language" in answer.headers["vary"]


def _rows(source: str) -> list[str]:
    return re.findall(r"<tr>.*?</tr>", source, re.DOTALL)


def _cells(row: str) -> list[str]:
    return [
        " ".join(Page(cell).text.split()) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
    ]


def _seals(page: Page) -> list[str]:
    return re.findall(r"/explore/batches/([0-9a-f]{64})", page.source)
