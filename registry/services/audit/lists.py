"""Whether the published status lists say of each credential what the chain says."""

from collections.abc import Iterator, Mapping
from typing import Final

from registry.services.audit.evidence import where
from registry.services.audit.statuses import SealStatuses, proved_statuses
from registry.services.findings import Finding, FindingCode
from registry.services.ports import CredentialStatus, DisclosedList, History, Place

_WHOLE: Final = -1  # in place of a leaf: the whole seal


def check_list(history: History, published: DisclosedList) -> Iterator[Finding]:
    """One finding for a list, that names the first credential and how many more."""
    statuses = _statuses(history, published.credentials)
    unsettled = _unsettled(history)
    differing = [
        (position, place)
        for position, place in sorted(published.credentials.items())
        if (position in published.withdrawn) is not _is_withdrawn(statuses, place)
        and not unsettled & {place, Place(place.seal, _WHOLE)}
    ]
    if not differing:
        return
    position, place = differing[0]
    said = "withdrawn" if position in published.withdrawn else "not withdrawn"
    more = "" if len(differing) == 1 else f", and {len(differing) - 1:,} more differ"
    yield Finding(
        FindingCode.STATUS_LIST_DIFFERS,
        f"status list {published.number} says that leaf {place.leaf_index} of seal "
        f"{place.seal.hex()} is {said}; the chain says otherwise{more}",
        where(
            history,
            list=published.number,
            position=position,
            seal=place.seal.hex(),
            leafIndex=place.leaf_index,
            count=len(differing),
        ),
    )


def _unsettled(history: History) -> set[Place]:
    """Places whose status changed after the block, so that the list may be newer than it."""
    return {
        Place(change.seal, index)
        for change in history.unsettled()
        for index in ([_WHOLE] if change.leaf_indexes is None else change.leaf_indexes)
    }


def _statuses(history: History, credentials: Mapping[int, Place]) -> dict[bytes, SealStatuses]:
    seals = {place.seal for place in credentials.values()}
    return {seal: proved_statuses(history, seal) for seal in sorted(seals)}


def _is_withdrawn(statuses: Mapping[bytes, SealStatuses], place: Place) -> bool:
    return statuses[place.seal].of(place.leaf_index) is not CredentialStatus.ACTIVE
