"""A monitor over an office's store and chain, as it would be after any restart."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registry.alerting import PositionFile
from registry.chain import EvmChain
from registry.chain.contract import encode_call
from registry.services.monitoring import Alarm, Look, Monitoring
from registry.services.monitoring.delivering import Delivering
from registry.services.monitoring.memory import Memory
from registry.services.ports import AlarmReceiver, Call, FollowedChain, Role, Store
from tests.anvil import send
from tests.services.office import Office, stranger, utc_now

SEAL = b"\x07" * 32  # of nobody's batch
ALARM_AFTER = timedelta(hours=26)


@dataclass
class Lookout:
    """One monitor after another, with the same position."""

    office: Office
    file: Path
    chain: FollowedChain
    clock: Callable[[], datetime] = utc_now
    receiver: AlarmReceiver | None = None
    open_store: Callable[[], Store] | None = None
    has_store: bool = True
    others: tuple[FollowedChain, ...] = ()  # chains that it follows, too
    _opened: PositionFile | None = field(default=None, init=False)

    def start(self) -> Monitoring:
        """Start a monitor; the one before it is gone."""
        self.close()
        self._opened = PositionFile(self.file)
        delivering = None
        if self.receiver is not None:
            delivering = Delivering(self.receiver, self.office.issuer, self.clock)
        open_store = self.open_store
        if open_store is None:
            open_store = lambda: self.office.store  # noqa: E731 - one line says it
        monitoring = Monitoring(
            chains=[self.chain, *self.others],
            issuer=self.office.issuer,
            open_store=open_store if self.has_store else None,
            memory=Memory(self._opened, self.office.issuer),
            delivering=delivering,
            alarm_after=ALARM_AFTER,
            clock=self.clock,
            sleep=lambda _: None,
            is_stopped=lambda: False,
            every=1,
        )
        monitoring.start()
        return monitoring

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def lookout(office: Office, file: Path) -> Lookout:
    assert isinstance(office.chain, EvmChain)
    return Lookout(office, file, office.chain)


def kinds(look: Look) -> list[str]:
    """What a look raised; that it could not ask is a failure."""
    assert look.troubles == ()
    return [alarm.kind.value for alarm in look.alarms]


def only(look: Look) -> Alarm:
    assert look.troubles == ()
    [alarm] = look.alarms
    return alarm


def call(office: Office, function: str, *arguments: object) -> Call:
    """Any call of the contract."""
    return Call(to=office.chain.contract, data=encode_call(function, *arguments), label=function)


def by_owner(office: Office, function: str, *arguments: object) -> None:
    """Have the issuer's owner call the contract, behind the registry's back."""
    assert office.signer is not None
    send(office.chain, office.signer, call(office, function, office.issuer, *arguments))


def appoint_thief(office: Office) -> None:
    """Somebody else who may do everything that an operator may."""
    roles = int(Role.ANCHOR | Role.STATUS)
    by_owner(office, "setOperator", stranger().address, roles, 2**64 - 1)


def by_thief(office: Office, what: Call) -> None:
    send(office.chain, stranger(), what)


# -- fixtures, for the modules that import them


@pytest.fixture
def post(office: Office, tmp_path: Path) -> Iterator[Lookout]:
    post = lookout(office, tmp_path / "position.json")
    yield post
    post.close()


@pytest.fixture
def monitor(post: Lookout) -> Monitoring:
    """A monitor that looked once."""
    monitoring = post.start()
    assert kinds(monitoring.look()) == []
    return monitoring


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "registry.services.monitoring"):
        yield caplog


def events(told: pytest.LogCaptureFixture) -> list[str]:
    """What the monitor said, level by level, in order."""
    return [
        f"{record.levelname} {record.msg}"
        for record in told.records
        if record.name == "registry.services.monitoring"
    ]
