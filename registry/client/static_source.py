"""Published files of an issuer on a web server: a CDN, object storage, or any other."""

from typing import Self

from registry.client.transport import Transport
from registry.errors import NotFoundError, UnavailableError
from registry.services.static_receipts import StaticReceipts as ReceiptsOfSource

_NOT_THERE = (404, 410)


class WebFiles:
    """Implements `registry.services.ports.StaticSource` over http(s), without redirects.

    `timeout` is in seconds, as in `Client`. Raises `InvalidInputError` for an address that is none.
    """

    def __init__(self, base_url: str, *, timeout: float = 30) -> None:
        self._transport = Transport(base_url, api_key=None, timeout=timeout)

    @property
    def source(self) -> str:
        """The address."""
        return self._transport.source

    def read(self, path: str, limit: int) -> bytes:
        """A file of at most `limit` bytes; raises as the port says."""
        with self._transport.fetch(f"/{path}") as answer:
            if answer.status in _NOT_THERE:
                raise NotFoundError(f"there is no {path} at {self.source}")
            if answer.status != 200:
                raise UnavailableError(f"{path}: HTTP {answer.status}", source=self.source)
            return answer.body(limit)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class StaticReceipts(ReceiptsOfSource):
    """Receipts of one issuer from the files that `rootseal export tiles` wrote, at a web address.

    Raises as `registry.services.static_receipts.StaticReceipts`.
    """

    def __init__(self, base_url: str, *, issuer: bytes | None = None, timeout: float = 30) -> None:
        super().__init__(WebFiles(base_url, timeout=timeout), issuer=issuer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
