"""The JavaScript engine finds in PDFs what the Python engine does, and refuses the same."""

from random import Random

from registry.core.attachments import attached
from registry.errors import InvalidInputError
from tests.browser.engine import Engine, b64
from tests.core import test_attachments as samples
from tests.core.pdfs import END, START, made_with_pypdf, pdf, stream

FIND = """async (item) => {
  const { attached } = await import("rootseal/attachments.js");
  const found = await attached(bytes(item));
  const shown = (data) => data === null ? null : text(data);
  return found === null ? null : [text(found.credential), shown(found.receipt)];
}"""
ROUNDS = 400


def in_python(file: bytes) -> object:
    try:
        found = attached(file)
    except InvalidInputError:
        return "refused"
    if found is None:
        return None
    return [found.credential.decode(), None if found.receipt is None else found.receipt.decode()]


def files() -> list[bytes]:
    """Those of the other tests, and many with a few bytes changed, cut, or doubled."""
    credential, receipt = samples.CREDENTIAL, samples.RECEIPT
    whole = pdf(stream(receipt), stream(b"<xml/>"), stream(credential, packed=False))
    found = [
        whole,
        samples.GOOD,
        START + END,
        made_with_pypdf(credential=credential, receipt=receipt),
        whole + stream(credential),
        pdf(stream(b"{" + b" " * 2**21 + credential), stream(credential)),
        START + b"/Type /EmbeddedFile " * 1_000,
    ]
    chance = Random(5)  # noqa: S311 - the same files on every run
    pieces = (
        b"/Type/EmbeddedFile",
        b"/Length 5",
        b"stream\n",
        b"endstream",
        b"obj",
        b" 0 R",
        b"\xff",
    )
    for _ in range(ROUNDS):
        file = bytearray(chance.choice((whole, samples.GOOD)))
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(file))
            match chance.randrange(3):
                case 0:
                    file[place] = chance.randrange(256)
                case 1:
                    del file[place : place + chance.randint(1, 20)]
                case _:
                    file[place:place] = chance.choice(pieces)
        found.append(bytes(file))
    return found


def test_both_engines_find_the_same(engine: Engine) -> None:
    given = files()
    answers = engine.each(FIND, [b64(file) for file in given])
    expected = [in_python(file) for file in given]
    shown = ["refused" if "refused" in answer else answer["value"] for answer in answers]
    assert shown == expected
    kinds = {type(each) for each in expected if each != "refused"}
    assert "refused" in expected
    assert kinds == {list, type(None)}
