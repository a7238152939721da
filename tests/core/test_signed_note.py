import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.signed_note import (
    MAX_NAME_CHARACTERS,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_verifier_key,
    print_note,
    signed_note,
)
from registry.errors import InvalidInputError, TooLargeError

# The example of Go's package golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM=\n"
)
NOTE = f"{TEXT}\n{SIGNED}".encode()
KEY = VerifierKey("auditor.example/2027", bytes(range(32)))

names = st.text(
    st.characters(codec="utf-8", exclude_characters="+", exclude_categories=["Cc"]), min_size=1
).filter(lambda name: not any(c.isspace() for c in name))
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n")
).map(lambda text: text + "\n")
signatures = st.builds(
    NoteSignature,
    name=names,
    key_id=st.binary(min_size=4, max_size=4),
    signature=st.binary(min_size=1, max_size=100),
)


def test_the_example_of_the_go_package_is_read_and_printed() -> None:
    note = parse_note(NOTE)
    assert note.text == TEXT
    assert [each.name for each in note.signatures] == ["PeterNeumann"]
    assert note.signatures[0].is_by(parse_verifier_key(PETER))
    assert print_note(note) == NOTE


def test_the_key_of_the_go_package_is_read_and_printed() -> None:
    key = parse_verifier_key(PETER)
    assert (key.name, key.id.hex()) == ("PeterNeumann", "c74f20a3")
    assert str(key) == PETER


@given(text=texts, below=st.lists(signatures, min_size=1, max_size=MAX_SIGNATURES))
def test_every_note_is_read_as_it_was_printed(text: str, below: list[NoteSignature]) -> None:
    note = Note(text, tuple(below))
    assert parse_note(print_note(note)) == note


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_what_is_no_note_is_refused_and_what_is_one_has_one_form(data: bytes) -> None:
    try:
        note = parse_note(data)
    except InvalidInputError:
        return
    assert print_note(note) == data


@given(
    name=names.filter(lambda name: len(name) <= MAX_NAME_CHARACTERS),
    key=st.binary(min_size=32, max_size=32),
)
def test_every_key_is_read_as_it_was_printed(name: str, key: bytes) -> None:
    assert parse_verifier_key(str(VerifierKey(name, key))) == VerifierKey(name, key)


def test_what_is_signed_is_the_text_with_its_last_newline() -> None:
    asked: list[bytes] = []

    def sign(message: bytes) -> bytes:
        asked.append(message)
        return b"\5" * 64

    note = signed_note("grün\n\n", KEY, sign)
    assert asked == ["grün\n\n".encode()]
    assert note.signatures == (NoteSignature(KEY.name, KEY.id, b"\5" * 64),)
    assert parse_note(print_note(note)) == note


def test_the_text_ends_at_the_last_empty_line() -> None:
    assert parse_note(f"one\n\n{SIGNED}\n{SIGNED}".encode()).text == f"one\n\n{SIGNED}"


