"""Signed notes (c2sp.org/signed-note): a text with signatures below it, readable and strict.

The text may be anything: a checkpoint, a report. Computes no signature and checks none, since the
core has no keys: `registry.vc.notes` does.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from registry.errors import InvalidInputError, TooLargeError

MAX_NOTE_BYTES: Final = 2**20
MAX_SIGNATURES: Final = 100  # as Go's note package; the format asks for at least 16
MAX_NAME_CHARACTERS: Final = 500
ED25519: Final = 1  # type of a signature, and first byte of a key
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_ID_BYTES: Final = 4
_DASH: Final = "— "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all but the newline
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public Ed25519 key with the name of whose it is. Raises `InvalidInputError` for neither."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise InvalidInputError(
                f"a key's name has neither spaces nor plus signs: {self.name[:60]!r}"
            )
        if len(self.public_key) != PUBLIC_KEY_BYTES:
            raise InvalidInputError(f"an Ed25519 key has {PUBLIC_KEY_BYTES} bytes")

    @property
    def id(self) -> bytes:
        """The four bytes that tell it from other keys of that name."""
        named = self.name.encode() + b"\n" + bytes([ED25519]) + self.public_key
        return sha256(named).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        encoded = _base64(bytes([ED25519]) + self.public_key)
        return f"{self.name}+{self.id.hex()}+{encoded}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature, of whatever key; its bytes mean nothing until that key is known."""

    name: str
    key_id: bytes
    signature: bytes

    def is_by(self, key: VerifierKey) -> bool:
        """Whether it says that it is of that key."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and what stands below it: not verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


def signed_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> Note:
    """A note with one signature. Raises `InvalidInputError` for a text that none can have."""
    _require_text(text)
    signature = sign(text.encode())
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"an Ed25519 signature has {SIGNATURE_BYTES} bytes")
    return Note(text, (NoteSignature(key.name, key.id, signature),))


def print_note(note: Note) -> bytes:
    """The bytes of a note, as `parse_note` reads them."""
    if not note.signatures:
        raise ValueError("a note is signed")
    lines = [
        f"{_DASH}{each.name} {_base64(each.key_id + each.signature)}\n" for each in note.signatures
    ]
    return f"{note.text}\n{''.join(lines)}".encode()


def parse_note(data: bytes) -> Note:
    """Read a note, with signatures of unknown keys and kinds.

    Raises `TooLargeError` past `MAX_NOTE_BYTES` or `MAX_SIGNATURES`, and `InvalidInputError` for
    anything that the format does not allow.
    """
    # Never splitlines(): it knows a dozen line ends, and a text may have any of them in a line.
    text, empty_line, below = decode_text(data).rpartition("\n\n")
    if not empty_line:
        raise InvalidInputError("no signed note: nothing is signed below an empty line")
    *lines, rest = below.split("\n")
    if rest or not lines:
        raise InvalidInputError("no signed note: its last line is no signature")
    if len(lines) > MAX_SIGNATURES:
        raise TooLargeError(f"note has {len(lines)} signatures; the limit is {MAX_SIGNATURES}")
    return Note(text + "\n", tuple(map(_signature, lines)))


def parse_verifier_key(text: str) -> VerifierKey:
    """Read `name+id+key` as Go's note package prints it. Raises `InvalidInputError`."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _unbase64(encoded)
    if _KEY_ID.fullmatch(key_id) is None or key is None or key[:1] != bytes([ED25519]):
        raise InvalidInputError(f"not an Ed25519 verifier key (name+id+key): {text[:80]!r}")
    found = VerifierKey(name, key[1:])
    if found.id.hex() != key_id:
        raise InvalidInputError(f"the id of the verifier key {name[:60]!r} is not that of its key")
    return found


def decode_text(data: bytes) -> str:
    """The text in bytes from outside. Raises `InvalidInputError`, `TooLargeError`."""
    if len(data) > MAX_NOTE_BYTES:
        raise TooLargeError(f"note has {len(data)} bytes; the limit is {MAX_NOTE_BYTES}")
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        raise InvalidInputError("a note is UTF-8") from exc
    if _CONTROL.search(text) is not None:
        raise InvalidInputError("a note has no control characters but newlines")
    return text


def _require_text(text: str) -> None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError as exc:
        raise InvalidInputError("a note is UTF-8") from exc
    decode_text(encoded)
    if not text.endswith("\n"):
        raise InvalidInputError("the text of a note ends in a newline")


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _unbase64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or data is None or len(data) <= _ID_BYTES:
        raise InvalidInputError(f"not a signature of a note: {line[:80]!r}")
    return NoteSignature(name, data[:_ID_BYTES], data[_ID_BYTES:])


def _is_name(name: str) -> bool:
    is_long = not 0 < len(name) <= MAX_NAME_CHARACTERS
    return not is_long and not any(c == "+" or c < " " or c.isspace() for c in name)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _unbase64(text: str) -> bytes | None:
    """What standard base64 stands for, in its one spelling; None for anything else."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        return None
    return data if _base64(data) == text else None
