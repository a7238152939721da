"""Object storage: S3 as moto speaks it, over real HTTP on this machine."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # boto3 has no annotations

import boto3  # type: ignore[import-untyped]
import fsspec
import pytest
from moto.server import ThreadedMotoServer

from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.objects import Folder, ObjectStorage
from registry.services.ports import FileKind, StaticFile
from registry.services.static_publishing import Wishes
from registry.services.static_receipts import StaticReceipts
from registry.store import SqlStore
from tests.chain.kms import set_environment
from tests.services.publishing import (
    contents_of,
    erase,
    final_batch,
    publish,
    stored_receipt,
)
from tests.store.builders import credential, seal_of

COUNT = 600


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an empty bucket, with credentials that open nothing else."""
    set_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    client = boto3.client("s3")
    region = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration=region)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    yield client
    for each in client.list_objects_v2(Bucket="bucket").get("Contents", []):
        client.delete_object(Bucket="bucket", Key=each["Key"])
    client.delete_bucket(Bucket="bucket")
    client.close()


def objects(s3: Any) -> dict[str, int]:
    found = s3.list_objects_v2(Bucket="bucket").get("Contents", [])
    return {each["Key"].removeprefix("some/academy/"): each["Size"] for each in found}


def test_s3_has_the_same_files_as_a_folder_and_gives_the_same_receipts(
    s3: Any, sqlite_store: SqlStore, tmp_path: Path
) -> None:
    batch = final_batch(sqlite_store, range(COUNT))
    publish(sqlite_store, Folder(tmp_path / "public"))
    bucket = ObjectStorage("s3://bucket/some/academy/")
    done = publish(sqlite_store, bucket)
    paths = contents_of(tmp_path / "public")
    sizes = {path: (tmp_path / "public" / path).stat().st_size for path in paths}
    assert objects(s3) == sizes
    assert done.files == len(paths)
    for number in (0, 7, COUNT - 1):
        receipt = StaticReceipts(bucket).receipt(credential(number).credential_hash)
        assert receipt == stored_receipt(sqlite_store, number)
    with pytest.raises(NotFoundError):
        StaticReceipts(bucket).receipt(bytes(32))

    caching = {
        "tile/0/000": ("application/octet-stream", "public, max-age=31536000, immutable"),
        "receipts/000": ("application/octet-stream", "public, max-age=3600"),
        "head.json": ("application/json", "public, max-age=60"),
    }
    for path, wanted in caching.items():
        head = s3.head_object(Bucket="bucket", Key=f"some/academy/{seal_of(batch).hex()}/{path}")
        assert (head["ContentType"], head["CacheControl"]) == wanted
    assert done.files == publish(sqlite_store, bucket, Wishes(rewrite=True)).files
    assert publish(sqlite_store, bucket).unchanged == 1
    erase(sqlite_store, 7)
    assert publish(sqlite_store, bucket).files == 3
    removed = publish(sqlite_store, bucket, Wishes(receipts=False))
    assert removed.removed == 4
    assert not any("/receipts/" in path for path in objects(s3))


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_takes_no_file() -> None:
    nowhere = ObjectStorage("s3://no-such-bucket/x")
    with pytest.raises(NotFoundError):
        nowhere.read("a", 10)
    with pytest.raises(UnavailableError, match="a: "), nowhere.writing() as put:
        put(StaticFile("a", b"x", FileKind.TILE))


@pytest.mark.usefixtures("s3")
def test_an_object_that_is_too_large_is_not_held() -> None:
    bucket = ObjectStorage("s3://bucket")
    with bucket.writing() as put:
        for number in range(40):  # more than are written at once
            put(StaticFile(f"folder/{number}", bytes(number + 1), FileKind.TILE))
    assert bucket.sizes("folder") == {f"folder/{n}": n + 1 for n in range(40)}
    assert bucket.read("folder/9", 10) == bytes(10)
    with pytest.raises(UnavailableError, match="more than 10 bytes"):
        bucket.read("folder/10", 10)
    bucket.remove(["folder/9", "never/there"])
    with pytest.raises(NotFoundError):
        bucket.read("folder/9", 10)


def test_storage_that_cannot_be_reached_when_it_is_named_is_no_answer() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        ObjectStorage("ftp://127.0.0.1:1/x")


def test_storage_that_does_not_answer_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the discard port
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(UnavailableError, match=r"index\.json"):
        StaticReceipts(ObjectStorage("s3://bucket/x")).index()


def test_files_in_memory(sqlite_store: SqlStore) -> None:
    """Another of fsspec's file systems, to which no headers can be given."""
    final_batch(sqlite_store, range(3))
    memory = ObjectStorage("memory://academy")
    assert memory.sizes("a") == {}
    publish(sqlite_store, memory)
    assert len(memory.sizes("")) == 4
    found = StaticReceipts(memory).receipt(credential(1).credential_hash)
    assert found == stored_receipt(sqlite_store, 1)
    memory.remove([])
    memory.remove(memory.sizes(""))
    assert memory.sizes("") == {}


def test_a_url_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="nosuch"):
        ObjectStorage("nosuch://bucket")


def test_a_folder_is_read_within_limits(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "file").write_bytes(bytes(10))
    assert folder.read("file", 10) == bytes(10)
    with pytest.raises(UnavailableError, match="more than 9 bytes"):
        folder.read("file", 9)
    os.mkfifo(tmp_path / "pipe")  # a reader of it would wait for ever
    for odd in (".", "pipe"):
        with pytest.raises(UnavailableError):
            folder.read(odd, 9)
    (tmp_path / "pipe").unlink()
    for missing in ("nothing", "file/below"):
        with pytest.raises(NotFoundError):
            folder.read(missing, 9)
    with pytest.raises(InvalidInputError, match="cannot write file/below"), folder.writing() as put:
        put(StaticFile("file/below", b"", FileKind.TILE))
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInputError, match="cannot remove folder"):
        folder.remove(["nothing", "folder"])
    (tmp_path / "folder").rmdir()
    (tmp_path / ".file.1.part").write_bytes(b"left by a killed run")
    assert folder.sizes("") == {"file": 10}
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
