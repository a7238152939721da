"""The server's pages in a real browser: accessible, narrow enough, and deaf to hostile words."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.browser.explorer_site import ExplorerSite, explorer_site

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
NAMES = [
    "explorer",
    "issuer",
    "batch",
    "small tree",
    "large tree",
    "badge",
    "hostile",
    "unpublished",
    "waiting",
    "nothing",
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExplorerSite]:
    with explorer_site(tmp_path_factory.mktemp("explorer")) as site:
        yield site


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, site: ExplorerSite, scheme: str) -> None:
    # Only axe itself, which no page of ours would let in, needs the policy out of its way.
    context = browser.new_context(
        bypass_csp=True,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 390, "height": 800},
    )
    page = context.new_page()
    for name in NAMES:
        page.goto(site.at(name))
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.add_script_tag(path=AXE)
        found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
        assert [_told(each) for each in found["violations"]] == [], name
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_window(page: Page, site: ExplorerSite, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for name in NAMES:
        page.goto(site.at(name))
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name


def test_a_hostile_document_runs_nothing_and_asks_nobody(page: Page, site: ExplorerSite) -> None:
    dialogs: list[str] = []
    asked: list[str] = []

    def close(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", close)
    page.on("request", lambda request: asked.append(request.url))
    for path in ("", "/picture.svg"):
        page.goto(site.at("hostile") + path)
        page.wait_for_load_state("networkidle")
        assert "alert(1)" in page.content()
    assert dialogs == []
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith("data:")}
    assert hosts == {urlsplit(site.url).netloc}
    assert page.evaluate("document.querySelectorAll('script, [onerror], [onload]').length") == 0


def test_the_page_works_without_a_mouse(page: Page, site: ExplorerSite) -> None:
    page.goto(site.at("badge"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1


def test_a_search_leads_to_the_batch_and_on_to_the_tree(page: Page, site: ExplorerSite) -> None:
    page.goto(site.at("explorer"))
    page.get_by_role("searchbox").fill(site.paths["batch"].rpartition("/")[2])
    page.get_by_role("button").click()
    page.wait_for_url(site.at("batch"))
    page.get_by_role("searchbox").fill(site.paths["badge"].rpartition("/")[2])
    page.get_by_role("button").click()
    page.wait_for_url(site.at("small tree"))
    assert page.get_by_role("img").count() == 1


def _told(violation: dict[str, object]) -> str:
    nodes = violation["nodes"]
    assert isinstance(nodes, list)
    first = nodes[0]
    return f"{violation['id']}: {first['html'][:200]} {first['failureSummary']}"
