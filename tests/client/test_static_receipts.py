"""Receipts from a web server that lies, breaks off, leads elsewhere, or is down."""

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import pytest

from registry.client import StaticReceipts
from registry.core.receipt import Receipt
from registry.core.static_entries import print_shard
from registry.core.static_files import INDEX_PATH
from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.objects import Folder
from registry.store import SqlStore, open_store
from tests.client.test_hostile_server import Play, Stage, cut, endless, says, server
from tests.databases import sqlite_url
from tests.services.publishing import final_batch, publish, stored_receipt
from tests.store.builders import ISSUER, OTHER, credential, seal_of

COUNT: Final = 600
DIGEST: Final = credential(7).credential_hash
Change = Callable[[str, bytes], Play | bytes]


class Published:
    """What an honest server would serve, of two batches, and the receipt that is right."""

    def __init__(self, store: SqlStore, folder: Path) -> None:
        batch = final_batch(store, range(COUNT))
        other = final_batch(store, range(COUNT, 2 * COUNT))
        publish(store, Folder(folder))
        self.seal, self.other = seal_of(batch).hex(), seal_of(other).hex()
        paths = (path for path in folder.rglob("*") if path.is_file())
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        self.receipt = stored_receipt(store, 7)

    def play(self, change: Change = lambda _, data: data) -> Play:
        """Serve the files under /academy, each as `change` makes of it."""

        def play(act: BaseHTTPRequestHandler) -> None:
            path = act.path.removeprefix("/academy/")
            if path not in self.files:
                says(b"<h1>Not here</h1>", 404, "text/html")(act)
                return
            made = change(path, self.files[path])
            (says(made, 200, "text/plain") if isinstance(made, bytes) else made)(act)

        return play


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("published")
    store = open_store(sqlite_url(folder))
    yield Published(store, folder / "public")
    store.close()


def ask(stage: Stage, *, timeout: float = 5) -> Receipt:
    with StaticReceipts(address(stage), timeout=timeout) as there:
        return there.receipt(DIGEST)


def address(stage: Stage) -> str:
    return f"http://127.0.0.1:{stage.server_address[1]}/academy/"


def test_a_few_files_make_a_receipt(published: Published) -> None:
    with server(published.play()) as stage:
        assert ask(stage) == published.receipt
        # The index, a shard of each batch, head, two tiles.
        assert len(stage.heads) == 6
        with StaticReceipts(address(stage), issuer=ISSUER) as there:
            found = there.receipt(DIGEST, seal=bytes.fromhex(published.seal))
            assert found == published.receipt
            assert len(stage.heads) == 6 + 5
            pending = found.model_copy(update={"anchors": ()})
            assert there.completed(pending) == found
            with pytest.raises(NotFoundError, match="has no receipt"):
                there.receipt(sha256(b"never").digest())
            with pytest.raises(NotFoundError, match="no batch with seal"):
                there.completed(pending.model_copy(update={"seal": bytes(32)}))
        with pytest.raises(InvalidInputError, match="another issuer"):
            StaticReceipts(address(stage), issuer=OTHER).receipt(DIGEST)
        assert not any("Authorization" in head for head in stage.heads)


def test_where_nothing_is_published_there_is_no_receipt(published: Published) -> None:
    with (
        server(published.play()) as stage,
        StaticReceipts(address(stage) + "elsewhere") as there,
        pytest.raises(NotFoundError, match=r"no index\.json"),
    ):
        there.receipt(DIGEST)


