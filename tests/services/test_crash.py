"""A run that is killed at any point is finished by running the same command again."""

from typing import NamedTuple

import pytest

from registry.core.batch import BatchState
from registry.services.ports import Batch, CredentialStatus
from tests.anvil import Anvil
from tests.services.night_shift import KILLED, Job, NightShift
from tests.services.office import Office, digest


class Point(NamedTuple):
    """Where the kill comes, and what the store and the chain must show right after it."""

    kill: str
    when: str
    number: int
    state: BatchState
    attempts: int
    events: int


POINTS = [
    pytest.param(Point("head", "before", 1, BatchState.SEALED, 0, 0), id="sealed"),
    pytest.param(Point("prepare", "after", 1, BatchState.SEALED, 0, 0), id="prepared"),
    pytest.param(Point("broadcast", "before", 1, BatchState.ANCHORING, 1, 0), id="stored"),
    pytest.param(Point("broadcast", "after", 1, BatchState.ANCHORING, 1, 1), id="sent"),
    pytest.param(
        Point("anchor_in_transaction", "after", 1, BatchState.ANCHORING, 1, 1), id="observed"
    ),
    pytest.param(Point("finalized", "before", 1, BatchState.ANCHORED, 1, 1), id="anchored"),
    pytest.param(Point("finalized", "after", 2, BatchState.ANCHORED, 1, 1), id="found final"),
]


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_is_finished_by_the_next_with_exactly_one_anchor(
    office_anywhere: Office, anvil: Anvil, night_shift: NightShift, database_url: str, point: Point
) -> None:
    office = office_anywhere
    office.add([b"diploma", b"certificate"])
    before = office.nonce()
    kill, when, number, *_ = point
    assert night_shift.run(Job(database_url, anvil.url, kill, when, number)) == [KILLED]
    (batch,) = office.store.batches()
    left = (batch.state, len(office.attempts(batch)), office.events(batch))
    assert left == (point.state, point.attempts, point.events)
    assert night_shift.run(Job(database_url, anvil.url)) == [0]
    assert_anchored_once(office, batch, before)


def test_runs_killed_at_one_point_after_the_other_still_anchor_once(
    office_anywhere: Office, anvil: Anvil, night_shift: NightShift, database_url: str
) -> None:
    office = office_anywhere
    office.add([b"diploma"])
    before = office.nonce()
    for parameters in POINTS:
        (point,) = parameters.values
        assert isinstance(point, Point)
        kill, when, number, *_ = point
        assert night_shift.run(Job(database_url, anvil.url, kill, when, number))[0] in {KILLED, 0}
    assert night_shift.run(Job(database_url, anvil.url)) == [0]
    (batch,) = office.store.batches()
    assert_anchored_once(office, batch, before)


def test_two_processes_at_once_anchor_once(
    office_anywhere: Office, anvil: Anvil, night_shift: NightShift, database_url: str
) -> None:
    office = office_anywhere
    for night in range(3):
        office.add([f"diploma {night}".encode()])
        before = office.nonce()
        job = Job(database_url, anvil.url)
        assert night_shift.run(job, job) == [0, 0]
        (batch, *_) = office.store.batches()
        assert_anchored_once(office, batch, before)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_status_change_is_made_by_the_next_run(
    office_anywhere: Office, anvil: Anvil, night_shift: NightShift, database_url: str, when: str
) -> None:
    office = office_anywhere
    batch = office.final("diploma", "certificate")
    (change,) = office.statuses.request(
        office.issuer, [digest("diploma")], CredentialStatus.REVOKED, reason=4, now=batch.opened_at
    )
    before = office.nonce()
    assert night_shift.run(Job(database_url, anvil.url, "broadcast", when)) == [KILLED]
    assert office.store.status_change(change.id).done_at is None
    assert night_shift.run(Job(database_url, anvil.url)) == [0]
    done = office.store.status_change(change.id)
    assert (done.done_at is not None, done.refusal) == (True, None)
    assert office.nonce() == before + 1
    assert batch.head is not None
    assert change.leaf_indexes is not None
    status = office.chain.credential_status(
        office.chain.contract, office.issuer, batch.head.seal, change.leaf_indexes[0]
    )
    assert status is CredentialStatus.REVOKED


def assert_anchored_once(office: Office, batch: Batch, nonce_before: int) -> None:
    """One event, one transaction of the sender, and a store that tells the same story."""
    batch = office.store.batch(batch.id)
    assert (batch.state, office.events(batch)) == (BatchState.FINAL, 1)
    assert office.nonce() == nonce_before + 1
    assert batch.head is not None
    (anchor,) = office.store.anchors(batch.id)
    (attempt,) = office.attempts(batch)
    assert attempt.transaction == anchor.transaction
    assert (
        office.chain.anchor_in_transaction(
            anchor.contract, anchor.transaction, batch.issuer, batch.head.seal
        )
        == anchor
    )
