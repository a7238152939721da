"""Static files in a folder, for a web server or for `rsync`."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.errors import InvalidInputError, NotFoundError, RootsealError, UnavailableError
from registry.services.ports import FileKind, Put, StaticFile

_PARTIAL: Final = ".part"
_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})  # and not of the caller


class Folder:
    """Implements `registry.services.ports.StaticShelf`. Makes the folder when it first writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: set[Path] = set()

    @property
    def source(self) -> str:
        """The folder's path."""
        return os.fsencode(self._path).decode("utf-8", "replace")

    def read(self, path: str, limit: int) -> bytes:
        """A file of at most `limit` bytes; raises as the port says."""
        try:
            # Not blocking: a pipe in its place would never end.
            handle = os.open(self._path / path, os.O_RDONLY | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise UnavailableError(f"{path} is no file", source=self.source)
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise NotFoundError(f"there is no {path} in {self.source}") from exc
        except OSError as exc:
            raise UnavailableError(f"{path}: {exc.strerror}", source=self.source) from exc
        if len(data) > limit:
            raise UnavailableError(f"{path} has more than {limit} bytes", source=self.source)
        return data

    def sizes(self, folder: str) -> dict[str, int]:
        """Paths and sizes of the files under a folder; what a killed run left is removed."""
        found: dict[str, int] = {}
        try:
            if not (self._path / folder).exists():
                return found
            for parent, _, names in os.walk(self._path / folder, onerror=_raise):
                for name in names:
                    path = Path(parent, name)
                    if name.endswith(_PARTIAL):
                        path.unlink(missing_ok=True)
                    else:
                        found[path.relative_to(self._path).as_posix()] = path.stat().st_size
        except OSError as exc:
            raise UnavailableError(f"{folder}: {exc.strerror}", source=self.source) from exc
        return found

    @contextmanager
    def writing(self) -> Iterator[Put]:
        """Write each file when it comes: beside its place, and then into it.

        At the end all are safe from a power cut, and what points to them may be written.
        """
        written: list[Path] = []

        def put(file: StaticFile) -> None:
            written.append(self._write(file))

        yield put
        # In one go: what the system has written meanwhile takes no more time.
        self._sync(written)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is not there is no error."""
        for path in paths:
            try:
                (self._path / path).unlink(missing_ok=True)
            except OSError as exc:
                raise self._failure("remove", path, exc) from exc

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, file: StaticFile) -> Path:
        path = self._path / file.path
        partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
        try:
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            if file.kind is FileKind.DOCUMENT:
                self._sweep(path)
            with partial.open("wb") as opened:
                opened.write(file.data)
                if file.kind is FileKind.DOCUMENT:  # it takes the place of one that is pointed to
                    opened.flush()
                    os.fsync(opened.fileno())
            partial.replace(path)
        except OSError as exc:
            raise self._failure("write", file.path, exc) from exc
        return path

    def _sweep(self, path: Path) -> None:
        """Remove what a killed run left beside a file that it was about to write."""
        for each in path.parent.iterdir():
            if each.name.startswith(f".{path.name}.") and each.suffix == _PARTIAL:
                each.unlink(missing_ok=True)

    def _sync(self, written: list[Path]) -> None:
        folders = {folder for path in written for folder in path.parents}
        inside = sorted(each for each in folders if each.is_relative_to(self._path))
        for path in [*written, *inside]:
            try:
                handle = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            except OSError as exc:
                name = path.relative_to(self._path).as_posix()
                raise self._failure("write", name, exc) from exc

    def _failure(self, what: str, name: str, exc: OSError) -> RootsealError:
        if exc.errno in _OF_THE_DISK:
            return UnavailableError(f"cannot {what} {name}: {exc.strerror}", source=self.source)
        return InvalidInputError(f"cannot {what} {name}: {exc.strerror}")


def _raise(error: OSError) -> None:
    raise error
