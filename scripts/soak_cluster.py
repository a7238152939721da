"""N API processes, K anchorers and M intake workers on one PostgreSQL, restarted under load.

Starts everything by itself on this machine: a PostgreSQL server, a local chain, `rootseal serve`
and `rootseal watch` processes, workers that run `rootseal add`, and callers of the API; restarts
the server in the middle (-m fast, then -m immediate), kills one anchorer, replaces the API
processes one by one, lets everything become final, and then asks store and chain again: no
credential lost, no seal anchored twice, no answer but 2xx and 503 with Retry-After, no end of a
worker but done and "again", none at all refused while processes are replaced, and an audit that
finds nothing. Exit code 1 if anything does not hold. Needs about a minute more than --seconds.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from soak_callers import Caller, Fleet, Ledger, Tally, Worker, read, seal, take_in
from soak_checks import ROOTSEAL, problems_found

from registry.chain import Devnet, EvmChain, deploy, deterministic_address, development_signer
from registry.core.batch import BatchState
from registry.services.api_keys import create_api_key
from registry.services.ports import Scope
from registry.store import SqlStore, open_store
from registry.wiring import utc_now

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the server for tests

from tests.postgres_process import (  # noqa: E402
    Mode,
    PostgresProcess,
    free_port,
    postgres_process,
)

PATIENCE = 600.0  # seconds until a process is ready, or everything final, on a busy machine
DRAIN = 2  # seconds; ten looks of the callers' balancer
DOWN = 1.0  # seconds that the server is away at a restart
MODES: tuple[Mode, ...] = ("fast", "immediate")


@dataclass
class Process:
    """A command that runs, and can be ended and begun again."""

    arguments: list[str]
    environment: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Begin, with the log going on."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [ROOTSEAL, *self.arguments],
                env=self.environment,
                cwd=self.log.parent,
                stdout=log,
                stderr=log,
            )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.running.send_signal(number)
        return self.running.wait(PATIENCE)

    def kill_if_running(self) -> None:
        """End it at once."""
        if self.running.poll() is None:
            self.running.kill()
            self.running.wait(PATIENCE)


@dataclass
class Cluster:
    """What runs."""

    server: PostgresProcess
    store: SqlStore
    rpc_url: str
    key: str
    environment: dict[str, str]
    apis: list[Process]
    watches: list[Process]
    fleet: Fleet
    tally: Tally
    ledger: Ledger

    def roll(self) -> None:
        """Replace the API processes, one after the other, each when its successor is well."""
        for url, api in zip(self.fleet.urls, self.apis, strict=True):
            code = api.end()
            if code != 0:
                self.tally.blame(f"{url} ended with {code}")
            api.start()
            until(lambda url=url: url in self.fleet.healthy, f"{url} is back")  # type: ignore[misc] # bound now

    def settle(self) -> None:
        """Wait until everything that was taken in is final."""

        def is_final() -> bool:
            batches = self.store.batches(limit=100_000)
            return bool(batches) and all(batch.state is BatchState.FINAL for batch in batches)

        self.store.seal_open_batch(development_signer().address, now=utc_now())
        until(is_final, "everything is final")


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something. Ends the program if it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {PATIENCE:.0f} seconds in vain until {what}")
        time.sleep(0.1)


@contextmanager
def cluster(options: argparse.Namespace, stop: threading.Event) -> Iterator[Cluster]:
    """Everything that runs, and nobody who calls yet; all of it is gone at the end."""
    with ExitStack() as context:
        folder = Path(context.enter_context(tempfile.TemporaryDirectory(prefix="rootseal-soak-")))
        # It does not wait for the disk, which only a power cut would show.
        server = context.enter_context(postgres_process())
        devnet = context.enter_context(Devnet(block_time=1))
        chain = EvmChain(chain_id=31337, rpc_url=devnet.url, contract=deterministic_address())
        deploy(chain, development_signer())
        chain.close()
        store = open_store(server.url)
        context.callback(store.close)
        environment = environment_of(server.url, devnet.url)
        ports = [free_port() for _ in range(options.apis)]
        apis = [
            Process(
                ["serve", "--port", str(port), "--drain", str(DRAIN)],
                environment,
                folder / f"api-{port}.log",
            )
            for port in ports
        ]
        watches = [
            Process(["watch"], environment, folder / f"watch-{number}.log")
            for number in range(options.anchorers)
        ]
        for process in (*apis, *watches):
            process.start()
            context.callback(process.kill_if_running)
        fleet = Fleet([f"http://127.0.0.1:{port}" for port in ports], stop)
        ledger = Ledger(folder / "acknowledged.txt")
        yield Cluster(
            server,
            store,
            devnet.url,
            new_key(store),
            environment,
            apis,
            watches,
            fleet,
            Tally(),
            ledger,
        )
        if options.logs is not None:
            keep_logs(folder, options.logs)


def environment_of(database: str, rpc_url: str) -> dict[str, str]:
    """The settings of every process."""
    kept = {name: value for name, value in os.environ.items() if "ROOTSEAL" not in name}
    return kept | {
        "ROOTSEAL_DATABASE": database,
        "ROOTSEAL_RPC_URL": rpc_url,
        "ROOTSEAL_DEVELOPMENT_ACCOUNT": "0",
        "ROOTSEAL_LEASE_SECONDS": "15",
        "ROOTSEAL_POLL_SECONDS": "0.5",
        "ROOTSEAL_REQUESTS_PER_MINUTE": "1000000",
        "ROOTSEAL_KEY_REQUESTS_PER_MINUTE": "1000000",
    }


def new_key(store: SqlStore) -> str:
    """An API key that may add and seal."""
    _, secret = create_api_key(
        store,
        development_signer().address,
        frozenset({Scope.ADD, Scope.SEAL}),
        now=utc_now(),
        expires_at=utc_now() + timedelta(days=1),
        random_bytes=os.urandom,
    )
    return secret


def keep_logs(folder: Path, target: Path) -> None:
    """Copy what the processes logged."""
    target.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        (target / log.name).write_bytes(log.read_bytes())


def callers(
    run: Cluster, options: argparse.Namespace, stop: threading.Event
) -> list[threading.Thread]:
    """Intake workers; and of the API who adds, who reads, and one who seals."""

    def caller() -> Caller:
        return Caller(run.fleet, run.tally, run.key)

    work: list[tuple[Callable[..., None], tuple[Any, ...]]] = []  # Any: of several functions
    for number in range(options.intakes):
        roster = run.ledger.path.with_name(f"roster-{number}.ndjson")
        worker = Worker(ROOTSEAL, run.environment, roster, run.tally)
        work += [(take_in, (worker.take, run.ledger, f"worker {number}", stop))]
    for number in range(options.posters):
        work += [(take_in, (caller().take, run.ledger, f"poster {number}", stop))]
    work += [(read, (caller(), run.ledger, stop)) for _ in range(options.readers)]
    work += [(seal, (caller(), stop, options.seal_every))]
    return [threading.Thread(target=act, args=given, daemon=True) for act, given in work]


def act(run: Cluster, options: argparse.Namespace) -> None:
    """Load, and what happens meanwhile."""
    part = options.seconds / (options.restarts + 2)
    run.tally.phase = "quiet"
    time.sleep(part)
    for number in range(options.restarts):
        mode = MODES[number % len(MODES)]
        run.tally.phase = f"restart {number + 1}, {mode}"
        run.server.restart(mode, down=DOWN)
        if number == 0 and len(run.watches) > 1:
            run.watches[0].end(signal.SIGKILL)  # perhaps with the lease: then another takes it over
            run.watches[0].start()
        time.sleep(part)
    run.tally.phase = "rolling"
    run.roll()
    time.sleep(part)
    run.tally.phase = "end"


def soak(options: argparse.Namespace) -> dict[str, Any]:
    """Run it all; what was counted, and what does not hold."""
    stop, ends = threading.Event(), threading.Event()
    with cluster(options, ends) as run:
        looking = threading.Thread(target=run.fleet.watch, daemon=True)
        looking.start()
        until(lambda: len(run.fleet.healthy) == options.apis, "all APIs are up")
        threads = callers(run, options, stop)
        for thread in threads:
            thread.start()
        started = time.monotonic()
        act(run, options)
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
        loaded = time.monotonic() - started
        run.settle()
        found = list(
            problems_found(
                run.store, run.fleet.urls[0], run.rpc_url, run.ledger.hashes, run.environment
            )
        )
        ended = [p for p in (*run.apis, *run.watches) if p.running.poll() is not None]
        found += [f"{process.log.name} ended by itself" for process in ended]
        ends.set()
        looking.join(PATIENCE)
        return {
            "apis": options.apis,
            "anchorers": options.anchorers,
            "intakes": options.intakes,
            "restarts": options.restarts,
            "seconds": round(loaded, 1),
            "acknowledged": len(run.ledger.hashes),
            "batches": len(run.store.batches(limit=100_000)),
            "answers": {phase: dict(sorted(c.items())) for phase, c in run.tally.counts.items()},
            "wrong": [*run.tally.wrong, *found],
        }


def show(result: Mapping[str, Any]) -> None:
    """Print it as a table."""
    print(f"{'phase':22} {'answer':38} {'times':>7}")
    for phase, counts in result["answers"].items():
        for answer, times in counts.items():
            print(f"{phase:22} {answer:38} {times:>7}")
    print(
        f"{result['acknowledged']:,} credentials acknowledged in {result['seconds']} s of load, "
        f"{result['batches']} batches, {len(result['wrong'])} things wrong"
    )
    for wrong in result["wrong"][:20]:
        print(f"NOT SO: {wrong}")


def main() -> None:
    """Run it once, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of load, beside the replacing")
    parser.add_argument("--apis", type=int, default=4)
    parser.add_argument("--anchorers", type=int, default=3)
    parser.add_argument("--intakes", type=int, default=2, help="workers that run `rootseal add`")
    parser.add_argument("--posters", type=int, default=2, help="who adds over the API")
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--restarts", type=int, default=2, help="of the database server")
    parser.add_argument("--seal-every", type=float, default=3.0, metavar="SECONDS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument(
        "--logs", type=Path, metavar="FOLDER", help="keep the processes' logs there"
    )
    options = parser.parse_args()
    # As Ctrl-C: whatever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    result = soak(options)
    show(result)
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if result["wrong"] else 0)


if __name__ == "__main__":
    main()
