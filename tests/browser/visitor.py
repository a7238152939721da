"""The verifier's page as a visitor uses it: files in, a verdict out."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # cases are JSON, and so is what a page gives

import pytest
from playwright.sync_api import FilePayload, Page, Request

from tests.api.servers import Server, serving
from tests.databases import sqlite_url
from tests.worlds import World, load_cases

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RPC_TIMEOUT = "2"  # seconds; one node of the cases never answers
SETTLED = "#result[aria-busy=false][data-verdict], #problem:not([hidden])"

_CHECK_ALL = """async (cases) => {
  const result = document.getElementById("result");
  const input = document.getElementById("files");
  const problem = document.getElementById("problem");
  const decode = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const isSettled = () => result.getAttribute("aria-busy") === "false" && (
    result.dataset.verdict !== undefined || !problem.hidden);
  const settled = () => new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      if (isSettled()) [watch.disconnect(), resolve()];
    });
    watch.observe(result, { attributes: true });
    watch.observe(problem, { attributes: true });
  });
  const found = [];
  for (const files of cases) {
    for (const button of document.querySelectorAll("#result button")) {
      if (button.textContent === "Clear") button.click();
    }
    const list = new DataTransfer();
    for (const { name, content } of files) list.items.add(new File([decode(content)], name));
    const done = settled();
    input.files = list.files;
    input.dispatchEvent(new Event("change"));
    await done;
    const checks = [...document.querySelectorAll(".check")].map((check) => check.dataset);
    found.push({
      verdict: result.dataset.verdict ?? problem.textContent,
      codes: Object.fromEntries(checks.map(({ check, code }) => [check, code])),
      unfilled: result.textContent.match(/\\{\\w+\\}|undefined|\\[object/g),
      title: document.getElementById("verdict")?.textContent,
    });
  }
  return found;
}"""


def payloads(case: Mapping[str, Any]) -> list[FilePayload]:
    """The files of a case, as its holder has them."""
    files: list[FilePayload] = []
    name = "diploma"
    if case["credential"] is not None:
        name = case["credential"]["fileName"]
        content = base64.b64decode(case["credential"]["base64"])
        files.append({"name": name, "mimeType": "", "buffer": content})
    if case["receipt"] is not None:
        content = case["receipt"].encode()
        files.append({"name": f"{name}.receipt.json", "mimeType": "", "buffer": content})
    return files


def trust_list(trust: Mapping[str, str]) -> str:
    """A trust list in TOML."""
    tables = [
        f"[[issuers]]\nname = {json.dumps(name)}\naddresses = [{json.dumps(address)}]\n"
        for address, name in trust.items()
    ]
    return "\n".join(tables)


class Visitor:
    """Somebody at the open page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[Request] = []
        self.complaints: list[str] = []  # of the browser
        page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 - Playwright marks handlers
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))

    def open(self, url: str) -> None:
        """Open the page, and wait until its modules run."""
        self.page.goto(url)
        self.page.wait_for_function("document.querySelector('#version')?.textContent !== ''")

    def unfold(self, part: str) -> None:
        """Open one of the foldable parts."""
        self.page.evaluate("(id) => { document.getElementById(id).open = true }", part)

    def name_nodes(self, nodes: str) -> None:
        """Name the nodes to ask."""
        self.unfold("settings")
        self.page.locator("#nodes-0").fill(nodes)
        self.page.locator("#nodes-0").blur()

    def expect_issuer(self, address: str) -> None:
        """Name the issuer expected."""
        self.unfold("settings")
        self.page.locator("#issuer").fill(address)
        self.page.locator("#issuer").blur()

    def trust(self, text: str, name: str = "mine.toml") -> None:
        """Give a trust list, or take it away again."""
        self.unfold("settings")
        if text == "":
            if self.page.locator("#forget-trust").is_visible():
                self.page.locator("#forget-trust").click()
            return
        before = self.page.locator("#trusted").inner_text()
        file: FilePayload = {"name": name, "mimeType": "", "buffer": text.encode()}
        self.page.locator("#trust").set_input_files(file)
        told = "(before) => document.getElementById('trusted').textContent !== before"
        self.page.wait_for_function(told, arg=before)

    def give(self, files: Sequence[FilePayload]) -> str:
        """Choose files, and wait for the verdict."""
        self.page.locator("#files").set_input_files(list(files))
        return self.verdict()

    def verdict(self) -> str:
        """The verdict, once there is one; what the page says if there is none."""
        self.page.wait_for_selector(SETTLED)
        found = self.page.locator("#result").get_attribute("data-verdict")
        return self.page.locator("#problem").inner_text() if found is None else found

    def title(self) -> str:
        """The word in large letters."""
        return self.page.locator("#verdict").inner_text()

    def code(self, check: str) -> str | None:
        """The code of a check that is shown."""
        return self.page.locator(f"[data-check={check}]").get_attribute("data-code")

    def check_all(self, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Choose the files of one case after another, and tell what the page shows of each."""
        files = [
            [
                {"name": file["name"], "content": base64.b64encode(file["buffer"]).decode()}
                for file in payloads(case)
            ]
            for case in cases
        ]
        found: list[dict[str, Any]] = self.page.evaluate(_CHECK_ALL, files)
        return found


@contextmanager
def verifier_site(folder: Path, world: World, **more: str) -> Iterator[Server]:
    """A real server whose page asks the cases' chain."""
    settings = {"database": sqlite_url(folder), "rpc_url": world.url, "public_rpc_url": world.url}
    with serving(folder, **settings, rpc_timeout=RPC_TIMEOUT, **more) as server:
        yield server


@pytest.fixture(scope="session")
def verifier(case_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests of its page: nothing on it changes."""
    with verifier_site(tmp_path_factory.mktemp("verifier"), case_world) as server:
        yield server


@pytest.fixture
def visitor(page: Page, verifier: Server) -> Visitor:
    """Somebody who has just opened the page, at the time of the cases."""
    visitor = Visitor(page)
    page.clock.set_fixed_time(load_cases()["cases"][0]["now"])
    visitor.open(verifier.url)
    return visitor


def case_named(cases: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The case of that name."""
    [case] = [case for case in cases if case["name"] == name]
    return case


def violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
