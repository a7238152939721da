import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.conftest import ISSUER, badge, rootseal

COMMANDS = [
    *("add", "anchor", "audit", "authorize", "batches", "deploy", "devnet", "nightly", "receipt"),
    *("reinstate", "relay", "revoke", "seal", "serve", "settings", "status", "suspend", "verify"),
]
MEMBERS = [
    *(("keys", name) for name in ("add", "list", "new-keystore", "revoke")),
    *(("operator", name) for name in ("add", "list", "remove")),
    ("issuer", "show"),
    *(("export", name) for name in ("receipts", "verifier")),
]


@pytest.mark.parametrize("words", [*((name,) for name in COMMANDS), *MEMBERS], ids=" ".join)
def test_help_has_an_example(words: tuple[str, ...]) -> None:
    ran = rootseal(*words, "--help")
    assert ran.code == 0
    assert f"rootseal {' '.join(words)}" in " ".join(ran.out.split())
    assert "Example" in ran.out
    assert "--json" in ran.out


def test_version() -> None:
    assert rootseal("--version").out.strip() == version("rootseal")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("verify",), id="nothing to verify"),
        pytest.param(("verify", "missing.pdf"), id="no such file"),
        pytest.param(("verify", "--hash", "12"), id="no hash"),
        pytest.param(("verify", "--hash", "11" * 32, "--issuer", "0x12"), id="no address"),
        pytest.param(("batches",), id="no store"),
        pytest.param(("receipt", "11" * 32), id="no store for a receipt"),
        pytest.param(("revoke",), id="nothing to revoke"),
        pytest.param(("revoke", "11" * 32, "--seal", "11" * 32), id="credential and seal"),
        pytest.param(("seal", "--chain-id", "x"), id="no chain id"),
        pytest.param(("settings", "--database", "mysql://db/x", "--chain-id", "0"), id="no chain"),
        pytest.param(("keys", "add", "--scope", "status:change", "--expires", "soon"), id="no day"),
        pytest.param(("keys", "new-keystore", "key.json"), id="no password"),
        pytest.param(("deploy",), id="no key"),
    ],
)
def test_wrong_use_is_2_with_a_message(words: tuple[str, ...]) -> None:
    ran = rootseal(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Error: ")
    as_json = rootseal(*words, "--json")
    assert (as_json.code, as_json.err) == (2, "")
    assert set(as_json.json["error"]) == {"code", "message", "place"}


def test_reading_makes_no_store(folder: Path) -> None:
    for words in (["batches"], ["verify", "--hash", "11" * 32], ["nightly"], ["seal"]):
        rootseal(*words)
    assert not (folder / "rootseal-data").exists()


def test_an_unknown_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_DATABSE", "x")
    ran = rootseal("settings")
    assert ran.code == 2
    assert "ROOTSEAL_DATABSE" in ran.err


def test_settings_hide_secrets() -> None:
    ran = rootseal("settings", "--rpc-url", "https://user:pass@node.example/v3/key", "--json")
    assert ran.json["rpc_url"] == "https://node.example/…"


def test_damaged_store_is_could_not_ask(folder: Path) -> None:
    (folder / "bad.db").write_bytes(b"no database" * 1000)
    ran = rootseal("batches", "--database", "sqlite:///bad.db", "--json")
    assert ran.code == 3
    assert ran.json["error"]["code"] == "unavailable"


def test_an_api_key_is_shown_once() -> None:
    made = rootseal("keys", "add", "--scope", "credentials:add", "--json").json
    assert made["key"].startswith("rootseal_")
    listed = rootseal("keys", "list", "--json")
    assert made["key"] not in listed.out
    assert [key["state"] for key in listed.json["keys"]] == ["active"]
    assert rootseal("keys", "revoke", made["id"]).code == 0
    assert rootseal("keys", "list", "--json").json["keys"][0]["state"] == "revoked"
    assert rootseal("keys", "revoke", "unknown").code == 2


def test_a_new_keystore_signs_for_its_address(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROOTSEAL_ISSUER")
    (folder / "password").write_text("correct horse\n")
    options = ("--password-file", "password", "--json")
    made = rootseal("keys", "new-keystore", "key.json", *options).json
    added = rootseal("add", "-", "--keystore", "key.json", *options, stdin=badge(1))
    assert added.json["issuer"] == made["address"]
    assert rootseal("keys", "new-keystore", "key.json", *options).code == 2


def test_devnet_runs_until_interrupted(folder: Path) -> None:
    command = [sys.executable, "-c", "from registry.cli import main; main()"]
    command += ["devnet", "--state", "net", "--port", str(20_000 + os.getpid() % 10_000)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert [line[0] for line in lines] == ["RPC", "contract", "account"]
    assert lines[2][1] == ISSUER
    assert (folder / "net" / "devnet.json").exists()
