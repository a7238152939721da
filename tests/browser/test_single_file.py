"""The page as one file: from a disk or an intranet, with no server of ours."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # cases are JSON

import pytest
from playwright.sync_api import Page

from tests.browser.elsewhere import elsewhere
from tests.browser.visitor import Visitor, case_named, payloads, trust_list
from tests.worlds import World, load_cases

CASES: list[dict[str, Any]] = load_cases()["cases"]
NAMES = [
    "badge with its receipt inside",
    "PNG badge, packed",
    "SVG badge with its receipt inside",
    "pdf",
    "PDF with credential and receipt",
    "PNG badge, changed",
    "a badge alone",
]
GIVEN = [case_named(CASES, name) for name in NAMES]
ISSUER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.fixture(scope="module")
def exported(case_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as the command writes it, with a trust list in it."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "trust.toml").write_text(trust_list({ISSUER: "</script><b>Ours"}), encoding="utf-8")
    settings = {"PUBLIC_RPC_URL": case_world.url, "TRUST_LIST": "trust.toml", "RPC_TIMEOUT": "2"}
    kept = {name: value for name, value in os.environ.items() if "ROOTSEAL" not in name}
    kept |= {f"ROOTSEAL_{name}": value for name, value in settings.items()}
    main = "from registry.cli import main; main()"
    command = [sys.executable, "-W", "error", "-c", main, "export", "verifier", "verifier.html"]
    path = f"{Path(__file__).parents[2]}"
    subprocess.run(command, cwd=folder, env={**kept, "PYTHONPATH": path}, check=True)
    return folder / "verifier.html"


def opened(page: Page, url: str) -> Visitor:
    visitor = Visitor(page)
    page.clock.set_fixed_time(GIVEN[0]["now"])
    visitor.open(url)
    return visitor


def hosts(visitor: Visitor) -> set[str]:
    """Whom the page asked; what is in the file itself is nobody."""
    urls = [request.url for request in visitor.requests]
    return {url for url in urls if not url.startswith("data:")}


def judged(visitor: Visitor) -> Sequence[tuple[str, str]]:
    return [(found["verdict"], found["title"]) for found in visitor.check_all(GIVEN)]


WANTED = [
    *[("valid", "Valid")] * 5,
    ("invalid", "Not valid"),
    ("undetermined", "Could not be decided"),
]


def test_it_verifies_from_a_disk(page: Page, exported: Path, case_world: World) -> None:
    visitor = opened(page, exported.as_uri())
    assert judged(visitor) == WANTED
    assert hosts(visitor) == {exported.as_uri(), f"{case_world.url}/"}
    assert visitor.complaints == []
    for of_a_server in ("Explorer", "Check on the server too"):
        assert page.get_by_text(of_a_server).filter(visible=True).count() == 0
    visitor.give(payloads(GIVEN[0]))
    assert page.locator(".finding").inner_text().startswith("</script><b>Ours anchored it on")


def test_it_verifies_on_an_intranet_without_its_server(
    page: Page, exported: Path, case_world: World
) -> None:
    files = {"/v.html": exported.read_bytes()}
    with elsewhere(files, is_open=False, media_type="text/html; charset=utf-8") as site:
        visitor = opened(page, f"{site.url}/v.html")
    assert judged(visitor) == WANTED
    assert hosts(visitor) == {f"{site.url}/v.html", f"{case_world.url}/"}


def test_it_needs_no_secure_context(page: Page, exported: Path) -> None:
    # What an intranet's plain http lacks.
    page.add_init_script("Object.defineProperty(globalThis, 'crypto', { value: undefined })")
    assert judged(opened(page, exported.as_uri())) == WANTED
