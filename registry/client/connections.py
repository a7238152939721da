"""Connections that end in time, whatever the server does.

A socket's own timeout starts anew with every byte, and there are things that may come before an
answer or after it and are skipped for ever. So somebody else watches the clock.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any  # arguments and answers of urllib3, which are passed on

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse


class Line:
    """A second hold on a connection, by which it can be cut."""

    def __init__(self, connected: socket.socket) -> None:
        # Not by the socket's own dup: one with TLS has none.
        self._socket = socket.socket(fileno=os.dup(connected.fileno()))
        self.is_cut = False

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Cut it if what is done meanwhile takes longer, which then ends as if the server had."""
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def _cut(self) -> None:
        self.is_cut = True
        with suppress(OSError):  # it ended just now
            self._socket.shutdown(socket.SHUT_RDWR)


class TimelyAdapter(HTTPAdapter):
    """Gives every answer, as `raw.line`, the line that it comes over; its reader closes it.

    The head of the answer comes within the read timeout.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as its base
        """Make the pools of connections of ours."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as its base has it
        return _timely(self, super().getresponse)


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as its base has it
        return _timely(self, super().getresponse)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _timely(connection: HTTPConnection, respond: Any) -> HTTPResponse:  # noqa: ANN401
    if connection.sock is None or connection.timeout is None:
        raise ConnectionError("not connected")
    line = Line(connection.sock)
    try:
        with line.cut_after(connection.timeout):
            response: HTTPResponse = respond()
    except BaseException:
        line.close()
        raise
    response.line = line  # type: ignore[attr-defined]  # read as `raw.line`
    return response
