"""Checkpoints of an issuer's anchors on a chain (c2sp.org/tlog-checkpoint, docs/formats.md).

Everybody who reads the chain comes to the same text. Reads no chain, and checks no signature.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry.core.address import format_address, format_chain
from registry.core.merkle_log import log_root
from registry.core.signed_note import Note, decode_text, parse_note
from registry.errors import InvalidInputError

MAX_SIZE: Final = 2**64 - 1  # what the contract counts up to
_LINES: Final = re.compile(r"([^\n]{1,500})\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first `size` entries of the log that `origin` names, by the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Three lines, which are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def origin_of(*, chain_id: int, contract: bytes, issuer: bytes) -> str:
    """The name of the log of an issuer's anchors in a contract on a chain."""
    return f"{format_chain(chain_id)}/{format_address(contract)}/{format_address(issuer)}"


def checkpoint_over(origin: str, seals: Sequence[bytes]) -> Checkpoint:
    """The checkpoint of a log whose entries are these seals, in order of their sequence."""
    return Checkpoint(origin, len(seals), log_root(seals))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint.

    Raises `InvalidInputError` for anything that is none. Extension lines are refused: nobody
    could hold them against the chain.
    """
    match = _LINES.fullmatch(text)
    if match is None or int(match[2]) > MAX_SIZE:
        raise InvalidInputError("not a checkpoint: three lines of origin, size and root")
    checkpoint = Checkpoint(match[1], int(match[2]), b64decode(match[3]))
    if checkpoint.text != text:  # the last digit of a root has bits that no root uses
        raise InvalidInputError("not a checkpoint: its root is not in the one spelling of base64")
    return checkpoint


def read_checkpoint(data: bytes) -> tuple[Checkpoint, Note]:
    """Read a file: a signed note, or the text alone, which is a note without signatures.

    Raises `InvalidInputError` and `TooLargeError`.
    """
    note = parse_note(data) if b"\n\n" in data else Note(decode_text(data), ())
    return parse_checkpoint(note.text), note
