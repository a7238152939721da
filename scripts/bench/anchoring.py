"""What anchoring costs: a million credentials in one transaction, on a chain of its own."""

from typing import Final

from bench.harness import Bar, Bound, Figure, Part
from bench.nights import Night, Workspace, night, only_batch
from registry.store import open_store

_SIZE: Final = 1_000_000
_OTHER_SIZE: Final = 2


def measure(workspace: Workspace, *, largest: int) -> Part:
    """Anchor a sealed batch and count what was sent for it; then another of the same issuer."""
    size = min(_SIZE, largest)
    with night() as chain:
        before = chain.transactions()
        first = _gas(chain, workspace.sealed(size))
        sent = chain.transactions() - before
        later = _gas(chain, workspace.sealed(_OTHER_SIZE))
    return Part(
        "anchoring",
        f"{size:,} credentials on the chain",
        "credentials",
        figures=[
            Figure("transactions", sent, bar=Bar(Bound.AT_MOST, 1)),
            Figure("gas, an issuer's first anchor", first),
            Figure("gas for each credential, an issuer's first anchor", first / size),
            # Of another size, which the chain does not see: a seal has 32 bytes.
            Figure("gas, all anchors after", later),
            Figure("gas for each credential, all anchors after", later / size),
        ],
    )


def _gas(chain: Night, url: str) -> int:
    """Anchor the batch of a store; the gas of its transaction."""
    store = open_store(url)
    try:
        return chain.gas_of_anchor(store, chain.anchor(store, only_batch(store)).id)
    finally:
        store.close()
