"""SIGTERM and SIGINT as a wish to stop, for commands that finish what they are doing first."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether a signal came. A second one of the same kind acts as it would have without this.

    Not a `threading.Event`: one that is set by a signal while it is waited on may lock itself.
    """

    def __init__(self) -> None:
        self._came = False
        self._read_end, self._write_end = os.pipe()
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}

    def is_set(self) -> bool:
        """Whether a signal came."""
        return self._came

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until a signal comes."""
        select.select([self._read_end], [], [], seconds)

    def close(self) -> None:
        """Let signals act as before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read_end)
        os.close(self._write_end)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._came = True
        signal.signal(number, self._before[signal.Signals(number)])
        os.write(self._write_end, b"\0")


@contextmanager
def stopping() -> Iterator[Stop]:
    """Take signals for a wish to stop while the context is open; in the main thread only."""
    stop = Stop()
    try:
        yield stop
    finally:
        stop.close()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end what is done like Ctrl-C while the context is open; in the main thread only.

    Else it ends the process at once: files that are half written stay, and so does a local node.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
