"""A badge as a certificate to print: PDF, with the credential and its receipt attached.

Whoever drops the file on a verifier's page checks what is attached. What is printed around it says
the same, and nobody checks that (docs/checks.md). Fonts come with Typst; where they lack a letter,
one of the machine's is taken.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from typing import Any, Final

import segno

from registry.core.address import format_chain
from registry.core.documents import Json
from registry.core.receipt import Receipt, print_receipt
from registry.core.wire import read_time
from registry.errors import InvalidInputError

_MAX_TEXT: Final = 280  # characters of description and of criteria
_MAX_SKILLS: Final = 6
_MAX_LABEL: Final = 60
_MISSING: Final = re.compile(r'the text `"(.+?)"` could not be displayed')
_STANDARD: Final = "a-3b"  # PDF/A for archives, with files attached
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "badge": "Certificate",
        "awarded": "Awarded to",
        "issued": "Issued",
        "until": "Valid until",
        "credits": "Credits",
        "result": "Result",
        "number": "Number",
        "check": "This paper proves nothing by itself.",
        "how": (
            "The credential and its receipt are attached to the PDF: drop the file on any "
            "Rootseal verifier, or follow the code."
        ),
        "code": "Address of this credential's page",
        "hash": "Credential",
        "seal": "Seal",
        "chain": "Anchored on",
        "credential": "The credential, as a verifier reads it",
        "receipt": "Its receipt: the proof that it was sealed",
    },
    "de": {
        "badge": "Zertifikat",
        "awarded": "Verliehen an",
        "issued": "Ausgestellt",
        "until": "Gültig bis",
        "credits": "Leistungspunkte",
        "result": "Ergebnis",
        "number": "Nummer",
        "check": "Dieses Blatt beweist für sich allein nichts.",
        "how": (
            "Nachweis und Beleg sind dem PDF beigefügt: Legen Sie die Datei auf die Prüfseite "
            "von Rootseal, oder folgen Sie dem Code."
        ),
        "code": "Adresse der Seite dieses Nachweises",
        "hash": "Nachweis",
        "seal": "Siegel",
        "chain": "Verankert auf",
        "credential": "Der Nachweis, wie ihn eine Prüfung liest",
        "receipt": "Sein Beleg: dass er besiegelt wurde",
    },
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is printed besides what the badge says. `picture` is a PNG, JPEG or SVG."""

    picture: bytes
    name: str | None  # of the learner; the badge itself holds a hash
    page: str | None  # where the credential is shown


def certificate_pdf(credential: bytes, receipt: Receipt, shown: Certificate) -> bytes:
    """A page for the badge in `credential`, with both attached; equal input gives equal bytes.

    Raises `InvalidInputError` for a badge or a picture that cannot be printed.
    """
    import typst  # noqa: PLC0415 - reads fonts

    inputs = {
        "face": json.dumps(_face(json.loads(credential), receipt, shown), ensure_ascii=False),
        "credential": credential.decode(),
        "receipt": print_receipt(receipt).decode(),
    }
    try:
        made: Any = _compiler().compile(
            _template(), format="pdf", sys_inputs=inputs, pdf_standards=[_STANDARD], timestamp=0
        )
    except typst.TypstError as exc:
        raise InvalidInputError(f"the certificate cannot be printed: {exc.message}") from exc
    return bytes(made)


def require_printable(texts: Iterable[str]) -> None:
    """Raise `InvalidInputError` if no font here has one of the characters of these texts."""
    import typst  # noqa: PLC0415

    inputs = {"text": "".join(sorted(set("".join(texts))))}
    source = b'#set text(font: "Libertinus Serif")\n#sys.inputs.text'
    try:
        _compiler().compile(source, format="pdf", sys_inputs=inputs, pdf_standards=[_STANDARD])
    except typst.TypstError as exc:
        found = _MISSING.search(exc.message)
        shown = repr(found[1]) if found else "one of the characters in it"
        raise InvalidInputError(
            f"no font of this machine has {shown}, which a certificate would show: install one "
            "(Noto has nearly all)"
        ) from exc


@cache
def _compiler() -> Any:  # noqa: ANN401 - its types are not exported
    import typst  # noqa: PLC0415

    return typst.Compiler()


