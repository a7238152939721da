"""The worker: nights when they are due, and on with what is not final, come what may."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from registry.chain import EvmChain
from registry.core.batch import BatchState
from registry.errors import ConflictError, NotAllowedError, UnavailableError
from registry.services.alarm import overdue_by
from registry.services.ports import Batch, CredentialStatus, Role
from registry.services.preflight import require_ready
from registry.services.watching import Schedule, Watching
from registry.store import SqlStore
from tests.anvil import Anvil, send
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import Office, digest, stranger, utc_now

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
METHODS = ("eth_chainId", "eth_getBlockByNumber", "eth_getCode", "eth_call", "eth_blockNumber")


@dataclass
class Wall:
    """A clock that a test sets ahead."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Worker:
    """A worker whose night is due in an hour by its own clock, unless that is set ahead.

    Whenever it pauses, a block is mined. It is stopped after `looks`, or in the middle of one.
    """

    office: Office
    wall: Wall = field(default_factory=Wall)
    pauses: list[float] = field(default_factory=list)
    looks: int = 0
    is_told_to_stop: bool = False
    begun: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        self.watching = Watching(
            nightly=replace(self.office.nightly, clock=self.wall),
            issuer=self.office.issuer,
            schedule=Schedule((self.begun + HOUR).time(), UTC, alarm_after=26 * HOUR),
            is_stopped=lambda: self.is_told_to_stop or self.looks <= 0,
            sleep=self._pause,
            each_look=self._count,
        )

    def run(self, looks: int) -> None:
        self.looks = looks
        self.watching.run()

    def run_until_final(self) -> Batch:
        """Look until the one batch is final."""
        for _ in range(20):
            self.run(2)
            [batch] = [b for b in self.batches if b.state is not BatchState.OPEN]
            if batch.state is BatchState.FINAL:
                return batch
        raise AssertionError(f"{batch.id} is {batch.state}")

    @property
    def batches(self) -> list[Batch]:
        return self.office.store.batches()

    @property
    def states(self) -> list[BatchState]:
        return [batch.state for batch in self.batches]

    def _count(self) -> None:
        self.looks -= 1

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.office.anvil.mine()


@pytest.fixture
def worker(office: Office) -> Worker:
    return Worker(office)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "registry.services.watching"):
        yield caplog


def events(told: pytest.LogCaptureFixture) -> list[str]:
    """What the worker said, level by level, in order."""
    return [
        f"{record.levelname} {record.msg}"
        for record in told.records
        if record.name == "registry.services.watching"
    ]


def fields(told: pytest.LogCaptureFixture, event: str) -> dict[str, object]:
    [record] = [r for r in told.records if r.msg == event]
    return vars(record)


# -- nights


def test_a_night_is_sealed_when_it_is_due_and_not_before(worker: Worker) -> None:
    worker.office.add([b"diploma"])
    worker.run(3)
    worker.wall.ahead = HOUR - timedelta(seconds=60)
    worker.run(3)
    assert worker.states == [BatchState.OPEN]
    worker.wall.ahead = HOUR + timedelta(seconds=60)
    batch = worker.run_until_final()
    assert (worker.office.events(batch), len(worker.office.attempts(batch))) == (1, 1)


def test_a_night_missed_while_it_was_down_is_caught_up_with(worker: Worker) -> None:
    worker.office.add([b"diploma", b"badge"])
    worker.wall.ahead = 3 * DAY
    batch = worker.run_until_final()
    assert batch.head is not None
    assert (batch.head.tree_size, len(worker.batches)) == (2, 1)


def test_what_comes_after_a_night_waits_for_the_next(office: Office) -> None:
    worker = Worker(office, begun=utc_now() - 2 * HOUR)  # so that a night was due an hour ago
    office.add([b"diploma"])
    worker.run(3)
    assert worker.states == [BatchState.OPEN]
    worker.wall.ahead = DAY
    assert office.events(worker.run_until_final()) == 1


def test_without_credentials_no_night_is_due(
    worker: Worker, told: pytest.LogCaptureFixture
) -> None:
    worker.wall.ahead = 3 * DAY
    worker.run(3)
    assert (worker.batches, events(told)) == ([], [])


