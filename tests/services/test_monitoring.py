"""The monitor: an alarm for each thing that is not this registry's work, and for nothing else."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry.core.address import format_address
from registry.errors import ConflictError, InvalidInputError
from registry.services.monitoring import Monitoring
from registry.services.monitoring.positions import parse_position
from registry.services.ports import Call, CredentialStatus
from tests.anvil import send
from tests.services.lookout import (
    ALARM_AFTER,
    SEAL,
    Lookout,
    appoint_thief,
    by_owner,
    by_thief,
    call,
    events,
    kinds,
    monitor,
    only,
    post,
    told,
)
from tests.services.office import Office, stranger, utc_now
from tests.services.planting import change_status
from tests.services.test_anchoring import seal_of

__all__ = ["monitor", "post", "told"]


def anchor(office: Office, seal: bytes = SEAL) -> Call:
    return office.chain.anchor_call(office.issuer, seal)


# -- each alarm, within the look after its block


def test_a_seal_that_the_store_does_not_know_is_an_alarm(
    office: Office, monitor: Monitoring
) -> None:
    by_owner(office, "anchor", SEAL)
    alarm = only(monitor.look())
    assert alarm.kind.value == "unknown-seal"
    assert (alarm.chain, alarm.evidence["seal"]) == (31337, SEAL.hex())
    assert alarm.evidence["blockNumber"] == office.chain.head().number
    assert SEAL.hex() in alarm.detail
    assert monitor.raised[alarm.kind] == 1


def test_a_seal_of_another_issuer_in_the_same_store_is_strange(
    office: Office, monitor: Monitoring
) -> None:
    other = replace(office, issuer=stranger().address)
    by_owner(office, "anchor", seal_of(other.sealed("diploma")))
    assert kinds(monitor.look()) == ["unknown-seal"]


def test_an_operator_and_what_it_anchors_are_alarms(office: Office, monitor: Monitoring) -> None:
    appoint_thief(office)
    by_thief(office, anchor(office))
    by_owner(office, "setOperator", stranger().address, 0, 0)
    look = monitor.look()
    assert kinds(look) == ["operator-changed", "unknown-seal", "operator-changed"]
    first, _, last = look.alarms
    assert first.evidence["operator"] == format_address(stranger().address)
    assert (first.evidence["roles"], first.evidence["validUntil"]) == (["anchor", "status"], None)
    assert (last.evidence["roles"], "was cut off" in last.detail) == ([], True)


def test_an_offer_of_the_issuer_its_withdrawal_and_a_new_owner_are_alarms(
    office: Office, monitor: Monitoring
) -> None:
    new = stranger().address
    by_owner(office, "transferIssuer", new)
    assert only(monitor.look()).evidence["newOwner"] == format_address(new)
    by_owner(office, "transferIssuer", bytes(20))
    withdrawn = only(monitor.look())
    assert (withdrawn.kind.value, withdrawn.evidence["newOwner"]) == ("owner-offered", None)
    by_owner(office, "transferIssuer", new)
    send(office.chain, stranger(), call(office, "acceptIssuer", office.issuer))
    look = monitor.look()
    assert kinds(look) == ["owner-offered", "owner-changed"]
    assert look.alarms[-1].evidence["newOwner"] == format_address(new)


def test_a_profile_is_an_alarm_however_long_it_is(office: Office, monitor: Monitoring) -> None:
    by_owner(office, "setProfile", "https://thief.example/" + "x" * 5000)
    alarm = only(monitor.look())
    assert alarm.kind.value == "profile-changed"
    assert str(alarm.evidence["uri"]).startswith("https://thief.example/x")
    assert len(str(alarm.evidence["uri"])) == 500


def test_a_profile_that_is_no_text_is_an_alarm_and_hides_nothing(
    office: Office, monitor: Monitoring
) -> None:
    # The owner's key can set a profile that is no text. The monitor must not stumble over it.
    data = call(office, "setProfile", office.issuer, "zz").data.replace(b"zz", b"\xff\xfe")
    assert office.signer is not None
    send(office.chain, office.signer, Call(office.chain.contract, data, "setProfile"))
    by_owner(office, "anchor", SEAL)
    assert kinds(monitor.look()) == ["profile-changed", "unknown-seal"]
    assert kinds(monitor.look()) == []


@pytest.mark.parametrize("whole", [False, True], ids=["credential", "whole seal"])
def test_a_status_that_somebody_else_set_is_an_alarm(
    office: Office, post: Lookout, *, whole: bool
) -> None:
    seal = seal_of(office.final("diploma"))
    appoint_thief(office)
    monitor = post.start()
    assert kinds(monitor.look()) == []
    revoked = int(CredentialStatus.REVOKED)
    if whole:
        by_thief(office, call(office, "setSealStatus", office.issuer, seal, revoked, 1))
    else:
        by_thief(office, call(office, "setCredentialStatus", office.issuer, seal, [0], revoked, 1))
    alarm = only(monitor.look())
    assert alarm.kind.value == "status-changed"
    assert (alarm.evidence["status"], alarm.evidence["seal"]) == ("revoked", seal.hex())
    assert alarm.evidence["leafIndexes"] == (None if whole else [0])


def test_a_change_that_was_asked_for_once_is_an_alarm_when_somebody_else_repeats_it(
    office: Office, post: Lookout
) -> None:
    seal = seal_of(office.final("diploma"))
    change_status(office, CredentialStatus.SUSPENDED, "diploma")
    change_status(office, CredentialStatus.ACTIVE, "diploma")
    appoint_thief(office)
    monitor = post.start()
    assert kinds(monitor.look()) == []
    suspended = int(CredentialStatus.SUSPENDED)
    by_thief(office, call(office, "setCredentialStatus", office.issuer, seal, [0], suspended, 0))
    assert kinds(monitor.look()) == ["status-changed"]


def test_a_missed_night_is_an_alarm_once_and_again_when_it_comes_again(
    office: Office, post: Lookout, told: pytest.LogCaptureFixture
) -> None:
    office.add([b"diploma"])
    ahead = timedelta(0)
    post.clock = lambda: utc_now() + ahead
    monitor = post.start()
    assert kinds(monitor.look()) == []
    ahead = ALARM_AFTER + timedelta(minutes=1)
    alarm = only(monitor.look())
    assert (alarm.kind.value, alarm.chain) == ("overdue", None)
    assert kinds(monitor.look()) == []
    assert kinds(post.start().look()) == []  # a restart is no news
    monitor = post.start()
    ahead = timedelta(0)
    assert kinds(monitor.look()) == []
    assert "INFO alarm over" in events(told)
    ahead = ALARM_AFTER + timedelta(minutes=1)
    again = only(monitor.look())
    assert again.id == alarm.id  # the same credential waits


# -- no alarm


def test_what_the_registry_does_itself_is_no_alarm(
    office: Office, monitor: Monitoring, told: pytest.LogCaptureFixture
) -> None:
    office.final("diploma", "neighbour")
    assert kinds(monitor.look()) == []
    change_status(office, CredentialStatus.SUSPENDED, "diploma")
    change_status(office, CredentialStatus.ACTIVE, "diploma")
    assert kinds(monitor.look()) == []
    assert [event for event in events(told) if "seen" in event] == [
        "INFO anchor seen",
        "INFO status change seen",
        "INFO status change seen",
    ]
    assert not any("ERROR" in event for event in events(told))


def test_what_others_do_to_other_issuers_is_no_alarm(office: Office, monitor: Monitoring) -> None:
    other = stranger()
    send(office.chain, other, office.chain.anchor_call(other.address, SEAL))
    assert kinds(monitor.look()) == []


def test_an_outsider_is_told_of_every_anchor_and_alarmed_by_none(
    office: Office, post: Lookout, told: pytest.LogCaptureFixture
) -> None:
    by_owner(office, "anchor", b"\x06" * 32)
    post.has_store = False
    monitor = post.start()
    assert kinds(monitor.look()) == []
    by_owner(office, "anchor", SEAL)
    by_owner(office, "transferIssuer", stranger().address)
    assert kinds(monitor.look()) == ["owner-offered"]
    seals = [vars(record)["seal"] for record in told.records if record.msg == "anchor seen"]
    assert seals == ["06" * 32, SEAL.hex()]


# -- where it begins, and a restart


def test_at_its_first_start_all_seals_of_before_are_compared_once(
    office: Office, post: Lookout
) -> None:
    office.final("diploma")
    appoint_thief(office)
    by_owner(office, "anchor", SEAL)
    alarm = only(post.start().look())
    assert (alarm.kind.value, alarm.evidence["seal"]) == ("unknown-seal", SEAL.hex())
    assert kinds(post.start().look()) == []


def test_a_restart_misses_nothing_and_raises_nothing_twice(office: Office, post: Lookout) -> None:
    assert kinds(post.start().look()) == []
    by_owner(office, "anchor", SEAL)
    found = [kinds(post.start().look()) for _ in range(2)]
    by_owner(office, "transferIssuer", stranger().address)
    office.anvil.mine(100)
    by_owner(office, "anchor", b"\x08" * 32)
    found += [kinds(post.start().look()) for _ in range(2)]
    assert found == [["unknown-seal"], [], ["owner-offered", "unknown-seal"], []]


def test_killed_before_it_saved_it_raises_the_same_alarm_with_the_same_id(
    office: Office, post: Lookout
) -> None:
    assert kinds(post.start().look()) == []
    before = post.file.read_bytes()
    by_owner(office, "anchor", SEAL)
    first = only(post.start().look())
    post.file.write_bytes(before)
    office.anvil.mine()
    assert only(post.start().look()).id == first.id


def test_a_position_that_cannot_be_saved_holds_no_alarm_back(
    office: Office, post: Lookout, told: pytest.LogCaptureFixture
) -> None:
    monitor = post.start()
    assert kinds(monitor.look()) == []
    beside = post.file.with_name(post.file.name + ".new")
    beside.mkdir()
    by_owner(office, "anchor", SEAL)
    look = monitor.look()
    assert [alarm.kind.value for alarm in look.alarms] == ["unknown-seal"]
    assert len(look.troubles) == 1
    assert "WARNING held up" in events(told)
    beside.rmdir()
    assert kinds(monitor.look()) == []
    assert events(told)[-1] == "INFO going on"
    assert kinds(post.start().look()) == []


def test_one_position_serves_one_monitor_of_one_issuer(
    office: Office, post: Lookout, tmp_path: Path
) -> None:
    post.start().look()
    second = Lookout(office, post.file, post.chain)
    with pytest.raises(InvalidInputError, match="another monitor"):
        second.start()
    second.close()
    other = Lookout(replace(office, issuer=stranger().address), post.file, post.chain)
    post.close()
    with pytest.raises(InvalidInputError, match="a file of its own"):
        other.start()
    other.close()
    post.file.write_bytes(post.file.read_bytes()[:-10])
    with pytest.raises(InvalidInputError, match="not a monitor's position"):
        post.start()
    post.file = tmp_path / "nowhere" / "position.json"
    with pytest.raises(InvalidInputError, match="folder does not exist"):
        post.start()


def test_a_contract_that_is_not_ours_stops_it_at_the_start(office: Office, post: Lookout) -> None:
    contract = "0x" + office.chain.contract.hex()
    code = str(office.anvil.ask("eth_getCode", contract, "latest").value)
    office.anvil.ask("anvil_setCode", contract, code + "00")
    with pytest.raises(ConflictError, match="setting contract"):
        post.start()


def test_the_position_says_nothing_but_where_it_is(office: Office, post: Lookout) -> None:
    office.final("diploma")
    post.start().look()
    position = parse_position(post.file.read_bytes())
    [chain] = position.chains
    assert (position.issuer, chain.anchors, chain.is_compared) == (office.issuer, 1, True)
    assert chain.head == office.chain.head().hash
    assert post.file.stat().st_mode & 0o777 == 0o600
