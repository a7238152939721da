"""A folder: whole files, safe from a power cut, and no silence about what could not be read."""

import errno
import os
from pathlib import Path

import pytest

from registry.errors import InvalidInputError, UnavailableError
from registry.objects import Folder
from registry.services.ports import FileKind, StaticFile


def put(folder: Folder, path: str, data: bytes, kind: FileKind = FileKind.TILE) -> None:
    with folder.writing() as write:
        write(StaticFile(path, data, kind))


def test_files_and_their_folders_are_safe_when_writing_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe: list[Path] = []
    sync = os.fsync

    def noted(handle: int) -> None:
        safe.append(Path(f"/proc/self/fd/{handle}").readlink())
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    public = tmp_path / "public"
    folder = Folder(public)
    with folder.writing() as write:
        for name in ("a/1", "a/b/2"):
            write(StaticFile(name, b"tile", FileKind.TILE))
        assert safe == []  # all of them in one go
    wanted = [public / "a/1", public / "a/b/2", public, public / "a", public / "a/b"]
    assert safe == wanted
    safe.clear()
    put(folder, "index.json", b"{}", FileKind.DOCUMENT)
    assert safe[0].name.endswith(".part")  # before it takes the place of the one before
    assert safe[1:] == [public / "index.json", public]


def test_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    put(folder, "a/1", b"tile")
    for left in (".index.json.123.part", "a/.2.123.part"):
        (tmp_path / left).write_bytes(b"half")
    assert folder.sizes("a") == {"a/1": 4}
    put(folder, "index.json", b"{}", FileKind.DOCUMENT)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["1", "a", "index.json"]


def test_a_folder_that_cannot_be_listed_is_not_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(Folder(tmp_path), "a/b/1", b"tile")
    scan = os.scandir

    def fail(path: Path) -> object:
        if str(path).endswith("/b"):
            raise OSError(errno.EIO, "Input/output error")
        return scan(path)

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(UnavailableError, match="a: Input/output error"):
        Folder(tmp_path).sizes("a")
    monkeypatch.undo()
    assert Folder(tmp_path).sizes("absent") == {}


@pytest.mark.parametrize(
    ("number", "wanted"),
    [(errno.ENOSPC, UnavailableError), (errno.EACCES, InvalidInputError)],
    ids=["full", "not allowed"],
)
def test_a_full_disk_is_not_the_callers_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, wanted: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(wanted, match="cannot write a/1"):
        put(Folder(tmp_path), "a/1", b"tile")