def test_line_ends_of_unicode_do_not_end_a_line() -> None:
    text = "one\u2028— two\x85three\n"
    assert parse_note(f"{text}\n{SIGNED}".encode()).text == text


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT.encode(), id="no signature"),
        pytest.param(f"{TEXT}\n".encode(), id="an empty line and nothing below"),
        pytest.param(f"{TEXT}{SIGNED}".encode(), id="no empty line"),
        pytest.param(NOTE[:-1], id="no newline at the end"),
        pytest.param(NOTE + b"\n", id="an empty line at the end"),
        pytest.param(NOTE + b"more\n", id="something else below"),
        pytest.param(NOTE.replace(b"\n", b"\r\n"), id="line ends of Windows"),
        pytest.param(NOTE.replace(b"answer", b"ans\0wer"), id="a control character"),
        pytest.param(NOTE.replace(b"answer", b"ans\twer"), id="a tabulator"),
        pytest.param(NOTE.replace(b"answer", b"ans\xffwer"), id="no UTF-8"),
        pytest.param(NOTE.replace("—".encode(), b"-"), id="a hyphen for the dash"),
        pytest.param(NOTE.replace("— ".encode(), "—".encode()), id="no space after the dash"),
        pytest.param(NOTE.replace(b"PeterNeumann", b""), id="no name"),
        pytest.param(NOTE.replace(b"PeterNeumann", b"Peter+Neumann"), id="a plus in the name"),
        pytest.param(
            NOTE.replace(b"PeterNeumann", "Peter\u00a0Neumann".encode()), id="a space in the name"
        ),
        pytest.param(NOTE.replace(b"PeterNeumann", b"P" * 501), id="a name without end"),
        pytest.param(NOTE.replace(b"AM=", b"AM"), id="base64 without padding"),
        pytest.param(NOTE.replace(b"AM=", b"AN="), id="another spelling of base64"),
        pytest.param(NOTE.replace(b"x08go", b"x0\xc3\xa9"), id="base64 with other letters"),
        pytest.param(f"{TEXT}\n— PeterNeumann x08gow==\n".encode(), id="an id and no signature"),
        pytest.param(f"{TEXT}\n— PeterNeumann\n".encode(), id="a name and no signature"),
    ],
)
def test_what_the_format_does_not_allow_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_note(data)


def test_sizes_are_bounded_on_both_sides_of_the_limit() -> None:
    assert len(parse_note(f"{TEXT}\n{SIGNED * MAX_SIGNATURES}".encode()).signatures) == 100
    with pytest.raises(TooLargeError, match="101 signatures"):
        parse_note(f"{TEXT}\n{SIGNED * (MAX_SIGNATURES + 1)}".encode())
    largest = b"x" * (MAX_NOTE_BYTES - len(NOTE)) + NOTE
    assert print_note(parse_note(largest)) == largest
    with pytest.raises(TooLargeError, match="the limit is"):
        parse_note(b"x" + largest)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no newline", id="no newline"),
        pytest.param("", id="empty"),
        pytest.param("a\tb\n", id="a control character"),
        pytest.param("\ud800\n", id="a lone surrogate"),
    ],
)
def test_a_text_that_no_note_can_have_is_not_signed(text: str) -> None:
    def sign(_message: bytes) -> bytes:
        raise AssertionError("it was signed")

    with pytest.raises(InvalidInputError):
        signed_note(text, KEY, sign)


def test_only_a_whole_signature_is_taken() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        signed_note("text\n", KEY, lambda _: b"short")


def test_a_note_without_a_signature_is_not_printed() -> None:
    with pytest.raises(ValueError, match="a note is signed"):
        print_note(Note("text\n", ()))


@pytest.mark.parametrize("name", ["", "two words", "one+one", "tab\tbed", "\u2003", "x" * 501])
def test_a_key_has_a_name_that_a_note_can_carry(name: str) -> None:
    with pytest.raises(InvalidInputError, match="neither spaces nor plus"):
        VerifierKey(name, bytes(32))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "not an Ed25519", id="nothing"),
        pytest.param("PeterNeumann", "not an Ed25519", id="a name"),
        pytest.param(PETER.replace("c74f20a3", "C74F20A3"), "not an Ed25519", id="capitals"),
        pytest.param(PETER.replace("c74f20a3", "c74f20a4"), "not that of", id="another id"),
        pytest.param(PETER.replace("Peter", "Pieter"), "not that of", id="another name"),
        pytest.param(PETER.replace("+ARpc", "+ARpd"), "not that of", id="another key"),
        pytest.param(PETER.replace("+AR", "+BB"), "not an Ed25519", id="a key of another kind"),
        pytest.param(PETER.replace("10TW", ""), "32 bytes", id="a short key"),
        pytest.param(PETER + "\n", "not an Ed25519", id="a line end"),
        pytest.param(f"PeterNeumann+{PETER}", "not an Ed25519", id="a plus in the name"),
        pytest.param(PETER.replace("PeterNeumann", ""), "neither spaces", id="no name"),
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(why)):
        parse_verifier_key(text)
