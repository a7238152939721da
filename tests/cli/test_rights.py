"""What the configured key may not do is refused before it is asked for."""

from pathlib import Path

import pytest

from registry.chain import create_keystore
from registry.store import open_store
from tests.anvil import Anvil
from tests.cli.conftest import ISSUER, badge, rootseal
from tests.store.builders import contents


def test_a_revocation_that_the_key_may_not_make_is_not_kept(
    mining: Anvil, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rootseal("add", "-", stdin=badge(1)).code == 0
    assert rootseal("nightly", "--patience", "30").code == 0
    (folder / "one.json").write_bytes(badge(1))
    operator = create_keystore(folder / "key.json", "correct horse").hex()
    (folder / "password").write_text("correct horse")
    mining.ask("anvil_setBalance", "0x" + operator, hex(10**18))
    assert rootseal("operator", "add", "0x" + operator, "--until", "never").code == 0
    monkeypatch.delenv("ROOTSEAL_DEVELOPMENT_ACCOUNT")
    monkeypatch.setenv("ROOTSEAL_KEYSTORE", "key.json")
    monkeypatch.setenv("ROOTSEAL_PASSWORD_FILE", "password")
    store = open_store(f"sqlite:///{folder / 'rootseal-data' / 'registry.db'}")
    before = contents(store)
    ran = rootseal("revoke", "one.json", "--issuer", ISSUER)
    assert ran.code == 2
    assert "--role status" in ran.err
    assert contents(store) == before
    store.close()
