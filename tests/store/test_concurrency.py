import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from threading import Barrier, Event

from sqlalchemy import text

from registry.core.batch import UNFINISHED, BatchState, least
from registry.core.tree import leaf_hash
from registry.errors import LeaseHeldError, StaleStateError
from registry.services.ports import Added, Attempt, Batch, Purpose
from registry.store import SqlStore, open_store
from tests.databases import sqlite_url
from tests.store.builders import (
    CHAIN,
    HOUR,
    ISSUER,
    LATER,
    NOW,
    OTHER,
    SECOND_CHAIN,
    credential,
    credentials,
    leaf,
    move,
    record,
    sealed_batch,
    signed,
)

PROGRAM = str(Path(__file__).with_name("intake_process.py"))


def start_intake(url: str, first: int, *, size: int, chunks: int) -> subprocess.Popen[str]:
    arguments = [url, str(first), str(size), str(chunks)]
    return subprocess.Popen(
        [sys.executable, PROGRAM, *arguments], stdout=subprocess.PIPE, text=True
    )


def assert_nothing_is_lost(store: SqlStore, numbers: range) -> None:
    """Each credential is in one batch, and each batch's tree is just its credentials."""
    assert store.open_count(ISSUER) == 0
    batches = store.batches(limit=10_000)
    sealed = [value for batch in batches for value in store.leaves(batch)]
    assert sorted(sealed) == sorted(map(leaf, numbers))
    leaves = {batch.id: set(store.leaves(batch)) for batch in batches}
    for number in numbers:
        (found,) = store.find_credentials(credential(number).credential_hash)
        value = leaf_hash(salt=found.salt, credential_hash=found.credential_hash)
        assert value in leaves[found.batch_id]


def seal_until(done: Event, store: SqlStore) -> int:
    sealed = 0
    while not done.is_set():
        sealed += store.seal_open_batch(ISSUER, now=LATER) is not None
    store.seal_open_batch(ISSUER, now=LATER)
    return sealed


def test_threads_take_in_and_seal_at_once_and_lose_nothing(store: SqlStore) -> None:
    sizes = [1, 7, 1_100, 3, 1]
    total = sum(sizes)

    def take_in(worker: int) -> int:
        start, new = worker * total, 0
        for size in sizes:
            numbers = range(start, start + size)
            new += store.add_credentials(ISSUER, credentials(numbers), now=NOW).new
            start += size
        return new

    done = Event()
    with ThreadPoolExecutor(4) as pool:
        sealing = pool.submit(seal_until, done, store)
        assert list(pool.map(take_in, range(3))) == [total] * 3
        done.set()
        sealing.result()
    assert_nothing_is_lost(store, range(3 * total))


def test_processes_take_in_and_seal_at_once_and_lose_nothing(
    store: SqlStore, database_url: str
) -> None:
    workers = [start_intake(database_url, n * 2_000, size=200, chunks=10) for n in range(2)]
    while any(worker.poll() is None for worker in workers):
        store.seal_open_batch(ISSUER, now=LATER)
    store.seal_open_batch(ISSUER, now=LATER)
    for worker in workers:
        worker.communicate()
        assert worker.returncode == 0
    assert_nothing_is_lost(store, range(4_000))


def test_an_intake_by_several_at_once_is_new_once(store: SqlStore) -> None:
    together = Barrier(4)

    def take_in(worker: int) -> Added:
        numbers = range(1_200) if worker % 2 else range(1_199, -1, -1)
        together.wait()
        return store.add_credentials(ISSUER, credentials(numbers), now=NOW)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(take_in, range(4)))
    assert sum(added.new for added in counts) == 1_200
    assert sum(added.known for added in counts) == 3 * 1_200
    assert len(store.batches()) == 1


def test_two_sealing_at_once_seal_one_batch(store: SqlStore) -> None:
    store.add_credentials(ISSUER, credentials(range(3_000)), now=NOW)
    together = Barrier(2)

    def seal(_worker: int) -> Batch | None:
        together.wait()
        return store.seal_open_batch(ISSUER, now=LATER)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(seal, range(2)))
    assert [batch for batch in results if batch is not None] == store.batches()
    assert results.count(None) == 1


