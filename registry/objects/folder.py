"""Static files in a folder, for a web server or for `rsync`."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.services.ports import Put, StaticFile

_PARTIAL: Final = ".part"


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
        for parent, _, names in os.walk(self._path / folder):
            for name in names:
                path = Path(parent, name)
                if name.endswith(_PARTIAL):
                    path.unlink(missing_ok=True)
                else:
                    found[path.relative_to(self._path).as_posix()] = path.stat().st_size
        return found

    @contextmanager
    def writing(self) -> Iterator[Put]:
        """Write each file when it comes: beside its place, and then into it."""
        yield self._write

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is not there is no error."""
        for path in paths:
            try:
                (self._path / path).unlink(missing_ok=True)
            except OSError as exc:
                raise InvalidInputError(f"cannot remove {path}: {exc.strerror}") from exc

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, file: StaticFile) -> None:
        path = self._path / file.path
        partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
        try:
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            partial.write_bytes(file.data)
            partial.replace(path)
        except OSError as exc:
            raise InvalidInputError(f"cannot write {file.path}: {exc.strerror}") from exc
