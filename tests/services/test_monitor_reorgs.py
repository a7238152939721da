"""The monitor on a chain that changes its mind: which blocks went, and what was in them."""

from pathlib import Path

import pytest

from registry.chain import EvmChain
from registry.errors import UnavailableError
from registry.services.monitoring import Monitoring
from registry.services.ports import Store
from tests.rpc_proxy import RpcProxy
from tests.services.lookout import (
    SEAL,
    Lookout,
    by_owner,
    kinds,
    lookout,
    monitor,
    only,
    post,
    told,
)
from tests.services.office import Office, stranger
from tests.services.test_anchoring import seal_of

__all__ = ["monitor", "post", "told"]


def test_a_reorganisation_is_an_alarm_with_the_anchors_that_were_in_it(
    office: Office, monitor: Monitoring
) -> None:
    batch = office.anchored("diploma")
    [found] = office.store.anchors(batch.id)
    office.anvil.mine()
    assert kinds(monitor.look()) == []
    newest = office.chain.head()
    office.anvil.replace_from(found.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    alarm = only(monitor.look())
    assert alarm.kind.value == "reorganisation"
    assert alarm.evidence["anchors"] == [seal_of(batch).hex()]
    assert alarm.evidence["blocks"] == [
        {"number": found.block_number, "hash": "0x" + found.block_hash.hex(), "events": 1},
        {"number": newest.number, "hash": "0x" + newest.hash.hex(), "events": 0},
    ]
    assert alarm.evidence["stillThere"] == found.block_number - 1
    assert kinds(monitor.look()) == []
    office.finish(batch)  # anchored again, which is this registry's own work
    assert kinds(monitor.look()) == []


def test_a_reorganisation_of_one_empty_block_is_an_alarm(office: Office, post: Lookout) -> None:
    office.anvil.mine()
    assert kinds(post.start().look()) == []
    office.anvil.reorganise(1)
    alarm = only(post.start().look())  # also over a restart
    assert (alarm.kind.value, alarm.evidence["anchors"]) == ("reorganisation", [])
    assert kinds(post.start().look()) == []


@pytest.mark.parametrize("depth", [1, 2, 3, 6, 7, 8])
def test_exactly_the_blocks_that_were_replaced_are_told(
    own_office: Office, tmp_path: Path, depth: int
) -> None:
    office = own_office
    office.anvil.mine(10)
    post = lookout(office, tmp_path / "position.json")
    monitor = post.start()
    looked_at = []
    for _ in range(8):
        office.anvil.mine()
        assert kinds(monitor.look()) == []
        looked_at.append(office.chain.head().number)
    office.anvil.reorganise(depth)
    alarm = only(monitor.look())
    first = looked_at[-depth]
    assert (alarm.evidence["firstBlock"], alarm.evidence["stillThere"]) == (first, first - 1)
    blocks = alarm.evidence["blocks"]
    assert isinstance(blocks, list)
    assert [block["number"] for block in blocks if isinstance(block, dict)] == looked_at[-depth:]
    assert kinds(monitor.look()) == []
    post.close()


def test_what_is_mined_anew_after_a_reorganisation_is_found_again(
    office: Office, monitor: Monitoring
) -> None:
    by_owner(office, "anchor", SEAL)
    block = office.chain.head().number
    assert kinds(monitor.look()) == ["unknown-seal"]
    office.anvil.replace_from(block)
    office.anvil.ask("anvil_dropAllTransactions")
    by_owner(office, "anchor", SEAL)
    look = monitor.look()
    assert kinds(look) == ["reorganisation", "unknown-seal"]
    assert look.alarms[0].evidence["anchors"] == [SEAL.hex()]


def test_a_deep_reorganisation_of_what_was_there_before_it_began_is_found(
    own_office: Office, tmp_path: Path
) -> None:
    office = own_office
    batch = office.anchored("diploma")
    [found] = office.store.anchors(batch.id)
    office.anvil.mine(40)
    post = lookout(office, tmp_path / "position.json")
    monitor = post.start()
    assert kinds(monitor.look()) == []
    office.anvil.replace_from(found.block_number)
    office.anvil.ask("anvil_dropAllTransactions")
    alarm = only(monitor.look())
    assert alarm.evidence["anchors"] == [seal_of(batch).hex()]
    office.finish(batch)
    assert kinds(monitor.look()) == []
    post.close()


def test_long_after_it_was_stopped_it_asks_few_questions(
    office: Office, post: Lookout, proxy: RpcProxy, proxied: EvmChain
) -> None:
    post.chain = proxied
    assert kinds(post.start().look()) == []
    office.anvil.mine(500)
    by_owner(office, "anchor", SEAL)
    monitor = post.start()
    proxy.asked.clear()
    assert kinds(monitor.look()) == ["unknown-seal"]
    assert len(proxy.asked) <= 8
    proxy.asked.clear()
    assert kinds(monitor.look()) == []
    assert len(proxy.asked) <= 2  # the same block: nothing to ask


def test_what_came_into_blocks_from_before_it_began_is_found(
    own_office: Office, tmp_path: Path
) -> None:
    office = own_office
    office.anvil.mine(10)
    snapshot = office.anvil.ask("evm_snapshot").value
    office.anvil.mine(5)
    monitoring = lookout(office, tmp_path / "position.json").start()
    assert kinds(monitoring.look()) == []
    office.anvil.ask("evm_revert", snapshot)
    by_owner(office, "transferIssuer", stranger().address)
    by_owner(office, "anchor", SEAL)
    office.anvil.mine(6)
    look = monitoring.look()
    assert kinds(look) == ["reorganisation", "owner-offered", "unknown-seal"]


def test_an_anchor_that_goes_before_the_store_could_judge_it_is_counted_no_more(
    own_office: Office, tmp_path: Path
) -> None:
    office = own_office
    is_away = True

    def open_store() -> Store:
        if is_away:
            raise UnavailableError("no answer", source="the store")
        return office.store

    office.anvil.mine(5)
    by_owner(office, "anchor", SEAL)
    watch = lookout(office, tmp_path / "position.json")
    watch.open_store = open_store
    monitoring = watch.start()
    monitoring.look()
    office.anvil.reorganise(1)
    office.anvil.ask("anvil_dropAllTransactions")
    assert [alarm.kind.value for alarm in monitoring.look().alarms] == ["reorganisation"]
    is_away = False
    assert kinds(monitoring.look()) == []


def test_events_of_a_chain_that_changed_while_they_were_read_are_not_taken(
    office: Office, proxy: RpcProxy, proxied: EvmChain
) -> None:
    by_owner(office, "anchor", SEAL)
    head = proxied.head()

    def change(_parameters: object) -> None:
        office.anvil.reorganise(1)

    proxy.fail_if("eth_getLogs", change)
    with pytest.raises(UnavailableError, match="was replaced while events were read"):
        proxied.issuer_events(office.issuer, first=0, last=head)
