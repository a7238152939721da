import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from registry.errors import LeaseHeldError
from registry.services.ports import Lease
from registry.store import SqlStore
from tests.store.builders import HOUR, ISSUER, NOW, OTHER, contents

PROGRAM = str(Path(__file__).with_name("lease_process.py"))
TICK = timedelta(microseconds=1)


def test_the_first_lease_has_the_first_token(store: SqlStore) -> None:
    lease = store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    assert lease == Lease(ISSUER, "a", token=1, expires_at=NOW + HOUR)


def test_a_renewal_lasts_longer_and_keeps_the_token(store: SqlStore) -> None:
    store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    later = NOW + HOUR / 2
    renewed = store.acquire_lease(ISSUER, "a", now=later, duration=HOUR)
    assert renewed == Lease(ISSUER, "a", token=1, expires_at=later + HOUR)


@pytest.mark.parametrize("after", [timedelta(0), HOUR - TICK], ids=["at once", "to the last"])
def test_a_lease_that_is_held_is_refused_to_others(store: SqlStore, after: timedelta) -> None:
    held = store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    before = contents(store)
    with pytest.raises(LeaseHeldError) as caught:
        store.acquire_lease(ISSUER, "b", now=NOW + after, duration=HOUR)
    assert (caught.value.holder, caught.value.until) == ("a", held.expires_at)
    assert contents(store) == before


def test_a_lease_that_a_wrong_clock_made_keeps_nobody_out(store: SqlStore) -> None:
    ten_years = timedelta(days=3650)
    wrong = store.acquire_lease(ISSUER, "flat battery", now=NOW + ten_years, duration=HOUR)
    right = store.acquire_lease(ISSUER, "right", now=NOW, duration=HOUR)
    assert right.token == wrong.token + 1


def test_a_lease_is_free_from_its_end_on(store: SqlStore) -> None:
    held = store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    taken = store.acquire_lease(ISSUER, "b", now=held.expires_at, duration=HOUR)
    assert taken == Lease(ISSUER, "b", token=2, expires_at=held.expires_at + HOUR)
    with pytest.raises(LeaseHeldError, match=r"\(b\)"):
        store.acquire_lease(ISSUER, "a", now=held.expires_at, duration=HOUR)


def test_a_lease_of_a_clock_that_was_far_ahead_keeps_nobody_out(store: SqlStore) -> None:
    far = store.acquire_lease(ISSUER, "a", now=NOW + HOUR + TICK, duration=HOUR)
    taken = store.acquire_lease(ISSUER, "b", now=NOW, duration=HOUR)
    assert taken == Lease(ISSUER, "b", token=2, expires_at=NOW + HOUR)
    before = contents(store)
    store.release_lease(far)  # and the fence keeps its holder from writing
    assert contents(store) == before


def test_a_lease_of_a_clock_that_is_a_little_ahead_counts(store: SqlStore) -> None:
    store.acquire_lease(ISSUER, "a", now=NOW + HOUR, duration=HOUR)
    before = contents(store)
    with pytest.raises(LeaseHeldError):
        store.acquire_lease(ISSUER, "b", now=NOW, duration=HOUR)
    assert contents(store) == before


def test_a_lease_that_ran_out_and_nobody_took_is_renewed(store: SqlStore) -> None:
    store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    assert store.acquire_lease(ISSUER, "a", now=NOW + 9 * HOUR, duration=HOUR).token == 1


@pytest.mark.parametrize("holder", ["a", "b"])
def test_a_released_lease_is_free_at_once_under_a_new_token(store: SqlStore, holder: str) -> None:
    store.release_lease(store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR))
    taken = store.acquire_lease(ISSUER, holder, now=NOW, duration=HOUR)
    assert taken == Lease(ISSUER, holder, token=2, expires_at=NOW + HOUR)


def test_releasing_twice_is_releasing_once(store: SqlStore) -> None:
    lease = store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    store.release_lease(lease)
    before = contents(store)
    store.release_lease(lease)
    assert contents(store) == before


@pytest.mark.parametrize("holder", ["a", "b"])
def test_a_lease_that_is_not_the_newest_releases_nothing(store: SqlStore, holder: str) -> None:
    old = store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    store.release_lease(old)
    store.acquire_lease(ISSUER, holder, now=NOW, duration=HOUR)
    before = contents(store)
    store.release_lease(old)
    assert contents(store) == before


def test_a_lease_that_never_was_releases_nothing(store: SqlStore) -> None:
    store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    before = contents(store)
    store.release_lease(Lease(ISSUER, "b", token=1, expires_at=NOW))
    store.release_lease(Lease(OTHER, "a", token=1, expires_at=NOW))
    assert contents(store) == before


def test_issuers_have_leases_of_their_own(store: SqlStore) -> None:
    store.acquire_lease(ISSUER, "a", now=NOW, duration=HOUR)
    assert store.acquire_lease(OTHER, "b", now=NOW, duration=HOUR).token == 1


def test_no_token_is_given_twice(store: SqlStore) -> None:
    tokens, now = [], NOW
    for turn in range(6):
        lease = store.acquire_lease(ISSUER, "ab"[turn % 2], now=now, duration=HOUR)
        tokens.append(lease.token)
        if turn % 3:
            store.release_lease(lease)
        else:
            now = lease.expires_at
    assert tokens == [1, 2, 3, 4, 5, 6]


def test_of_several_threads_one_gets_the_lease(store: SqlStore) -> None:
    workers = 6
    together = Barrier(workers)

    def take(worker: int, turn: int) -> int | None:
        now = NOW + turn * HOUR
        together.wait()
        try:
            return store.acquire_lease(ISSUER, f"{turn}/{worker}", now=now, duration=HOUR).token
        except LeaseHeldError:
            return None

    with ThreadPoolExecutor(workers) as pool:
        for turn in range(10):
            tokens = list(pool.map(take, range(workers), [turn] * workers))
            assert [token for token in tokens if token is not None] == [turn + 1]


def test_of_several_processes_one_gets_the_lease(store: SqlStore, database_url: str) -> None:
    del store  # makes the tables
    workers = [
        subprocess.Popen(
            [sys.executable, PROGRAM, database_url, holder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for holder in "abcd"
    ]
    assert [answer(worker) for worker in workers] == ["ready"] * 4
    last: list[str] = []
    for turn in range(10):
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(f"{2 * turn}\n")
            worker.stdin.flush()
        answers = [answer(worker) for worker in workers]
        (token,) = (each for each in answers if each != "held")
        last.append(token)
    # The same process may win again, and then renews what has run out.
    assert sorted(last, key=int) == last
    for worker in workers:
        worker.communicate()
        assert worker.returncode == 0


def answer(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()
