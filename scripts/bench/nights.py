"""Stores and chains to measure on: sealed stores by size, and nights on a real Anvil."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from synthetic import credentials

from registry.chain import (
    DEVELOPMENT_CHAIN_ID,
    Devnet,
    EvmChain,
    Rpc,
    deploy,
    deterministic_address,
    development_signer,
)
from registry.core.batch import BatchState
from registry.core.new_credentials import NewCredentials
from registry.services.anchoring import Anchoring
from registry.services.ports import Batch
from registry.services.sending import Sending
from registry.store import SqlStore, open_store
from registry.wiring import utc_now

ISSUER: Final = development_signer().address


@dataclass
class Workspace:
    """Where everything is made, and the stores that are there already, each of one sealed batch."""

    folder: Path
    _sealed: dict[int, Path] = field(default_factory=dict)

    def keep(self, size: int, database: Path) -> None:
        """Let later parts use a store of one sealed batch of this size."""
        self._sealed[size] = database

    def sealed(self, size: int) -> str:
        """URL of a store with a sealed batch of this size; made if there is none yet."""
        if size not in self._sealed:
            database = self.folder / f"sealed-{size}.db"
            store = open_store(sqlite_url(database))
            store.add_credentials(ISSUER, credentials(size), now=utc_now())
            store.seal_open_batch(ISSUER, now=utc_now())
            store.close()
            self._sealed[size] = database
        return sqlite_url(self._sealed[size])


def sqlite_url(database: Path) -> str:
    """The setting `database` of a file."""
    return f"sqlite:///{database}"


def only_batch(store: SqlStore) -> Batch:
    """The batch of a store that has one."""
    (batch,) = store.batches(issuer=ISSUER)
    return batch


@dataclass(frozen=True, slots=True)
class Night:
    """A chain of one's own, with the contract."""

    chain: EvmChain
    rpc: Rpc

    def anchor(self, store: SqlStore, batch: Batch) -> Batch:
        """Anchor a sealed batch, until it is final."""
        sending = Sending(store, self.chain, development_signer(), utc_now, timedelta(hours=1))
        anchoring = Anchoring(store, self.chain, sending)
        lease = store.acquire_lease(ISSUER, "bench", now=utc_now(), duration=timedelta(minutes=10))
        while batch.state is not BatchState.FINAL:
            batch = anchoring.advance(batch, lease=lease)
            self.rpc.ask("anvil_mine", "0x1")
        store.release_lease(lease)
        return batch

    def whole(self, store: SqlStore, some: Iterable[NewCredentials]) -> Batch:
        """Add credentials, seal them, and anchor the batch until it is final."""
        store.add_credentials(ISSUER, some, now=utc_now())
        batch = store.seal_open_batch(ISSUER, now=utc_now())
        if batch is None:
            raise SystemExit("nothing was sealed")
        return self.anchor(store, batch)

    def transactions(self) -> int:
        """How many the issuer has sent."""
        return self.chain.next_nonce(ISSUER)

    def gas_of_anchor(self, store: SqlStore, batch_id: int) -> int:
        """What the transaction that anchored a batch used."""
        (on_chain,) = store.on_chains(batch_id)
        if on_chain.anchor is None:
            raise SystemExit("the batch is not anchored")
        transaction = "0x" + on_chain.anchor.transaction.hex()
        receipt = self.rpc.ask("eth_getTransactionReceipt", transaction)
        return receipt.member("gasUsed").quantity()


@contextmanager
def night(*, block_time: int | None = None) -> Iterator[Night]:
    """An Anvil that lives as long as the context, and mines as `Devnet` does."""
    with Devnet(block_time=block_time) as devnet:
        chain = EvmChain(
            chain_id=DEVELOPMENT_CHAIN_ID, rpc_url=devnet.url, contract=deterministic_address()
        )
        deploy(chain, development_signer())
        rpc = Rpc(devnet.url)
        try:
            yield Night(chain, rpc)
        finally:
            rpc.close()
            chain.close()
