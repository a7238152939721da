"""Receipts among static files: entries that only whoever has the credential can find and read.

An entry holds what no tile has: salt, leaf index and canonicalization. Its name and its key are
derived from the credential's hash, so that whoever holds all files and no credential learns no
hash and no salt, and not even whose entry stands beside whose leaf. Whoever can guess a credential
can try the guess without asking anybody: docs/formats.md says what that means.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.core.canonical import Canonicalization
from registry.core.tiles import TILE_WIDTH
from registry.core.tree import SALT_BYTES
from registry.errors import InvalidInputError

NAME_BYTES: Final = 16  # two names of a million are equal once in 2^89
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_INDEX_BYTES: Final = 8
_COUNT_BYTES: Final = 4
_PLAIN_BYTES: Final = 1 + _INDEX_BYTES + SALT_BYTES
ENTRY_BYTES: Final = NAME_BYTES + _PLAIN_BYTES + _TAG_BYTES
MAX_SHARD_ENTRIES: Final = 4 * TILE_WIDTH  # some 256 are expected: four times as many never come
MAX_SHARD_BYTES: Final = _COUNT_BYTES + MAX_SHARD_ENTRIES * ENTRY_BYTES
_INFO: Final = b"rootseal/tiles-entry@1"
# A key encrypts one entry, which never changes: salt and place of a credential in a batch of an
# issuer are fixed for good, and so are its bytes however often they are written.
_NONCE: Final = bytes(12)
_CODES: Final = {Canonicalization.JCS: 1, Canonicalization.RAW: 2, Canonicalization.RDFC: 3}
_CANONICALIZATIONS: Final = {code: name for name, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """What only the issuer's store and the holder's receipt have of a credential in a batch."""

    canonicalization: Canonicalization
    leaf_index: int
    salt: bytes


class EntryCipher:
    """Names and encryption of the entries of one batch of one issuer."""

    def __init__(self, *, issuer: bytes, seal: bytes) -> None:
        self._seal = seal
        self._info = _INFO + issuer

    def name(self, credential_hash: bytes) -> bytes:
        """Under which a credential's entry stands."""
        return self._secrets(credential_hash)[:NAME_BYTES]

    def encrypted(self, credential_hash: bytes, entry: Entry) -> bytes:
        """An entry as it stands in its shard: name, and ciphertext with its tag."""
        secrets = self._secrets(credential_hash)
        plain = (
            bytes([_CODES[entry.canonicalization]])
            + entry.leaf_index.to_bytes(_INDEX_BYTES, "big")
            + entry.salt
        )
        name, key = secrets[:NAME_BYTES], secrets[NAME_BYTES:]
        return name + AESGCM(key).encrypt(_NONCE, plain, name)

    def decrypted(self, credential_hash: bytes, entry: bytes) -> Entry:
        """What stands in a credential's entry. Raises `InvalidInputError` if it is not its own."""
        secrets = self._secrets(credential_hash)
        name, key = secrets[:NAME_BYTES], secrets[NAME_BYTES:]
        try:
            plain = AESGCM(key).decrypt(_NONCE, entry[NAME_BYTES:], name)
        except InvalidTag as exc:
            raise InvalidInputError("the entry is not the credential's") from exc
        canonicalization = _CANONICALIZATIONS.get(plain[0])
        if len(plain) != _PLAIN_BYTES or canonicalization is None:
            raise InvalidInputError("the entry is of no known form")
        index, salt = plain[1 : 1 + _INDEX_BYTES], plain[1 + _INDEX_BYTES :]
        return Entry(canonicalization, int.from_bytes(index, "big"), salt)

    def _secrets(self, credential_hash: bytes) -> bytes:
        # RFC 5869, salted with the seal: no table of guesses serves for two batches.
        kdf = HKDF(SHA256(), length=NAME_BYTES + _KEY_BYTES, salt=self._seal, info=self._info)
        return kdf.derive(credential_hash)


def shard_count(tree_size: int) -> int:
    """In how many shards the entries of a batch stand: a power of two, of some 256 each."""
    return 1 << (-(-tree_size // TILE_WIDTH) - 1).bit_length()


def shard_of(name: bytes, shards: int) -> int:
    """In which of them an entry stands: the first bits of its name say so."""
    bits = shards.bit_length() - 1
    return int.from_bytes(name[:8], "big") >> (64 - bits)


def print_shard(entries: list[bytes]) -> bytes:
    """The file of a shard: number of entries (4 bytes), then the entries by their names.

    The number is there so that a file that was cut off is no answer.
    """
    return len(entries).to_bytes(_COUNT_BYTES, "big") + b"".join(sorted(entries))


def shard_bytes(entries: int) -> int:
    """How many bytes a shard of so many entries has."""
    return _COUNT_BYTES + entries * ENTRY_BYTES


def find_entry(shard: bytes, name: bytes) -> bytes | None:
    """The entry of a name; None if there is none. Raises `InvalidInputError` for no shard."""
    count = int.from_bytes(shard[:_COUNT_BYTES], "big")
    if len(shard) != shard_bytes(count):
        raise InvalidInputError(f"a shard of {count} entries that has {len(shard)} bytes")
    for start in range(_COUNT_BYTES, len(shard), ENTRY_BYTES):
        if shard.startswith(name, start):
            return shard[start : start + ENTRY_BYTES]
    return None
