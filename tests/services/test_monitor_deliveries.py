"""Alarms reach their webhook at least once, whatever it does, and it holds nothing up."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registry.alerting import Webhook
from registry.services.monitoring import Monitoring, memory
from registry.services.monitoring.positions import parse_position
from tests.services.lookout import SEAL, Lookout, by_owner, kinds, lookout
from tests.services.office import Office, stranger, utc_now
from tests.webhooks import HANG, SECRET, Hook, webhook


@dataclass
class Wall:
    """A clock that a test sets ahead."""

    ahead: timedelta = field(default=timedelta(0))

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def post(office: Office, tmp_path: Path, hook: Hook, wall: Wall) -> Iterator[Lookout]:
    post = lookout(office, tmp_path / "position.json")
    post.receiver, post.clock = Webhook(hook.url, SECRET, timeout=0.5), wall
    yield post
    post.close()


@pytest.fixture
def monitor(post: Lookout) -> Monitoring:
    monitoring = post.start()
    assert kinds(monitoring.look()) == []
    return monitoring


def waiting(post: Lookout) -> list[str]:
    """Ids that are saved for later."""
    return [alarm.id for alarm in parse_position(post.file.read_bytes()).waiting]


def test_an_alarm_is_posted_in_the_look_that_raises_it(
    office: Office, monitor: Monitoring, post: Lookout, hook: Hook
) -> None:
    by_owner(office, "anchor", SEAL)
    [alarm] = monitor.look().alarms
    [message] = hook.came
    assert message.is_signed
    assert message.id == alarm.id
    assert message.json["type"] == "rootseal.unknown-seal"
    assert message.json["data"]["seal"] == SEAL.hex()
    assert message.json["data"]["chain"] == "eip155:31337"
    assert waiting(post) == []
    monitor.look()
    assert len(hook.came) == 1


def test_what_was_not_taken_is_posted_again_the_same_after_longer_and_longer(
    office: Office, monitor: Monitoring, post: Lookout, hook: Hook, wall: Wall
) -> None:
    hook.statuses = [500, 503, 302]
    by_owner(office, "anchor", SEAL)
    [alarm] = monitor.look().alarms
    tries = [len(hook.came)]
    for seconds in (1, 2, 2, 3, 5, 9):
        wall.ahead += timedelta(seconds=seconds)
        assert kinds(monitor.look()) == []
        tries.append(len(hook.came))
    assert tries == [1, 1, 2, 2, 3, 3, 4]
    assert {message.id for message in hook.came} == {alarm.id}
    assert len({message.body for message in hook.came}) == 1
    assert all(message.is_signed for message in hook.came)
    assert waiting(post) == []


def test_a_restart_posts_what_was_not_taken(
    office: Office, monitor: Monitoring, post: Lookout, hook: Hook
) -> None:
    hook.statuses = [500]
    by_owner(office, "anchor", SEAL)
    [alarm] = monitor.look().alarms
    assert waiting(post) == [alarm.id]
    monitor = post.start()
    assert kinds(monitor.look()) == []
    assert [message.id for message in hook.came] == [alarm.id] * 2
    assert waiting(post) == []


def test_a_webhook_that_hangs_keeps_nothing_from_being_found(
    office: Office, monitor: Monitoring, hook: Hook
) -> None:
    hook.statuses = [HANG] * 10
    for number in range(5):
        by_owner(office, "anchor", bytes([number + 1]) * 32)
        assert kinds(monitor.look()) == ["unknown-seal"]
    assert len(hook.came) == 1  # it is left alone for a while
    assert len(monitor.memory.position.waiting) == 5


def test_one_alarm_that_is_never_taken_does_not_hold_up_the_others(
    office: Office, monitor: Monitoring, hook: Hook, wall: Wall
) -> None:
    by_owner(office, "anchor", SEAL)
    by_owner(office, "transferIssuer", stranger().address)
    hook.statuses = [400]
    refused, other = monitor.look().alarms
    hook.statuses = [204, 400]
    wall.ahead += timedelta(seconds=3)
    monitor.look()
    assert [message.id for message in hook.came] == [refused.id, other.id, refused.id]
    assert monitor.memory.position.waiting == (refused,)


def test_a_flood_of_one_kind_pushes_no_other_out(
    office: Office, monitor: Monitoring, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MAX_WAITING", 2)
    hook.statuses = [500] * 10
    for number in range(3):
        by_owner(office, "anchor", bytes([number + 1]) * 32)
    by_owner(office, "transferIssuer", stranger().address)
    assert len(monitor.look().alarms) == 4
    left = [alarm.kind.value for alarm in monitor.memory.position.waiting]
    assert sorted(left) == ["owner-offered", "unknown-seal", "unknown-seal"]


def test_what_waits_shows_no_secret(
    office: Office,
    monitor: Monitoring,
    post: Lookout,
    hook: Hook,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hook.statuses = [500]
    by_owner(office, "anchor", SEAL)
    monitor.look()
    said = post.file.read_text() + str([vars(record) for record in caplog.records])
    assert "alarm not delivered" in said
    assert not any(part in said for part in ("very-secret", "hidden", "twenty-four"))
    assert not any(part in repr(monitor) for part in ("very-secret", "hidden", "twenty-four"))
