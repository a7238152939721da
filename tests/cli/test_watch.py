"""The worker as a process: caught up, measured, logged, and stopped in good order."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from registry.chain import Devnet
from registry.core.batch import BatchState
from registry.services.ports import Batch, Lease, Purpose, Store
from registry.store import open_store
from tests.anvil import Anvil
from tests.cli.conftest import ISSUER as SHOWN_ISSUER
from tests.cli.conftest import rootseal
from tests.cli.processes import Running, add_old, free_port, running
from tests.databases import sqlite_url
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import ISSUER, anchor_events, utc_now

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # account 0's


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store that the commands use, too."""
    monkeypatch.setenv("ROOTSEAL_DATABASE", sqlite_url(folder))
    store = open_store(sqlite_url(folder))
    yield store
    store.close()


def final(store: Store) -> list[Batch] | None:
    found = store.batches()
    return found if found and all(b.state is BatchState.FINAL for b in found) else None


def take_lease(store: Store) -> Lease:
    """The lease, at once, as a run on another host would take it; raises if it is held."""
    return store.acquire_lease(ISSUER, "another host", now=utc_now(), duration=timedelta(seconds=1))


def metrics(port: int) -> dict[str, float]:
    """Samples by name and values of their labels."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_event(run: Running, event: str) -> dict[str, Any]:
    """The one line of an event."""
    [line] = [line for line in run.lines if line["event"] == event]
    return line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_catches_up_measures_logs_and_stops(
    mining: Anvil, opened: Store, folder: Path, number: signal.Signals
) -> None:
    add_old(opened, "diploma", days=3)
    port = free_port()
    with running(folder, "watch", "--metrics-port", str(port)) as run:
        [batch] = run.until(lambda: final(opened))
        run.until(lambda: "alarm over" in run.events)
        found = metrics(port)
        assert run.stop(number) == 0
    assert batch.head is not None
    assert anchor_events(mining, batch.head.seal) == 1
    take_lease(opened)
    assert found["rootseal_batches final"] == 1
    assert found["rootseal_attempts_total anchor"] == 1
    assert found["rootseal_alarm"] == 0
    assert found["rootseal_oldest_unanchored_seconds"] == 0
    assert found[f"rootseal_balance_wei {SHOWN_ISSUER} eip155:31337"] > 10**18
    assert found["rootseal_nights_left eip155:31337"] > 1000

    assert run.events[0] == "watching"
    assert run.events[-1] == "stopped"
    assert run.events.count("night is due") == 1
    for line in run.lines:
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)
        assert line["logger"].startswith("registry.")
    assert of_event(run, "attempt sent")["nonce"] >= 0
    assert (of_event(run, "alarm")["level"], of_event(run, "alarm over")["level"]) == (
        "error",
        "info",
    )
    text = run.log.read_text("utf-8")
    assert KEY not in text
    [attempt] = opened.attempts(Purpose.ANCHOR, batch.id)
    assert attempt.raw.hex() not in text


def test_it_finishes_the_move_under_way_before_it_stops(
    anvil_process: Devnet,
    anvil: Anvil,
    opened: Store,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_old(opened, "diploma", days=3)
    arrived, let_on = threading.Event(), threading.Event()

    def hold(_parameters: list[Any]) -> Fault | None:
        arrived.set()
        let_on.wait(20)
        return None

    with RpcProxy(anvil_process.port).running() as proxy:
        proxy.fail_if("eth_sendRawTransaction", hold)
        monkeypatch.setenv("ROOTSEAL_RPC_URL", proxy.url)
        monkeypatch.setenv("ROOTSEAL_DEVELOPMENT_ACCOUNT", "0")
        with running(folder, "watch") as run:
            assert arrived.wait(30)
            run.process.send_signal(signal.SIGTERM)
            let_on.set()
            assert run.process.wait(30) == 0
    [batch] = opened.batches()
    assert batch.head is not None
    assert len(opened.attempts(Purpose.ANCHOR, batch.id)) == 1
    assert "attempt sent" in run.events
    take_lease(opened)
    anvil.mine()
    assert anchor_events(anvil, batch.head.seal) == 1


@pytest.mark.usefixtures("mining")
def test_it_survives_a_node_that_goes_and_comes(
    anvil_process: Devnet, opened: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_old(opened, "diploma", days=3)
    with RpcProxy(anvil_process.port).running() as proxy:
        for method in ("eth_chainId", "eth_getBlockByNumber", "eth_getCode"):
            proxy.fail(method, Fault.HTTP_404)
        monkeypatch.setenv("ROOTSEAL_RPC_URL", proxy.url)
        port = free_port()
        with running(folder, "watch", "--metrics-port", str(port)) as run:
            run.until(lambda: "held up" in run.events)
            found = metrics(port)
            proxy.behave()
            run.until(lambda: final(opened))
            assert run.stop() == 0
    assert found[f"rootseal_rpc_errors_total {proxy.url} http-404"] > 0
    assert not [name for name in found if name.startswith(("rootseal_bal", "rootseal_nights"))]
    assert found["rootseal_alarm"] == 1
    assert "going on" in run.events
    assert run.events.count("could not ask") <= 1  # however often it was tried


@pytest.mark.usefixtures("mining", "opened")
def test_it_stops_while_nothing_is_to_be_done(folder: Path) -> None:
    with running(folder, "watch") as run:
        run.until(lambda: "watching" in run.events)
        assert run.stop() == 0
    assert run.events == ["watching", "stopped"]


@pytest.mark.usefixtures("mining")
def test_a_wrong_contract_ends_it_at_the_start_and_names_the_setting(
    opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_old(opened, "diploma", days=3)
    monkeypatch.setenv("ROOTSEAL_CONTRACT", SHOWN_ISSUER)
    ran = rootseal("watch")
    assert ran.code == 1
    assert "setting contract" in ran.err
    assert [batch.state for batch in opened.batches()] == [BatchState.OPEN]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROOTSEAL_TIME_ZONE", "Europe/Atlantis"),
        ("ROOTSEAL_NIGHTLY_AT", "25:00"),
        ("ROOTSEAL_ALARM_HOURS", "0"),
    ],
)
def test_a_wrong_setting_ends_it_at_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = rootseal("watch", "--development-account", "0")
    assert ran.code == 2
    assert name in ran.err
    assert list(folder.iterdir()) == []


def test_without_a_key_it_does_not_start(folder: Path) -> None:
    ran = rootseal("watch")
    assert (ran.code, "keystore" in ran.err) == (2, True)
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("opened")
def test_a_port_that_is_taken_ends_it_at_the_start(mining: Anvil) -> None:
    port = mining.url.rpartition(":")[2]
    ran = rootseal("watch", "--metrics-port", port)
    assert ran.code == 2
    assert "--metrics-port" in ran.err


@pytest.mark.usefixtures("mining")
def test_signals_act_as_before_when_it_has_ended(opened: Store) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    add_old(opened, "diploma", days=3)
    timer = threading.Timer(2, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    assert rootseal("watch").code == 0
    timer.join()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


# -- other commands log in the same way


@pytest.mark.usefixtures("mining")
def test_a_night_with_v_tells_each_step_with_its_fields(opened: Store) -> None:
    add_old(opened, "diploma", days=0)
    ran = rootseal("nightly", "--patience", "30", "-v")
    assert ran.code == 0
    [line] = [line for line in ran.err.splitlines() if "batch moved" in line and "final" in line]
    assert "registry.services.anchoring" in line
    assert "chain=31337" in line


@pytest.mark.usefixtures("mining")
def test_a_night_logs_lines_of_json_if_asked(opened: Store) -> None:
    add_old(opened, "diploma", days=0)
    ran = rootseal("nightly", "--patience", "30", "--log-json")
    lines = [line for line in ran.err.splitlines() if line.startswith("{")]
    assert any('"event": "batch moved"' in line for line in lines)


@pytest.mark.usefixtures("opened")
def test_the_api_logs_lines_of_json(folder: Path) -> None:
    port = free_port()
    with running(folder, "serve", "--port", str(port)) as run:
        run.until(lambda: "Application startup complete." in run.events)
        assert metrics(port)["rootseal_alarm"] == 0
        run.stop()
    assert any(line.get("route") == "/metrics" for line in run.lines)
    assert {line["level"] for line in run.lines} == {"info"}
