"""What the monitor could not ask is not quiet, and nothing of it is lost."""

import pytest

from registry.chain import EvmChain
from registry.errors import UnavailableError
from registry.services.monitoring import Monitoring
from registry.services.ports import Store
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.lookout import (
    SEAL,
    Lookout,
    by_owner,
    events,
    kinds,
    monitor,
    post,
    told,
)
from tests.services.office import Office, stranger

__all__ = ["monitor", "post", "told"]


def test_a_node_that_lags_is_no_reorganisation_and_not_quiet_either(
    office: Office, monitor: Monitoring, post: Lookout, proxy: RpcProxy, proxied: EvmChain
) -> None:
    office.anvil.mine(5)
    assert kinds(monitor.look()) == []
    number = office.chain.head().number - 2
    older = office.anvil.ask("eth_getBlockByNumber", hex(number), False).value  # noqa: FBT003 - JSON-RPC parameter
    post.chain = proxied
    monitor = post.start()
    proxy.lie(
        "eth_getBlockByNumber",
        lambda block: block if int(block["number"], 16) <= number else older,
    )
    looked_at = monitor.looked_at
    look = monitor.look()
    assert (look.alarms, len(look.troubles)) == ((), 1)
    assert "behind block" in str(look.troubles[0])
    assert monitor.looked_at == looked_at
    proxy.behave()
    assert kinds(monitor.look()) == []
    assert monitor.looked_at > looked_at


def test_an_anchor_that_a_node_withholds_is_not_quiet(
    office: Office, post: Lookout, proxy: RpcProxy, proxied: EvmChain
) -> None:
    post.chain = proxied
    monitor = post.start()
    assert kinds(monitor.look()) == []
    by_owner(office, "transferIssuer", stranger().address)
    by_owner(office, "anchor", SEAL)
    proxy.lie("eth_getLogs", lambda logs: logs[:1])
    look = monitor.look()
    assert [alarm.kind.value for alarm in look.alarms] == ["owner-offered"]
    assert "withholds events" in str(look.troubles[0])
    assert monitor.look().alarms == ()
    proxy.behave()
    assert kinds(monitor.look()) == ["unknown-seal"]


def test_an_event_that_a_node_did_not_have_yet_is_found_later(
    office: Office, post: Lookout, proxy: RpcProxy, proxied: EvmChain
) -> None:
    # Behind a balancer, logs and blocks may come from different nodes.
    post.chain = proxied
    monitor = post.start()
    assert kinds(monitor.look()) == []
    proxy.lie("eth_getLogs", lambda _: [])
    by_owner(office, "transferIssuer", stranger().address)
    assert kinds(monitor.look()) == []
    proxy.behave()
    office.anvil.mine()
    assert kinds(monitor.look()) == ["owner-offered"]


def test_an_outage_is_told_once_and_loses_nothing(
    office: Office,
    post: Lookout,
    proxy: RpcProxy,
    proxied: EvmChain,
    told: pytest.LogCaptureFixture,
) -> None:
    post.chain = proxied
    monitor = post.start()
    assert kinds(monitor.look()) == []
    proxy.fail("eth_getBlockByNumber", Fault.HTTP_500)
    by_owner(office, "anchor", SEAL)
    for _ in range(3):
        look = monitor.look()
        assert (look.alarms, len(look.troubles)) == ((), 1)
    assert events(told).count("WARNING held up") == 1
    proxy.behave()
    assert kinds(monitor.look()) == ["unknown-seal"]
    assert events(told)[-1] == "INFO going on"


def test_while_the_store_is_away_what_needs_no_store_is_raised(
    office: Office, post: Lookout
) -> None:
    is_away = True

    def open_store() -> Store:
        if is_away:
            raise UnavailableError("no answer", source="the store")
        return office.store

    by_owner(office, "anchor", b"\x06" * 32)
    post.open_store = open_store
    monitor = post.start()
    monitor.look()
    by_owner(office, "anchor", SEAL)
    by_owner(office, "transferIssuer", stranger().address)
    look = monitor.look()
    assert [alarm.kind.value for alarm in look.alarms] == ["owner-offered"]
    assert look.troubles
    assert monitor.look().alarms == ()
    is_away = False
    found = sorted(str(alarm.evidence["seal"]) for alarm in monitor.look().alarms)
    assert found == ["06" * 32, SEAL.hex()]
    assert kinds(monitor.look()) == []
