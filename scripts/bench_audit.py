"""Time an audit in full: nights of credentials in a real store, on a real chain.

Prints leaves a second, the largest memory of the auditing process, and the same with merkletools
beside it, as a ratio from one run: of the whole audit, and of the trees alone. Of each the fastest
of three counts, taken in turn. Everything is made in a temporary folder.
"""

import argparse
import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.nights import Night, night, sqlite_url
from bench.processes import ROOTSEAL
from synthetic import credentials

from registry.core.tiles import split_hashes
from registry.services.audit.leaves import BuildTree, build_tree
from registry.store import open_store
from registry.wiring.auditing import merkletools_tree

ROUNDS = 3
# The command as it is installed, which tells its largest memory in the end.
MEASURED = """
import resource, sys
from registry.cli import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def settings(folder: Path, url: str) -> dict[str, str]:
    """The environment of a command."""
    return {
        **os.environ,
        "ROOTSEAL_DATABASE": sqlite_url(folder / "registry.db"),
        "ROOTSEAL_RPC_URL": url,
        "ROOTSEAL_DEVELOPMENT_ACCOUNT": "0",
    }


def audit(folder: Path, arguments: list[str], url: str) -> dict[str, float]:
    """Run an audit as its user does, and return what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments],
        cwd=folder,
        env=settings(folder, url),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != 0:
        raise SystemExit(f"exit code {ran.returncode}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    report = json.loads(ran.stdout)
    return {
        "leaves": report["looked"]["leaves"],
        "seconds": seconds,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "megabytes": int(ran.stderr.strip().splitlines()[-1]) / 1024,
    }


def seconds(taken: dict[str, float]) -> float:
    """What a run took."""
    return taken["seconds"]


def show(way: str, taken: dict[str, float]) -> None:
    """Print what a run took."""
    print(
        f"{way:20} {taken['leaves']:>9,} leaves in {taken['seconds']:5.1f} s = "
        f"{taken['leaves'] / taken['seconds']:>9,.0f}/s, {taken['megabytes']:.0f} MB, "
        f"{taken['cpu']:.1f} s of processor"
    )


def compare_trees(folder: Path) -> float:
    """How much longer merkletools takes for the trees of a bundle than we do."""
    files = [path.read_bytes() for path in sorted((folder / "leaves").iterdir())]
    batches = [split_hashes(data) for data in files]
    taken: dict[BuildTree, float] = {}
    for build in [build_tree, merkletools_tree] * ROUNDS:
        start = time.monotonic()
        for leaves in batches:
            build(leaves)
        taken[build] = min(taken.get(build, float("inf")), time.monotonic() - start)
    return taken[merkletools_tree] / taken[build_tree]


def made(folder: Path, chain: Night, *, nights: int, size: int) -> None:
    """Make the nights, in a store and on the chain, and a bundle of them."""
    store = open_store(sqlite_url(folder / "registry.db"))
    start = time.monotonic()
    for number in range(nights):
        chain.whole(store, credentials(size, first=secrets.randbits(62)))
        if (number + 1) % 25 == 0:
            print(f"night {number + 1} of {nights}", file=sys.stderr)
    print(f"made in {time.monotonic() - start:.0f} s", file=sys.stderr)
    store.close()
    export = [str(ROOTSEAL), "export", "bundle", "bundle", "--rpc-url", chain.rpc.source]
    export += ["--database", sqlite_url(folder / "registry.db"), "--development-account", "0"]
    subprocess.run(export, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def measure(*, nights: int, size: int) -> dict[str, Any]:
    """Make the nights, audit them in each way, and return what `--json` prints."""
    with tempfile.TemporaryDirectory() as name, night() as chain:
        folder, url = Path(name), chain.rpc.source
        made(folder, chain, nights=nights, size=size)
        ways = {
            "bundle": ["audit", "bundle", "--json"],
            "bundle, merkletools": ["audit", "bundle", "--independent", "--json"],
        }
        runs = [
            {way: audit(folder, arguments, url) for way, arguments in ways.items()}
            for _ in range(ROUNDS)
        ]
        best = {way: min((run[way] for run in runs), key=seconds) for way in ways}
        best["store and node"] = audit(folder, ["audit", "--json"], url)
        return {
            "audits": best,
            "ratios": {
                "whole audit": seconds(best["bundle, merkletools"]) / seconds(best["bundle"]),
                "trees alone": compare_trees(folder / "bundle"),
            },
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=100)
    parser.add_argument("--credentials", type=int, default=10_000, help="a night")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(nights=options.nights, size=options.credentials)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for way, taken in found["audits"].items():
        show(way, taken)
    ratios = found["ratios"]
    print(f"with merkletools the whole audit takes {ratios['whole audit']:.2f} times as long")
    print(f"and the trees alone {ratios['trees alone']:.2f} times as long")


if __name__ == "__main__":
    main()
