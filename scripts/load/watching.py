"""What the processes of a server hold: memory, handles and threads, looked at while it works."""

import asyncio
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Sample:
    """All processes of a server at a moment, `at` seconds after the load began."""

    at: float
    megabytes: float
    handles: int
    threads: int
    processes: int


class Watch:
    """Samples of a server's process and all that it started."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._start = time.monotonic()
        self.samples: list[Sample] = []

    def look(self) -> Sample:
        """One sample, which is not kept. Raises `psutil.NoSuchProcess` when the server is gone."""
        held = [_held(each) for each in (self._process, *self._process.children(recursive=True))]
        return Sample(
            at=time.monotonic() - self._start,
            megabytes=sum(each[0] for each in held),
            handles=sum(each[1] for each in held),
            threads=sum(each[2] for each in held),
            processes=len(held),
        )

    async def keep_looking(self, every: float) -> None:
        """Keep a sample every so many seconds, until cancelled."""
        while True:
            self.samples.append(self.look())
            await asyncio.sleep(every)


def _held(process: psutil.Process) -> tuple[float, int, int]:
    with process.oneshot():
        memory = process.memory_info().rss / 2**20
        return memory, process.num_fds(), process.num_threads()
