"""Receipts, made from the store alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.core.receipt import RECEIPT_TYPE, AnchorReference, Receipt
from registry.core.tiles import TreeHead
from registry.core.tree import InclusionProof, leaf_hash, seal_from_proof
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)
from registry.services.ports import Anchor, Batch, Store, StoredCredential

_AT_ONCE: Final = 2_000  # receipts; their tiles take up to 20 MB, where each is in another


class NotSealedError(ConflictError):
    """The credential waits in an open batch: there is no tree to prove it in yet."""

    code = "not-sealed"


class DamageError(UnavailableError):
    """The store has a credential, but its tree does not prove it: so nothing is a "no"."""

    code = "store-damaged"

    def __init__(self, message: str) -> None:
        super().__init__(f"the store is damaged: {message}; run `rootseal audit`", source="store")


Absence: TypeAlias = NotFoundError | NotSealedError | InvalidInputError | DamageError


@dataclass(frozen=True, slots=True)
class Issued:
    """A receipt, its batch, and whether all anchors that it may ever have are in it."""

    receipt: Receipt
    batch: Batch
    is_final: bool


def receipt_of(store: Store, credential_hash: bytes, *, issuer: bytes | None = None) -> Receipt:
    """Receipt of a credential; pending until its batch is final.

    Raises `NotFoundError`, `NotSealedError`, `InvalidInputError` if several issuers have the
    credential and none was named, `DamageError`, or `UnavailableError`.
    """
    return issued_receipt(store, credential_hash, issuer=issuer).receipt


def issued_receipt(store: Store, credential_hash: bytes, *, issuer: bytes | None) -> Issued:
    """As `receipt_of`, with what is known of it beside."""
    [found] = issued_receipts(store, [credential_hash], issuer=issuer)
    if not isinstance(found, Issued):
        raise found
    return found


def receipts_of_batch(store: Store, batch: Batch) -> Iterator[Receipt]:
    """Receipts of all credentials of a batch, a page of them in memory at a time.

    Raises `NotSealedError`.
    """
    if batch.head is None:
        raise _not_sealed()
    for page in store.batch_credentials(batch):
        yield from (issued.receipt for issued in _issued(store, batch, page))


def receipts_of(
    store: Store, hashes: Sequence[bytes], *, issuer: bytes | None
) -> Iterator[Receipt | Absence]:
    """For each hash, in their order, its receipt, or what `receipt_of` would raise.

    Some hundreds are read, and in memory, at a time.
    """
    for found in issued_receipts(store, hashes, issuer=issuer):
        yield found.receipt if isinstance(found, Issued) else found


def issued_receipts(
    store: Store, hashes: Sequence[bytes], *, issuer: bytes | None
) -> Iterator[Issued | Absence]:
    """As `receipts_of`, with what is known of each beside."""
    for start in range(0, len(hashes), _AT_ONCE):
        some = hashes[start : start + _AT_ONCE]
        with store.together():
            found = _by_hash(store, some, issuer)
        yield from (found[digest] for digest in some)


def leaf_of(credential: StoredCredential) -> bytes:
    """Leaf of a stored credential."""
    return leaf_hash(salt=credential.salt, credential_hash=credential.credential_hash)


def proofs_of(
    store: Store, batch: Batch, credentials: Sequence[StoredCredential]
) -> list[InclusionProof]:
    """Inclusion proofs of credentials of a sealed batch, in their order; each leads to its seal.

    Raises `DamageError` if one does not.
    """
    try:
        proofs = store.proofs(batch, credentials)
    except NotFoundError as exc:
        raise DamageError(str(exc)) from exc
    for credential, proof in zip(credentials, proofs, strict=True):
        if batch.head is None or _seal_of(credential, proof) != batch.head.seal:
            raise DamageError(f"a proof in batch {batch.id} does not lead to its seal")
    return proofs


def _seal_of(credential: StoredCredential, proof: InclusionProof) -> bytes | None:
    try:
        return seal_from_proof(
            salt=credential.salt, credential_hash=credential.credential_hash, proof=proof
        )
    except (VerificationError, ValueError):  # the latter of hashes that have not 32 bytes
        return None


def find_one(store: Store, credential_hash: bytes, *, issuer: bytes | None) -> StoredCredential:
    """The credential under `issuer`, or under the only issuer that has it; raises as above."""
    return _only_one(store.find_credentials(credential_hash), credential_hash, issuer)


def _only_one(
    stored: Iterable[StoredCredential], credential_hash: bytes, issuer: bytes | None
) -> StoredCredential:
    found = [each for each in stored if issuer is None or each.issuer == issuer]
    if not found:
        raise NotFoundError(f"no credential with hash {credential_hash.hex()}")
    if len(found) > 1:
        names = ", ".join(format_address(credential.issuer) for credential in found)
        raise InvalidInputError(f"several issuers have this credential; name one: {names}")
    return found[0]


def _by_hash(
    store: Store, hashes: Sequence[bytes], issuer: bytes | None
) -> dict[bytes, Issued | Absence]:
    stored: dict[bytes, list[StoredCredential]] = {digest: [] for digest in hashes}
    for credential in store.find_all_credentials(hashes):
        stored[credential.credential_hash].append(credential)
    answers: dict[bytes, Issued | Absence] = {}
    in_batches: dict[int, list[StoredCredential]] = {}
    for digest, candidates in stored.items():
        try:
            credential = _only_one(candidates, digest, issuer)
        except (NotFoundError, InvalidInputError) as exc:
            answers[digest] = exc
        else:
            in_batches.setdefault(credential.batch_id, []).append(credential)
    for batch_id, credentials in in_batches.items():
        made = _each_issued(store, store.batch(batch_id), credentials)
        answers |= zip((each.credential_hash for each in credentials), made, strict=True)
    return answers


def _each_issued(
    store: Store, batch: Batch, credentials: Sequence[StoredCredential]
) -> list[Issued | Absence]:
    """As `_issued`, but what one lacks does not keep the others from theirs."""
    try:
        return list(_issued(store, batch, credentials))
    except NotSealedError as exc:
        return [exc for _ in credentials]
    except DamageError as exc:
        if len(credentials) == 1:
            return [exc]
    singly = (_each_issued(store, batch, [credential]) for credential in credentials)
    return [each for answer in singly for each in answer]


def _issued(store: Store, batch: Batch, credentials: Sequence[StoredCredential]) -> list[Issued]:
    if batch.head is None:
        raise _not_sealed()
    # Only a final anchor goes into a receipt: what a holder keeps must not be undone by a reorg.
    # On whichever chain: one that is slow or down keeps nobody from the proof on another.
    standings = store.on_chains(batch.id)
    final = [found for found in standings if found.state is BatchState.FINAL]
    anchors = [found.anchor for found in final if found.anchor is not None]
    references = tuple(anchor_reference(anchor, batch.issuer) for anchor in anchors)
    # Of both, for they are read one after the other: what is called final has all its anchors.
    is_final = batch.state is BatchState.FINAL and len(final) == len(standings)
    proofs = proofs_of(store, batch, credentials)
    return [
        Issued(_receipt(batch.head, credential, proof, references), batch, is_final)
        for credential, proof in zip(credentials, proofs, strict=True)
    ]


def _not_sealed() -> NotSealedError:
    return NotSealedError("the credential is in tonight's batch, which is not sealed yet")


def _receipt(
    head: TreeHead,
    credential: StoredCredential,
    proof: InclusionProof,
    anchors: tuple[AnchorReference, ...],
) -> Receipt:
    return Receipt(
        type=RECEIPT_TYPE,
        canonicalization=credential.canonicalization,
        credential_hash=credential.credential_hash,
        salt=credential.salt,
        leaf_index=proof.leaf_index,
        tree_size=proof.tree_size,
        siblings=proof.siblings,
        seal=head.seal,
        anchors=anchors,
    )


def anchor_reference(anchor: Anchor, issuer: bytes) -> AnchorReference:
    """An anchor as receipts name it."""
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
