"""The verifier's page in a real browser, against a real server and a real chain."""

import json
from itertools import groupby
from typing import Any  # cases are JSON

import pytest
from playwright.sync_api import Browser, Page

from tests.api.servers import Server
from tests.browser.visitor import Visitor, case_named, payloads, trust_list, verifier_site
from tests.worlds import World, faulty, load_cases

CONTENT = load_cases()
CASES: list[dict[str, Any]] = CONTENT["cases"]
WHOLE = "badge with its receipt inside"
TITLES = {"valid": "Valid", "invalid": "Not valid", "undetermined": "Could not be decided"}


def settings_of(case: dict[str, Any]) -> tuple[str, ...]:
    trust = json.dumps(case["trust"], sort_keys=True)
    return (case["now"], case["rpc"], case["expectedIssuer"] or "", trust)


def test_every_case_is_shown_as_every_engine_judges_it(visitor: Visitor, case_world: World) -> None:
    differing = []
    shown = 0
    for settings, group in groupby(sorted(CASES, key=settings_of), key=settings_of):
        cases = list(group)
        now, rpc, expected, trust = settings
        visitor.page.clock.set_fixed_time(now)
        visitor.name_nodes(faulty(case_world, rpc))
        visitor.expect_issuer(expected)
        visitor.trust(trust_list(json.loads(trust)))
        for case, found in zip(cases, visitor.check_all(cases), strict=True):
            shown += 1
            wanted = (case["verdict"], case["codes"], TITLES[case["verdict"]], None)
            title = (found["title"] or "").partition(",")[0]
            if (found["verdict"], found["codes"], title, found["unfilled"]) != wanted:
                differing.append((case["name"], wanted, found))
    assert differing == []
    assert shown == len(CASES)


def test_files_of_every_kind_are_dropped(visitor: Visitor) -> None:
    kinds = {
        WHOLE: "valid",
        "badge with its receipt beside it": "valid",
        "PNG badge with its receipt inside": "valid",
        "SVG badge with its receipt inside": "valid",
        "pdf": "valid",
        "PDF with credential and receipt": "valid",
        "PDF with a changed credential": "invalid",
        "PDF with a second credential appended": "undetermined",
        "a receipt alone": "undetermined",
    }
    for name, verdict in kinds.items():
        drop(visitor, payloads(case_named(CASES, name)))
        assert visitor.verdict() == verdict, name
        visitor.page.get_by_role("button", name="Clear").click()
    assert visitor.complaints == []


def drop(visitor: Visitor, files: list[Any]) -> None:
    visitor.page.evaluate(
        """(files) => {
          const dataTransfer = new DataTransfer();
          for (const { name, buffer } of files) {
            dataTransfer.items.add(new File([Uint8Array.from(buffer)], name));
          }
          const init = { dataTransfer, bubbles: true, cancelable: true };
          for (const type of ["dragover", "drop"]) {
            const isTaken = !document.body.dispatchEvent(new DragEvent(type, init));
            if (!isTaken) throw new Error("the browser would leave the page");
          }
        }""",
        [{"name": file["name"], "buffer": list(file["buffer"])} for file in files],
    )


def test_text_is_pasted(visitor: Visitor) -> None:
    [file] = payloads(case_named(CASES, WHOLE))
    visitor.unfold("paste")
    visitor.page.get_by_label("Text of a JSON credential").fill(file["buffer"].decode())
    visitor.page.get_by_role("button", name="Check", exact=True).click()
    assert visitor.verdict() == "valid"
    visitor.page.get_by_role("button", name="Clear").click()
    visitor.page.get_by_role("button", name="Check", exact=True).click()
    assert visitor.verdict() == "There is no text to check."


def test_a_receipt_that_comes_later_joins_its_credential(visitor: Visitor) -> None:
    credential, receipt = payloads(case_named(CASES, "badge with its receipt beside it"))
    for first, second in ((credential, receipt), (receipt, credential)):
        assert visitor.give([first]) == "undetermined"
        assert visitor.give([second]) == "valid"
        visitor.page.get_by_role("button", name="Clear").click()
    # But a receipt never joins a credential that has one of its own.
    assert visitor.give(payloads(case_named(CASES, WHOLE))) == "valid"
    assert visitor.give([receipt]) == "undetermined"
    assert visitor.code("integrity") == "no-credential"


def test_what_is_no_evidence_is_said_to_be_none(visitor: Visitor) -> None:
    two: Any = [{"name": name, "mimeType": "", "buffer": b"{}"} for name in ("a", "b")]
    assert "two credentials" in visitor.give(two)


def test_the_open_page_needs_no_server_and_tells_nobody(
    page: Page, case_world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stopped")
    visitor = Visitor(page)
    with verifier_site(folder, case_world) as server:
        page.clock.set_fixed_time(case_named(CASES, WHOLE)["now"])
        visitor.open(server.url)
        loaded = len(visitor.requests)
        assert {request.method for request in visitor.requests} == {"GET"}
        assert server.terminate() == 0
    given = [case_named(CASES, name) for name in (WHOLE, "PNG badge, packed", "pdf")]
    assert [found["verdict"] for found in visitor.check_all(given)] == ["valid"] * 3
    visitor.trust(trust_list({CONTENT["contract"]: "Nobody"}))
    assert visitor.verdict() == "invalid"
    asked = visitor.requests[loaded:]
    assert asked
    assert {request.url for request in asked} == {f"{case_world.url}/"}
    told = "".join(request.post_data or "" for request in asked)
    for case in given:
        visitor.give(payloads(case))
        shown = visitor.page.locator("[data-check=integrity] dd").all_text_contents()
        assert len(shown[0]) == 64
        assert shown[0] not in told
    assert "Wound" not in told
    assert visitor.complaints == []


def test_the_server_is_asked_only_when_told_to(visitor: Visitor, verifier: Server) -> None:
    case = case_named(CASES, "badge with its receipt beside it")
    loaded = len(visitor.requests)
    assert visitor.give(payloads(case)) == "valid"
    at_once = [request.url for request in visitor.requests[loaded:]]
    assert not [url for url in at_once if url.startswith(verifier.url)]
    visitor.page.get_by_role("button", name="Check on the server too").click()
    told = visitor.page.get_by_text("The server found the same")
    told.wait_for()
    sent = [
        request for request in visitor.requests[loaded:] if request.url.startswith(verifier.url)
    ]
    assert [(request.method, request.url) for request in sent] == [
        ("POST", f"{verifier.url}/v1/verify")
    ]


def test_what_a_credential_says_is_only_text(visitor: Visitor) -> None:
    markup = "<img src=x onerror=alert(1)></script><!--{issuer}$&"
    badge = {"name": markup, "issuer": {"name": markup}, "credentialSubject": {"name": markup}}
    file: Any = {"name": markup, "mimeType": "", "buffer": json.dumps(badge).encode()}
    assert visitor.give([file]) == "undetermined"
    assert visitor.page.locator(".facts-of dd").all_text_contents() == [markup] * 3
    assert visitor.page.locator("#result img, #result script").count() == 0
    assert visitor.complaints == []


def test_an_unknown_issuer_is_no_plain_valid(visitor: Visitor) -> None:
    case = case_named(CASES, WHOLE)
    assert visitor.give(payloads(case)) == "valid"
    assert visitor.title() == "Valid, issuer unknown"
    issuer = visitor.page.locator("[data-check=issuer] dd").first.text_content() or ""
    assert issuer in visitor.page.locator(".caution").inner_text()
    visitor.trust(trust_list({issuer: "Nordic Institute"}))
    visitor.page.locator(".finding", has_text="Nordic Institute anchored it on").wait_for()
    assert visitor.title() == "Valid"
    assert visitor.page.locator(".caution").count() == 0


def test_a_wide_and_a_narrow_window_hold_everything(browser: Browser, verifier: Server) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800})
    visitor = Visitor(context.new_page())
    visitor.page.clock.set_fixed_time(case_named(CASES, WHOLE)["now"])
    visitor.open(verifier.url)
    visitor.unfold("settings")
    visitor.give(payloads(case_named(CASES, WHOLE)))
    visitor.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    root = "document.documentElement"
    for width in (320, 390, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        assert visitor.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), width
    context.close()
