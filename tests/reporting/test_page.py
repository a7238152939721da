import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from registry.reporting import html_report
from registry.services.audit.report import AuditReport
from registry.services.findings import MEANINGS, FindingCode, Severity
from tests.api.html import Page
from tests.reporting.reports import (
    anchor,
    chain,
    change,
    every_severity,
    finding,
    hash_of,
    hostile,
    large,
    not_ours,
    report,
    small,
)

STYLES = Path(__file__).resolve().parents[2] / "registry"
MAKERS = [
    small,
    large,
    every_severity,
    hostile,
    not_ours,
    report,
    lambda: report(chain()),
]
NAMES = ["small", "large", "every severity", "hostile", "not ours", "no chain", "empty"]
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SILENT = {"script", "iframe", "object", "embed", "base", "img", "form", "foreignobject", "image"}

every_report = pytest.mark.parametrize("make", MAKERS, ids=NAMES)


def page_of(made: AuditReport) -> Page:
    return Page(html_report(made).decode())


def words(page: Page) -> str:
    return " ".join(page.text.split())


@every_report
def test_the_same_report_gives_the_same_bytes(make: Callable[[], AuditReport]) -> None:
    assert html_report(make()) == html_report(make())


@every_report
def test_the_file_asks_nobody(make: Callable[[], AuditReport]) -> None:
    page = page_of(make())
    assert not {tag for tag, _ in page.elements} & SILENT
    assert page.all("meta")[1] == {"http-equiv": "Content-Security-Policy", "content": POLICY}
    assert page.all("link") == [{"rel": "icon", "href": "data:,"}]
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        assert not {"src", "style", "srcset", "xlink:href", "action"} & set(attributes), tag
    style = (STYLES / "reporting" / "report.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style


@every_report
def test_every_name_is_given_once_and_every_reference_leads_somewhere(
    make: Callable[[], AuditReport],
) -> None:
    page = page_of(make())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids)
    inside = [link[1:] for link in page.links() if link.startswith("#")]
    assert inside
    assert set(inside) <= set(ids)


@every_report
def test_every_element_is_closed(make: Callable[[], AuditReport]) -> None:
    reader = Closing(html_report(make()).decode())
    assert reader.open_elements == []
    assert reader.wrong == []


@every_report
def test_every_link_out_is_to_an_explorer_and_says_nothing_of_us(
    make: Callable[[], AuditReport],
) -> None:
    for link in page_of(make()).all("a"):
        if not link["href"].startswith("#"):
            assert re.fullmatch(r"https://etherscan\.io/tx/0x[0-9a-f]{64}", link["href"])
            assert link["rel"] == "noopener noreferrer"


@every_report
def test_headings_leave_out_no_level(make: Callable[[], AuditReport]) -> None:
    levels = [
        int(tag[1])
        for tag, _ in page_of(make()).elements
        if re.fullmatch("h[1-6]", tag) is not None
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@every_report
def test_every_table_has_a_caption_and_heads(make: Callable[[], AuditReport]) -> None:
    page = page_of(make())
    tags = [tag for tag, _ in page.elements]
    tables = [place for place, tag in enumerate(tags) if tag == "table"]
    assert all(tags[place + 1] == "caption" for place in tables)
    assert all(head["scope"] in {"col", "row"} for head in page.all("th"))
    regions = [each for each in page.all("div") if "scroll" in each.get("class", "").split()]
    assert all(each["tabindex"] == "0" and each["role"] == "group" for each in regions)


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        pytest.param(small(), "Nothing found", id="clean"),
        pytest.param(large(), "Nothing wrong found, 1 notice", id="notices alone"),
        pytest.param(
            every_severity(), "2 critical findings, 1 warning, 1 notice", id="every severity"
        ),
        pytest.param(
            report(chain(), unknowns=("a", "b")),
            "Incomplete: 2 questions were not answered",
            id="incomplete",
        ),
        pytest.param(
            report(chain(), unknowns=("a",), findings=[finding(FindingCode.CADENCE_ANOMALY)]),
            "Incomplete: 1 question was not answered",
            id="incomplete, with a notice",
        ),
    ],
)
def test_the_verdict_is_said_first(made: AuditReport, headline: str) -> None:
    page = page_of(made)
    assert headline in words(page)
    assert words(page).index(headline) < words(page).index("What was audited")
    assert {"class": "verdict verdict-" + made.verdict, "aria-labelledby": "verdict"} in page.all(
        "section"
    )


def test_no_verdict_but_clean_says_that_nothing_was_found() -> None:
    for made in (large(), every_severity(), report(chain(), unknowns=("a",)), not_ours()):
        assert "Nothing found" not in words(page_of(made))


@pytest.mark.parametrize("code", list(FindingCode))
def test_a_finding_is_told_whole(code: FindingCode) -> None:
    made = report(chain([anchor()]), findings=[finding(code, "the very thing", odd="evidence")])
    said = words(page_of(made))
    meaning = MEANINGS[code]
    for each in (code.value, "the very thing", meaning.meaning, meaning.advice, "odd", "evidence"):
        assert each in said


