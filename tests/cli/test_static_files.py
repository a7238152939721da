"""Receipts without store and API: `export tiles`, and `--tiles` of the commands that read them."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.cli.conftest import CORPUS, ISSUER, badge, rootseal

NOWHERE = "http://127.0.0.1:9/academy"  # the discard port, where nothing listens
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def night(mining: Anvil, folder: Path) -> Path:  # noqa: ARG001 - it anchors
    """A folder whose credentials are anchored; of `diploma.pdf` a pending receipt is there."""
    shutil.copy(CORPUS / "simple.json", folder / "badge.json")
    (folder / "diploma.pdf").write_bytes(b"%PDF-1.7 a diploma")
    roster = b"\n".join(badge(n) for n in range(20))
    assert rootseal("add", "badge.json", "diploma.pdf", "-", stdin=roster).code == 0
    assert rootseal("seal").code == 0
    assert rootseal("receipt", "diploma.pdf").code == 0
    ran = rootseal("export", "tiles", "public", "--json")
    assert ran.json["notFinal"] == [rootseal("batches", "--json").json["batches"][0]["seal"]]
    assert not Path("public").exists()
    assert rootseal("nightly", "--patience", "30").code == 0
    return folder


def test_from_the_store_to_a_web_server_to_a_verdict(night: Path) -> None:
    ran = rootseal("export", "tiles", "public")
    assert ran.out == (
        "Published 1 batches (22 credentials, 3 files) at public; 0 were there already\n"
    )
    shutil.copytree(night / "public", night / "bare")
    ran = rootseal("export", "tiles", "public", "--receipts", "--json")
    assert (ran.json["batches"], ran.json["filesWritten"]) == (1, 3)
    assert rootseal("export", "tiles", "public", "--json").json["unchanged"] == 1
    assert (
        rootseal("export", "tiles", "public", "--no-receipts", "--json").json["filesRemoved"] == 1
    )
    rootseal("export", "tiles", "public", "--receipts")
    audited = rootseal("audit", "--tiles", "public", "--json")
    assert audited.json["verdict"] == "clean", audited.out
    shutil.rmtree(night / "rootseal-data")

    with web_server(night / "public") as url:
        # A receipt that is missing, and one that is pending.
        for name in ("badge.json", "diploma.pdf"):
            ran = rootseal("verify", name, "--tiles", url, "--issuer", ISSUER)
            assert ran.code == 0, ran.out
        ran = rootseal("receipt", "badge.json", "diploma.pdf", "--tiles", url)
        assert ran.code == 0, ran.err
        (night / "diploma.pdf").write_bytes(b"%PDF-1.7 A diploma")
        assert rootseal("verify", "diploma.pdf", "--tiles", url).code == 1
    assert rootseal("verify", "badge.json", "--issuer", ISSUER).code == 0
    assert rootseal("verify", "badge.json", "--tiles", "bare").code == 0
    assert not (night / "rootseal-data").exists()


def test_without_receipts_a_pending_one_is_completed_and_no_other_found(night: Path) -> None:
    assert rootseal("export", "tiles", "public").code == 0
    shutil.rmtree(night / "rootseal-data")
    assert rootseal("verify", "diploma.pdf", "--tiles", "public").code == 0
    assert rootseal("receipt", "diploma.pdf", "--tiles", "public").code == 0
    assert rootseal("verify", "diploma.pdf").code == 0
    ran = rootseal("receipt", "badge.json", "--tiles", "public")
    assert ran.code == 2
    assert "1 batches are published there without receipts" in ran.err
    ran = rootseal("verify", "badge.json", "--tiles", "public", "--json")
    assert (ran.code, ran.json["verdict"]) == (3, "undetermined")
    # Of another credential: not completed in place of its own.
    shutil.copy("diploma.pdf.receipt.json", "badge.json.receipt.json")
    assert rootseal("receipt", "badge.json", "--tiles", "public").code == 2


def test_an_outage_is_no_verdict(night: Path) -> None:
    shutil.rmtree(night / "rootseal-data")
    for name in ("badge.json", "diploma.pdf"):
        ran = rootseal("verify", name, "--tiles", NOWHERE)
        assert ran.code == 3
        assert "got no answer" in ran.err
    assert rootseal("receipt", "badge.json", "--tiles", NOWHERE).code == 3
    ran = rootseal("verify", "badge.json", "--tiles", "nothing-here", "--json")
    assert (ran.code, ran.json["verdict"]) == (3, "undetermined")


def test_what_cannot_be_is_refused(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (
        ("export", "tiles", NOWHERE),
        ("export", "tiles", "nosuch://bucket"),
        ("export", "tiles", "public", "--seal", "00" * 32),
        ("export", "tiles", "public", "--seal", "no seal"),
        ("receipt", "badge.json", "--tiles", "public", "--api", NOWHERE),
        ("verify", "badge.json", "--tiles", "public", "--api", NOWHERE),
        ("audit", "--tiles", "public", "--published", "public"),
    ):
        assert rootseal(*command).code == 2, command
    assert not (night / "public").exists()
    assert rootseal("export", "tiles", "public", "--receipts").code == 0
    monkeypatch.setenv("ROOTSEAL_ISSUER", OTHER)
    ran = rootseal("export", "tiles", "public")
    assert ran.code == 1
    assert "another issuer" in ran.err
    assert "another issuer" in rootseal("receipt", "badge.json", "--tiles", "public").err
