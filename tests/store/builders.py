"""Values for store tests, and a look at everything a store holds."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import select

from registry.core.batch import BatchState
from registry.core.canonical import Canonicalization
from registry.core.new_credentials import NewCredentials, new_credentials
from registry.core.tree import leaf_hash
from registry.services.ports import (
    Anchor,
    Attempt,
    Batch,
    CredentialStatus,
    Fees,
    Lease,
    Purpose,
    SignedTransaction,
    StoredCredential,
    UnsignedTransaction,
)
from registry.store import SqlStore
from registry.store.schema import metadata

ISSUER = b"\x11" * 20
OTHER = b"\x22" * 20
SENDER = b"\x33" * 20
NOW = datetime(2026, 3, 1, 2, 30, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
HOUR = timedelta(hours=1)
CHAIN = 31337
SECOND_CHAIN = 31338


class Credential(NamedTuple):
    credential_hash: bytes
    salt: bytes
    canonicalization: Canonicalization


def credential(number: int) -> Credential:
    return Credential(
        credential_hash=sha256(f"credential {number}".encode()).digest(),
        salt=sha256(f"salt {number}".encode()).digest(),
        # Both kinds, and rarely a change from one to the other, which ends a staged chunk.
        canonicalization=Canonicalization.RAW if number % 64 == 1 else Canonicalization.JCS,
    )


def stored(batch: Batch, number: int) -> StoredCredential:
    """A credential as the store has it in a batch."""
    digest, salt, kind = credential(number)
    return StoredCredential(batch.issuer, digest, salt, kind, batch.id, NOW)


def new(*some: Credential) -> Iterator[NewCredentials]:
    """On their way into the store, one by one."""
    for digest, salt, kind in some:
        yield new_credentials([digest], kind, salts=[salt])


def part_of(some: Sequence[Credential]) -> NewCredentials:
    """Many at once, as they come out of a file; none are of another kind, as what was refused."""
    kind = Canonicalization.JCS if some else Canonicalization.RAW
    hashes, salts = [each.credential_hash for each in some], [each.salt for each in some]
    return new_credentials(hashes, kind, salts=salts)


def credentials(numbers: Iterable[int]) -> Iterator[NewCredentials]:
    return (each for number in numbers for each in new(credential(number)))


def leaf(number: int) -> bytes:
    digest, salt, _ = credential(number)
    return leaf_hash(salt=salt, credential_hash=digest)


def sorted_leaves(numbers: Iterable[int]) -> list[bytes]:
    return sorted(leaf(number) for number in numbers)


def sealed_batch(store: SqlStore, numbers: Iterable[int], *, issuer: bytes = ISSUER) -> Batch:
    store.add_credentials(issuer, credentials(numbers), now=NOW)
    batch = store.seal_open_batch(issuer, now=LATER)
    assert batch is not None
    return batch


def lease(store: SqlStore, issuer: bytes = ISSUER, *, holder: str = "the run") -> Lease:
    """The issuer's lease from `NOW`; asking again changes nothing."""
    return store.acquire_lease(issuer, holder, now=NOW, duration=HOUR)


def move(
    store: SqlStore,
    batch: Batch,
    source: BatchState,
    target: BatchState,
    *,
    chain_id: int = CHAIN,
    found: Anchor | None = None,
    held: Lease | None = None,
    final_at: datetime | None = None,
) -> None:
    """Move a batch on a chain; to `anchored` with the builder's anchor, unless another is given."""
    if target is BatchState.ANCHORED and found is None:
        found = anchor(chain_id=chain_id)
    store.move_batch(
        batch.id,
        lease=lease(store, batch.issuer) if held is None else held,
        chain_id=chain_id,
        source=source,
        target=target,
        anchor=found,
        final_at=final_at,
    )


def anchored_batch(store: SqlStore, numbers: Iterable[int], *, issuer: bytes = ISSUER) -> Batch:
    batch = sealed_batch(store, numbers, issuer=issuer)
    move(store, batch, BatchState.SEALED, BatchState.ANCHORED)
    return store.batch(batch.id)


def record(
    store: SqlStore,
    subject: int,
    transaction: SignedTransaction,
    *,
    expected: int,
    purpose: Purpose = Purpose.ANCHOR,
    issuer: bytes = ISSUER,
) -> Attempt:
    return store.record_attempt(
        purpose,
        subject,
        transaction,
        lease=lease(store, issuer),
        expected_attempts=expected,
        now=LATER,
    )


def status_change(
    store: SqlStore, *, seal: bytes = b"\x01" * 32, reason: int = 0, issuer: bytes = ISSUER
) -> int:
    return store.request_status(
        issuer=issuer,
        seal=seal,
        leaf_indexes=[1],
        status=CredentialStatus.REVOKED,
        reason=reason,
        now=NOW,
    ).id


def seal_of(batch: Batch) -> bytes:
    assert batch.head is not None
    return batch.head.seal


def anchor(*, chain_id: int = CHAIN, block_number: int = 7) -> Anchor:
    return Anchor(
        chain_id=chain_id,
        contract=b"\x44" * 20,
        transaction=b"\x55" * 32,
        block_number=block_number,
        block_hash=block_number.to_bytes(32, "big"),
        log_index=3,
        anchored_at=LATER,
    )


def signed(
    *,
    nonce: int,
    max_fee: int = 10**9,
    chain_id: int = CHAIN,
    sender: bytes = SENDER,
    label: str = "",
) -> SignedTransaction:
    unsigned = UnsignedTransaction(
        chain_id=chain_id,
        sender=sender,
        nonce=nonce,
        to=b"\x44" * 20,
        data=b"\x01",
        gas=60_000,
        fees=Fees(max_fee=max_fee, priority_fee=max_fee // 10),
    )
    raw = f"{chain_id} {sender.hex()} {nonce} {max_fee} {label}".encode()
    return SignedTransaction(unsigned=unsigned, raw=raw, transaction=sha256(raw).digest())


def contents(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, to show that an operation changed nothing."""
    with store._database.read() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }
