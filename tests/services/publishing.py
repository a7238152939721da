"""An issuer's published files in tests: written, killed on the way, and looked at."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from registry.core.batch import BatchState
from registry.core.receipt import Receipt
from registry.objects import Folder
from registry.services.ports import Batch, Put, StaticFile, StaticShelf
from registry.services.receipts import receipt_of
from registry.services.static_publishing import Published, StaticPublishing, Wishes
from registry.services.static_receipts import StaticReceipts
from registry.store import SqlStore
from registry.store.schema import credentials as credential_rows
from tests.store.builders import ISSUER, LATER, credential, move, sealed_batch

WITH_RECEIPTS = Wishes(receipts=True)


class Killed(BaseException):
    """The process ended here."""


class Faulty(Folder):
    """A folder whose writer is killed before the write (or removal) of a number."""

    def __init__(self, path: Path, *, lives: int) -> None:
        super().__init__(path)
        self._lives = lives

    @contextmanager
    def writing(self) -> Iterator[Put]:
        with super().writing() as put:

            def may_die(file: StaticFile) -> None:
                self._live()
                put(file)

            yield may_die

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._live()
            super().remove([path])

    def _live(self) -> None:
        if self._lives == 0:
            raise Killed
        self._lives -= 1


def scratch() -> BinaryIO:
    return TemporaryFile()


def publish(
    store: SqlStore,
    shelf: StaticShelf,
    wishes: Wishes = WITH_RECEIPTS,
    *,
    seal: bytes | None = None,
    issuer: bytes = ISSUER,
) -> Published:
    return StaticPublishing(store, shelf, issuer, scratch).publish(
        wishes, lambda _what, _done, _of: None, seal=seal
    )


def final_batch(store: SqlStore, numbers: Iterable[int], *, issuer: bytes = ISSUER) -> Batch:
    batch = sealed_batch(store, numbers, issuer=issuer)
    move(store, batch, BatchState.SEALED, BatchState.ANCHORED)
    move(store, batch, BatchState.ANCHORED, BatchState.FINAL, final_at=LATER)
    return store.batch(batch.id)


def erase(store: SqlStore, number: int) -> None:
    """Forget a person: salt and hash go."""
    row = credential_rows.c.credential_hash == credential(number).credential_hash
    with store._database.write() as connection:
        assert connection.execute(credential_rows.delete().where(row)).rowcount == 1


def stored_receipt(store: SqlStore, number: int) -> Receipt:
    return receipt_of(store, credential(number).credential_hash)


def read_receipt(folder: Path, number: int) -> Receipt:
    return StaticReceipts(Folder(folder)).receipt(credential(number).credential_hash)


def contents_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file under a folder."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def every_byte(folder: Path) -> bytes:
    """All files and their names, end to end."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"".join(path.as_posix().encode() + b"\0" + path.read_bytes() for path in paths)


def spelled(secret: bytes) -> list[bytes]:
    """The ways in which a secret could stand in a file."""
    standard = base64.b64encode(secret).rstrip(b"=")
    safe = base64.urlsafe_b64encode(secret).rstrip(b"=")
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), standard, safe]
