"""An audit's report, opened from the disk: complete in itself, accessible, narrow enough."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

from registry.reporting import html_report
from registry.services.audit.report import AuditReport
from tests.reporting.reports import (
    anchor,
    chain,
    every_severity,
    hash_of,
    hostile,
    large,
    not_ours,
    report,
    small,
)

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MAKERS: dict[str, Callable[[], AuditReport]] = {
    "small": small,
    "one anchor": lambda: report(chain([anchor()])),
    "every severity": every_severity,
    "incomplete": lambda: report(chain([anchor()]), unknowns=("The leaves of batch 1.",)),
    "hostile": hostile,
    "not ours": not_ours,
    "large": large,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where each report lies, as a browser opens it."""
    folder = tmp_path_factory.mktemp("reports")
    for name, make in MAKERS.items():
        (folder / f"{name}.html").write_bytes(html_report(make()))
    return {name: (folder / f"{name}.html").as_uri() for name in MAKERS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, files: dict[str, str], scheme: str) -> None:
    # Only axe itself, which no page of ours would let in, needs the policy out of its way.
    context = browser.new_context(
        bypass_csp=True,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 390, "height": 800},
    )
    page = context.new_page()
    for name, place in files.items():
        if (name, scheme) == ("large", "dark"):
            continue  # it takes longer than all others, and has no colour that those have not
        page.goto(place)
        _open_all(page)
        page.add_script_tag(path=AXE)
        found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
        assert [
            each["id"] + ": " + each["nodes"][0]["html"] for each in found["violations"]
        ] == [], name
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_report_is_wider_than_the_window(page: Page, files: dict[str, str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for name, place in files.items():
        page.goto(place)
        _open_all(page)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name


def test_a_report_asks_nobody_and_has_nothing_to_complain_of(
    page: Page, files: dict[str, str]
) -> None:
    asked: list[str] = []
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said.append(message.text)

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", dismiss)
    page.on("request", lambda request: asked.append(request.url))
    for place in files.values():
        page.goto(place)
        page.wait_for_load_state("networkidle")
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == list(files.values())


def test_colours_follow_the_visitor_s(browser: Browser, files: dict[str, str]) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        page = context.new_page()
        page.goto(files["small"])
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    assert grounds == ["rgb(251, 251, 253)", "rgb(18, 21, 31)"]


def test_dark_rooms_do_not_darken_paper(browser: Browser, files: dict[str, str]) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(files["small"])
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.get_by_role("navigation").is_visible()
    context.close()


def test_a_finding_leads_to_its_row(page: Page, files: dict[str, str]) -> None:
    page.goto(files["every severity"])
    assert page.get_by_role("heading", level=1).count() == 1
    page.get_by_role("link", name="Its row in this report").first.click()
    target = page.locator("tr:target")
    assert target.count() == 1
    assert target.get_attribute("id") == f"tx-1-0x{hash_of('anchor 12').hex()}"
    assert target.evaluate("row => getComputedStyle(row).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_charts_are_pictures_with_a_name_and_numbers(page: Page, files: dict[str, str]) -> None:
    page.goto(files["small"])
    assert page.get_by_role("img", name="Anchors by day").count() == 1
    for picture in page.locator(".chart > svg").all():
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 100
    page.locator(".chart summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".chart details[open] table").first.is_visible()


def test_the_report_works_without_a_mouse(page: Page, files: dict[str, str]) -> None:
    page.goto(files["large"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


def _open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
