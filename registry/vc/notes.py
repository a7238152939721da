"""Ed25519 signatures of signed notes: made with an issuer's key, and checked.

The same key signs badges, and gives holders their names by a signature that nobody may see. None
passes for another: a note's text ends in a newline, which neither a JWS's input nor that text has,
and a Data Integrity proof signs two hashes. Whose a key is, the caller must know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.core.signed_note import Note, VerifierKey, signed_note
from registry.errors import VerificationError
from registry.vc.data_integrity import SigningKey


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A key, and the name under which it signs notes."""

    name: str
    key: SigningKey

    @property
    def verifier_key(self) -> VerifierKey:
        """What checks its signatures. Raises `InvalidInputError` for a name no key can have."""
        return VerifierKey(self.name, self.key.public_key_raw())

    def sign(self, text: str) -> Note:
        """Sign a text. Raises as `verifier_key`, and as `signed_note`."""
        return signed_note(text, self.verifier_key, self.key.sign)


def verify_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return those of the keys that signed a note; signatures of all others are ignored.

    Raises `VerificationError` with the reason `bad-signature` if a signature that one of them is
    said to have given does not hold, and `not-signed` if none of them signed.
    """
    found = tuple(key for key in keys if _is_signed_by(note, key))
    if not found:
        raise VerificationError("none of the keys signed the note", reason="not-signed")
    return found


def _is_signed_by(note: Note, key: VerifierKey) -> bool:
    theirs = [each.signature for each in note.signatures if each.is_by(key)]
    for signature in theirs:
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, note.text.encode())
        except (InvalidSignature, ValueError) as exc:
            raise VerificationError(
                f"the signature of {key.name} does not hold", reason="bad-signature"
            ) from exc
    return bool(theirs)
