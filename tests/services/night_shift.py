"""The nightly job in processes of its own, each of which may be killed at a named step.

Run as a program it reads one job a line and forks a process for each, so that a test need not
wait for the imports of every one: `python -m tests.services.night_shift`.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Self, TypeVar

from sqlalchemy import PoolProxiedConnection

from registry.chain import development_signer
from registry.chain.reply import Reply
from registry.chain.rpc import Rpc
from registry.store import SqlStore, open_store
from tests.anvil import Anvil, open_chain
from tests.services.office import PATIENCE, Office

KILLED = -signal.SIGKILL
# Methods of the store that change something, and what their commits are called; moves of a batch
# are called by where they lead.
WRITES = {
    "seal_open_batch": "seal",
    "acquire_lease": "lease",
    "set_chains": "set_chains",
    "record_attempt": "attempt",
    "move_batch": "",
    "release_lease": "release",
    "finish_status_change": "done",
    "close_status_changes": "closed",
}
_T = TypeVar("_T")


@dataclass(frozen=True)
class Job:
    """A nightly run, killed before or after a step of it, if one is named.

    A step is the n-th question of a method to the node, "eth_call 2", or the commit of a write to
    the store, "commit attempt".
    """

    database: str
    chain: str
    kill: str = ""
    when: str = "before"
    lease_seconds: float = 0.3  # a killed run keeps the next one waiting for so long
    steps: str = ""  # a file to write the run's steps to


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


class Steps:
    """Counts what a process does that lasts, and kills it at one of them, as `kill -9` does."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._counts: Counter[str] = Counter()
        self._writing = ""
        self.names: list[str] = []

    def watch(self, store: SqlStore) -> None:
        """Count from now on every question to a node, and every commit that changes the store."""
        ask, steps = Rpc.ask, self

        def counted_ask(rpc: Rpc, method: str, *params: object) -> Reply:
            steps._counts[method] += 1
            return steps._around(f"{method} {steps._counts[method]}", ask, rpc, method, *params)

        # Where the fault happens; setattr, because mypy knows it as no thing to assign to.
        setattr(Rpc, "ask", counted_ask)  # noqa: B010
        for name, what in WRITES.items():
            self._name_commits(store, name, what)
        dialect = store._database._writing.dialect
        commit = dialect.do_commit

        def named_commit(connection: PoolProxiedConnection) -> None:
            if steps._writing:
                steps._around(f"commit {steps._writing}", commit, connection)
            else:  # of a read
                commit(connection)

        setattr(dialect, "do_commit", named_commit)  # noqa: B010

    def _name_commits(self, store: SqlStore, method: str, what: str) -> None:
        original: Callable[..., object] = getattr(store, method)

        def named(*arguments: object, **options: object) -> object:
            self._writing = str(options.get("target", what))
            try:
                return original(*arguments, **options)
            finally:
                self._writing = ""

        setattr(store, method, named)

    def _around(self, name: str, act: Callable[..., _T], *arguments: object) -> _T:
        self.names.append(name)
        self._die_if(name, "before")
        result = act(*arguments)
        self._die_if(name, "after")
        return result

    def _die_if(self, name: str, when: str) -> None:
        if (name, when) == (self._job.kill, self._job.when):
            os.kill(os.getpid(), signal.SIGKILL)


def work(job: Job) -> None:
    """Seal what is open, anchor it and carry out status changes, until all is final."""
    store, chain, rpc = open_store(job.database), open_chain(job.chain), Rpc(job.chain)
    office = Office(
        store,
        Anvil(job.chain, rpc),
        chain,
        development_signer(),
        holder=f"process {os.getpid()}",
        lease_time=timedelta(seconds=job.lease_seconds),
    )
    steps = Steps(job)
    steps.watch(store)
    assert office.nightly.run(office.issuer, patience=PATIENCE).is_final
    if job.steps:
        Path(job.steps).write_text(json.dumps(steps.names))


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
