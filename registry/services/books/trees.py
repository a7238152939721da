"""Whether credentials, tiles and heads of the store agree. Asks no chain."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from registry.core.tiles import TILE_WIDTH, Tile, TreeHead, build_tiles
from registry.core.tree import root_from_proof
from registry.errors import InvalidInputError, NotFoundError, VerificationError
from registry.services.findings import Finding, FindingCode, of_batch
from registry.services.ports import Batch, CredentialStore
from registry.services.receipts import leaf_of


def check_leaves(store: CredentialStore, batch: Batch) -> Iterator[Finding]:
    """That the tiles hold the leaf of each credential, in order, and no other."""
    pages = store.batch_credentials(batch)
    leaves = (leaf_of(credential) for page in pages for credential in page)
    count = 0
    for leaf, kept in zip_longest(leaves, store.leaves(batch)):
        if leaf != kept:
            yield Finding(
                FindingCode.LEAVES_DIFFER,
                f"from leaf {count} on, the tiles of batch {batch.id} are not those of its "
                "credentials",
                of_batch(batch, leafIndex=count, leaf=_hex(leaf), inTiles=_hex(kept)),
            )
            return
        count += 1
    held = store.credential_count(batch.id)
    if held != count:
        yield Finding(
            FindingCode.LEAVES_DIFFER,
            f"batch {batch.id} has {held} credentials, and {count} leaves",
            of_batch(batch, credentials=held, leaves=count),
        )


def check_tree(store: CredentialStore, batch: Batch) -> Iterator[Finding]:
    """That size, root and seal are those of the tiles' leaves, and that proofs lead there."""
    try:
        tree = build_tiles(store.leaves(batch), _drop)
    except InvalidInputError as exc:
        yield Finding(
            FindingCode.HEAD_DIFFERS,
            f"the tiles of batch {batch.id} make no tree: {exc}",
            of_batch(batch),
        )
        return
    if tree != batch.head:
        yield Finding(
            FindingCode.HEAD_DIFFERS,
            f"size, root and seal of batch {batch.id} are not those of its tiles",
            of_batch(
                batch,
                treeSize=tree.tree_size,
                merkleRoot=tree.merkle_root.hex(),
                sealOfTiles=tree.seal.hex(),
            ),
        )
    yield from _check_proofs(store, replace(batch, head=tree), tree)


def check_one_batch_each(store: CredentialStore, batch: Batch) -> Iterator[Finding]:
    """That each credential of the batch is found by its hash, in this batch alone."""
    for page in store.batch_credentials(batch):
        hashes = [credential.credential_hash for credential in page]
        places: dict[bytes, list[int]] = {digest: [] for digest in hashes}
        for found in store.find_all_credentials(hashes):
            if found.issuer == batch.issuer:
                places[found.credential_hash].append(found.batch_id)
        for digest, batches in places.items():
            if batches != [batch.id]:
                yield Finding(
                    FindingCode.CREDENTIAL_ELSEWHERE,
                    f"credential {digest.hex()} of batch {batch.id} is found in {batches}",
                    of_batch(batch, credentialHash=digest.hex()),
                )
                return


def _check_proofs(store: CredentialStore, batch: Batch, tree: TreeHead) -> Iterator[Finding]:
    """First and last leaf of each tile: their paths use every hash of the tiles above."""
    for index, leaf in enumerate(store.leaves(batch)):
        if index % TILE_WIDTH not in {0, TILE_WIDTH - 1}:
            continue
        try:
            root = root_from_proof(leaf, store.proof(batch, leaf))
        except (NotFoundError, VerificationError):
            root = None
        if root != tree.merkle_root:
            yield Finding(
                FindingCode.PROOF_DIFFERS,
                f"the path of leaf {index} of batch {batch.id} does not lead to its root",
                of_batch(batch, leafIndex=index, reached=_hex(root)),
            )
            return


def _drop(_tile: Tile) -> None:
    pass


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()
