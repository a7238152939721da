"""The verifier's page for everybody: without a mouse, without sight, in German, on paper."""

from typing import Any  # cases are JSON

import pytest
from playwright.sync_api import Browser

from tests.api.servers import Server
from tests.browser.visitor import Visitor, case_named, payloads, violations
from tests.worlds import load_cases

CASES: list[dict[str, Any]] = load_cases()["cases"]
WHOLE = case_named(CASES, "badge with its receipt inside")
[BADGE] = payloads(WHOLE)
VERDICTS = {
    "valid": payloads(WHOLE),
    "invalid": payloads(case_named(CASES, "PNG badge, changed")),
    "undetermined": payloads(case_named(CASES, "a badge alone")),
}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(browser: Browser, verifier: Server, scheme: str, width: int) -> None:
    context = browser.new_context(
        bypass_csp=True,  # for axe itself, which no page of ours would let in
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )
    visitor = Visitor(context.new_page())
    visitor.page.clock.set_fixed_time(WHOLE["now"])
    visitor.open(verifier.url)
    open_all = "document.querySelectorAll('details').forEach(each => each.open = true)"
    visitor.page.evaluate(open_all)
    assert violations(visitor.page) == []
    for verdict, files in VERDICTS.items():
        assert visitor.give(files) == verdict
        visitor.page.evaluate(open_all)
        assert violations(visitor.page) == [], verdict
        visitor.page.get_by_role("button", name="Clear").click()
    context.close()


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    page = visitor.page
    # Long before Enter: Chromium is only told to hand choosers over once somebody listens, and
    # one that opens before that is nobody's.
    page.on("filechooser", lambda chooser: chooser.set_files(BADGE))
    focused = "document.activeElement.id || document.activeElement.textContent"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "files":
            break
    page.keyboard.press("Enter")
    assert visitor.verdict() == "valid"
    page.wait_for_function("document.activeElement.id === 'result'")
    assert page.locator("#spoken").inner_text().startswith("Valid, issuer unknown. It was anchored")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#result details[open]").count() == 1
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "Clear":
            break
    page.keyboard.press("Enter")
    assert page.locator("#result").is_hidden()
    assert page.evaluate(focused) == "files"


def test_each_verdict_has_words_and_a_shape_of_its_own(visitor: Visitor) -> None:
    seen = []
    for verdict, files in VERDICTS.items():
        assert visitor.give(files) == verdict
        shape = visitor.page.locator(".mark").inner_html()
        colour = visitor.page.evaluate("getComputedStyle(document.querySelector('h2')).color")
        seen.append((visitor.title(), shape, colour))
        visitor.page.get_by_role("button", name="Clear").click()
    for values in zip(*seen, strict=True):
        assert len(set(values)) == len(VERDICTS)


def test_a_german_browser_reads_german(browser: Browser, verifier: Server) -> None:
    context = browser.new_context(locale="de-AT")
    visitor = Visitor(context.new_page())
    visitor.page.clock.set_fixed_time(WHOLE["now"])
    visitor.open(verifier.url)
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    assert visitor.page.title() == "Rootseal – ist dieser Nachweis echt?"
    visitor.give([BADGE])
    assert visitor.title() == "Gültig, Aussteller unbekannt"
    assert "3. Januar 2026" in visitor.page.locator(".finding").inner_text()
    visitor.page.get_by_label("Sprache").select_option("en")
    assert visitor.title() == "Valid, issuer unknown"
    assert visitor.page.locator("html").get_attribute("lang") == "en"
    assert visitor.complaints == []
    context.close()


def test_a_browser_of_another_language_reads_english(browser: Browser, verifier: Server) -> None:
    context = browser.new_context(locale="fr-FR")
    visitor = Visitor(context.new_page())
    visitor.open(verifier.url)
    assert visitor.page.locator("h1").inner_text() == "Is this credential genuine?"
    context.close()


def test_paper_shows_every_value(visitor: Visitor) -> None:
    visitor.give([BADGE])
    folded = visitor.page.locator("#result details:not([open])")
    assert folded.count() == 8
    visitor.page.emulate_media(media="print")
    visitor.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded.count() == 0
    assert visitor.page.get_by_text("hash-match").is_visible()
    for hidden in ("nav", "#drop", "#settings", "#result button"):
        assert not visitor.page.locator(hidden).first.is_visible()
    assert len(visitor.page.pdf(format="A4")) > 10_000
    visitor.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert folded.count() == 8


def test_the_button_prints(visitor: Visitor) -> None:
    visitor.page.evaluate("window.print = () => { document.body.dataset.printed = 'yes' }")
    visitor.give([BADGE])
    visitor.page.get_by_role("button", name="Print").click()
    assert visitor.page.locator("body").get_attribute("data-printed") == "yes"
