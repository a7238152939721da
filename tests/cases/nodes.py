"""Cases of nodes that do not answer, or answer something else than what is so."""

from collections.abc import Iterator

from tests.cases.batches import Batch, document
from tests.cases.case import Case, Shelf, printed
from tests.cases.documents import named

_UNAVAILABLE = "undetermined anchor chain-unavailable"
_SAYS = {
    "honest": "valid",
    "no-transactions": "valid",
    "down": _UNAVAILABLE,
    "hangs": _UNAVAILABLE,
    "errors": _UNAVAILABLE,
    "errors-in-calls": _UNAVAILABLE,
    "http-500": _UNAVAILABLE,
    "nulls": _UNAVAILABLE,
    "nulls-in-calls": _UNAVAILABLE,
    "garbage": _UNAVAILABLE,
    "wrong-chain": _UNAVAILABLE,
    "behind": "undetermined anchor node-behind",
    "another-code": "undetermined anchor no-contract",
    "no-code": "undetermined anchor no-contract",
    "no-event": "undetermined anchor no-event",
    "denies-seal": "invalid anchor not-anchored",
    "another-time": "invalid anchor wrong-time",
    "another-place": "invalid anchor wrong-transaction",
    "says-active": "valid",
    "says-revoked": "invalid status revoked",
    "no-such-status": _UNAVAILABLE,
}


def nodes(shelf: Shelf) -> Iterator[Case]:
    """A genuine badge, a withdrawn one and a forgery, each before such nodes."""
    for rpc, says in _SAYS.items():
        yield shelf.beside("badge", says, name=f"node: {rpc}", rpc=rpc)
    # What a single node can do, and why several may be asked: it can hide a withdrawal.
    hidden = {"name": "node: hides a revocation", "rpc": "says-active", "contract": "Revoked"}
    yield shelf.beside("revoked", "valid status active", **hidden)
    # What it cannot: make an anchor, for which there is no event.
    forged, receipt = _forgery(shelf)
    says = "invalid anchor not-anchored"
    yield Case("a forged tree", says, forged, receipt, "NotAnchored")
    says = "undetermined anchor no-event"
    name = "node: confirms a forged tree"
    yield Case(name, says, forged, receipt, "NotAnchored", rpc="another-seal")
    name = "node: down, and the credential is another"
    badge, other = shelf.file("left"), shelf.text("badge")
    says = "invalid integrity hash-mismatch"
    yield Case(name, says, badge, other, "NotIncluded", rpc="down")


def _forgery(shelf: Shelf) -> tuple[bytes, str]:
    """A badge in a tree of the forger's own, with the anchor of a genuine one."""
    item = document("forged", named("Brain surgery"))
    batch = Batch("forged", [item])
    genuine = shelf.receipt("badge")
    receipt = genuine.model_copy(
        update={
            "credential_hash": item.credential_hash,
            "salt": item.salt,
            "leaf_index": 0,
            "tree_size": 1,
            "siblings": (),
            "seal": batch.head.seal,
        }
    )
    return item.file, printed(receipt)