@cache
def _template() -> bytes:
    return files("registry.badges").joinpath("certificate.typ").read_bytes()


def _face(badge: Mapping[str, Any], receipt: Receipt, shown: Certificate) -> dict[str, Any]:
    """What the template prints: texts, and pictures as SVG."""
    subject = badge["credentialSubject"]
    achievement = subject["achievement"]
    language = "de" if str(achievement.get("inLanguage", "")).lower().startswith("de") else "en"
    words = _WORDS[language]
    issued = _time(badge, "awardedDate", "validFrom", "issuanceDate")
    if issued is None:
        raise InvalidInputError("the badge does not say when it was issued")
    skills = achievement.get("alignment") or []
    address = shown.page or receipt.credential_hash.hex()
    return {
        "title": achievement["name"],
        "issuer": _issuer_name(badge["issuer"]),
        "kind": _spaced(achievement.get("achievementType") or "") or words["badge"],
        "name": shown.name,
        "description": _short(achievement.get("description")),
        "criteria": _short(achievement["criteria"].get("narrative")),
        "skills": [_label(skill["targetName"]) for skill in skills[:_MAX_SKILLS]],
        "facts": list(_facts(badge, issued, words, language)),
        "marks": list(_marks(receipt, words)),
        "page": shown.page,
        "picture": _as_svg(shown.picture),
        "code": _code(address),
        "hue": int.from_bytes(sha256(str(achievement["id"]).encode()).digest()[:2]) % 360,
        "language": language,
        "date": {"year": issued.year, "month": issued.month, "day": issued.day},
        "words": words,
    }


def _facts(
    badge: Mapping[str, Any], issued: datetime, words: Mapping[str, str], language: str
) -> Iterator[tuple[str, str]]:
    subject = badge["credentialSubject"]
    yield words["issued"], _day(issued, language)
    ends = _time(badge, "validUntil", "expirationDate")
    if ends is not None:
        yield words["until"], _day(ends, language)
    earned = subject.get("creditsEarned", subject["achievement"].get("creditsAvailable"))
    if earned is not None:
        number = f"{earned:.15g}"
        yield words["credits"], number.replace(".", ",") if language == "de" else number
    for result in (subject.get("result") or [])[:1]:
        yield words["result"], _label(str(result.get("value")))
    if subject.get("licenseNumber"):
        yield words["number"], _label(subject["licenseNumber"])


def _marks(receipt: Receipt, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield words["hash"], receipt.credential_hash.hex()
    yield words["seal"], receipt.seal.hex()
    for anchor in receipt.anchors[:1]:
        chain = format_chain(anchor.chain)
        yield words["chain"], f"{chain}, 0x{anchor.transaction.hex()}"


def _time(badge: Mapping[str, Any], *names: str) -> datetime | None:
    return next((read_time(badge[name]) for name in names if name in badge), None)


def _day(time: datetime, language: str) -> str:
    return f"{time:%d.%m.%Y}" if language == "de" else f"{time:%-d %B %Y}"


def _issuer_name(issuer: Json) -> str:
    return str(issuer.get("name") or issuer["id"]) if isinstance(issuer, dict) else str(issuer)


def _short(text: str | None) -> str | None:
    if text is None:
        return None
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TEXT else line[:_MAX_TEXT].rsplit(" ", 1)[0].rstrip() + " …"


def _label(text: str) -> str:
    return text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1].rstrip() + "…"


def _spaced(kind: str) -> str:
    """`MicroCredential` as two words."""
    bare = kind.removeprefix("ext:")
    return "".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(bare))


def _code(address: str) -> str:
    written = BytesIO()
    segno.make(address, error="m", micro=False).save(
        written, kind="svg", border=0, dark="#1c2230", xmldecl=False, omitsize=True
    )
    return written.getvalue().decode()


def _as_svg(picture: bytes) -> str:
    """Typst takes texts: a picture of pixels goes into an SVG."""
    if picture.lstrip().startswith((b"<svg", b"<?xml")):
        return picture.decode()
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    data = b64encode(picture).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'viewBox="0 0 600 600"><image width="600" height="600" '
        f'xlink:href="data:image/{kind};base64,{data}"/></svg>'
    )
