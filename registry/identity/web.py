"""One HTTPS request to a host that a stranger named: guarded, small, and over in time."""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from socket import SHUT_RDWR, create_connection, socket
from threading import Timer
from typing import Final

from registry.core.identity import WebLocation
from registry.errors import UnavailableError
from registry.identity.addresses import is_public

MAX_BODY_BYTES: Final = 64 * 2**10  # a DID document has some 2 kB
MAX_ADDRESSES: Final = 4  # tried of one host, while there is time
_TOO_LATE: Final = "no answer in time"
_ABSENT: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

Resolve = Callable[[str], list[str]]


class Web:
    """Fetches over HTTPS. No proxy, no redirect, no cookie, no address that is not public.

    A host is resolved once, and the connection goes to what was judged: the name is not looked
    up again, so that a second answer of its DNS (rebinding) goes nowhere.
    """

    def __init__(
        self,
        resolve: Resolve,
        *,
        timeout: float,
        tls: ssl.SSLContext | None = None,
        may_connect: Callable[[str], bool] = is_public,
    ) -> None:
        self._resolve = resolve
        self._timeout = timeout
        self._tls = ssl.create_default_context() if tls is None else tls
        self._may_connect = may_connect

    def fetch(self, location: WebLocation) -> bytes | None:
        """The document there; None if its host says that there is none.

        Raises `UnavailableError` for everything else.
        """
        end = time.monotonic() + self._timeout
        addresses = self._resolve(location.host)
        if not addresses or not all(map(self._may_connect, addresses)):
            # One message for both: a stranger must not learn the names of a network inside.
            raise _unavailable(location, "its host has no public address")
        line = self._connected(location, addresses, end)
        with line, _cut_after(line, end - time.monotonic()):
            try:
                with self._tls.wrap_socket(line, server_hostname=location.host) as secured:
                    body = _exchange(secured, location)
            except ssl.SSLCertVerificationError as exc:
                raise _unavailable(location, "its certificate is not one to trust") from exc
            except (OSError, http.client.HTTPException) as exc:
                late = time.monotonic() >= end
                reason = _TOO_LATE if late else "no answer that can be read"
                raise _unavailable(location, reason) from exc
        if time.monotonic() >= end:  # and so perhaps cut off where a header ended
            raise _unavailable(location, _TOO_LATE)
        return body

    def _connected(self, location: WebLocation, addresses: list[str], end: float) -> socket:
        for address in addresses[:MAX_ADDRESSES]:
            left = end - time.monotonic()
            if left <= 0:
                break
            with suppress(OSError):
                return create_connection((address, location.port), timeout=left)
        raise _unavailable(location, "no connection to its host")


@contextmanager
def _cut_after(line: socket, seconds: float) -> Iterator[None]:
    """Cut the connection after a time, whoever has it: a slow answer is no answer.

    A socket's own timeout starts anew with every byte.
    """
    ours = line.dup()  # TLS takes the other one over

    def cut() -> None:
        with suppress(OSError):  # it ended just now
            ours.shutdown(SHUT_RDWR)

    timer = Timer(max(seconds, 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        ours.close()


def _exchange(line: ssl.SSLSocket, location: WebLocation) -> bytes | None:
    connection = http.client.HTTPSConnection(location.host, location.port)
    connection.sock = line
    connection.request(
        "GET",
        location.path,
        headers={"Accept": "application/did+json, application/json", "User-Agent": "rootseal"},
    )
    with connection.getresponse() as response:
        if response.status in _ABSENT:
            return None
        if response.status != HTTPStatus.OK:  # redirects, too
            raise _unavailable(location, f"its host answered {response.status}")
        body = response.read(MAX_BODY_BYTES + 1)
        if len(body) <= MAX_BODY_BYTES and response.length:
            raise http.client.IncompleteRead(body, response.length)
    if len(body) > MAX_BODY_BYTES:
        raise _unavailable(location, f"its document has more than {MAX_BODY_BYTES} bytes")
    return body


def _unavailable(location: WebLocation, reason: str) -> UnavailableError:
    return UnavailableError(reason, source=location.host)