def _lies(published: Published) -> dict[str, Change]:
    tile = f"{published.seal}/tile/0/"

    def swapped(part: str) -> Change:
        """The other batch's files in place of this one's."""

        def change(path: str, data: bytes) -> bytes:
            there = path.replace(published.seal, published.other)
            return published.files[there] if part in path else data

        return change

    def in_files(part: str, made: Callable[[bytes], Play | bytes]) -> Change:
        return lambda path, data: made(data) if part in path else data

    return {
        "tiles of another batch": swapped("/tile/0/"),
        "the upper tile of another batch": swapped("/tile/1/"),
        "the head of another batch": swapped("/head.json"),
        "a changed leaf": in_files(tile, lambda data: bytes([data[0] ^ 1]) + data[1:]),
        "a short tile": in_files(tile, lambda data: data[:-32]),
        "a long tile": in_files(tile, lambda data: data + bytes(32)),
        "a cut tile": in_files(tile, cut),
        "a shard cut off": in_files("/receipts/", lambda data: data[:-1]),
        "a shard cut off between entries": in_files("/receipts/", lambda data: data[:-73]),
        "a changed entry": in_files("/receipts/", _flipped_ciphertexts),
        "an endless shard": in_files("/receipts/", lambda _: endless(bytes(65536))),
        "an endless index": in_files(INDEX_PATH, lambda _: endless(b" " * 65536)),
        "an endless head": in_files("/head.json", lambda _: endless(b" " * 65536)),
        "an index that is a page": in_files(INDEX_PATH, lambda _: b"<html>"),
        "a head of nothing": in_files("/head.json", lambda _: b"{}"),
        "a head with another root": in_files("/head.json", _other_root),
        "no tile": in_files(tile, lambda _: says(b"", 404)),
        "no shard": in_files("/receipts/", lambda _: says(b"", 404)),
        "no head": in_files("/head.json", lambda _: says(b"", 410)),
        "forbidden": in_files("/receipts/", lambda _: says(b"", 403)),
        "an error of the server": in_files(INDEX_PATH, lambda _: says(b"", 500)),
        "overload": in_files(INDEX_PATH, lambda _: says(b"", 503)),
        "a redirect": in_files(
            INDEX_PATH, lambda _: says(b"", 302, "text/html", ("Location", "https://example.com"))
        ),
        "a coding": in_files(
            INDEX_PATH, lambda data: says(data, 200, "text/html", ("Content-Encoding", "gzip"))
        ),
    }


LIES: Final = [
    "tiles of another batch", "the upper tile of another batch", "the head of another batch",
    "a changed leaf", "a short tile", "a long tile", "a cut tile", "a shard cut off",
    "a shard cut off between entries", "a changed entry", "an endless shard", "an endless index",
    "an endless head", "an index that is a page", "a head of nothing", "a head with another root",
    "no tile", "no shard", "no head", "forbidden", "an error of the server", "overload",
    "a redirect", "a coding",
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_or_an_outage_is_no_answer(published: Published, lie: str) -> None:
    lies = _lies(published)
    assert list(lies) == LIES
    with server(published.play(lies[lie])) as stage, pytest.raises(UnavailableError):
        ask(stage)


def test_a_server_that_says_nothing_more_is_given_up(published: Published) -> None:
    def silent(_: BaseHTTPRequestHandler) -> None:
        time.sleep(2)

    def change(path: str, data: bytes) -> Play | bytes:
        return silent if path.endswith("head.json") else data

    with server(published.play(change)) as stage, pytest.raises(UnavailableError):
        ask(stage, timeout=0.3)


def test_no_server_is_no_answer() -> None:
    with (
        StaticReceipts("http://127.0.0.1:9", timeout=1) as there,
        pytest.raises(UnavailableError, match="got no answer"),
    ):
        there.index()


def test_somebody_elses_entry_under_ones_name_is_no_answer(published: Published) -> None:
    """A server may put what it likes under a name that it can guess."""

    def change(path: str, data: bytes) -> bytes:
        if "/receipts/" not in path:
            return data
        names = [data[at : at + 16] for at in range(4, len(data), 73)]
        texts = [data[at + 16 : at + 73] for at in range(4, len(data), 73)]
        turned = [texts[-1], *texts[:-1]]
        return print_shard([a + b for a, b in zip(names, turned, strict=True)])

    with server(published.play(change)) as stage, pytest.raises(UnavailableError, match="damaged"):
        ask(stage)


def _flipped_ciphertexts(data: bytes) -> bytes:
    changed = bytearray(data)
    for at in range(4 + 16, len(data), 73):
        changed[at] ^= 1
    return bytes(changed)


def _other_root(data: bytes) -> bytes:
    start = data.index(b'"merkleRoot":"') + len(b'"merkleRoot":"')
    return data[:start] + b"0" * 64 + data[start + 64 :]
