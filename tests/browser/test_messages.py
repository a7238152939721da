"""The page's words: every code has some, in every language alike."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from registry.verifier.modules import modules
from tests.browser.engine import Engine

ROOT = Path(__file__).parents[2]
CHECK_CODE = re.compile(r"^\| \w* ?\| (`[^|]+`) \| (?:pass|fail|unknown|skipped) \|", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Codes that a node's HTTP status makes, and those that are never shown: a report has one of them
# only beside a check that says the same.
REASON = re.compile(
    r"""(?:InputError|UnavailableError|refusal|matching\([^,]+,|refuseUnless\([^"]*?,)\(?\s*"([a-z0-9-]+)\""""
)


def words(engine: Engine, language: str) -> dict[str, str]:
    """A catalogue, its keys joined by dots."""
    script = f"() => import('rootseal/messages/{language}.js').then((module) => module.default)"
    return dict(flat(engine.run(script), ""))


def flat(part: Mapping[str, object] | str, key: str) -> list[tuple[str, str]]:
    if isinstance(part, str):
        return [(key.removeprefix("."), part)]
    return [pair for name, value in part.items() for pair in flat(value, f"{key}.{name}")]  # type: ignore[arg-type] # catalogues hold texts and catalogues


def test_the_languages_say_the_same_things(engine: Engine) -> None:
    english, german = words(engine, "en"), words(engine, "de")
    assert list(english) == list(german)
    for key, text in english.items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(german[key])), key
        assert (text == "") == (german[key] == ""), key


def test_every_documented_code_has_words(engine: Engine) -> None:
    text = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    codes = [code for cell in CHECK_CODE.findall(text) for code in re.findall(r"`([^`]+)`", cell)]
    assert len(codes) > 40
    english = words(engine, "en")
    for code in codes:
        assert english[f"checks.{code}.title"], code
        assert english[f"checks.{code}.sentence"], code
        assert f"checks.{code}.todo" in english, code


def test_every_reason_of_the_engine_has_words(engine: Engine) -> None:
    found = {
        code
        for module in modules()
        if module.specifier.startswith("rootseal/")
        for code in REASON.findall(module.content.decode())
    }
    assert {"not-a-hash", "duplicate-key", "wrong-chain", "not-a-name", "bad-address"} <= found
    english = words(engine, "en")
    assert {code for code in found if f"reasons.{code}" not in english} == set()


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_text_that_the_page_asks_for_is_there(engine: Engine, language: str) -> None:
    page = (ROOT / "registry/verifier/index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-(?:text|label)="([^"]+)"', page))
    for module in modules():
        if module.path.startswith("js/page/"):
            asked |= set(re.findall(r'"((?:page|verdict|server)\.\w+)"', module.content.decode()))
    assert len(asked) > 40
    catalogue = words(engine, language)
    assert {key for key in asked if key not in catalogue} == set()
    unused = {key for key in catalogue if key.startswith(("page.", "server."))} - asked
    assert unused == set()


def test_the_page_says_in_english_what_its_markup_says(engine: Engine) -> None:
    page = (ROOT / "registry/verifier/index.html").read_text(encoding="utf-8")
    english = words(engine, "en")
    written = dict(re.findall(r'data-text="([^"]+)"[^>]*>([^<]*)<', page))
    assert len(written) > 20
    assert written == {key: english[key] for key in written}
