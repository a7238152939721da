"""A run that is killed at any step is finished by running the same command again.

The steps of a run are the questions it asks the node and the commits it makes to the store; a kill
comes right before or right after one. `STEPS` names those of a night from the open batch to the
final one, and a test holds the table against what a run really does.
"""

import json
import os
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from registry.core.batch import BatchState
from registry.core.report import Verdict
from registry.services.books import check_books
from registry.services.ports import Batch, CredentialStatus
from tests.anvil import Anvil
from tests.services.evidence import evidence_of
from tests.services.night_shift import KILLED, Job, NightShift
from tests.services.office import Office, digest

FILES = [b"diploma", b"certificate"]

# Every question of a night, and how often it is asked at least. Reads change nothing: the short
# run takes the first of each, and on PostgreSQL what lasts alone; the long run all of them.
QUESTIONS = {
    "eth_chainId": 4,
    "eth_getBlockByNumber": 6,
    "eth_getCode": 4,
    "eth_call": 4,
    "eth_feeHistory": 2,
    "eth_getTransactionCount": 2,
    "eth_estimateGas": 1,
    "eth_getBalance": 1,
    "eth_sendRawTransaction": 1,
    "eth_getTransactionReceipt": 3,
    "eth_getBlockByHash": 3,
}
# Commits that change something, by what they are for; others only end a read.
COMMITS = ("seal", "lease", "set_chains", "attempt", "anchored", "final", "release")
IS_LONG = os.environ.get("ROOTSEAL_LONG_TESTS") == "1"
STEPS = [f"commit {what}" for what in COMMITS] + [
    f"{method} {number}"
    for method, times in QUESTIONS.items()
    for number in range(1, (times if IS_LONG else 1) + 1)
]

SENT = "eth_sendRawTransaction 1"
STEPS_ON = [("sqlite", step) for step in STEPS] + [
    ("postgresql", step) for step in STEPS if IS_LONG or step == SENT or step.startswith("commit")
]


class After(NamedTuple):
    """What the store and the chain must show right after a kill."""

    state: BatchState
    attempts: int
    events: int


KNOWN = {
    ("commit seal", "before"): After(BatchState.OPEN, 0, 0),
    ("commit seal", "after"): After(BatchState.SEALED, 0, 0),
    ("commit attempt", "before"): After(BatchState.SEALED, 0, 0),
    ("commit attempt", "after"): After(BatchState.ANCHORING, 1, 0),
    (SENT, "before"): After(BatchState.ANCHORING, 1, 0),
    (SENT, "after"): After(BatchState.ANCHORING, 1, 1),
    ("commit anchored", "before"): After(BatchState.ANCHORING, 1, 1),
    ("commit anchored", "after"): After(BatchState.ANCHORED, 1, 1),
    ("commit final", "before"): After(BatchState.ANCHORED, 1, 1),
    ("commit final", "after"): After(BatchState.FINAL, 1, 1),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("database_url", "step"), STEPS_ON, indirect=["database_url"])
def test_a_killed_run_is_finished_by_the_next_with_exactly_one_anchor(
    office_anywhere: Office,
    anvil: Anvil,
    night_shift: NightShift,
    database_url: str,
    step: str,
    when: str,
) -> None:
    office = office_anywhere
    office.add(FILES)
    before = office.nonce()
    assert night_shift.run(Job(database_url, anvil.url, step, when)) == [KILLED]
    (batch,) = office.store.batches()
    if (step, when) in KNOWN:
        wanted = KNOWN[step, when]
        if wanted.events:
            wait_for_event(office, batch)
        events = 0 if batch.head is None else office.events(batch)
        assert After(batch.state, len(office.attempts(batch)), events) == wanted
    assert night_shift.run(Job(database_url, anvil.url)) == [0]
    assert_anchored_once(office, batch, before)


def test_the_table_names_every_step_of_a_night(
    office_anywhere: Office,
    anvil: Anvil,
    night_shift: NightShift,
    database_url: str,
    tmp_path: Path,
) -> None:
    office_anywhere.add(FILES)
    file = tmp_path / "steps.json"
    assert night_shift.run(Job(database_url, anvil.url, steps=str(file))) == [0]
    steps: list[str] = json.loads(file.read_text())
    questions = [step for step in steps if step.startswith("eth_")]
    assert {step.split()[0] for step in questions} == set(QUESTIONS)
    for method, times in QUESTIONS.items():
        assert f"{method} {times}" in questions
    named = {step for step in steps if step.startswith("commit")}
    assert named == {f"commit {what}" for what in COMMITS}


def test_runs_killed_at_one_step_after_the_other_still_anchor_once(
    office_anywhere: Office, anvil: Anvil, night_shift: NightShift, database_url: str
) -> None:
    office = office_anywhere
    office.add(FILES)
    before = office.nonce()
    for step in STEPS[:: 1 if IS_LONG else 3]:
        for when in ("before", "after"):
            assert night_shift.run(Job(database_url, anvil.url, step, when))[0] in {KILLED, 0}
    assert night_shift.run(Job(database_url, anvil.url)) == [0]
    (batch,) = office.store.batches()
    assert_anchored_once(office, batch, before)


def test_eight_processes_at_once_anchor_once(
    office_anywhere: Office, anvil: Anvil, night_shift: NightShift, database_url: str
) -> None:
    office = office_anywhere
    for night in range(20 if IS_LONG else 2):
        files = [f"diploma {night} {number}".encode() for number in range(3)]
        office.add(files)
        before = office.nonce()
        job = Job(database_url, anvil.url, lease_seconds=60)
        assert night_shift.run(*[job] * 8) == [0] * 8
        (batch, *_) = office.store.batches()
        assert_anchored_once(office, batch, before, files)


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
    job = Job(database_url, anvil.url, SENT, when)
    assert night_shift.run(job) == [KILLED]
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


def wait_for_event(office: Office, batch: Batch) -> None:
    """Anvil answers before it mines what it was sent."""
    deadline = time.monotonic() + 10
    while office.events(batch) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)


def assert_anchored_once(
    office: Office, batch: Batch, nonce_before: int, files: list[bytes] = FILES
) -> None:
    """One event, one transaction of the sender, every credential proven, and nothing to audit."""
    batch = office.store.batch(batch.id)
    assert (batch.state, office.events(batch)) == (BatchState.FINAL, 1)
    assert office.nonce() == nonce_before + 1
    (anchor,) = office.store.anchors(batch.id)
    (attempt,) = office.attempts(batch)
    assert attempt.transaction == anchor.transaction
    assert batch.head is not None
    assert batch.head.tree_size == len(files)
    verifier = office.verification()
    for file in files:
        report = verifier.verify(evidence_of(file, office.receipt_of(file)))
        assert report.verdict is Verdict.VALID
    assert list(check_books(office.store, [office.chain], office.issuer)) == []