def test_a_batch_that_was_sealed_by_hand_is_anchored_at_once(worker: Worker) -> None:
    batch = worker.office.sealed("diploma")
    assert worker.run_until_final().id == batch.id
    assert worker.office.events(batch) == 1


def test_status_changes_do_not_wait_for_the_night(worker: Worker) -> None:
    worker.office.final("diploma")
    worker.office.statuses.request(
        worker.office.issuer, [digest("diploma")], CredentialStatus.REVOKED, reason=0, now=utc_now()
    )
    for _ in range(10):
        worker.run(2)
        worker.office.anvil.mine(2)
    assert worker.office.store.open_status_changes() == []


def test_workers_at_once_do_a_night_once(office_anywhere: Office, anvil: Anvil) -> None:
    workers = [Worker(replace(office_anywhere, holder=f"host {n}")) for n in range(3)]
    office_anywhere.add([b"diploma"])
    before = office_anywhere.nonce()
    for each in workers:
        each.wall.ahead = DAY
    for _ in range(6):
        for each in workers:
            each.run(1)
        anvil.mine(2)
    [batch] = office_anywhere.store.batches()
    assert batch.state is BatchState.FINAL
    assert (office_anywhere.events(batch), office_anywhere.nonce()) == (1, before + 1)


# -- obstacles


def test_an_outage_is_told_once_and_survived(
    office: Office, proxy: RpcProxy, proxied: EvmChain, told: pytest.LogCaptureFixture
) -> None:
    worker = Worker(office.with_chain(proxied))
    office.add([b"diploma"])
    worker.wall.ahead = DAY
    for method in METHODS:
        proxy.fail(method, Fault.HTTP_404)  # which is not tried again at once
    worker.run(2)
    assert worker.states == [BatchState.SEALED]  # for which no chain is needed
    proxy.behave()
    proxy.fail("eth_getCode", Fault.HTTP_404)  # another question, but the same outage
    worker.run(2)
    assert events(told) == ["INFO night is due", "WARNING held up"]
    assert fields(told, "held up")["code"] == "unavailable"
    proxy.behave()
    batch = worker.run_until_final()
    assert office.events(batch) == 1
    assert events(told)[-1] == "INFO going on"


def test_without_funds_it_waits_and_goes_on_when_they_come(
    worker: Worker, told: pytest.LogCaptureFixture
) -> None:
    office = worker.office
    assert office.signer is not None
    account = "0x" + office.signer.address.hex()
    funds = office.anvil.ask("eth_getBalance", account, "latest").value
    office.anvil.ask("anvil_setBalance", account, "0x0")
    office.add([b"diploma"])
    worker.wall.ahead = DAY
    worker.run(4)
    [batch] = worker.batches
    assert (batch.state, office.events(batch)) == (BatchState.SEALED, 0)
    assert office.attempts(batch) == []
    assert events(told) == ["INFO night is due", "WARNING held up"]
    office.anvil.ask("anvil_setBalance", account, funds)
    assert office.events(worker.run_until_final()) == 1
    assert events(told)[-1] == "INFO going on"


def test_a_new_reason_is_told_though_the_old_one_was(
    worker: Worker, told: pytest.LogCaptureFixture
) -> None:
    office = worker.office
    office.sealed("diploma")
    contract = "0x" + office.chain.contract.hex()
    code = office.anvil.ask("eth_getCode", contract, "latest").value
    office.anvil.ask("anvil_setCode", contract, "0x00")
    worker.run(2)
    office.anvil.ask("anvil_setCode", contract, code)
    keyless = Worker(office.with_signer(None))
    worker.watching = replace(worker.watching, nightly=keyless.watching.nightly)
    worker.run(2)
    assert events(told) == ["WARNING held up"] * 2
    codes = [vars(r)["code"] for r in told.records if r.msg == "held up"]
    assert codes == ["conflict", "not-allowed"]


def test_the_same_trouble_is_looked_at_less_and_less_often(office: Office) -> None:
    worker = Worker(office.with_signer(None))
    office.sealed("diploma")
    worker.run(9)
    assert worker.pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_while_it_waits_for_people_alone_it_looks_less_and_less_often(office: Office) -> None:
    worker = Worker(office.with_signer(stranger()))
    batch = office.sealed("diploma")
    worker.run(8)
    assert worker.pauses == [1, 2, 4, 8, 16, 30, 30]
    assert office.attempts(batch) == []


