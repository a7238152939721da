import pytest

from registry.core.signed_note import (
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_verifier_key,
    print_note,
)
from registry.errors import InvalidInputError, VerificationError
from registry.vc.notes import NoteSigner, verify_note
from registry.vc.signing_keys import key_from_seed
from tests.core.test_signed_note import NOTE, PETER
from tests.core.test_signed_note import TEXT as PETERS_TEXT

NAME = "did:web:auditor.example"
OURS = key_from_seed(b"\7" * 32)
THEIRS = key_from_seed(b"\x08" * 32)
TEXT = "what was found\n"
SIGNED = NoteSigner(NAME, OURS).sign(TEXT)
KEY = NoteSigner(NAME, OURS).verifier_key


def reason(note: Note, *keys: VerifierKey) -> str:
    with pytest.raises(VerificationError) as caught:
        verify_note(note, keys)
    return caught.value.reason


def test_the_note_of_the_go_package_holds() -> None:
    peter = parse_verifier_key(PETER)
    assert verify_note(parse_note(NOTE), [peter]) == (peter,)
    assert reason(parse_note(NOTE.replace(b"answer", b"question")), peter) == "bad-signature"


def test_the_key_of_the_go_package_signs_the_same_bytes() -> None:
    seed = bytes.fromhex("810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173")
    signed = NoteSigner("PeterNeumann", key_from_seed(seed)).sign(PETERS_TEXT)
    assert print_note(signed) == NOTE


def test_what_was_signed_holds_after_it_was_printed() -> None:
    assert verify_note(parse_note(print_note(SIGNED)), [KEY]) == (KEY,)


def test_another_key_of_the_same_name_is_not_the_signer() -> None:
    assert reason(SIGNED, NoteSigner(NAME, THEIRS).verifier_key) == "not-signed"


def test_the_same_key_under_another_name_is_not_the_signer() -> None:
    assert reason(SIGNED, NoteSigner("did:web:other.example", OURS).verifier_key) == "not-signed"


def test_signatures_of_unknown_keys_are_ignored_and_kept() -> None:
    unknown = NoteSignature("somebody.example", b"\1\2\3\4", b"of a kind to come")
    note = Note(TEXT, (unknown, *SIGNED.signatures))
    assert verify_note(note, [NoteSigner("other.example", THEIRS).verifier_key, KEY]) == (KEY,)
    assert parse_note(print_note(note)).signatures[0] == unknown


def test_all_who_signed_are_named() -> None:
    second = NoteSigner("did:web:witness.example", THEIRS).sign(TEXT)
    note = Note(TEXT, (*SIGNED.signatures, *second.signatures))
    witness = NoteSigner("did:web:witness.example", THEIRS).verifier_key
    assert verify_note(note, [KEY, witness]) == (KEY, witness)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(bytes(64), id="of zeros"),
        pytest.param(SIGNED.signatures[0].signature[:-1], id="short"),
        pytest.param(THEIRS.sign(TEXT.encode()), id="of another key"),
        pytest.param(OURS.sign(TEXT.rstrip().encode()), id="of the text without its newline"),
    ],
)
def test_one_wrong_signature_of_a_known_key_is_enough(signature: bytes) -> None:
    wrong = NoteSignature(KEY.name, KEY.id, signature)
    assert reason(Note(TEXT, (*SIGNED.signatures, wrong)), KEY) == "bad-signature"


def test_nothing_is_signed_under_a_name_that_a_note_cannot_carry() -> None:
    with pytest.raises(InvalidInputError, match="neither spaces"):
        NoteSigner("Example Academy", OURS).sign(TEXT)
