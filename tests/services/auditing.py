"""An auditor at work on an office: what is asked, what is shown, and what comes of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256

from registry.chain import ChainRecord, EvmChain, RecordedHistory
from registry.core.tiles import build_tiles, split_hashes
from registry.errors import NotFoundError
from registry.services.audit import AuditOptions, AuditReport, Given, audit
from registry.services.disclosing import StoreDisclosure
from registry.services.findings import FindingCode
from registry.services.ports import (
    Batch,
    DisclosedBatch,
    DisclosedList,
    Disclosure,
    Opening,
)
from registry.services.verification import Evidence
from tests.services.office import Office, utc_now

PROMISED = timedelta(hours=26)
OPTIONS = AuditOptions(program="test", promised=PROMISED, tolerance=timedelta(days=7))
Change = Callable[[ChainRecord], ChainRecord]


@dataclass
class Shown:
    """What an issuer shows, as a test would have it: all of the store's, unless it says other."""

    store: StoreDisclosure
    changes: dict[bytes, dict[str, object]] = field(default_factory=dict)
    more: list[DisclosedBatch] = field(default_factory=list)
    hidden: set[bytes] = field(default_factory=set)
    other_leaves: dict[bytes, bytes] = field(default_factory=dict)
    other_openings: dict[bytes, list[Opening]] = field(default_factory=dict)
    lists: list[DisclosedList] = field(default_factory=list)

    @classmethod
    def by(cls, office: Office) -> "Shown":
        return cls(StoreDisclosure(office.store, office.issuer))

    def batches(self) -> list[DisclosedBatch]:
        found = [replace(b, **self.changes.get(b.seal, {})) for b in self.store.batches()]  # type: ignore[arg-type] # a test's own words
        return [*found, *self.more]

    def leaves(self, seal: bytes) -> Iterator[bytes]:
        if seal in self.hidden:
            raise NotFoundError("the leaves are not shown")
        if seal in self.other_leaves:
            yield self.other_leaves[seal]
        else:
            yield from self.store.leaves(seal)

    def openings(self, seal: bytes) -> Iterator[Opening] | None:
        if seal in self.other_openings:
            return iter(self.other_openings[seal])
        if seal in self.other_leaves or seal in self.hidden:
            return None
        return self.store.openings(seal)

    def status_lists(self) -> Iterator[DisclosedList]:
        yield from self.lists

    def leaves_of(self, seal: bytes) -> list[bytes]:
        return split_hashes(b"".join(self.store.leaves(seal)))


def record(
    office: Office, disclosure: Disclosure | None = None, chain: EvmChain | None = None
) -> ChainRecord:
    """The record of the office's chain, or of what another node says of it."""
    assert isinstance(office.chain, EvmChain)
    asked = office.chain if chain is None else chain
    shown = Shown.by(office) if disclosure is None else disclosure
    sizes = {batch.seal: batch.tree_size for batch in shown.batches()}
    return asked.record(office.issuer, sizes, number=None, step=lambda *_: None)


def audited(
    office: Office,
    disclosure: Disclosure | None = None,
    *,
    chain: EvmChain | None = None,
    change: Change | None = None,
    given: Iterable[Given] = (),
    options: AuditOptions = OPTIONS,
) -> AuditReport:
    """Audit an office; final blocks are all that count."""
    shown = Shown.by(office) if disclosure is None else disclosure
    found = record(office, shown, chain)
    history = RecordedHistory(found if change is None else change(found))
    return audit([history], shown, batches=shown.batches(), options=options, given=given)


def codes(report: AuditReport) -> list[FindingCode]:
    return [finding.code for finding in report.findings]


def settle(office: Office) -> None:
    """Make everything so far final."""
    office.anvil.mine(3)


def wait(office: Office, time: timedelta) -> None:
    """Let time pass on the chain."""
    office.anvil.ask("evm_increaseTime", hex(int(time.total_seconds())))
    office.anvil.mine()


def as_shown(batch: Batch) -> DisclosedBatch:
    """A batch of the store as it is shown, without anchors."""
    assert batch.head is not None
    assert batch.sealed_at is not None
    head = batch.head
    return DisclosedBatch(
        seal=head.seal,
        merkle_root=head.merkle_root,
        tree_size=head.tree_size,
        opened_at=batch.opened_at,
        sealed_at=batch.sealed_at,
        anchors=(),
    )


def tree_of(leaves: Sequence[bytes]) -> DisclosedBatch:
    """A batch of leaves that no store knows."""
    head = build_tiles(sorted(leaves), lambda _: None)
    now = utc_now()
    return DisclosedBatch(head.seal, head.merkle_root, head.tree_size, now, now, ())


def opened(opening: Opening) -> bytes:
    return sha256(opening.salt + opening.credential_hash).digest()


def given(name: str, credential: bytes | None, receipt: bytes | None = None) -> Given:
    return Given(name, lambda: Evidence(credential=credential, receipt=receipt))
