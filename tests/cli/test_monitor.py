"""The monitor as a process: what it says, counts and posts, and how it ends."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from registry.chain import Devnet, EvmChain, development_signer
from registry.services.ports import Store
from registry.store import open_store
from tests.anvil import Anvil, send
from tests.cli.conftest import ISSUER as SHOWN_ISSUER
from tests.cli.conftest import rootseal
from tests.cli.processes import PATIENCE, add_old, free_port, running
from tests.cli.test_watch import final, metrics
from tests.databases import sqlite_url
from tests.rpc_proxy import Fault, RpcProxy
from tests.services.office import ISSUER
from tests.webhooks import SECRET, SECRET_TEXT, Hook, webhook

SEAL = b"\x07" * 32
KIND = "rootseal_monitor_alarms_total"


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store that the command uses, too."""
    monkeypatch.setenv("ROOTSEAL_DATABASE", sqlite_url(folder))
    store = open_store(sqlite_url(folder))
    yield store
    store.close()


@pytest.fixture
def node(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[EvmChain]:
    """The configured chain; it mines what is sent."""
    monkeypatch.setenv("ROOTSEAL_RPC_URL", anvil.url)
    monkeypatch.setenv("ROOTSEAL_POLL_SECONDS", "0.05")
    chain = anvil.chain()
    yield chain
    chain.close()


@pytest.fixture
def hook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """The configured webhook."""
    (folder / "hook-secret").write_text(SECRET_TEXT)
    with webhook() as hook:
        monkeypatch.setenv("ROOTSEAL_WEBHOOK_URL", hook.url)
        monkeypatch.setenv("ROOTSEAL_WEBHOOK_SECRET_FILE", str(folder / "hook-secret"))
        yield hook


def steal(chain: EvmChain, seal: bytes = SEAL) -> None:
    """Anchor with the issuer's key, and without its store."""
    send(chain, development_signer(), chain.anchor_call(ISSUER, seal))


def once(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """One look, in a process of its own."""
    code = "from registry.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "monitor", "--once", *arguments],
        env=os.environ.copy(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.usefixtures("opened")
def test_one_look_ends_with_1_for_an_alarm_and_with_0_when_it_is_quiet(
    node: EvmChain, folder: Path
) -> None:
    ran = once()
    assert (ran.returncode, ran.stdout[:5]) == (0, b"Quiet"), ran.stderr
    assert (folder / "monitor-position.json").exists()
    steal(node)
    ran = once("--json")
    assert ran.returncode == 1, ran.stderr
    [alarm] = orjson.loads(ran.stdout)["alarms"]
    assert (alarm["kind"], alarm["chain"]) == ("unknown-seal", "eip155:31337")
    assert alarm["evidence"]["seal"] == SEAL.hex()
    [line] = list(map(orjson.loads, ran.stderr.splitlines()))
    assert (line["event"], line["level"], line["id"]) == ("monitor alarm", "error", alarm["id"])
    assert once().returncode == 0


@pytest.mark.usefixtures("opened")
def test_one_look_that_could_not_ask_ends_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_RPC_URL", f"http://127.0.0.1:{free_port()}")
    ran = rootseal("monitor", "--once", "--json")
    assert ran.code == 3
    assert ran.json["alarms"] == []
    assert len(ran.json["couldNotAsk"]) == 1
    assert "Traceback" not in ran.err


def test_it_follows_measures_posts_and_stops(
    node: EvmChain, opened: Store, hook: Hook, folder: Path
) -> None:
    hook.statuses = [500]
    port = free_port()
    add_old(opened, "diploma", days=0)
    with running(folder, "monitor", "--metrics-port", str(port)) as run:
        run.until(lambda: "monitoring" in run.events)
        run.until(lambda: metrics(port).get("rootseal_monitor_last_block eip155:31337"))
        steal(node)
        run.until(lambda: "monitor alarm" in run.events)
        run.until(lambda: metrics(port)["rootseal_monitor_undelivered"] == 0 and hook.came[1:])
        found = metrics(port)
        assert run.stop(signal.SIGTERM) == 0
    assert found[f"{KIND} unknown-seal"] == 1
    assert found[f"{KIND} owner-changed"] == 0
    assert found["rootseal_monitor_last_block eip155:31337"] == node.head().number
    assert found["rootseal_monitor_seconds_since_look"] < 10
    assert "rootseal_monitor_undelivered" in found
    assert len(hook.came) == 2
    assert len({message.id for message in hook.came}) == 1
    assert all(message.is_signed for message in hook.came)
    assert hook.came[0].json["data"]["issuer"] == SHOWN_ISSUER
    assert (run.events[0], run.events[-1]) == ("monitoring", "stopped")
    assert run.events.count("alarm not delivered") == 1
    assert "alarm delivered" in run.events
    assert_no_secret(run.log.read_text("utf-8"))
    assert_no_secret((folder / "monitor-position.json").read_text("utf-8"))


def assert_no_secret(text: str) -> None:
    encoded = base64.b64encode(SECRET).decode()
    for part in (SECRET.decode(), encoded, SECRET.hex(), "very-secret-path", "token=hidden"):
        assert part not in text


@pytest.mark.usefixtures("mining")
def test_the_worker_beside_it_raises_no_alarm(opened: Store, folder: Path) -> None:
    assert rootseal("monitor", "--once").code == 0
    add_old(opened, "diploma", days=0)
    assert rootseal("nightly", "--patience", "30").code == 0
    assert final(opened)
    (folder / "file").write_bytes(b"diploma")
    assert rootseal("suspend", "file").code == 0
    assert rootseal("nightly", "--patience", "30").code == 0
    ran = rootseal("monitor", "--once", "--json")
    assert (ran.code, ran.json["alarms"]) == (0, []), ran.err


@pytest.mark.usefixtures("opened")
def test_it_survives_a_node_that_goes_and_comes_and_shows_for_how_long(
    anvil_process: Devnet, node: EvmChain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RpcProxy(anvil_process.port).running() as proxy:
        monkeypatch.setenv("ROOTSEAL_RPC_URL", proxy.url)
        proxy.fail("eth_getBlockByNumber", Fault.HTTP_404)
        port = free_port()
        with running(folder, "monitor", "--metrics-port", str(port), "--every", "0.1") as run:
            run.until(lambda: {"held up", "monitoring"} <= set(run.events))
            run.until(lambda: metrics(port)["rootseal_monitor_seconds_since_look"] > 1)
            assert "rootseal_monitor_last_block eip155:31337" not in metrics(port)
            proxy.behave()
            run.until(lambda: "going on" in run.events)
            run.until(lambda: metrics(port)["rootseal_monitor_seconds_since_look"] < 1)
            steal(node)
            run.until(lambda: "monitor alarm" in run.events)
            assert run.stop(signal.SIGINT) == 0
    assert run.events.count("held up") == 1


def test_without_a_store_it_says_how_to_do_without(node: EvmChain, folder: Path) -> None:
    ran = rootseal("monitor", "--once")
    assert (ran.code, "there is no store" in ran.err) == (2, True)
    assert list(folder.iterdir()) == []
    steal(node)
    assert rootseal("monitor", "--once", "--without-store", "--position", "place.json").code == 0
    assert [file.name for file in sorted(folder.iterdir())] == ["place.json", "place.json.lock"]


@pytest.mark.usefixtures("opened", "node")
def test_two_with_one_position_are_one_too_many(folder: Path) -> None:
    with running(folder, "monitor") as run:
        run.until(lambda: "monitoring" in run.events)
        ran = rootseal("monitor", "--once")
        assert (ran.code, "another monitor" in ran.err) == (2, True)  # 1 would be an alarm
        assert run.stop() == 0


@pytest.mark.usefixtures("opened", "node")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ROOTSEAL_WEBHOOK_SECRET_FILE", "absent", "cannot be read"),
        ("ROOTSEAL_WEBHOOK_URL", "ftp://hooks.example/very-secret-path", "webhook_url"),
    ],
)
def test_a_webhook_that_cannot_be_used_ends_it_at_the_start(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = rootseal("monitor")
    assert (ran.code, said in ran.err) == (2, True)
    assert_no_secret(ran.err)
    assert hook.came == []


def test_a_webhook_without_a_secret_is_refused_and_settings_hide_both(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = rootseal("settings", "--json")
    assert f"http://127.0.0.1:{hook.port}/…" in ran.out
    assert_no_secret(ran.out)
    monkeypatch.delenv("ROOTSEAL_WEBHOOK_SECRET_FILE")
    ran = rootseal("settings")
    assert (ran.code, "need each other" in ran.err) == (2, True)
    assert_no_secret(ran.err)
