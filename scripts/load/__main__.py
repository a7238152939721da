"""Put load on an API of one's own, and judge what it held and answered; 1 if that must not be."""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiohttp

from load.judging import AS_EXPECTED, Rest, faults, slope
from load.traffic import KEEP_ALIVE, LONGEST, Traffic
from load.watching import Watch
from load.world import World, make_sealed, world

LOOK_SECONDS = 2.0
REST_SECONDS = 10.0  # until idle connections are closed
WARMING_SECONDS = 5.0
SHORTEST_MINUTES = 1.5


async def soak(there: World, *, seconds: float, rate: float) -> tuple[Traffic, Watch, Rest]:
    """Warm up, rest, load, rest."""
    timeout = aiohttp.ClientTimeout(total=LONGEST)
    watch = Watch(there.pid)
    connector = aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        # Everything once, so that what is opened for good is open.
        await Traffic(there, session, rate=rate).run(WARMING_SECONDS)
        await asyncio.sleep(REST_SECONDS)
        before = watch.look()
        traffic = Traffic(there, session, rate=rate)
        watch = Watch(there.pid)
        looking = asyncio.create_task(watch.keep_looking(LOOK_SECONDS))
        await traffic.run(seconds)
        looking.cancel()
        await traffic.check_added()
        await asyncio.sleep(REST_SECONDS)
        return traffic, watch, Rest(before, watch.look())


def show(traffic: Traffic, watch: Watch, rest: Rest) -> None:
    """Print what was answered, and what was held."""
    print(f"{'':14}{'requests':>9}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}  milliseconds")
    for kind, each in sorted(traffic.answers.items()):
        times = "".join(f"{each.milliseconds(part):9.1f}" for part in (0.5, 0.95, 0.99, 1.0))
        print(f"{kind:14}{len(each.seconds):9,}{times}  {_statuses(each.statuses)}")
    print(f"{len(traffic.added):,} credentials taken in, {traffic.nights} nights beside it")
    for name, sample in (("before", rest.before), ("after", rest.after)):
        print(
            f"at rest {name:7}{sample.megabytes:7.0f} MB, {sample.handles} handles, "
            f"{sample.threads} threads, {sample.processes} processes"
        )
    peak = max(each.megabytes for each in watch.samples)
    handles = max(each.handles for each in watch.samples)
    print(f"largest        {peak:7.0f} MB, {handles} handles")
    print(f"memory grew by {slope(watch.samples):.2f} MB a minute after the warm-up")


# Any: JSON.
def as_json(traffic: Traffic, watch: Watch, rest: Rest, found: list[str]) -> dict[str, Any]:
    """Everything that `show` prints, and every sample."""
    return {
        "answers": {
            kind: {
                "statuses": dict(each.statuses),
                "milliseconds": {
                    f"p{round(part * 100)}": each.milliseconds(part)
                    for part in (0.5, 0.95, 0.99, 1)
                },
            }
            for kind, each in sorted(traffic.answers.items())
        },
        "added": len(traffic.added),
        "nights": traffic.nights,
        "rest": asdict(rest),
        "slope": slope(watch.samples),
        "samples": [asdict(each) for each in watch.samples],
        "faults": found,
    }


def _statuses(statuses: dict[str, int]) -> str:
    unexpected = {status: count for status, count in statuses.items() if status != AS_EXPECTED}
    return ", ".join(f"{count} × {status}" for status, count in unexpected.items())


def main() -> int:
    """Make the world, load it, print, judge."""
    parser = argparse.ArgumentParser(prog="load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--credentials", type=int, default=1_000_000, help="in the store")
    parser.add_argument("--rate", type=float, default=200.0, help="reads a second, if it can")
    parser.add_argument("--port", type=int, default=0, help="of the server; any by default")
    parser.add_argument("--json", type=Path, help="write everything here, too")
    parser.add_argument("--store", type=Path, help="sealed store to copy; made if not there")
    parser.add_argument("server", nargs="*", help="options for `rootseal serve`, after --")
    options = parser.parse_args()
    if options.minutes < SHORTEST_MINUTES:
        parser.error(f"in less than {SHORTEST_MINUTES} minutes memory shows no slope")
    with tempfile.TemporaryDirectory(prefix="rootseal-soak-") as name:
        folder = Path(name)
        sealed = options.store or folder / "sealed.db"
        if not sealed.exists():
            print(f"making a store of {options.credentials:,} …", file=sys.stderr, flush=True)
            make_sealed(sealed, options.credentials)
        shutil.copyfile(sealed, folder / "registry.db")
        with world(folder, port=options.port, server_options=options.server) as there:
            print(f"loading {there.url} …", file=sys.stderr, flush=True)
            traffic, watch, rest = asyncio.run(
                soak(there, seconds=options.minutes * 60, rate=options.rate)
            )
    show(traffic, watch, rest)
    found = faults(traffic.answers, watch.samples, rest, traffic.wrong)
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(traffic, watch, rest, found), indent=2))
    for fault in found:
        print(f"NOT SO: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
