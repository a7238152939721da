"""The pages' words, in the languages of `messages/`, and which of them a visitor reads."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from markupsafe import Markup, escape

LANGUAGES: Final = ("en", "de")  # the first is for everybody else
_LONGEST: Final = 200  # characters of Accept-Language that are looked at


@dataclass(frozen=True, slots=True)
class Words:
    """The messages of one language."""

    language: str
    messages: Mapping[str, str]
    checks: Mapping[str, str]  # sentences of checks by code; English ones come from the engine

    def __call__(self, name: str, /, **values: object) -> Markup:
        """The message of that name, its values filled in and escaped. Raises `KeyError`."""
        return escape(self.messages[name]).format(**values)

    def number(self, value: float) -> str:
        """A number as it is written in the language; three figures below a hundred."""
        text = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
        return text if self.language == "en" else text.translate(_COMMAS)

    def sentence(self, code: str, detail: str) -> str:
        """What a check says: the engine's sentence, or that of the code in this language."""
        return self.checks.get(code, detail)


_COMMAS: Final = str.maketrans(",.", ".,")


@cache
def words_in(language: str) -> Words:
    """The messages of one of `LANGUAGES`."""
    text = (files("api.pages") / "messages" / f"{language}.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return Words(language, content["messages"], content.get("checks", {}))


def language_of(accept_language: str) -> str:
    """The language that a visitor prefers among ours (RFC 9110 §12.5.4)."""
    best, best_weight = LANGUAGES[0], 0.0
    for item in accept_language[:_LONGEST].lower().split(","):
        tag, _, weight_text = item.replace(" ", "").partition(";q=")
        language = tag.partition("-")[0]
        weight = _weight(weight_text)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
