"""What an issuer shows an auditor, from its own store."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from registry.errors import NotFoundError
from registry.services.ports import (
    Batch,
    DisclosedBatch,
    DisclosedList,
    Opening,
    Place,
    Store,
)
from registry.services.status_lists import places_by_batch
from registry.vc.status_list import LIST_SIZE

_LEAVES_AT_ONCE: Final = 4096
_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class StoreDisclosure:
    """Implements `registry.services.ports.Disclosure`."""

    store: Store
    issuer: bytes

    def batches(self) -> list[DisclosedBatch]:
        """Every sealed batch of the issuer, the oldest first."""
        found = [self._shown(batch) for batch in self._batches()]
        return [batch for batch in reversed(found) if batch is not None]

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Leaves of a batch in their order, some at a time. Raises `NotFoundError`."""
        leaves = iter(self.store.leaves(self._with_seal(seal)))
        while some := b"".join(islice(leaves, _LEAVES_AT_ONCE)):
            yield some

    def openings(self, seal: bytes) -> Iterator[Opening]:
        """What the leaves of a batch are made of, in their order."""
        for page in self.store.batch_credentials(self._with_seal(seal)):
            for each in page:
                yield Opening(each.credential_hash, each.salt)

    def status_lists(self) -> Iterator[DisclosedList]:
        """None: a store keeps none.

        They are made of what the chain says when somebody asks for them, so that only what an API
        or a bundle publishes can differ from it.
        """
        return iter(())

    def places(self, number: int) -> dict[int, Place]:
        """Where the credentials of a status list stand, by their places in it."""
        found: dict[int, Place] = {}
        for batch, places in places_by_batch(self.store, self.issuer, number * LIST_SIZE):
            if batch.head is not None:
                indexes = enumerate(self.store.leaves(batch))
                found |= {
                    places[leaf]: Place(batch.head.seal, index)
                    for index, leaf in indexes
                    if leaf in places
                }
        return found

    def _batches(self) -> Iterator[Batch]:
        before: int | None = None
        while page := self.store.batches(issuer=self.issuer, before_id=before):
            yield from page
            before = page[-1].id

    def _shown(self, batch: Batch) -> DisclosedBatch | None:
        if batch.head is None or batch.sealed_at is None:
            return None
        return DisclosedBatch(
            seal=batch.head.seal,
            merkle_root=batch.head.merkle_root,
            tree_size=batch.head.tree_size,
            opened_at=batch.opened_at,
            sealed_at=batch.sealed_at,
            anchors=tuple(self.store.anchors(batch.id)),
        )

    def _with_seal(self, seal: bytes) -> Batch:
        for batch in self.store.batches_with_seal(seal):
            if batch.issuer == self.issuer:
                return batch
        raise NotFoundError(f"the store has no batch of seal {seal.hex()}")
