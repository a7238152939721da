"""The verifier's modules stand by themselves: every import is mapped, nothing else is loaded."""

import json
import re
from hashlib import sha256
from pathlib import Path
from posixpath import dirname

import pytest
from playwright.sync_api import Page

from registry.chain.artifact import artifact
from registry.chain.contract import encode_call, seal_anchored_topic
from registry.core.address import format_address
from registry.verifier.modules import Module, import_map, modules
from tests.browser.engine import Engine
from tests.browser.modules_server import serve_modules

VENDOR = Path(__file__).parents[2] / "registry/verifier/vendor"
IMPORT = re.compile(r"""^(?!\s*(?:\*|//)).*\b(?:from|import)\s*["']([^"']+)["'];$""", re.MULTILINE)
FORBIDDEN = re.compile(r"(?:inner|outer|Adjacent)HTML|document\.write|\beval\(|Function\(")


def ours() -> list[Module]:
    return [module for module in modules() if module.specifier.startswith("rootseal/")]


def test_every_import_is_in_the_import_map() -> None:
    imported = {
        name for module in modules() for name in IMPORT.findall(module.content.decode("utf-8"))
    }
    assert imported <= set(import_map(""))
    assert {"canonicalize", "@noble/hashes/sha3.js", "smol-toml/parse.js"} <= imported


def test_nothing_is_imported_later_or_from_elsewhere() -> None:
    for module in ours():
        code = module.content.decode("utf-8")
        assert not re.search(r"(?<!@typedef \{)(?<!\{)\bimport\((?!\"rootseal/)", code)
        assert "//# sourceMappingURL" not in code


def test_no_module_of_ours_makes_markup_or_code_of_text() -> None:
    assert ours()
    for module in ours():
        assert FORBIDDEN.search(module.content.decode("utf-8")) is None, module.path


def test_specifiers_and_paths_are_unique_and_served_under_a_prefix() -> None:
    mapped = import_map("/here")
    assert len(mapped) == len(modules()) == len(set(mapped.values()))
    assert mapped["rootseal/verify.js"] == "/here/js/verify.js"
    assert mapped["canonicalize"] == "/here/vendor/canonicalize/canonicalize.js"


def test_every_vendored_file_is_the_one_that_was_copied() -> None:
    listing = json.loads((VENDOR / "VENDORED.json").read_bytes())
    listed = {"VENDORED.json"}
    for package in listing["packages"]:
        assert package["version"]
        assert package["licence"] in {"MIT", "Apache-2.0", "BSD-3-Clause"}
        assert (VENDOR / package["licenceFile"]).read_text(encoding="utf-8").strip()
        listed.add(package["licenceFile"])
        for module in package["modules"]:
            content = (VENDOR / module["file"]).read_bytes()
            assert sha256(content).hexdigest() == module["sha256"], module["file"]
            assert dirname(module["file"]) == dirname(package["licenceFile"])
            listed.add(module["file"])
    present = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert present == listed


def test_the_contract_is_described_as_the_python_engine_knows_it(engine: Engine) -> None:
    found = engine.run("() => import('rootseal/contract.js').then((module) => ({ ...module }))")
    issuer, seal = format_address(bytes(20)), bytes(32)
    assert found["ADDRESS"] == format_address(artifact().address)
    assert found["ANCHOR_OF"] == "0x" + encode_call("anchorOf", issuer, seal)[:4].hex()
    status = encode_call("credentialStatusOf", issuer, seal, 0)
    assert found["CREDENTIAL_STATUS_OF"] == "0x" + status[:4].hex()
    assert found["SEAL_ANCHORED"] == "0x" + seal_anchored_topic().hex()
    runtime = artifact().runtime_code
    assert found["RUNTIME"]["length"] == len(runtime)
    assert found["RUNTIME"]["sha256"] == sha256(runtime).hexdigest()
    places = [(place["start"], place["length"]) for place in found["RUNTIME"]["immutables"]]
    assert places == [(place.start, place.stop - place.start) for place in artifact().immutables]


@pytest.mark.parametrize("entry", ["verify", "inputs", "trust"])
def test_an_entry_loads_all_that_it_will_ever_need(page: Page, entry: str) -> None:
    with serve_modules() as url:
        page.goto(url)
        page.evaluate(f"() => import('rootseal/{entry}.js')")
    # The server is gone: what is not here by now never comes.
    found = page.evaluate(
        """async (entry) => {
          const outcome = (call) => call().then(() => "went on", (error) => error.name);
          const bytes = (text) => new TextEncoder().encode(text);
          if (entry === "trust") {
            const { parseTrustList } = await import("rootseal/trust.js");
            return outcome(async () => parseTrustList("issuers = []"));
          }
          if (entry === "inputs") {
            const { readInputs } = await import("rootseal/inputs.js");
            const file = { name: "badge.svg", bytes: bytes("<openbadges:credential/>") };
            return outcome(() => readInputs([file]));
          }
          const { verify } = await import("rootseal/verify.js");
          const settings = { chains: [], trusted: {}, expectedIssuer: null, now: new Date(),
            timeout: 1000, fetch };
          return outcome(() => verify({ credential: bytes("{}"), receipt: null }, settings));
        }""",
        entry,
    )
    assert found == ("InputError" if entry == "trust" else "went on")
