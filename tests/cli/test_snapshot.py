"""`rootseal snapshot`, and `verify --snapshot` with no node at all."""

import json
from pathlib import Path

import pytest
import rlp  # type: ignore[import-untyped] # has no annotations

from registry.core.snapshot import Snapshot, print_snapshot
from tests.anvil import Anvil
from tests.cli.conftest import badge, rootseal

NOWHERE = ("--rpc-url", "http://127.0.0.1:9")


@pytest.fixture
def anchored(mining: Anvil) -> Anvil:
    Path("badge.json").write_bytes(badge(1))
    Path("other.pdf").write_bytes(b"%PDF")
    assert rootseal("add", "badge.json", "other.pdf").code == 0
    assert rootseal("nightly").code == 0
    assert rootseal("receipt", "badge.json", "other.pdf").code == 0
    return mining


@pytest.mark.usefixtures("anchored")
def test_a_snapshot_stands_in_for_the_node() -> None:
    taken = rootseal("snapshot", "badge.json", "-o", "s.json", "--json").json
    assert taken["writtenTo"] == "s.json"
    offline = ("verify", "badge.json", "--snapshot", "s.json", "--no-store", *NOWHERE)
    trusted = ("--block-hash", str(taken["blockHash"]))
    assert rootseal(*offline, *trusted).code == 0
    assert rootseal("verify", "badge.json", "--no-store", *NOWHERE).code == 3
    nobody = rootseal(*offline)
    assert nobody.code == 3
    assert str(taken["blockHash"]) in nobody.out
    assert rootseal(*offline, "--block-hash", "0x" + "00" * 32).code == 3
    # Its neighbours under the seal share its word of statuses.
    assert rootseal("verify", "other.pdf", *offline[2:], *trusted).code == 0
    Path("badge.json").write_bytes(badge(2))
    assert rootseal(*offline, *trusted).code == 1


@pytest.mark.usefixtures("anchored")
def test_a_later_withdrawal_does_not_show_in_it() -> None:
    def of_now(name: str) -> str:
        return str(rootseal("snapshot", "badge.json", "-o", name, "--json").json["blockHash"])

    before = of_now("before.json")
    assert rootseal("revoke", "badge.json").code == 0
    after = of_now("after.json")
    offline = ("verify", "badge.json", "--no-store", *NOWHERE)
    old = rootseal(*offline, "--snapshot", "before.json", "--block-hash", before)
    assert old.code == 0
    assert "has not withdrawn it, as of 20" in old.out
    new = rootseal(*offline, "--snapshot", "after.json", "--block-hash", after)
    assert new.code == 1
    assert "has revoked it, as of 20" in new.out


@pytest.mark.usefixtures("anchored")
def test_receipts_and_credentials_of_every_kind_are_taken() -> None:
    assert rootseal("receipt", "badge.json", "--embed").code == 0
    files = ("badge.json.receipt.json", "badge.sealed.json", "other.pdf")
    assert rootseal("snapshot", *files, "-o", "s.json").code == 0


@pytest.mark.usefixtures("anchored")
def test_what_cannot_be_saved_or_read_is_said() -> None:
    Path("bare.json").write_bytes(badge(3))
    Path("bare.pdf").write_bytes(b"%PDF")
    for name in ("bare.json", "bare.pdf"):
        ran = rootseal("snapshot", name, "-o", "s.json")
        assert (ran.code, Path("s.json").exists()) == (2, False)
        assert f"no receipt is in {name} or beside it" in ran.err
    receipt = json.loads(Path("other.pdf.receipt.json").read_bytes())
    Path("pending.receipt.json").write_text(json.dumps(receipt | {"anchors": []}))
    ran = rootseal("snapshot", "badge.json", "pending.receipt.json", "-o", "s.json")
    assert (ran.code, Path("s.json").exists()) == (2, False)
    assert "pending.receipt.json is pending" in ran.err
    assert rootseal("snapshot", "badge.json", "-o", "s.json", *NOWHERE).code == 3
    assert not Path("s.json").exists()
    ran = rootseal("verify", "badge.json", "--block-hash", "0x" + "00" * 32)
    assert (ran.code, "--block-hash is for --snapshot" in ran.err) == (2, True)
    for content in (b"", b"{}", b"\xff", b"[" * 100_000, of_a_block(b"\xff" * 9)):
        Path("s.json").write_bytes(content)
        assert rootseal("verify", "badge.json", "--snapshot", "s.json", "--json").code == 2
    Path("s.json").write_bytes(of_a_block(b"\1"))
    assert rootseal("verify", "badge.json", "--snapshot", "s.json", "--json").code == 3


def of_a_block(number: bytes) -> bytes:
    """A snapshot that proves nothing, of a block with that number."""
    header = bytes(rlp.encode([*[b""] * 8, number, *[b""] * 6]))
    made = Snapshot(
        type="rootseal/snapshot@1", chain=31337, header=header, code=b"\0", nodes=(b"\0",)
    )
    return print_snapshot(made)
