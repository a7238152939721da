"""Hashing on all cores, where there is so much of it that starting processes pays."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import islice
from types import TracebackType
from typing import Final, Self

from registry.errors import UnavailableError
from registry.services.hashing import Hashed, Submitted, hashed, size_of

_PART_BYTES: Final = 2**20  # of what is hashed in one go
_PART_COUNT: Final = 1_000  # of what has next to no bytes, as faulty rows
# Parts that are hashed here first: to start a process takes as long as ten of them.
_HERE: Final = 16
_AHEAD: Final = 2  # for each process, so that none waits


class HashingProcesses:
    """One process for each core, started once enough has been submitted, ended with the block."""

    def __init__(self, *, here: int = _HERE) -> None:
        self._here = here
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def all(self, submitted: Iterable[Submitted]) -> Iterator[Hashed]:
        """Hash everything, in its order. Raises `UnavailableError` if a process is killed."""
        parts = _parts(submitted)
        for part in islice(parts, self._here):
            yield from map(hashed, part)
        cores = _cores()
        if cores == 1:
            for part in parts:
                yield from map(hashed, part)
            return
        try:
            for found in self._spread(parts, cores):
                yield from found
        except BrokenProcessPool as exc:
            raise UnavailableError(
                "a process that hashes was ended, perhaps for want of memory; nothing was added",
                source="this machine",
            ) from exc

    def _spread(self, parts: Iterator[list[Submitted]], cores: int) -> Iterator[list[Hashed]]:
        pool: ProcessPoolExecutor | None = None
        waiting: deque[Future[list[Hashed]]] = deque()
        for part in parts:
            pool = pool or self._start(cores)
            waiting.append(pool.submit(_hashed, part))
            if len(waiting) > _AHEAD * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _start(self, cores: int) -> ProcessPoolExecutor:
        # Spawned: a copy of this process would have its connections, too.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(cores, context, initializer=_prepare)
        self._stack.callback(pool.shutdown, cancel_futures=True)
        return pool


def _parts(submitted: Iterable[Submitted]) -> Iterator[list[Submitted]]:
    """The same by the MiB: one small credential is not worth the way to another process."""
    part, size = [], 0
    for each in submitted:
        part.append(each)
        size += size_of(each)
        if size >= _PART_BYTES or len(part) == _PART_COUNT:
            yield part
            part, size = [], 0
    if part:
        yield part


def _hashed(part: list[Submitted]) -> list[Hashed]:
    return list(map(hashed, part))


def _cores() -> int:
    """Cores that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _prepare() -> None:
    """End with the process that asks, and not before: Ctrl-C is told to all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # returns when it is gone, however it went
    os._exit(1)
