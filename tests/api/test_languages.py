import re
import string
from pathlib import Path

import pytest

from api.pages.language import LANGUAGES, words_in

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = words_in("en")
# Of a snapshot in place of a chain, which no server asks for.
_NOT_OF_SERVERS = {"not-in-snapshot", "untrusted-block"}


def _fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_message_with_the_same_fields(language: str) -> None:
    messages = words_in(language).messages
    assert set(messages) == set(ENGLISH.messages)
    for name, text in messages.items():
        assert _fields(text) == _fields(ENGLISH.messages[name]), name


def test_every_message_is_used() -> None:
    sources = [*(ROOT / "api/pages").rglob("*.html"), *(ROOT / "api/pages").rglob("*.svg")]
    used = " ".join(path.read_text(encoding="utf-8") for path in sources)
    used += (ROOT / "api/routes/credential_pages.py").read_text(encoding="utf-8")
    prefixes = re.findall(r'"([a-z]+-)" ~', used)
    for name in ENGLISH.messages:
        is_built = name.startswith(tuple(prefixes))
        assert is_built or f'"{name}"' in used or f"'{name}'" in used, name


def test_every_check_that_a_server_may_answer_is_said_in_german() -> None:
    table = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in table.splitlines() if line.startswith("|")]
    codes = {code for row in rows[2:] for code in re.findall(r"`([a-z-]+)`", row[2])}
    assert len(codes) > 30
    assert codes - set(words_in("de").checks) <= _NOT_OF_SERVERS


def test_numbers_are_written_as_the_language_does() -> None:
    assert ENGLISH.number(1_234_567) == "1,234,567"
    assert ENGLISH.number(0.8934) == "0.893"
    assert words_in("de").number(1_234_567) == "1.234.567"
    assert words_in("de").number(0.8934) == "0,893"


def test_values_in_messages_are_escaped() -> None:
    assert ENGLISH("qr-alt", page="<b>") == "QR code of &lt;b&gt;"
