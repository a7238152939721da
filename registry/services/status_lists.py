"""Status lists, derived from what the chains say: so list and chain cannot disagree.

A list says of each place only whether its credential is withdrawn, for good or for now: a reader
that knows one bit must not accept either (decision 16).
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from registry.core.tree import leaf_hash
from registry.errors import UnavailableError
from registry.services.exploring import LANES
from registry.services.ports import Anchor, Batch, Chain, CredentialStatus, Store
from registry.vc.status_list import LIST_SIZE

_PAGE: Final = 1_000
_AT_ONCE: Final = 4  # questions to a node


def withdrawn_places(
    store: Store, chains: Mapping[int, Chain], issuer: bytes, number: int
) -> frozenset[int]:
    """Places of the issuer's list `number` whose credentials some chain says are withdrawn.

    A credential that is not anchored yet is not withdrawn. Raises `UnavailableError` if a chain
    that has an anchor cannot be asked, does not know it, or if none of them is configured.
    """
    found: set[int] = set()
    for batch, places in places_by_batch(store, issuer, number * LIST_SIZE):
        if batch.head is None:
            continue
        leaves = enumerate(store.leaves(batch))
        indexes = {index: places[leaf] for index, leaf in leaves if leaf in places}
        anchors = [each.anchor for each in store.on_chains(batch.id) if each.anchor is not None]
        asked = [anchor for anchor in anchors if anchor.chain_id in chains]
        if anchors and not asked:
            raise UnavailableError(f"no node of a chain with batch {batch.id}", source="chain")
        for anchor in asked:
            chain = chains[anchor.chain_id]
            withdrawn = _withdrawn(chain, batch, batch.head.seal, anchor, indexes)
            found |= {indexes[index] for index in withdrawn}
    return frozenset(found)


def places_by_batch(
    store: Store, issuer: bytes, first: int
) -> Iterator[tuple[Batch, dict[bytes, int]]]:
    """Each batch with credentials in the list that begins at `first`: their places by leaf."""
    entries = store.status_entries(issuer, first=first, below=first + LIST_SIZE)
    batches: dict[int, dict[bytes, int]] = {}
    for start in range(0, len(entries), _PAGE):
        page = {
            entry.credential_hash: entry.position - first
            for entry in entries[start : start + _PAGE]
        }
        for stored in store.find_all_credentials(list(page)):
            if stored.issuer == issuer:
                leaf = leaf_hash(salt=stored.salt, credential_hash=stored.credential_hash)
                batches.setdefault(stored.batch_id, {})[leaf] = page[stored.credential_hash]
    for batch_id, places in batches.items():
        yield store.batch(batch_id), places


def _withdrawn(
    chain: Chain, batch: Batch, seal: bytes, anchor: Anchor, indexes: Iterable[int]
) -> Iterator[int]:
    """Those of the leaves that are suspended or revoked, in one block."""
    block = chain.head()
    if not chain.is_genuine(anchor.contract, at=block):
        raise UnavailableError("the node does not have the contract of a batch", source="chain")
    record = chain.anchor_record(anchor.contract, batch.issuer, seal, at=block)
    if record is None:
        # A node that lags, or a reorganisation: no reason to call anything active.
        raise UnavailableError("the node does not know the anchor of a batch", source="chain")
    wanted = list(indexes)
    if record.status is not CredentialStatus.ACTIVE:
        yield from wanted
        return

    def ask(word: int) -> int:
        return chain.status_word(anchor.contract, batch.issuer, seal, word, at=block)

    numbers = sorted({index // LANES for index in wanted})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        words = dict(zip(numbers, pool.map(ask, numbers), strict=True))
    for index in wanted:
        if words[index // LANES] >> (2 * (index % LANES)) & 0b11:
            yield index
