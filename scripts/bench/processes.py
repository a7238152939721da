"""Other processes: commands with what they took, and peers that answer one line at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = Path(__file__).with_name("peers")
ROOTSEAL: Final = Path(sys.executable).with_name("rootseal")
# In between, because a process's largest memory begins with that of the one which started it.
# `ru_maxrss` of a process that was waited for is the largest of its own and its children's.
_LAUNCHER: Final = """
import json, os, sys, time
start = time.monotonic()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
taken = {
    "seconds": time.monotonic() - start,
    "processor": used.ru_utime + used.ru_stime,
    "megabytes": used.ru_maxrss / 1024,
}
with open(sys.argv[1], "w") as file:
    json.dump(taken, file)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took: wall clock, processors, and the memory of its largest process."""

    seconds: float
    processor: float
    megabytes: float
    output: str


def run_measured(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Taken:
    """Run a command that must succeed, as its user does. Ends the run if it does not."""
    told = folder / "taken.json"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(told), *command],
        cwd=folder,
        env={**_as_users_have_it(), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        said = ran.stdout[-2000:] + ran.stderr[-2000:]
        raise SystemExit(f"{' '.join(command[:3])} ended with {ran.returncode}: {said}")
    return Taken(**json.loads(told.read_text()), output=ran.stdout)


def _as_users_have_it() -> dict[str, str]:
    """Our environment without what makes each start compile everything again."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Peer:
    """A program that does the work of others: a JSON request a line, and seconds for an answer.

    It runs on, so that neither its start nor its first, cold turns count.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=PEERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        with self._process as process:
            if error is not None:
                process.kill()  # it may be in the middle of a long turn
        self._process = None

    def seconds(self, work: str, size: int) -> float:
        """Do some work of this size; the seconds that it took."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the peer does not run")
        process.stdin.write(json.dumps({"work": work, "size": size}) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._command[0]} ended in the middle of {work}")
        return float(json.loads(answer)["seconds"])


def javascript_peer(*arguments: str) -> Peer:
    """OpenZeppelin's tree and OpenAttestation."""
    return Peer(["node", "peers.mjs", *arguments])


def python_peer() -> Peer:
    """Pymerkle, in an environment of its own: it wants older packages than we do."""
    return Peer([str(PEERS / ".venv/bin/python"), "peers.py"])
