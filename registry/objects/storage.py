"""Static files on object storage, through fsspec: S3 and what speaks like it, and its siblings.

Credentials and endpoint come from the environment, where the storage's own tools have them.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Final  # fsspec has no annotations

from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.services.ports import FileKind, Put, StaticFile

_AT_ONCE: Final = 16  # requests under way, each of at most a shard's or an index's size
# What a storage calls media type and caching; to others the files are given without.
_S3: Final = ("s3", "s3a")
_GCS: Final = ("gs", "gcs")


class ObjectStorage:
    """Implements `registry.services.ports.StaticShelf` for a URL such as s3://bucket/prefix.

    Raises `InvalidInputError` for a URL that fsspec does not know, and if a package is missing.
    """

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra: a folder needs none of it

            # Listings are not kept: what another run wrote meanwhile must be seen.
            self._files, self._root = url_to_fs(url, use_listings_cache=False)
        except ImportError as exc:
            raise InvalidInputError(
                f"{url}: this needs packages that are not here (pip install rootseal[objects]; "
                f"{exc})"
            ) from exc
        except ValueError as exc:
            raise InvalidInputError(f"{url}: {exc}") from exc
        except OSError as exc:  # some connect at once
            raise UnavailableError(f"cannot be reached: {exc}", source=url) from exc
        self._protocols = _protocols(self._files)
        self._url = url.rstrip("/")

    @property
    def source(self) -> str:
        """The URL."""
        return self._url

    def read(self, path: str, limit: int) -> bytes:
        """A file of at most `limit` bytes; raises as the port says."""
        try:
            data = bytes(self._files.cat_file(self._at(path), start=0, end=limit + 1))
        except FileNotFoundError as exc:
            raise NotFoundError(f"there is no {path} at {self._url}") from exc
        except Exception as exc:
            raise self._unavailable(path, exc) from exc
        if len(data) > limit:
            raise UnavailableError(f"{path} has more than {limit} bytes", source=self._url)
        return data

    def sizes(self, folder: str) -> dict[str, int]:
        """Paths and sizes of the files under a folder."""
        try:
            found = self._files.find(self._at(folder), detail=True)
        except FileNotFoundError:
            return {}
        except Exception as exc:
            raise self._unavailable(folder, exc) from exc
        cut = len(self._at(""))
        return {str(path)[cut:]: int(each["size"]) for path, each in found.items()}

    @contextmanager
    def writing(self) -> Iterator[Put]:
        """Write files, some of them at once; at the end all are there, or it raises."""
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(_AT_ONCE) as pool:

            def put(file: StaticFile) -> None:
                if len(under_way) >= _AT_ONCE:
                    done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                    under_way.difference_update(done)
                    _raise_first(done)
                under_way.add(pool.submit(self._write, file))

            try:
                yield put
                wait(under_way)
                _raise_first(under_way)
            finally:
                pool.shutdown(cancel_futures=True)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is not there is no error."""
        wanted = [self._at(path) for path in paths]
        try:
            if wanted:
                self._files.rm(wanted)
        except FileNotFoundError:
            pass
        except Exception as exc:
            raise self._unavailable("files to remove", exc) from exc

    def close(self) -> None:
        """Connections are fsspec's, which shares them."""

    def _write(self, file: StaticFile) -> None:
        try:
            self._files.pipe_file(self._at(file.path), file.data, **self._headers(file.kind))
        except Exception as exc:
            raise self._unavailable(file.path, exc) from exc

    def _headers(self, kind: FileKind) -> dict[str, Any]:
        if self._protocols.intersection(_S3):
            return {"ContentType": kind.media_type, "CacheControl": kind.cache_control}
        if self._protocols.intersection(_GCS):
            return {
                "content_type": kind.media_type,
                "fixed_key_metadata": {"cache_control": kind.cache_control},
            }
        return {}

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"

    def _unavailable(self, path: str, exc: Exception) -> UnavailableError:
        # Each storage has its own errors, and none of them says that a file is not there.
        return UnavailableError(f"{path}: {type(exc).__name__}: {exc}", source=self._url)


def _protocols(files: Any) -> frozenset[str]:  # noqa: ANN401 - as above
    names = files.protocol
    return frozenset([names] if isinstance(names, str) else names)


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()
