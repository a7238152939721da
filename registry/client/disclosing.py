"""What an issuer shows an auditor, from its API."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from registry.client.models import AnchorOut, BatchOut
from registry.client.reading import Reader
from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.services.ports import Anchor, DisclosedBatch, DisclosedList, Place
from registry.vc.status_list import set_places

_LEAVES_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True)
class ApiDisclosure:
    """Implements `registry.services.ports.Disclosure`.

    Whose places are in a status list no API tells: `places` gives them by the list's number, or
    none of a list that is not known.
    """

    api: Reader
    issuer: bytes
    places: Callable[[int], dict[int, Place]]

    def batches(self) -> list[DisclosedBatch]:
        """Every sealed batch of the issuer, the oldest first."""
        found = [_disclosed(batch) for batch in self.api.batches(issuer=self.issuer)]
        return [batch for batch in reversed(found) if batch is not None]

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        """Leaves of a batch in their order, some at a time. Raises `NotFoundError`."""
        leaves = self.api.leaves_as_shown(seal)
        while some := b"".join(islice(leaves, _LEAVES_AT_ONCE)):
            yield some

    def openings(self, seal: bytes) -> None:
        """None: an API tells nobody what leaves are made of."""

    def status_lists(self) -> Iterator[DisclosedList]:
        """The published status lists whose places are known."""
        number = 0
        while places := self.places(number):
            yield DisclosedList(number, self._withdrawn(number), places)
            number += 1

    def _withdrawn(self, number: int) -> frozenset[int]:
        try:
            return set_places(self.api.status_list(self.issuer, number))
        except NotFoundError:
            return frozenset()  # then nobody can see a withdrawal
        except InvalidInputError as exc:
            raise UnavailableError(f"status list {number}: {exc}", source="API") from exc


def _disclosed(batch: BatchOut) -> DisclosedBatch | None:
    """None for a batch that is open."""
    if (
        batch.seal is None
        or batch.merkle_root is None
        or batch.tree_size is None
        or batch.sealed_at is None
    ):
        return None
    return DisclosedBatch(
        seal=batch.seal,
        merkle_root=batch.merkle_root,
        tree_size=batch.tree_size,
        opened_at=batch.opened_at,
        sealed_at=batch.sealed_at,
        anchors=tuple(map(_anchor, batch.anchors)),
    )


def _anchor(anchor: AnchorOut) -> Anchor:
    return Anchor(
        chain_id=anchor.chain,
        contract=anchor.contract,
        transaction=anchor.transaction,
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        log_index=anchor.log_index,
        anchored_at=anchor.anchored_at,
    )
