"""An issuer's office: its store, its key, and a real chain that a test may turn and twist."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from registry.chain import LocalSigner, development_signer
from registry.chain.contract import seal_anchored_topic
from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.core.receipt import Receipt
from registry.errors import NotFoundError
from registry.services.anchoring import Anchoring
from registry.services.hashing import Submission
from registry.services.intake import add_credentials
from registry.services.nightly import Nightly
from registry.services.ports import Attempt, Batch, Chain, Lease, Purpose, Signer, Store
from registry.services.receipts import receipt_of
from registry.services.sending import Sending
from registry.services.status import StatusService, advance_status_changes
from registry.services.verification import Verification
from tests.anvil import Anvil

ISSUER = development_signer().address


def utc_now() -> datetime:
    return datetime.now(UTC)


def anchor_events(anvil: Anvil, seal: bytes) -> int:
    """How often a seal was anchored on the chain as it stands, by anybody on any contract."""
    topics = ["0x" + seal_anchored_topic().hex(), None, "0x" + seal.hex()]
    logs = anvil.ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": topics})
    return len(list(logs.elements()))


@dataclass(frozen=True)
class Office:
    """Everything one issuer works with. Another process's office has the same store and chain."""

    store: Store
    anvil: Anvil
    chain: Chain
    signer: Signer | None
    issuer: bytes = ISSUER
    holder: str = "office"
    replace_after: timedelta = timedelta(hours=1)
    lease_time: timedelta = timedelta(minutes=10)

    @property
    def sending(self) -> Sending:
        return Sending(self.store, self.chain, self.signer, utc_now, self.replace_after)

    @property
    def anchoring(self) -> Anchoring:
        return Anchoring(self.store, self.chain, self.sending)

    @property
    def nightly(self) -> Nightly:
        """The nightly job, for which a block is mined whenever it waits."""
        return self.nightly_on(self.anchoring)

    def nightly_on(self, *anchorings: Anchoring) -> Nightly:
        """The nightly job on several chains."""
        return Nightly(
            store=self.store,
            anchorings=anchorings,
            holder=self.holder,
            lease_time=self.lease_time,
            clock=utc_now,
            sleep=lambda _: self._wait(),
            poll_seconds=1,
        )

    def _wait(self) -> None:
        # Not at once: a run that waits for another's lease would mine thousands of blocks, and
        # Anvil forgets the fees of blocks so far back, even if a test puts it back to them.
        time.sleep(0.02)
        self.anvil.mine()

    def lease(self) -> Lease:
        """The issuer's lease, as this office has it."""
        return self.store.acquire_lease(
            self.issuer, self.holder, now=utc_now(), duration=self.lease_time
        )

    @property
    def statuses(self) -> StatusService:
        return StatusService(self.store)

    def with_signer(self, signer: Signer | None) -> "Office":
        return replace(self, signer=signer)

    def with_chain(self, chain: Chain) -> "Office":
        return replace(self, chain=chain)

    def add(self, files: Iterable[bytes], kind: Canonicalization = Canonicalization.RAW) -> None:
        submissions = [Submission(str(place), data, kind) for place, data in enumerate(files)]
        add_credentials(self.store, self.issuer, submissions, now=utc_now())

    def sealed(self, *names: str) -> Batch:
        """Seal a batch of one raw file for each name."""
        self.add(name.encode() for name in names or ("diploma",))
        batch = self.store.seal_open_batch(self.issuer, now=utc_now())
        assert batch is not None
        return batch

    def advance(self, batch: Batch) -> Batch:
        """One move, with a lease only as long as it takes."""
        lease = self.lease()
        try:
            return self.anchoring.advance(self.store.batch(batch.id), lease=lease)
        finally:
            self.store.release_lease(lease)

    def anchored(self, *names: str) -> Batch:
        """Seal and anchor a batch, which is not final yet; needs automine."""
        batch = self.sealed(*names)
        for _ in range(200):  # Anvil answers before the block is made, on a busy machine
            batch = self.advance(batch)
            if batch.state is BatchState.ANCHORED:
                return batch
        raise AssertionError(f"{batch.id} is {batch.state}")

    def final(self, *names: str) -> Batch:
        batch = self.anchored(*names)
        self.anvil.mine(3)
        return self.finish(batch)

    def finish(self, batch: Batch) -> Batch:
        """Advance a batch, and mine, until it is final."""
        for _ in range(6):
            batch = self.advance(batch)
            if batch.state is BatchState.FINAL:
                return batch
            self.anvil.mine()
        raise AssertionError(f"{batch.id} is {batch.state}")

    def finish_status_changes(self) -> None:
        """Carry out every open status change; needs automine."""
        for _ in range(20):
            if not self.store.open_status_changes(self.issuer):
                return
            self.advance_status_changes()
            self.anvil.mine(3)
        raise AssertionError("status changes stay open")

    def advance_status_changes(self) -> None:
        """One move for them, with a lease only as long as it takes."""
        lease = self.lease()
        try:
            advance_status_changes(self.sending, self.store, self.issuer, lease=lease)
            chains = [self.chain.chain_id]
            self.store.close_status_changes(self.issuer, chains, lease=lease, now=utc_now())
        finally:
            self.store.release_lease(lease)

    def attempts(self, batch: Batch) -> list[Attempt]:
        return self.store.attempts(Purpose.ANCHOR, batch.id)

    def nonce(self) -> int:
        """Transactions of the sender that are in blocks."""
        assert self.signer is not None
        return self.chain.next_nonce(self.signer.address)

    def events(self, batch: Batch) -> int:
        assert batch.head is not None
        return anchor_events(self.anvil, batch.head.seal)

    def receipt(self, name: str) -> Receipt:
        return self.receipt_of(name.encode())

    def receipt_of(self, data: bytes) -> Receipt:
        return receipt_of(self.store, sha256(data).digest())

    def verification(self, *, with_store: bool = False) -> Verification:
        return verification(self.chain, self.store if with_store else None)


def verification(chain: Chain, store: Store | None = None) -> Verification:
    """Verify with a chain, and a store to look receipts up in."""

    def find(credential_hash: bytes) -> Receipt:
        if store is None:
            raise NotFoundError("there is no store")
        return receipt_of(store, credential_hash)

    return Verification(
        chains={chain.chain_id: chain},
        trusted={},
        clock=utc_now,
        find_receipt=None if store is None else find,
    )


def digest(name: str) -> bytes:
    return sha256(name.encode()).digest()


def stranger(account: int = 5) -> LocalSigner:
    """A key with money and without rights."""
    return development_signer(account)


PATIENCE = timedelta(seconds=30)
