"""Whether the published status lists say of each credential what the chain says."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from registry.errors import VerificationError
from registry.services.audit.evidence import where
from registry.services.audit.statuses import WorstStatuses
from registry.services.findings import Finding, FindingCode
from registry.services.ports import CredentialStatus, DisclosedList, History, Place

_WHOLE: Final = -1  # in place of a leaf: the whole seal


def check_list(histories: Sequence[History], published: DisclosedList) -> Iterator[Finding | str]:
    """One finding for a list, that names the first credential and how many more.

    A list withdraws what any of the chains withdraws. A sentence if the state does not prove a
    status, or may have changed after the block.
    """
    worst = WorstStatuses(histories)
    unsettled = _unsettled(histories)
    differing = []
    excused = unproved = 0
    for position, place in sorted(published.credentials.items()):
        is_withdrawn = position in published.withdrawn
        try:
            status = worst.of(place)
        except VerificationError:
            unproved += 1
            continue
        if is_withdrawn is (status is not CredentialStatus.ACTIVE):
            continue
        if _may_have_become(status, place, unsettled, is_withdrawn=is_withdrawn):
            excused += 1
        else:
            differing.append((position, place))
    if unproved:
        yield (
            f"status list {published.number}: {unproved:,} of its places are of seals whose state "
            "is not proved"
        )
    if excused:
        yield (
            f"status list {published.number}: {excused:,} of its places are what later events "
            "made them, which are not final"
        )
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
            histories[0],
            list=published.number,
            position=position,
            seal=place.seal.hex(),
            leafIndex=place.leaf_index,
            count=len(differing),
        ),
    )


def _may_have_become(
    status: CredentialStatus,
    place: Place,
    unsettled: Mapping[Place, set[CredentialStatus]],
    *,
    is_withdrawn: bool,
) -> bool:
    """Whether a change after the block explains what a list says: no revocation is ever undone."""
    whole = unsettled.get(Place(place.seal, _WHOLE), set())
    became = unsettled.get(place, set()) | whole
    if is_withdrawn:
        return bool(became - {CredentialStatus.ACTIVE})
    return CredentialStatus.ACTIVE in became and status is not CredentialStatus.REVOKED


def _unsettled(histories: Sequence[History]) -> dict[Place, set[CredentialStatus]]:
    """What became of places after the blocks, so that the list may be newer than they."""
    found: dict[Place, set[CredentialStatus]] = {}
    for change in chain.from_iterable(history.unsettled() for history in histories):
        for index in [_WHOLE] if change.leaf_indexes is None else change.leaf_indexes:
            found.setdefault(Place(change.seal, index), set()).add(change.status)
    return found
