"""The monitor's position in a file that is whole at any moment. Does not know what it says."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from registry.errors import InvalidInputError, UnavailableError

MAX_POSITION_BYTES: Final = 64 << 20  # a thousand alarms of each kind take some 10 MB
_PRIVATE: Final = 0o600


class PositionFile:
    """Implements `PositionKeeper`. One monitor at a time: two would each forget the other's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None

    def load(self) -> bytes | None:
        """What was saved last; None if nothing ever was.

        Raises `InvalidInputError` for a file that cannot be used, or that another monitor uses.
        """
        try:
            self._take_lock()
            with self._path.open("rb") as file:
                data = file.read(MAX_POSITION_BYTES + 1)
        except FileNotFoundError:
            if self._lock is not None:
                return None
            raise self._unusable("its folder does not exist") from None
        except OSError as exc:
            raise self._unusable(exc.strerror) from exc
        if len(data) > MAX_POSITION_BYTES:
            raise self._unusable(f"it has more than {MAX_POSITION_BYTES:,} bytes")
        return data

    def save(self, position: bytes) -> None:
        """Keep this instead; durable when this returns. Raises `UnavailableError`."""
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            # Whatever lies there is of a run that was killed: the lock is ours.
            opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
            with os.fdopen(opened, "wb") as file:
                file.write(position)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            self._sync_folder()
        except OSError as exc:
            raise UnavailableError(
                f"the position cannot be saved: {exc.strerror}", source=str(self._path)
            ) from exc

    def close(self) -> None:
        """Let another monitor use the file."""
        if self._lock is not None:
            with suppress(OSError):
                os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        # A file of its own: the other one is replaced at every save, and its lock with it.
        name = self._path.with_name(f"{self._path.name}.lock")
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            raise InvalidInputError(f"another monitor uses {self._path}") from None
        self._lock = opened

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unusable(self, why: str | None) -> InvalidInputError:
        return InvalidInputError(f"position {self._path} cannot be used: {why}")