def record_at_once(store: SqlStore, subjects: list[int], nonces: list[int]) -> list[Attempt]:
    together = Barrier(len(subjects))

    def record_one(worker: int) -> Attempt | None:
        transaction = signed(nonce=nonces[worker], label=str(worker))
        together.wait()
        try:
            return record(store, subjects[worker], transaction, expected=0)
        except StaleStateError:
            return None

    with ThreadPoolExecutor(len(subjects)) as pool:
        results = pool.map(record_one, range(len(subjects)))
        return [attempt for attempt in results if attempt is not None]


def test_of_two_first_attempts_at_once_one_is_stored(store: SqlStore) -> None:
    batch = sealed_batch(store, range(3))
    assert record_at_once(store, [batch.id] * 3, [5, 6, 7]) == store.attempts(
        Purpose.ANCHOR, batch.id
    )
    assert len(store.attempts(Purpose.ANCHOR, batch.id)) == 1


def test_of_two_subjects_at_once_one_gets_the_nonce(store: SqlStore) -> None:
    subjects = [sealed_batch(store, [number]).id for number in range(3)]
    (winner,) = record_at_once(store, subjects, [5, 5, 5])
    stored = [each for subject in subjects for each in store.attempts(Purpose.ANCHOR, subject)]
    assert stored == [winner]


def act(store: SqlStore, holder: str, clock: Iterator[int], *, issuer: bytes) -> None:
    """What an anchoring run does with its newest batches, whatever others do meanwhile."""
    for _ in range(25):
        now = NOW + next(clock) * HOUR
        with suppress(LeaseHeldError, StaleStateError):
            held = store.acquire_lease(issuer, holder, now=now, duration=HOUR)
            for batch in store.batches(issuer=issuer, states=UNFINISHED, limit=3):
                store.set_chains(batch.id, [CHAIN, SECOND_CHAIN], lease=held)
                known = len(store.attempts(Purpose.ANCHOR, batch.id))
                transaction = signed(nonce=next(clock) // 2, label=f"{holder} {now}")
                store.record_attempt(
                    Purpose.ANCHOR,
                    batch.id,
                    transaction,
                    lease=held,
                    expected_attempts=known,
                    now=now,
                )
                move(store, batch, BatchState.ANCHORING, BatchState.ANCHORED, held=held)
            store.close_status_changes(issuer, [CHAIN], lease=held, now=now)


def test_runs_that_take_over_from_each_other_amid_intake_and_sealing_get_on(
    store: SqlStore,
) -> None:
    clock = count()

    def take_in(issuer: bytes) -> None:
        for number in range(20):
            store.add_credentials(issuer, credentials([number]), now=NOW)
            store.seal_open_batch(issuer, now=LATER)

    issuers = [ISSUER, OTHER]
    with ThreadPoolExecutor(6) as pool:
        intakes = [pool.submit(take_in, issuer) for issuer in issuers]
        runs = [
            pool.submit(act, store, holder, clock, issuer=issuer)
            for holder in ("a", "b")
            for issuer in issuers
        ]
        for done in [*intakes, *runs]:
            done.result()
    anchored = 0
    for batch in store.batches():
        states = [each.state for each in store.on_chains(batch.id)]
        assert batch.state == least(states or [BatchState.SEALED])
        anchored += BatchState.ANCHORED in states
    assert anchored > 0


def test_several_open_a_new_database_at_once(tmp_path: Path) -> None:
    url, together = f"sqlite:///{tmp_path / 'new.db'}", Barrier(4)

    def take_in(worker: int) -> Added:
        together.wait()
        with closing(open_store(url)) as store:
            return store.add_credentials(ISSUER, credentials([worker]), now=NOW)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(take_in, range(4))) == [Added(1, 0)] * 4


def test_a_killed_intake_leaves_whole_chunks_only(tmp_path: Path) -> None:
    size = 3_000
    for round_, chunks_seen in enumerate([1, 2, 4]):
        url = sqlite_url(tmp_path)
        worker = start_intake(url, round_ * 10**6, size=size, chunks=300)
        with closing(open_store(url)) as store:
            before = store.open_count(ISSUER)
            assert worker.stdout is not None
            for _ in range(chunks_seen):
                worker.stdout.readline()
            worker.kill()
            worker.communicate()
            after = store.open_count(ISSUER)
            assert (after - before) % size == 0
            assert after - before >= chunks_seen * size - size  # before may hold the first
            with store._database.read() as connection:
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    with closing(open_store(url)) as store:
        batch = store.seal_open_batch(ISSUER, now=LATER)
        assert batch is not None
        assert len(list(store.leaves(batch))) == after