def test_while_it_waits_for_seconds_it_looks_as_often_as_ever(worker: Worker) -> None:
    lease = replace(worker.office, holder="another host").lease()
    worker.office.sealed("diploma")
    worker.run(5)
    assert worker.pauses == [1] * 4
    worker.office.store.release_lease(lease)


def test_what_is_final_is_looked_at_every_night_also_without_work(own_office: Office) -> None:
    worker, office = Worker(own_office), own_office
    office.final("badge")
    batch = office.final("diploma")
    worker.run(2)
    anchor = office.store.anchors(batch.id)[0]
    office.anvil.replace_from(anchor.block_number)
    worker.run(3)
    assert office.store.batch(batch.id).state is BatchState.FINAL  # it has looked tonight
    worker.wall.ahead = DAY
    for _ in range(10):
        worker.run(2)
    assert office.store.batch(batch.id).state is BatchState.FINAL
    assert (office.events(batch), len(office.attempts(batch))) == (1, 1)
    [standing] = office.store.on_chains(batch.id)
    assert standing.reorgs == 1


def test_a_chain_that_was_reset_is_told_also_without_work(
    own_office: Office, told: pytest.LogCaptureFixture
) -> None:
    batch = own_office.final("diploma")
    own_office.anvil.replace_from(own_office.store.anchors(batch.id)[0].block_number)
    worker = Worker(own_office)
    worker.run(3)
    assert events(told) == ["WARNING held up"]
    assert "reset" in str(fields(told, "held up")["detail"])
    assert own_office.store.batch(batch.id).state is BatchState.FINAL


