"""`--api`: the same commands, in a folder with neither store nor chain."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from registry.services.api_keys import create_api_key
from registry.services.ports import Scope
from registry.wiring import Registry, load_settings
from tests.anvil import Anvil
from tests.api.servers import Server, serving
from tests.cli.conftest import ISSUER, badge, rootseal
from tests.databases import sqlite_url

PATIENCE = timedelta(seconds=20)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def server(
    anvil: Anvil, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Server, Registry]]:
    """A registry elsewhere; here only its key is known."""
    folder = tmp_path_factory.mktemp("elsewhere")
    settings = {"database": sqlite_url(folder), "rpc_url": anvil.url, "finality": "1"}
    more = {"development_account": "0", "poll_seconds": "0.01"}
    registry = Registry(load_settings({}, **settings, **more))
    _, key = create_api_key(
        registry.store,
        registry.issuer,
        frozenset(Scope),
        now=datetime.now(UTC),
        expires_at=None,
        random_bytes=secrets.token_bytes,
    )
    monkeypatch.delenv("ROOTSEAL_ISSUER")
    monkeypatch.setenv("ROOTSEAL_API_KEY", key)
    monkeypatch.setenv("ROOTSEAL_RPC_URL", NOWHERE)
    with serving(folder, **settings) as server:
        yield server, registry
    registry.close()


def test_an_issuer_needs_no_store_and_a_verifier_no_chain(
    server: tuple[Server, Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, registry = ("--api", server[0].url), server[1]
    Path("badge.json").write_bytes(badge(1))
    Path("diploma.pdf").write_bytes(b"%PDF")
    Path("roster.csv").write_text(f"hash\n{sha256(b'x').hexdigest()}\n", encoding="utf-8")
    assert rootseal("seal", *api).out == "Nothing to seal.\n"
    added = rootseal("add", "badge.json", "diploma.pdf", "roster.csv", *api, "--json").json
    assert (added["new"], added["known"], added["issuer"]) == (3, 0, None)
    assert "known already 1" in rootseal("add", "badge.json", *api).out
    sealed = rootseal("seal", *api, "--json").json["batch"]
    assert (sealed["treeSize"], sealed["state"], sealed["issuer"]) == (3, "sealed", ISSUER)
    registry.nightly.run(registry.issuer, patience=PATIENCE)
    assert [b["state"] for b in rootseal("batches", *api, "--json").json["batches"]] == ["final"]

    assert rootseal("receipt", "badge.json", "diploma.pdf", *api).code == 0
    assert json.loads(Path("badge.json.receipt.json").read_bytes())["seal"] == sealed["seal"]
    monkeypatch.delenv("ROOTSEAL_API_KEY")  # which nobody else needs
    assert rootseal("verify", "badge.json", *api).code == 0
    assert rootseal("verify", "diploma.pdf", *api, "--issuer", ISSUER).code == 0
    assert rootseal("verify", "--hash", sha256(b"%PDF").hexdigest(), *api).code == 0
    assert rootseal("receipt", sha256(b"x").hexdigest(), *api).code == 0
    shown = rootseal("issuer", "show", ISSUER, *api, "--json").json
    assert (shown["owner"], shown["anchorCount"], shown["waiting"]) == (ISSUER, 1, None)
    assert "waiting" not in rootseal("issuer", "show", ISSUER, *api).out  # not told is not none
    Path("badge.json").write_bytes(badge(2))
    assert rootseal("verify", "badge.json", *api).code == 1
    assert not Path("rootseal-data").exists()


def test_a_status_is_asked_for(server: tuple[Server, Registry]) -> None:
    api, registry = ("--api", server[0].url), server[1]
    Path("diploma.pdf").write_bytes(b"%PDF")
    rootseal("add", "diploma.pdf", *api)
    rootseal("seal", *api)
    registry.nightly.run(registry.issuer, patience=PATIENCE)
    ran = rootseal("suspend", "diploma.pdf", "--reason", "certificate-hold", *api)
    assert ran.code == 0
    assert "suspended: 1 credentials under seal" in ran.out
    assert "next nightly run there carries it out" in ran.out
    registry.nightly.run(registry.issuer, patience=PATIENCE)
    assert rootseal("verify", "diploma.pdf", *api).code == 1
    [change] = rootseal("reinstate", "diploma.pdf", *api, "--json").json["changes"]
    assert (change["status"], change["state"]) == ("active", "requested")
    assert rootseal("revoke", *api).code == 2
    assert rootseal("revoke", "nobody.pdf", *api).code == 2


def test_nothing_is_sent_of_a_faulty_roster(server: tuple[Server, Registry]) -> None:
    api, registry = ("--api", server[0].url), server[1]
    Path("roster.ndjson").write_bytes(badge(1) + b"\n{\n" + badge(2) + b"\n")
    ran = rootseal("add", "roster.ndjson", *api)
    assert ran.code == 2
    assert "roster.ndjson:2" in ran.err
    assert registry.store.open_count(registry.issuer) == 0
    ran = rootseal("add", "roster.ndjson", "--skip-invalid", "bad.ndjson", *api)
    assert ran.code == 0
    assert registry.store.open_count(registry.issuer) == 2
    digest = sha256(b"a diploma").hexdigest()
    rows = [f"{digest},raw", f"{digest[::-1]},jcs", f"{'ab' * 32},raw"]
    Path("hashes.csv").write_text("\n".join(["hash,canonicalization", *rows]))
    assert rootseal("add", "hashes.csv", *api, "--json").json["new"] == 3
    found = registry.store.find_all_credentials([bytes.fromhex(row[:64]) for row in rows])
    assert {(each.credential_hash.hex(), each.canonicalization.value) for each in found} == {
        (row[:64], row[65:]) for row in rows
    }


def test_what_is_wrong_is_said(
    server: tuple[Server, Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ("--api", server[0].url)
    Path("badge.json").write_bytes(badge(1))
    missing = rootseal("receipt", "badge.json", *api)
    assert (missing.code, "the registry has no credential badge.json" in missing.err) == (2, True)
    rootseal("add", "badge.json", *api)
    open_yet = rootseal("receipt", "badge.json", *api)
    assert (open_yet.code, "not sealed yet" in open_yet.err) == (1, True)
    for option in (("--trust", "t"), ("--resolve-issuer",), ("--snapshot", "s"), ("--no-store",)):
        ran = rootseal("verify", "badge.json", *option, *api)
        assert (ran.code, f"{option[0]} does not go with --api" in ran.err) == (2, True)
    assert rootseal("seal", "--api", "http://registry.example").code == 2
    assert rootseal("verify", "badge.json", "--api", NOWHERE).code == 3
    monkeypatch.setenv("ROOTSEAL_API_KEY", "rootseal_wrong_SECRET")
    refused = rootseal("seal", *api)
    assert refused.code == 2
    assert "SECRET" not in refused.out + refused.err + rootseal("settings").out
