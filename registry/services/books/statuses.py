"""Whether the chain holds the statuses that the store says were set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from registry.errors import NotFoundError
from registry.services.books.anchors import reached_head
from registry.services.findings import Finding, FindingCode
from registry.services.ports import (
    Anchor,
    Chain,
    CredentialStatus,
    StatusChange,
    Store,
)

# The store numbers changes and lists the open ones alone. Numbers that a database gave to nobody
# are few: this many in a row are taken for the end.
_GAP: Final = 64


@dataclass(slots=True)
class Wanted:
    """What a status may be: as the last change that is done says, or as later ones would have it.

    `perhaps` are of changes refused after it: refused on one chain, they may hold on another.
    """

    may_be: set[CredentialStatus] = field(default_factory=lambda: {CredentialStatus.ACTIVE})
    perhaps: set[CredentialStatus] = field(default_factory=set)

    def add(self, change: StatusChange) -> None:
        """Take in the next change."""
        if change.refusal is not None:
            self.perhaps.add(change.status)
        elif change.done_at is None:
            self.may_be.add(change.status)
        else:
            self.may_be, self.perhaps = {change.status}, set()


Leaf = int | None  # None: the whole seal
Statuses = dict[Leaf, Wanted]


def changes_of(store: Store, issuer: bytes) -> Iterator[StatusChange]:
    """Every status change of an issuer, open or done, oldest first."""
    newest_open = max((change.id for change in store.open_status_changes()), default=0)
    number, missing = 1, 0
    while missing < _GAP or number <= newest_open:
        try:
            change = store.status_change(number)
        except NotFoundError:
            missing += 1
        else:
            missing = 0
            if change.issuer == issuer:
                yield change
        number += 1


def wanted_statuses(changes: Iterable[StatusChange]) -> dict[bytes, Statuses]:
    """By seal and leaf, what the changes make of them. Memory grows with what was changed."""
    wanted: dict[bytes, Statuses] = {}
    for change in changes:
        leaves = [None] if change.leaf_indexes is None else change.leaf_indexes
        for leaf in leaves:
            wanted.setdefault(change.seal, {}).setdefault(leaf, Wanted()).add(change)
    return wanted


def check_statuses(
    store: Store, chain: Chain, issuer: bytes, wanted: dict[bytes, Statuses]
) -> Iterator[Finding]:
    """That statuses on a chain are what the changes make of them, for seals that stand there."""
    for seal, statuses in wanted.items():
        for batch in store.batches_with_seal(seal):
            if batch.issuer != issuer:
                continue
            standings = store.on_chains(batch.id)
            is_several = len(standings) > 1
            for standing in standings:
                anchor = standing.anchor
                if standing.chain_id == chain.chain_id and anchor is not None:
                    yield from _check_seal(
                        chain, issuer, seal, anchor, statuses, on_several=is_several
                    )


def _check_seal(
    chain: Chain,
    issuer: bytes,
    seal: bytes,
    anchor: Anchor,
    statuses: Statuses,
    *,
    on_several: bool,
) -> Iterator[Finding]:
    head = reached_head(chain, anchor)
    record = chain.anchor_record(anchor.contract, issuer, seal, at=head)
    if record is None:
        return  # another question's finding
    whole = _possible(statuses.get(None, Wanted()), on_several=on_several)
    for leaf, wanted in statuses.items():
        if leaf is None:
            found, possible = record.status, whole
        else:
            found = chain.credential_status(anchor.contract, issuer, seal, leaf, at=head)
            # The worse of the seal's and its own is what holds.
            own = _possible(wanted, on_several=on_several)
            possible = {max(some, other) for some in own for other in whole}
        if found not in possible:
            yield _finding(chain, seal, leaf, found, possible)


def _possible(wanted: Wanted, *, on_several: bool) -> set[CredentialStatus]:
    return wanted.may_be | wanted.perhaps if on_several else wanted.may_be


def _finding(
    chain: Chain,
    seal: bytes,
    leaf: Leaf,
    found: CredentialStatus,
    possible: set[CredentialStatus],
) -> Finding:
    what = "the seal" if leaf is None else f"leaf {leaf} of seal"
    expected = " or ".join(status.name.lower() for status in sorted(possible))
    return Finding(
        FindingCode.STATUS_DIFFERS,
        f"{what} {seal.hex()} is {found.name.lower()} on chain {chain.chain_id}, "
        f"the changes that are done make it {expected}",
        {
            "chain": chain.chain_id,
            "seal": seal.hex(),
            "leafIndex": leaf,
            "status": found.name.lower(),
            "expected": expected,
        },
    )
