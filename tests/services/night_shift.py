"""The nightly job in processes of its own, each of which may be killed at a named point.

Run as a program it reads one job a line and forks a process for each, so that a test need not
wait for the imports of every one: `python -m tests.services.night_shift`.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

from registry.chain import EvmChain, development_signer
from registry.chain.rpc import Rpc
from registry.store import open_store
from tests.anvil import Anvil, open_chain
from tests.services.office import PATIENCE, Office

KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Job:
    """A nightly run, killed `when` (before or after) the `number`-th call of the chain's `kill`."""

    database: str
    chain: str
    kill: str = ""
    when: str = "before"
    number: int = 1
    lease_seconds: float = 0.5  # a killed run keeps the next one waiting for so long


class NightShift:
    """Runs jobs, one after the other or two at once."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._pipe(self._process.stdin).close()

    def run(self, *jobs: Job) -> list[int]:
        """Run jobs at once and return their exit codes; a signal's is negative."""
        stdin, stdout = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        stdin.write(json.dumps([asdict(job) for job in jobs]) + "\n")
        stdin.flush()
        codes: list[int] = json.loads(stdout.readline())
        return codes

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def work(job: Job) -> None:
    """Seal what is open, anchor it and carry out status changes, until all is final."""
    store, chain, rpc = open_store(job.database), open_chain(job.chain), Rpc(job.chain)
    if job.kill:
        arm(chain, job)
    office = Office(
        store,
        Anvil(job.chain, rpc),
        chain,
        development_signer(),
        holder=f"process {os.getpid()}",
        lease_time=timedelta(seconds=job.lease_seconds),
    )
    assert office.nightly.run(office.issuer, patience=PATIENCE).is_final


def arm(chain: EvmChain, job: Job) -> None:
    """Let this process be killed at one call of the chain, as by `kill -9`."""
    original: Any = getattr(chain, job.kill)  # whatever the method takes and returns
    left = [job.number]

    def fatal(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and job.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments, **named)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(chain, job.kill, fatal)


def start(job: Job) -> int:
    """Fork a process that does a job and return its id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(job)
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the child ends here
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def main() -> None:
    """Serve jobs until the input ends."""
    for line in sys.stdin:
        children = [start(Job(**fields)) for fields in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        sys.stdout.write(json.dumps(codes) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
