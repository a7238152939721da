"""What anchoring costs: a million credentials in one transaction, on a chain of its own."""

from typing import Final

from bench.harness import Bar, Bound, Figure, Part
from bench.nights import Workspace, night, only_batch
from registry.store import open_store

_SIZE: Final = 1_000_000


def measure(workspace: Workspace, *, largest: int) -> Part:
    """Anchor a sealed batch and count what was sent for it."""
    size = min(_SIZE, largest)
    store = open_store(workspace.sealed(size))
    try:
        with night() as chain:
            before = chain.transactions()
            batch = only_batch(store)
            chain.anchor(store, batch)
            sent = chain.transactions() - before
            gas = chain.gas_of_anchor(store, batch.id)
    finally:
        store.close()
    return Part(
        "anchoring",
        f"{size:,} credentials on the chain",
        "credentials",
        figures=[
            Figure("transactions", sent, bar=Bar(Bound.AT_MOST, 1)),
            Figure("gas of the transaction", gas),
            Figure("gas for each credential", gas / size),
        ],
    )
