import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.checkpoint import (
    MAX_SIZE,
    Checkpoint,
    checkpoint_over,
    origin_of,
    parse_checkpoint,
    read_checkpoint,
)
from registry.core.merkle_log import EMPTY_ROOT
from registry.core.signed_note import Note, VerifierKey, print_note, signed_note
from registry.errors import InvalidInputError

CONTRACT = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
ISSUER = bytes.fromhex("70997970c51812dc3a010c7d01b50e0d17dc79c8")
ORIGIN = (
    "eip155:31337/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    "/0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
)
# SHA-256 of nothing, by sha256sum and base64.
EMPTY = f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
ROOT = "q" * 42 + "o="

checkpoints = st.builds(
    Checkpoint,
    origin=st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=500
    ),
    size=st.integers(0, MAX_SIZE),
    root=st.binary(min_size=32, max_size=32),
)


def test_everybody_comes_to_the_same_origin() -> None:
    assert origin_of(chain_id=31337, contract=CONTRACT, issuer=ISSUER) == ORIGIN


def test_an_empty_log_has_the_root_of_nothing() -> None:
    assert checkpoint_over(ORIGIN, []).text == EMPTY
    assert parse_checkpoint(EMPTY) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


def test_one_seal_is_one_entry() -> None:
    # printf '\0%032d' … | sha256sum: the hash of 0x00 and 32 zero bytes.
    root = "7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9"
    assert checkpoint_over(ORIGIN, [bytes(32)]) == Checkpoint(ORIGIN, 1, bytes.fromhex(root))


@given(checkpoints)
def test_every_checkpoint_is_read_as_it_was_printed(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(checkpoint.text) == checkpoint


@given(checkpoints)
def test_a_file_is_a_note_or_the_text_alone(checkpoint: Checkpoint) -> None:
    key = VerifierKey("auditor.example", bytes(32))
    note = signed_note(checkpoint.text, key, lambda _: bytes(64))
    assert read_checkpoint(print_note(note)) == (checkpoint, note)
    assert read_checkpoint(checkpoint.text.encode()) == (checkpoint, Note(checkpoint.text, ()))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(f"{ORIGIN}\n1\n", id="no root"),
        pytest.param(f"\n1\n{ROOT}\n", id="no origin"),
        pytest.param(f"{'x' * 501}\n1\n{ROOT}\n", id="an origin without end"),
        pytest.param(f"{ORIGIN}\n\n{ROOT}\n", id="no size"),
        pytest.param(f"{ORIGIN}\n01\n{ROOT}\n", id="a leading zero"),
        pytest.param(f"{ORIGIN}\n-1\n{ROOT}\n", id="a negative size"),
        pytest.param(f"{ORIGIN}\n+1\n{ROOT}\n", id="a sign"),
        pytest.param(f"{ORIGIN}\n1 \n{ROOT}\n", id="a space"),
        pytest.param(f"{ORIGIN}\n١\n{ROOT}\n", id="a digit of another script"),
        pytest.param(f"{ORIGIN}\n{MAX_SIZE + 1}\n{ROOT}\n", id="a size beyond the contract's"),
        pytest.param(f"{ORIGIN}\n1\n{ROOT[:-1]}\n", id="no padding"),
        pytest.param(f"{ORIGIN}\n1\n{ROOT[:-2]}p=\n", id="another spelling of the root"),
        pytest.param(f"{ORIGIN}\n1\n{ROOT[:40]}\n", id="a short root"),
        pytest.param(f"{ORIGIN}\n1\n{ROOT}", id="no newline at the end"),
        pytest.param(f"{ORIGIN}\n1\n{ROOT}\nmore\n", id="an extension line"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not a checkpoint"):
        parse_checkpoint(text)


def test_the_largest_size_is_read() -> None:
    assert parse_checkpoint(f"{ORIGIN}\n{MAX_SIZE}\n{ROOT}\n").size == MAX_SIZE


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(EMPTY.encode() + b"\n", id="an empty line and nothing below"),
        pytest.param(EMPTY.encode() + b"\xff", id="no UTF-8"),
        pytest.param(EMPTY.replace("\n", "\r\n").encode(), id="line ends of Windows"),
    ],
)
def test_a_file_that_is_neither_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_checkpoint(data)
