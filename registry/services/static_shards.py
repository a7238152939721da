"""Shards of a batch's receipts, made with bounded memory.

Entries come in the order of leaves and go in that of their names, which is another; so they are
dealt into files by the first bits of their names, each of which is then sorted in memory. What
lies in those files is encrypted.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import BinaryIO, Final, TypeAlias

from registry.core.static_entries import (
    ENTRY_BYTES,
    NAME_BYTES,
    Entry,
    EntryCipher,
    print_shard,
    shard_count,
    shard_of,
)
from registry.core.tiles import TreeHead
from registry.errors import ConflictError
from registry.services.ports import Batch, Store, StoredCredential
from registry.services.receipts import leaf_of

_PART_ENTRIES: Final = 2**17  # sorted at once: some 25 MB
_MAX_PARTS: Final = 256  # files open at once
_PAGE: Final = 2_000

Scratch: TypeAlias = Callable[[], BinaryIO]  # makes a file of no name that goes when it is closed
Step: TypeAlias = Callable[[str, int, int], None]  # what is done, how many of it, of how many


def shards_of_batch(
    store: Store, batch: Batch, head: TreeHead, scratch: Scratch, step: Step
) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every shard, empty ones too, in their order.

    Raises `ConflictError` if a credential is not among the leaves.
    """
    shards = shard_count(head.tree_size)
    parts = 1
    while parts < min(shards, _MAX_PARTS) and head.tree_size > parts * _PART_ENTRIES:
        parts *= 2
    cipher = EntryCipher(issuer=batch.issuer, seal=head.seal)
    with ExitStack() as stack:
        files = [stack.enter_context(scratch()) for _ in range(parts)]
        for number, (credential, index) in enumerate(_placed(store, batch)):
            if number % _PAGE == 0:
                step("receipts", number, head.tree_size)
            entry = Entry(credential.canonicalization, index, credential.salt)
            data = cipher.encrypted(credential.credential_hash, entry)
            files[shard_of(data, parts)].write(data)
        width = shards // parts
        for part, file in enumerate(files):
            file.seek(0)
            yield from _split(file.read(), shards, range(part * width, (part + 1) * width))


def _placed(store: Store, batch: Batch) -> Iterator[tuple[StoredCredential, int]]:
    """Every credential with its leaf's place; some leaves may have no credential any more."""
    leaves = enumerate(store.leaves(batch))
    for page in store.batch_credentials(batch):
        for credential in page:
            leaf = leaf_of(credential)
            index, found = next((pair for pair in leaves if pair[1] >= leaf), (0, b""))
            if found != leaf:
                raise _not_sealed(credential)
            yield credential, index


def _split(entries: bytes, shards: int, numbers: range) -> Iterator[tuple[int, bytes]]:
    found: dict[int, list[bytes]] = {number: [] for number in numbers}
    for start in range(0, len(entries), ENTRY_BYTES):
        entry = entries[start : start + ENTRY_BYTES]
        found[shard_of(entry[:NAME_BYTES], shards)].append(entry)
    for number in numbers:
        yield number, print_shard(found.pop(number))


def _not_sealed(credential: StoredCredential) -> ConflictError:
    return ConflictError(
        f"credential {credential.credential_hash.hex()} is not what was sealed: "
        "run `rootseal audit`"
    )
