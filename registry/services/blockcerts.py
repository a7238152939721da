"""A receipt made of a proof of Blockcerts: salt, path and seal stand in it, and the transaction.

The chain says who anchored the seal there. What the receipt says is then checked as any other's.
"""

import logging
from collections.abc import Mapping
from typing import Final

from registry.core.address import format_chain
from registry.core.canonical import Canonicalization
from registry.core.documents import Json
from registry.core.receipt import (
    RECEIPT_TYPE,
    AnchorReference,
    Receipt,
    other_proofs,
    proof_name,
)
from registry.errors import ConflictError, InvalidInputError, UnavailableError
from registry.services.ports import ChainState
from registry.services.receipts import anchor_reference

_log = logging.getLogger(__name__)
_CRYPTOSUITE: Final = "merkle-proof-2019"
_MAX_ANCHORS: Final = 4  # of one proof that are looked for; each is a question to a node


def receipt_of_blockcerts(
    document: Mapping[str, Json] | None, chains: Mapping[int, ChainState]
) -> Receipt | None:
    """The receipt that a credential's `merkle-proof-2019` stands for.

    None if it has none of our making, if no chain that is asked has its transaction, or if none
    can be asked: nobody knows then.
    """
    proofs = [] if document is None else other_proofs(document)
    found = [proof for proof in proofs if proof_name(proof) == _CRYPTOSUITE]
    if len(found) != 1 or not isinstance(found[0], dict):
        return None
    from registry.vc.merkle_proof_2019 import decode, sealed_path  # noqa: PLC0415 - rarely needed

    try:
        proof = decode(found[0].get("proofValue"))
        path = sealed_path(proof)
    except InvalidInputError:
        return None
    anchors: list[AnchorReference] = []
    for blink in proof.anchors[:_MAX_ANCHORS]:
        chain = None if blink.chain_id is None else chains.get(blink.chain_id)
        if chain is not None and blink.transaction is not None:
            anchors += _anchors(chain, blink.transaction, path.seal)
    if not anchors:
        return None
    return Receipt(
        type=RECEIPT_TYPE,
        canonicalization=Canonicalization.RDFC,
        credential_hash=path.credential_hash,
        salt=path.salt,
        leaf_index=path.proof.leaf_index,
        tree_size=path.proof.tree_size,
        siblings=path.proof.siblings,
        seal=path.seal,
        anchors=tuple(anchors),
    )


def _anchors(chain: ChainState, transaction: bytes, seal: bytes) -> list[AnchorReference]:
    try:
        issuers = chain.issuers_in_transaction(transaction, seal)
        if len(issuers) != 1:  # of two, nobody could say which is meant
            return []
        found = chain.anchor_in_transaction(chain.contract, transaction, issuers[0], seal)
    except (UnavailableError, ConflictError) as exc:
        _log.warning("could not ask %s: %s", format_chain(chain.chain_id), exc)
        return []
    return [] if found is None else [anchor_reference(found, issuers[0])]