def test_what_is_final_is_looked_at_when_the_chain_answers_again(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    office.final("diploma")
    worker = Worker(office.with_chain(proxied))
    for method in METHODS:
        proxy.fail(method, Fault.HTTP_404)
    worker.run(2)
    proxy.behave()
    asked: list[object] = []
    proxy.fail_if("eth_getCode", asked.append)
    worker.run(1)
    assert len(asked) == 1
    worker.run(2)  # and not again tonight
    assert len(asked) == 1


def test_while_another_run_has_the_lease_it_waits(
    worker: Worker, told: pytest.LogCaptureFixture
) -> None:
    batch = worker.office.sealed("diploma")
    other = replace(worker.office, holder="another host")
    lease = other.lease()
    worker.run(3)
    assert worker.office.attempts(batch) == []
    assert events(told) == ["INFO waiting"]
    assert "another host" in str(fields(told, "waiting")["detail"])
    worker.office.store.release_lease(lease)
    assert worker.office.events(worker.run_until_final()) == 1


def test_a_night_that_cannot_be_sealed_does_not_hold_up_the_last(
    worker: Worker, told: pytest.LogCaptureFixture
) -> None:
    office = worker.office
    last = office.sealed("diploma")
    office.advance(last)
    office.add([b"badge"])
    keyless = Worker(office.with_signer(None))  # may seal nothing, but sees what others sent
    keyless.wall.ahead = DAY
    for _ in range(5):
        keyless.run(2)
    assert keyless.states == [BatchState.OPEN, BatchState.FINAL]
    assert events(told) == ["INFO night is due", "WARNING held up"]


# -- the end


def test_it_ends_after_the_move_under_way_and_gives_the_lease_back(worker: Worker) -> None:
    batch = worker.office.sealed("diploma")
    worker.is_told_to_stop = False

    def stop() -> None:
        worker.is_told_to_stop = True

    worker.watching = replace(worker.watching, each_look=stop)
    worker.run(100)
    assert worker.pauses == []
    assert len(worker.office.attempts(batch)) == 1
    assert replace(worker.office, holder="the next").lease().token > 1


# -- the alarm


def test_the_alarm_is_told_when_it_begins_and_when_it_ends(
    office: Office, proxy: RpcProxy, proxied: EvmChain, told: pytest.LogCaptureFixture
) -> None:
    worker = Worker(office.with_chain(proxied))
    office.add([b"diploma"])
    for method in METHODS:
        proxy.fail(method, Fault.HTTP_404)
    worker.wall.ahead = 26 * HOUR - timedelta(minutes=1)
    worker.run(2)
    assert "ERROR alarm" not in events(told)
    worker.wall.ahead = 26 * HOUR + timedelta(minutes=1)
    worker.run(3)
    assert events(told).count("ERROR alarm") == 1
    assert fields(told, "alarm")["oldest_waiting_hours"] == 26.0
    proxy.behave()
    worker.run_until_final()
    assert events(told).count("ERROR alarm") == 1
    assert events(told).count("INFO alarm over") == 1


def test_a_revocation_that_waits_too_long_raises_the_alarm(
    office: Office, told: pytest.LogCaptureFixture
) -> None:
    office.final("diploma")
    office.statuses.request(
        office.issuer, [digest("diploma")], CredentialStatus.REVOKED, reason=0, now=utc_now()
    )
    worker = Worker(office.with_signer(None))
    worker.wall.ahead = 26 * HOUR - timedelta(minutes=1)
    worker.run(1)
    assert "ERROR alarm" not in events(told)
    worker.wall.ahead = 26 * HOUR + timedelta(minutes=1)
    worker.run(2)
    assert events(told).count("ERROR alarm") == 1


def test_a_batch_that_does_not_become_final_raises_the_alarm(office: Office) -> None:
    office.anchored("diploma")
    limit, now = 26 * HOUR, utc_now()
    for ahead, is_overdue in ((limit - HOUR, False), (limit + HOUR, True)):
        found = overdue_by(office.store, now=now + ahead, limit=limit)
        assert (found is not None) is is_overdue
    office.anvil.mine(3)
    [batch] = office.store.batches()
    office.finish(batch)
    assert overdue_by(office.store, now=now + limit + HOUR, limit=limit) is None


# -- the start


def test_a_wrong_contract_stops_it_before_it_begins(worker: Worker) -> None:
    worker.office.anvil.ask("anvil_setCode", "0x" + worker.office.chain.contract.hex(), "0x00")
    with pytest.raises(ConflictError, match="setting contract"):
        worker.watching.require_ready()


def test_an_operator_whose_time_is_over_stops_it_before_it_begins(own_office: Office) -> None:
    office, operator = own_office, stranger()
    assert office.signer is not None
    until = int(office.chain.head().time.timestamp()) + 30
    call = office.chain.operator_call(office.issuer, operator.address, Role.ANCHOR, until)
    send(office.chain, office.signer, call)
    office.anvil.ask("evm_setNextBlockTimestamp", until + 1)
    office.anvil.mine()
    with pytest.raises(NotAllowedError, match="keystore"):
        Worker(office.with_signer(operator)).watching.require_ready()


def test_a_clock_far_ahead_of_the_chain_is_told_and_stops_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    for days, is_told in ((6, False), (8, True)):
        ahead = Wall(days * DAY)
        anchoring = office.anchoring
        anchoring = replace(anchoring, sending=replace(anchoring.sending, clock=ahead))
        require_ready(anchoring, office.issuer)
        assert ("clock ahead of the chain" in caplog.messages) is is_told


def test_an_outage_does_not_stop_it_from_beginning(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    for method in METHODS:
        proxy.fail(method, Fault.HTTP_404)
    Worker(office.with_chain(proxied)).watching.require_ready()


def test_a_store_that_is_away_is_an_outage_like_any_other(
    worker: Worker, sqlite_store: SqlStore, told: pytest.LogCaptureFixture
) -> None:
    batch = worker.office.sealed("diploma")
    worker.run(1)

    class Away:
        def __getattr__(self, name: str) -> object:
            raise UnavailableError("the disk is gone", source="store")

    present = worker.watching.nightly
    away = replace(present, store=Away())  # type: ignore[arg-type]  # what answers nothing
    worker.watching = replace(worker.watching, nightly=away)
    worker.run(3)
    assert events(told) == ["WARNING held up"]
    worker.watching = replace(worker.watching, nightly=present)
    assert sqlite_store.batch(worker.run_until_final().id).head == batch.head