def test_findings_stand_by_severity() -> None:
    page = page_of(every_severity())
    ids = [each.get("id") for each in page.all("h3")][:3]
    assert ids == [severity.value for severity in Severity]


def test_a_finding_leads_to_the_row_of_its_transaction_and_to_the_explorer() -> None:
    transaction = "0x" + hash_of("anchor 12").hex()
    page = page_of(every_severity())
    assert f"#tx-1-{transaction}" in page.links()
    assert f"tx-1-{transaction}" in [row.get("id") for row in page.all("tr")]
    assert f"https://etherscan.io/tx/{transaction}" in page.links()


def test_a_finding_of_a_seal_leads_to_its_anchor() -> None:
    assert f"#tx-1-0x{hash_of('anchor 5').hex()}" in page_of(every_severity()).links()


def test_a_transaction_that_has_no_row_is_looked_up_elsewhere_only() -> None:
    transaction = hash_of("elsewhere").hex()
    links = page_of(every_severity()).links()
    assert f"https://etherscan.io/tx/0x{transaction}" in links
    assert f"#tx-1-0x{transaction}" not in links


def test_another_transaction_s_row_is_not_called_its_own() -> None:
    found = finding(
        FindingCode.ANCHOR_ELSEWHERE,
        chain="eip155:1",
        seal=hash_of("seal 1").hex(),
        transaction="0x" + hash_of("elsewhere").hex(),
    )
    links = page_of(report(chain([anchor(1)]), findings=[found])).links()
    assert not any(link.startswith("#tx-") for link in links)


def test_of_an_unknown_chain_there_is_nothing_to_look_up() -> None:
    made = report(chain([anchor()], [change()], chain=31337))
    assert all(link.startswith("#") for link in page_of(made).links())


def test_a_finding_leads_to_the_row_on_its_own_chain() -> None:
    one, two = chain([anchor()]), chain([anchor()], chain=137)
    found = finding(
        FindingCode.GAS_ANOMALY,
        chain="eip155:137",
        transaction="0x" + anchor().transaction.hex(),
    )
    page = page_of(report(one, two, findings=[found]))
    leads = [link for link in page.links() if "#tx-" in link]
    assert leads == ["#tx-137-0x" + anchor().transaction.hex()]


def test_a_transaction_of_several_changes_is_named_once() -> None:
    same = hash_of("same")
    changes = [change(1, transaction=same), change(2, transaction=same)]
    rows = page_of(report(chain([anchor()], changes))).all("tr")
    assert [row["id"] for row in rows if "id" in row].count(f"tx-1-0x{same.hex()}") == 1


def test_hostile_text_is_text() -> None:
    page = page_of(hostile())
    assert "</style><script>alert(1)</script>" in page.text
    assert r"\x1b[31m\u202e{{ 7*7 }}" in page.text
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source
    assert not any("javascript" in link for link in page.links())


def test_of_a_contract_that_is_not_ours_nothing_is_claimed() -> None:
    said = words(page_of(not_ours()))
    assert "Nothing else was asked" in said
    assert "Nothing was anchored" not in said
    assert "Operators" not in said


def test_charts_say_of_which_days_they_are() -> None:
    assert "From 2025-01-06 to 2025-01-11, in UTC." in words(page_of(small()))


def test_a_batch_that_is_not_shown_is_said_so() -> None:
    assert "not shown" in words(page_of(every_severity()))


def test_it_is_of_one_family_with_the_verifier() -> None:
    for scheme in range(2):
        ours = colours("reporting/report.css", scheme)
        theirs = colours("verifier/style.css", scheme)
        assert ours
        assert {name: theirs.get(name) for name in ours} == ours


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        *((ink, ground, 4.5) for ink in ("ink", "soft", "link") for ground in ("paper", "card")),
        *((each, "card", 4.5) for each in ("good", "bad", "open")),
        *((each, f"{each}-ground", 4.5) for each in ("good", "bad", "open")),
        *(("soft", f"{each}-ground", 4.5) for each in ("good", "bad", "open")),
        *((ink, "open-ground", 4.5) for ink in ("ink", "link")),
        *((f"bar-{number}", "card", 3.0) for number in (1, 2, 3)),
    ],
)
def test_it_can_be_read(ink: str, ground: str, least: float, scheme: int) -> None:
    known = colours("reporting/report.css", 0) | colours("reporting/report.css", scheme)
    lighter, darker = sorted((luminance(known[ink]), luminance(known[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least


class Closing(HTMLParser):
    """Which elements are still open, and what was closed that was not the last opened."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open_elements: list[str] = []
        self.wrong: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base's name
        if tag not in {"meta", "link", "br"}:
            self.open_elements.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Of SVG: closed at once."""

    def handle_endtag(self, tag: str) -> None:
        if self.open_elements.pop() != tag:
            self.wrong.append(tag)


def colours(path: str, scheme: int) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", (STYLES / path).read_text(encoding="utf-8"), re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", blocks[scheme]))


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    shares = [value / 255 for value in bytes.fromhex(digits)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
