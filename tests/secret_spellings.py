"""Looks for secrets in whatever was written, however they may be spelled."""

import base64
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

CHUNK_BYTES = 1 << 20


class Needle:
    """A secret of bytes: raw, in hex of any case, in base64 at any offset, as a decimal number."""

    def __init__(self, secret: bytes) -> None:
        number = str(int.from_bytes(secret, "big")).encode()
        self._exact = {secret, number, *_base64(secret)}
        self._any_case = {secret.hex().encode()}
        self.longest = max(map(len, self._exact | self._any_case))

    def is_in(self, data: bytes) -> bool:
        """Whether any spelling of it stands in `data`."""
        lowered = data.lower()
        return any(spelling in data for spelling in self._exact) or any(
            spelling in lowered for spelling in self._any_case
        )


def files_with(needle: Needle, paths: Iterable[Path]) -> Iterator[Path]:
    """Return the files in which a secret stands, or which cannot be read to find out."""
    for path in paths:
        try:
            if not path.is_symlink() and path.is_file() and _stands_in(needle, path):
                yield path
        except FileNotFoundError:
            continue
        except OSError:
            yield path


def files_under(folder: Path, *, since: float = 0) -> Iterator[Path]:
    """Every file below a folder that was written at time `since` or later."""
    for place, _, names in os.walk(folder):  # passes over folders that are gone by now
        for path in (Path(place, name) for name in names):
            try:
                if path.lstat().st_mtime >= since:
                    yield path
            except FileNotFoundError:
                continue


def _stands_in(needle: Needle, path: Path) -> bool:
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(CHUNK_BYTES):
            if needle.is_in(before + chunk):
                return True
            before = (before + chunk)[-needle.longest :]  # it may stand across two chunks
    return False


def _base64(secret: bytes) -> set[bytes]:
    """What is in base64 of anything that contains the secret: by its place, one of three."""
    spellings = set()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret)
        # Only whole groups of the secret's own bits: those beside depend on what stands there.
        inner = encoded[4 if offset else 0 : len(encoded) - 4]
        spellings |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return spellings
