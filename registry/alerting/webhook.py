"""Posts messages to one webhook, signed as Standard Webhooks has it. Retries nothing.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
import http.client
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from socket import SHUT_RDWR, create_connection, socket
from threading import Timer
from typing import Final
from urllib.parse import urlsplit

from registry.errors import InvalidInputError, UnavailableError

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = range(24, 65)  # as the specification asks for
_MAX_SECRET_FILE: Final = 1024
_URL: Final = re.compile(r"https?://[!-~]+", re.ASCII | re.IGNORECASE)
_TOO_LATE: Final = "no answer in time"


def read_secret(path: Path) -> bytes:
    """The secret in a file: `whsec_` and base64. Raises `InvalidInputError`, and never shows it."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_SECRET_FILE + 1).strip()
    except OSError as exc:
        raise _bad_secret(path, f"cannot be read: {exc.strerror}") from exc
    if not text.startswith(_PREFIX.encode()):
        raise _bad_secret(path, f"holds no secret: it begins with {_PREFIX}")
    try:
        secret = base64.b64decode(text[len(_PREFIX) :], validate=True)
    except binascii.Error:
        raise _bad_secret(path, f"holds no base64 behind {_PREFIX}") from None
    if len(secret) not in _SECRET_BYTES:
        raise _bad_secret(path, "holds a secret that has not 24 to 64 bytes")
    return secret


class Webhook:
    """Implements `AlarmReceiver`. No redirect, no proxy, no cookie; of an answer only the status.

    Raises `InvalidInputError` for an address that is none of http or https.
    """

    def __init__(
        self, url: str, secret: bytes, *, timeout: float, tls: ssl.SSLContext | None = None
    ) -> None:
        is_secure, self._host, self._port, self._path = _read_url(url)
        self._tls = None
        if is_secure:
            self._tls = ssl.create_default_context() if tls is None else tls
        self._secret = secret
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"Webhook({self._host})"

    def deliver(self, message_id: str, body: bytes, *, now: datetime) -> None:
        """Post a message. Raises `UnavailableError` unless the answer's status is 2xx."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "rootseal",
            **self._signed(message_id, str(int(now.timestamp())), body),
        }
        end = time.monotonic() + self._timeout
        try:
            line = create_connection((self._host, self._port), timeout=self._timeout)
            with line, _cut_after(line, end - time.monotonic()):
                status = self._post(line, body, headers)
        except ssl.SSLCertVerificationError as exc:
            raise self._unavailable("its certificate is not one to trust") from exc
        except (OSError, http.client.HTTPException) as exc:
            late = time.monotonic() >= end
            raise self._unavailable(_TOO_LATE if late else "no answer") from exc
        if time.monotonic() >= end:  # and so perhaps cut off where a header ended
            raise self._unavailable(_TOO_LATE)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._unavailable(f"it answered {status}")

    def _post(self, line: socket, body: bytes, headers: dict[str, str]) -> int:
        """Post over a connection and return the status; the rest of the answer is not read."""
        if self._tls is None:
            connection = http.client.HTTPConnection(self._host, self._port)
        else:
            line = self._tls.wrap_socket(line, server_hostname=self._host)
            connection = http.client.HTTPSConnection(self._host, self._port)
        with line:
            connection.sock = line
            connection.request("POST", self._path, body, headers)
            with connection.getresponse() as response:
                return response.status

    def _signed(self, message_id: str, timestamp: str, body: bytes) -> dict[str, str]:
        content = f"{message_id}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.digest(self._secret, content, sha256)).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }

    def _unavailable(self, reason: str) -> UnavailableError:
        # Of the address only the host: what follows it is often a secret, too.
        return UnavailableError(reason, source=f"webhook {self._host}")


@contextmanager
def _cut_after(line: socket, seconds: float) -> Iterator[None]:
    """Cut the connection after a time: a socket's own timeout starts anew with every byte."""
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


def _read_url(url: str) -> tuple[bool, str, int, str]:
    """Whether it is https, host, port, and what follows them. An error never shows the address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # whose message quotes it
        host = None
    if host is None or _URL.fullmatch(url) is None:
        raise InvalidInputError("webhook_url is no address with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise InvalidInputError("webhook_url has a user: messages are signed instead")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    is_secure = parts.scheme == "https"
    if port is None:
        port = http.client.HTTPS_PORT if is_secure else http.client.HTTP_PORT
    return is_secure, host, port, path


def _bad_secret(path: Path, why: str) -> InvalidInputError:
    return InvalidInputError(f"webhook_secret_file {path} {why}")
