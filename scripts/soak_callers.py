"""Who loads `soak_cluster.py`: intake workers, callers of the API, and the tally of both."""

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from registry.core.canonical import Canonicalization, credential_hash

PAUSE = 0.3  # seconds before asking again; far less than Retry-After says, to see more of an outage
SIZES = (20, 200, 1_500)  # credentials of one intake; the last is staged by the store
COULD_NOT = 3  # exit code of a command: to be run again
LONGEST = 90.0  # seconds for an answer
# The server closes what is idle for five seconds: whoever reuses a connection must be sooner.
LIMITS = httpx.Limits(keepalive_expiry=2.0)


@dataclass
class Tally:
    """What was answered in each phase, and what must never have been."""

    phase: str = "start"
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, phase: str, what: str) -> None:
        """Count an answer."""
        with self._lock:
            self.counts.setdefault(phase, Counter())[what] += 1

    def blame(self, what: str) -> None:
        """Write down what must not be."""
        with self._lock:
            self.wrong.append(what)


@dataclass
class Ledger:
    """Credentials whose intake was acknowledged; written down before the next is sent."""

    path: Path
    hashes: list[bytes] = field(default_factory=list)
    receipts: set[bytes] = field(default_factory=set)  # handed out once: so for good
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, hashes: list[bytes]) -> None:
        """Write down what was acknowledged."""
        with self._lock, self.path.open("a", encoding="ascii") as file:
            file.writelines(f"{digest.hex()}\n" for digest in hashes)
            self.hashes += hashes

    def any(self) -> bytes | None:
        """One of them, by chance."""
        with self._lock:
            return random.choice(self.hashes) if self.hashes else None  # noqa: S311 - a sample


@dataclass
class Fleet:
    """The addresses of the API, and which of them say that they are well."""

    urls: list[str]
    stop: threading.Event
    healthy: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Do what a load balancer does: ask each for its health, all the time."""
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            while not self.stop.is_set():
                self.healthy = [url for url in self.urls if _is_well(client, url)]
                self.stop.wait(0.2)

    def any(self) -> str | None:
        """One that is well, by chance."""
        well = self.healthy
        return random.choice(well) if well else None  # noqa: S311 - no secret


def _is_well(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class Caller:
    """One client, with its own connections."""

    fleet: Fleet
    tally: Tally
    key: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        self.client = httpx.Client(trust_env=False, timeout=LONGEST, limits=LIMITS, headers=headers)

    def ask(
        self, kind: str, method: str, path: str, body: Callable[[], Iterator[bytes]] | None = None
    ) -> httpx.Response | None:
        """Ask one that is well; None if that gave no answer. What must not be is written down."""
        url = self.fleet.any()
        if url is None:
            time.sleep(PAUSE)
            return None
        phase = self.tally.phase
        content = None if body is None else body()
        types = {"Content-Type": "application/x-ndjson"} if content else {}
        try:
            answer = self.client.request(method, url + path, content=content, headers=types)
        except httpx.TransportError as exc:
            self.tally.count(phase, f"{kind} {type(exc).__name__}")
            self.tally.blame(f"{phase}: {kind} got no answer: {exc!r}")
            time.sleep(PAUSE)
            return None
        self._judge(phase, kind, answer)
        return answer

    def take(self, lines: list[bytes]) -> bool:
        """Send credentials once; whether they were acknowledged."""
        answer = self.ask("intake", "POST", "/v1/credentials", lambda: _pieces(lines))
        if answer is None or not answer.is_success:
            return False
        return _are_all(answer.json(), lines, self.tally)

    def _judge(self, phase: str, kind: str, answer: httpx.Response) -> None:
        code = "" if answer.is_success else f" {_code(answer)}"
        self.tally.count(phase, f"{kind} {answer.status_code}{code}")
        if answer.is_success or _code(answer) in {"not-sealed", "nothing-to-seal"}:
            return
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            self.tally.blame(f"{phase}: {kind} {answer.status_code}: {answer.text[:300]}")
        elif phase == "rolling":
            self.tally.blame(f"{phase}: {kind} was refused: {answer.text[:300]}")
        time.sleep(PAUSE)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return "no problem"


@dataclass
class Worker:
    """Takes credentials in beside the API: `rootseal add`, one file after the other."""

    command: Path
    environment: Mapping[str, str]
    roster: Path
    tally: Tally

    def take(self, lines: list[bytes]) -> bool:
        """Run the command once; whether it has added them."""
        self.roster.write_bytes(b"\n".join(lines) + b"\n")
        phase = self.tally.phase
        ran = subprocess.run(
            [self.command, "add", self.roster.name, "--json"],
            env=self.environment,
            cwd=self.roster.parent,
            capture_output=True,
            check=False,
        )
        self.tally.count(phase, f"rootseal add, exit {ran.returncode}")
        if ran.returncode == 0:
            return _are_all(orjson.loads(ran.stdout), lines, self.tally)
        if ran.returncode != COULD_NOT:
            self.tally.blame(f"{phase}: rootseal add ended with {ran.returncode}: {ran.stderr!r}")
        time.sleep(PAUSE)
        return False


def take_in(
    take: Callable[[list[bytes]], bool], ledger: Ledger, name: str, stop: threading.Event
) -> None:
    """Have lots of credentials taken in, each until it is acknowledged and then written down."""
    number = 0
    while not stop.is_set():
        number += 1
        lines = [
            orjson.dumps({"id": f"urn:soak:{name}:{number}:{each}", "name": "Wound care"})
            for each in range(SIZES[number % len(SIZES)])
        ]
        hashes = [credential_hash(line, Canonicalization.JCS) for line in lines]
        while not take(lines):
            if stop.is_set():
                return  # never acknowledged, so nothing is owed for it
        ledger.acknowledge(hashes)


def _are_all(taken: Mapping[str, Any], lines: list[bytes], tally: Tally) -> bool:
    if taken["new"] + taken["known"] != len(lines):
        tally.blame(f"of {len(lines)} credentials {taken} were acknowledged")
    return True


def _pieces(lines: list[bytes]) -> Iterator[bytes]:
    for start in range(0, len(lines), 100):
        yield b"\n".join(lines[start : start + 100]) + b"\n"


def read(caller: Caller, ledger: Ledger, stop: threading.Event) -> None:
    """A reader: asks receipts of what was acknowledged; one that it got once must not go."""
    while not stop.is_set():
        digest = ledger.any()
        if digest is None:
            time.sleep(PAUSE)
            continue
        answer = caller.ask("receipt", "GET", f"/v1/credentials/{digest.hex()}/receipt")
        if answer is None or answer.status_code == 503:
            continue
        if answer.is_success:
            ledger.receipts.add(digest)
        elif digest in ledger.receipts:
            caller.tally.blame(f"a receipt is gone: {answer.text[:200]}")
        time.sleep(0.02)


def seal(caller: Caller, stop: threading.Event, every: float) -> None:
    """Seal what has come, again and again; a lost answer is no loss."""
    while not stop.wait(every):
        caller.ask("seal", "POST", "/v1/batches")
