"""What is attached to a PDF is found, whoever made it; two of a kind are refused."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.attachments import MAX_ATTACHMENTS, MAX_PDF_BYTES, Attached, attached
from registry.core.baked import unbake
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError, TooLargeError
from tests.core.pdfs import END, START, made_with_pypdf, pdf, saved_again, stream

CREDENTIAL = b'{"credentialSubject": {"id": "did:key:z1"}}'
RECEIPT = b'{"type":"rootseal/receipt@1"}'


@pytest.mark.parametrize("packed", [True, False])
def test_credential_and_receipt_are_found(*, packed: bool) -> None:
    file = pdf(stream(RECEIPT, packed=packed), stream(CREDENTIAL, packed=packed))
    assert attached(file) == Attached(CREDENTIAL, RECEIPT)
    assert unbake(file) == CREDENTIAL


def test_those_of_another_maker_are_found() -> None:
    file = made_with_pypdf(credential=CREDENTIAL, receipt=RECEIPT, invoice=b"<xml/>")
    assert attached(file) == Attached(CREDENTIAL, RECEIPT)


@pytest.mark.parametrize("is_incremental", [True, False])
def test_those_that_another_program_saved_again_are_found(*, is_incremental: bool) -> None:
    file = made_with_pypdf(credential=CREDENTIAL, receipt=RECEIPT)
    assert attached(saved_again(file, is_incremental=is_incremental)) == Attached(
        CREDENTIAL, RECEIPT
    )


def test_a_credential_that_another_program_appends_is_a_second_one() -> None:
    file = made_with_pypdf(credential=CREDENTIAL, receipt=RECEIPT)
    with pytest.raises(InvalidInputError, match="more than one"):
        attached(saved_again(file, is_incremental=True, credential=CREDENTIAL))


def test_a_credential_may_come_without_its_receipt_or_with_it_inside() -> None:
    assert attached(pdf(stream(CREDENTIAL))) == Attached(CREDENTIAL, None)
    both = CREDENTIAL[:-1] + b',"proof":{"receipt":' + RECEIPT + b"}}"
    assert attached(pdf(stream(both))) == Attached(both, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        CREDENTIAL,
        START + END,
        pdf(stream(RECEIPT)),
        pdf(stream(b"<xml/>"), stream(b"[1]"), stream(b"{}"), stream(b"")),
        pdf(stream(CREDENTIAL, kind=b"/EmbeddedFiles")),
        pdf(stream(CREDENTIAL, kind=b"/XObject")),
        b"\n" + pdf(stream(CREDENTIAL)),
    ],
)
def test_files_without_a_credential_attached_are_what_they_are(data: bytes) -> None:
    assert attached(data) is None


@pytest.mark.parametrize("second", [CREDENTIAL, b'{"credentialSubject": 2}'])
def test_a_second_credential_is_refused_wherever_it_is_added(second: bytes) -> None:
    file = pdf(stream(CREDENTIAL), stream(RECEIPT))
    for both in (file + stream(second) + END, pdf(stream(second)) + file):
        with pytest.raises(InvalidInputError, match="more than one"):
            attached(both)
    with pytest.raises(InvalidInputError, match="more than one"):
        attached(file + stream(RECEIPT))


def test_what_stands_inside_an_attachment_is_no_attachment() -> None:
    inner = b'{"credentialSubject": "' + stream(CREDENTIAL, packed=False) + b'"}'
    assert attached(pdf(stream(inner, packed=False))) == Attached(inner, None)


def broken(file: bytes, old: bytes, new: bytes) -> bytes:
    assert file.count(old) == 1
    return file.replace(old, new)


def said_to_be_packed(data: bytes) -> bytes:
    return broken(stream(data, packed=False), b"<<", b"<</Filter/FlateDecode")


GOOD = pdf(stream(CREDENTIAL))
LENGTH = b"/Length %d" % len(zlib.compress(CREDENTIAL))


@pytest.mark.parametrize(
    "file",
    [
        broken(GOOD, LENGTH, LENGTH + b"9"),
        broken(GOOD, LENGTH, b"/Length 3"),
        broken(GOOD, b"endstream", b"endstreem"),
        broken(GOOD, b"9 0 obj\n", b"9 0 \n"),
        broken(GOOD, b"\nstream\n", b"\nstreem\n"),
        broken(GOOD, zlib.compress(CREDENTIAL)[:4], b"\0\0\0\0"),
        broken(GOOD, b"/Type/", b"/T" + b" " * 1_000 + b"/Type/"),
        pdf(said_to_be_packed(zlib.compress(CREDENTIAL) + b"x")),
        pdf(said_to_be_packed(zlib.compress(CREDENTIAL)[:-1])),
    ],
)  # fmt: skip
def test_a_broken_attachment_is_refused(file: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"broken.*byte"):
        attached(file)


@pytest.mark.parametrize(
    "file",
    [
        broken(GOOD, LENGTH, b"/Length 12 0 R"),
        broken(GOOD, LENGTH, b"/Lingth 12"),
        broken(GOOD, b"/FlateDecode", b"/LZWDecode"),
        broken(GOOD, b"/FlateDecode", b"[ /ASCII85Decode /FlateDecode ]"),
    ],
)
def test_other_ways_to_store_are_named(file: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not read here"):
        attached(file)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Type/", b"/Type \r\n/"),
        (b"/Length ", b"/Length\n"),
        (b"/Filter/FlateDecode", b"/Filter [ /FlateDecode ]"),
        (b"\nstream\n", b"\nstream\r\n"),
        (b"\nendstream", b"\r\nendstream"),
        (b"\nendstream", b"endstream"),
    ],
)
def test_blanks_are_free(old: bytes, new: bytes) -> None:
    assert attached(broken(GOOD, old, new)) == Attached(CREDENTIAL, None)


def test_sizes_are_bounded() -> None:
    bomb = stream(b"{" + b" " * MAX_DOCUMENT_BYTES + CREDENTIAL)
    assert attached(pdf(bomb)) is None
    assert attached(pdf(bomb, stream(CREDENTIAL))) == Attached(CREDENTIAL, None)
    with pytest.raises(TooLargeError, match="attachments"):
        attached(pdf(stream(b"") * (MAX_ATTACHMENTS + 1)))
    with pytest.raises(TooLargeError, match="limit"):
        attached(pdf(stream(CREDENTIAL)) + b" " * MAX_PDF_BYTES)
    assert attached(START + b" " * MAX_PDF_BYTES) is None


def test_marks_without_end_cost_no_more_than_others() -> None:
    many = b"/Type /EmbeddedFile " * 50_000
    with pytest.raises(InvalidInputError, match="broken"):
        attached(START + many)


@given(data=st.binary(max_size=300), at=st.integers(0, len(GOOD)))
def test_whatever_it_is_nothing_else_is_raised(data: bytes, at: int) -> None:
    for file in (START + data, GOOD[:at] + data + GOOD[at:], GOOD[:at]):
        try:
            found = attached(file)
        except InvalidInputError:
            continue
        assert found is None or found.credential
