from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Connection, event

from registry.core.batch import BatchState
from registry.errors import StaleStateError
from registry.services.ports import Lease, Purpose
from registry.store import SqlStore
from tests.store.builders import (
    CHAIN,
    HOUR,
    ISSUER,
    LATER,
    NOW,
    OTHER,
    SECOND_CHAIN,
    anchor,
    anchored_batch,
    contents,
    lease,
    seal_of,
    sealed_batch,
    signed,
    status_change,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """One issuer's sealed batch, and one open change of an anchored one that is done on a chain."""

    batch: int
    change: int
    issuer: bytes


def desk(store: SqlStore, issuer: bytes) -> Desk:
    anchored = anchored_batch(store, range(3), issuer=issuer)
    batch = sealed_batch(store, range(3, 6), issuer=issuer)
    change = status_change(store, seal=seal_of(anchored), issuer=issuer)
    store.finish_status_change(change, lease=lease(store, issuer), chain_id=CHAIN, now=LATER)
    return Desk(batch.id, change, issuer)


def record_for_batch(store: SqlStore, desk: Desk, held: Lease) -> None:
    store.record_attempt(
        Purpose.ANCHOR, desk.batch, signed(nonce=1), lease=held, expected_attempts=0, now=LATER
    )


def record_for_change(store: SqlStore, desk: Desk, held: Lease) -> None:
    store.record_attempt(
        Purpose.STATUS,
        desk.change,
        signed(nonce=1, chain_id=SECOND_CHAIN),
        lease=held,
        expected_attempts=0,
        now=LATER,
    )


def set_chains(store: SqlStore, desk: Desk, held: Lease) -> None:
    store.set_chains(desk.batch, [CHAIN, SECOND_CHAIN], lease=held)


def move_batch(store: SqlStore, desk: Desk, held: Lease) -> None:
    store.move_batch(
        desk.batch,
        lease=held,
        chain_id=CHAIN,
        source=BatchState.SEALED,
        target=BatchState.ANCHORED,
        anchor=anchor(),
    )


def finish(store: SqlStore, desk: Desk, held: Lease) -> None:
    store.finish_status_change(desk.change, lease=held, chain_id=SECOND_CHAIN, now=LATER)


def close(store: SqlStore, desk: Desk, held: Lease) -> None:
    store.close_status_changes(desk.issuer, [CHAIN], lease=held, now=LATER)


Write = Callable[[SqlStore, Desk, Lease], None]
WRITES = [record_for_batch, record_for_change, set_chains, move_batch, finish, close]
each_write = pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)


def take_over(store: SqlStore, issuer: bytes = ISSUER) -> Lease:
    return store.acquire_lease(issuer, "another run", now=NOW + HOUR, duration=HOUR)


@each_write
def test_the_newest_lease_writes(store: SqlStore, write: Write) -> None:
    mine = desk(store, ISSUER)
    held = lease(store)
    before = contents(store)
    write(store, mine, held)
    assert contents(store) != before


@each_write
def test_a_lease_that_was_taken_over_changes_nothing(store: SqlStore, write: Write) -> None:
    mine = desk(store, ISSUER)
    held = lease(store)
    newer = take_over(store)
    before = contents(store)
    with pytest.raises(StaleStateError, match="another run has taken over"):
        write(store, mine, held)
    assert contents(store) == before
    write(store, mine, newer)
    assert contents(store) != before


@each_write
def test_a_lease_that_its_holder_took_anew_fences_off_the_old(
    store: SqlStore, write: Write
) -> None:
    mine = desk(store, ISSUER)
    held = lease(store)
    store.release_lease(held)
    assert lease(store).holder == held.holder
    before = contents(store)
    with pytest.raises(StaleStateError):
        write(store, mine, held)
    assert contents(store) == before


@each_write
def test_a_lease_for_one_issuer_changes_nothing_of_another(store: SqlStore, write: Write) -> None:
    theirs = desk(store, OTHER)
    desk(store, ISSUER)
    held = lease(store)
    before = contents(store)
    with pytest.raises(StaleStateError):
        write(store, theirs, held)
    assert contents(store) == before


@each_write
@pytest.mark.parametrize("wrong", [{"token": 2}, {"token": 0}, {"holder": "b"}, {"issuer": OTHER}])
def test_a_lease_that_was_never_given_changes_nothing(
    store: SqlStore, write: Write, wrong: dict[str, object]
) -> None:
    mine = desk(store, ISSUER)
    forged = replace(lease(store), **wrong)  # type: ignore[arg-type] # any one of the fields
    before = contents(store)
    with pytest.raises(StaleStateError):
        write(store, mine, forged)
    assert contents(store) == before


@each_write
def test_a_lease_that_ran_out_counts_until_somebody_takes_it(store: SqlStore, write: Write) -> None:
    mine = desk(store, ISSUER)
    short = store.acquire_lease(ISSUER, "the run", now=NOW - 9 * HOUR, duration=HOUR)
    before = contents(store)
    write(store, mine, short)
    assert contents(store) != before


@each_write
def test_nobody_takes_over_in_the_middle_of_a_write(store: SqlStore, write: Write) -> None:
    mine = desk(store, ISSUER)
    held = lease(store)
    attempts: list[Future[Lease]] = []

    def interrupt(_connection: Connection) -> None:
        if attempts:
            return  # the other run's own
        attempts.append(pool.submit(take_over, store))
        with pytest.raises(NotYetError):
            attempts[0].result(timeout=0.2)

    before = contents(store)
    with ThreadPoolExecutor(1) as pool:
        event.listen(store._database._engine, "commit", interrupt)
        write(store, mine, held)
        assert attempts[0].result().token == 2
    event.remove(store._database._engine, "commit", interrupt)
    after = contents(store)
    assert {name for name in after if after[name] != before[name]} > {"leases"}
