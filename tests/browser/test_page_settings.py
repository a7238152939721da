"""What a visitor sets on the verifier's page, and evidence that comes from an address."""

from typing import Any  # cases are JSON

import pytest
from playwright.sync_api import Browser

from tests.api.servers import Server
from tests.browser.elsewhere import elsewhere
from tests.browser.visitor import Visitor, case_named, payloads, trust_list, verifier_site
from tests.worlds import World, faulty, load_cases

CASES: list[dict[str, Any]] = load_cases()["cases"]
WHOLE = case_named(CASES, "badge with its receipt inside")
[BADGE] = payloads(WHOLE)
NAMED = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def test_an_address_behind_the_hash_is_fetched(visitor: Visitor, verifier: Server) -> None:
    files = {"/badge.json": BADGE["buffer"]}
    with elsewhere(files, is_open=True, media_type="application/json") as other:
        visitor.open(f"{verifier.url}/#{other.url}/badge.json")
        assert visitor.verdict() == "valid"
        visitor.page.evaluate("(hash) => { location.hash = hash }", f"{other.url}/none.json")
        visitor.page.get_by_role("alert").wait_for()
        assert visitor.verdict().startswith("It could not be fetched")
        [headers, _] = other.asked
        assert "Referer" not in headers
        assert "Cookie" not in headers


def test_a_site_that_forbids_reading_is_said_to_do_so(visitor: Visitor, verifier: Server) -> None:
    files = {"/badge.json": BADGE["buffer"]}
    with elsewhere(files, is_open=False, media_type="application/json") as other:
        visitor.open(f"{verifier.url}/#{other.url}/badge.json")
        assert "does not let other pages read it" in visitor.verdict()
    assert visitor.page.locator("#result").is_hidden()


def test_an_address_that_must_not_be_asked_is_not(visitor: Visitor) -> None:
    loaded = len(visitor.requests)
    for address in ("http://example.com/badge.json", "https://me:secret@example.com/", "https://"):
        visitor.page.evaluate("(hash) => { location.hash = hash }", address)
        visitor.page.get_by_role("alert").filter(has_text=address).wait_for()
        assert visitor.verdict().startswith("That is no address of a file")
    assert visitor.requests[loaded:] == []


def test_other_words_behind_the_hash_are_left_alone(visitor: Visitor) -> None:
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("location.hash") == "#main"
    assert visitor.page.locator("#problem").is_hidden()
    assert visitor.page.locator("#result").is_hidden()


def test_a_change_of_settings_checks_again(visitor: Visitor, case_world: World) -> None:
    assert visitor.give([BADGE]) == "valid"
    visitor.name_nodes(faulty(case_world, "down"))
    assert visitor.verdict() == "undetermined"
    assert visitor.code("anchor") == "chain-unavailable"
    visitor.name_nodes(f"{case_world.url} {faulty(case_world, 'denies-seal')}")
    assert visitor.verdict() == "undetermined"
    assert visitor.code("anchor") == "nodes-disagree"
    visitor.name_nodes("")
    assert visitor.verdict() == "undetermined"
    assert visitor.code("anchor") == "chain-not-configured"
    visitor.name_nodes(case_world.url)
    visitor.expect_issuer(NAMED)
    assert visitor.verdict() == "invalid"
    assert visitor.code("issuer") == "unexpected-issuer"
    # Who changes the settings stays with them.
    assert visitor.page.evaluate("document.activeElement.id") != "result"


def test_a_check_that_was_overtaken_shows_nothing(visitor: Visitor, case_world: World) -> None:
    visitor.name_nodes(faulty(case_world, "hangs"))
    with visitor.page.expect_event("requestfailed"):
        visitor.page.locator("#files").set_input_files([BADGE])
        assert visitor.page.locator("#result").get_attribute("aria-busy") == "true"
        visitor.name_nodes(case_world.url)
        assert visitor.verdict() == "valid"
    # The node that was asked first has been given up by now.
    visitor.page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    assert visitor.verdict() == "valid"


def test_nodes_that_cannot_be_asked_are_refused(visitor: Visitor, case_world: World) -> None:
    refused = {
        "http://node.example:8545": "A node is asked over https",
        "ws://127.0.0.1:8545": "A node is asked over https",
        "node.example": "That is no address of a node",
        "https://name:password@node.example": "That is no address of a node",
        f"{case_world.url} {case_world.url}/#again": "A node is named twice",
    }
    loaded = len(visitor.requests)
    for nodes, told in refused.items():
        visitor.name_nodes(nodes)
        assert visitor.give([BADGE]).startswith(told), nodes
        assert visitor.page.locator("#result").is_hidden()
    assert visitor.requests[loaded:] == []


def test_a_wrong_address_of_the_issuer_is_refused(visitor: Visitor) -> None:
    visitor.expect_issuer(NAMED.replace("dc", "Dc", 1))
    assert visitor.give([BADGE]).startswith("The address has a mistake in it")
    assert visitor.page.locator("#issuer").get_attribute("aria-invalid") == "true"
    visitor.expect_issuer("")
    assert visitor.verdict() == "valid"


def test_a_faulty_trust_list_judges_nobody_and_lets_nothing_pass(visitor: Visitor) -> None:
    visitor.trust('[[issuers]]\nname = "A"\n')
    assert visitor.give([BADGE]) == "No address is named (at mine.toml, /issuers/0/addresses)."
    visitor.trust(trust_list({NAMED: "Somebody else"}))
    assert visitor.verdict() == "invalid"
    assert visitor.code("issuer") == "untrusted-issuer"
    visitor.trust("")
    visitor.page.get_by_text("Valid, issuer unknown").first.wait_for()
    assert visitor.code("issuer") == "no-trust-list"


def test_nodes_are_remembered_only_if_the_visitor_asks(
    browser: Browser, verifier: Server, case_world: World
) -> None:
    context = browser.new_context()
    visitor = Visitor(context.new_page())
    visitor.open(verifier.url)
    nodes = visitor.page.locator("#nodes-0")
    visitor.name_nodes("https://mine.example")
    visitor.page.reload()
    assert nodes.input_value() == case_world.url
    assert visitor.page.evaluate("localStorage.length") == 0
    visitor.name_nodes("https://mine.example")
    visitor.page.get_by_label("Remember these nodes").check()
    visitor.page.reload()
    assert nodes.input_value() == "https://mine.example"
    visitor.unfold("settings")
    visitor.page.get_by_label("Remember these nodes").uncheck()
    assert visitor.page.evaluate("localStorage.length") == 0
    assert context.cookies() == []
    context.close()


def test_the_registry_s_own_list_is_in_force_until_another_comes(
    browser: Browser, case_world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("trusting")
    issuer = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    (folder / "trust.toml").write_text(trust_list({issuer: "</script><b>Ours"}), encoding="utf-8")
    context = browser.new_context()
    visitor = Visitor(context.new_page())
    with verifier_site(folder, case_world, trust_list=str(folder / "trust.toml")) as server:
        visitor.page.clock.set_fixed_time(WHOLE["now"])
        visitor.open(server.url)
    assert visitor.give([BADGE]) == "valid"
    assert visitor.page.locator(".finding").inner_text().startswith("</script><b>Ours anchored it")
    visitor.trust(trust_list({NAMED: "Theirs"}))
    assert visitor.verdict() == "invalid"
    context.close()
