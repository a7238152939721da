"""Receipts, made from the store alone."""

from collections.abc import Iterable, Iterator

from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.core.receipt import RECEIPT_TYPE, AnchorReference, Receipt
from registry.core.tree import leaf_hash
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.ports import Anchor, Batch, Store, StoredCredential


class NotSealedError(ConflictError):
    """The credential waits in an open batch: there is no tree to prove it in yet."""

    code = "not-sealed"


def receipt_of(store: Store, credential_hash: bytes, *, issuer: bytes | None = None) -> Receipt:
    """Receipt of a credential; pending until its batch is final.

    Raises `NotFoundError`, `NotSealedError`, or `InvalidInputError` if several issuers have the
    credential and none was named.
    """
    return receipt_in_batch(store, credential_hash, issuer=issuer)[0]


def receipt_in_batch(
    store: Store, credential_hash: bytes, *, issuer: bytes | None
) -> tuple[Receipt, Batch]:
    """As `receipt_of`, with the batch: once that is final the receipt changes no more."""
    credential = find_one(store, credential_hash, issuer=issuer)
    batch = store.batch(credential.batch_id)
    return _receipt(store, batch, credential), batch


def receipts_of_batch(store: Store, batch: Batch) -> Iterator[Receipt]:
    """Receipts of all credentials of a batch, a page of them in memory at a time.

    Raises `NotSealedError`.
    """
    leaf = b""
    while page := store.batch_credentials(batch.id, after_leaf=leaf):
        for credential in page:
            yield _receipt(store, batch, credential)
        leaf = leaf_of(page[-1])


def receipts_of(
    store: Store, hashes: Iterable[bytes], *, issuer: bytes | None
) -> Iterator[Receipt | NotFoundError | NotSealedError | InvalidInputError]:
    """A receipt for each hash in their order, or why there is none, as `receipt_of` raises it.

    What is known of a batch is read once.
    """
    batches: dict[int, tuple[Batch, tuple[AnchorReference, ...]]] = {}
    for digest in hashes:
        try:
            credential = find_one(store, digest, issuer=issuer)
            if credential.batch_id not in batches:
                batch = store.batch(credential.batch_id)
                batches[credential.batch_id] = batch, _final_anchors(store, batch)
            yield _made(store, *batches[credential.batch_id], credential)
        except (NotFoundError, NotSealedError, InvalidInputError) as exc:
            yield exc


def find_one(store: Store, credential_hash: bytes, *, issuer: bytes | None) -> StoredCredential:
    """The credential under `issuer`, or under the only issuer that has it; raises as above."""
    found = [
        credential
        for credential in store.find_credentials(credential_hash)
        if issuer is None or credential.issuer == issuer
    ]
    if not found:
        raise NotFoundError(f"no credential with hash {credential_hash.hex()}")
    if len(found) > 1:
        names = ", ".join(format_address(credential.issuer) for credential in found)
        raise InvalidInputError(f"several issuers have this credential; name one: {names}")
    return found[0]


def leaf_of(credential: StoredCredential) -> bytes:
    """Leaf of a stored credential."""
    return leaf_hash(salt=credential.salt, credential_hash=credential.credential_hash)


def _receipt(store: Store, batch: Batch, credential: StoredCredential) -> Receipt:
    return _made(store, batch, _final_anchors(store, batch), credential)


def _final_anchors(store: Store, batch: Batch) -> tuple[AnchorReference, ...]:
    # Only a final anchor goes into a receipt: what a holder keeps must not be undone by a reorg.
    # On whichever chain: one that is slow or down keeps nobody from the proof on another.
    final = [found for found in store.on_chains(batch.id) if found.state is BatchState.FINAL]
    anchors = [found.anchor for found in final if found.anchor is not None]
    return tuple(_reference(anchor, batch.issuer) for anchor in anchors)


def _made(
    store: Store,
    batch: Batch,
    anchors: tuple[AnchorReference, ...],
    credential: StoredCredential,
) -> Receipt:
    if batch.head is None:
        raise NotSealedError("the credential is in tonight's batch, which is not sealed yet")
    proof = store.proof(batch, leaf_of(credential))
    return Receipt(
        type=RECEIPT_TYPE,
        canonicalization=credential.canonicalization,
        credential_hash=credential.credential_hash,
        salt=credential.salt,
        leaf_index=proof.leaf_index,
        tree_size=proof.tree_size,
        siblings=proof.siblings,
        seal=batch.head.seal,
        anchors=anchors,
    )


def _reference(anchor: Anchor, issuer: bytes) -> AnchorReference:
    return AnchorReference(
        chain=anchor.chain_id,
        contract=anchor.contract,
        issuer=issuer,
        transaction=anchor.transaction,
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        log_index=anchor.log_index,
        anchored_at=anchor.anchored_at,
    )
