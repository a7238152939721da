"""Which adapter has the static files of a place: a web server's, object storage's, a folder's."""

import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from registry.errors import InvalidInputError
from registry.services.ports import StaticShelf, StaticSource, Store
from registry.services.static_publishing import StaticPublishing
from registry.services.static_receipts import StaticReceipts

_WEB: Final = ("http://", "https://")


def open_source(place: str) -> StaticSource:
    """Where to read: a web address, a URL of object storage, or a folder.

    Raises `InvalidInputError`.
    """
    if place.lower().startswith(_WEB):
        from registry.client.static_source import WebFiles

        return WebFiles(place)
    return _shelf(place)


def open_receipts(place: str, *, issuer: bytes | None) -> StaticReceipts:
    """The receipts there; raises as `open_source`."""
    return StaticReceipts(open_source(place), issuer=issuer)


def open_publishing(store: Store, place: str, *, issuer: bytes) -> StaticPublishing:
    """What publishes there. Raises `InvalidInputError`."""
    if place.lower().startswith(_WEB):
        raise InvalidInputError(
            f"{place}: a web server takes no files; name a folder, or s3://BUCKET/PREFIX"
        )
    return StaticPublishing(store, _shelf(place), issuer, _scratch)


def _shelf(place: str) -> StaticShelf:
    # Not fsspec's files: it writes them in place, where a reader could see half of one.
    place = place.removeprefix("file://")
    if "://" in place:
        from registry.objects import ObjectStorage

        return ObjectStorage(place)
    from registry.objects import Folder

    return Folder(Path(place))


def _scratch() -> BinaryIO:
    return tempfile.TemporaryFile()
