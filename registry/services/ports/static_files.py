"""Where static files are read and written: a folder, object storage, or a web server."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias


class FileKind(Enum):
    """What a file is, for who serves it: media type, and how long a cache may keep it."""

    TILE = ("application/octet-stream", "public, max-age=31536000, immutable")
    # They change only when somebody is forgotten, which should not take a year.
    RECEIPTS = ("application/octet-stream", "public, max-age=3600")
    DOCUMENT = ("application/json", "public, max-age=60")

    def __init__(self, media_type: str, cache_control: str) -> None:
        self.media_type = media_type
        self.cache_control = cache_control


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file; its path is relative, with slashes."""

    path: str
    data: bytes
    kind: FileKind


class StaticSource(Protocol):
    """Where published files are read; nothing in them is believed."""

    @property
    def source(self) -> str:
        """Its name, for errors."""

    def read(self, path: str, limit: int) -> bytes:
        """A file of at most `limit` bytes.

        Raises `NotFoundError` if there is none, and `UnavailableError` for all that says nothing
        of it: no answer, a refusal, a file that is too large.
        """

    def close(self) -> None:
        """Let go of it."""


Put: TypeAlias = Callable[[StaticFile], None]


class StaticShelf(StaticSource, Protocol):
    """Where files are published. Each is there whole or not at all."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Paths of the files under a folder, and how many bytes they have."""

    def writing(self) -> AbstractContextManager[Put]:
        """Takes files, some of them at once; at its end all of them are there, or it raises."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is not there is no error."""
