"""Parts that are scripts of their own, beside this folder: audit, serving and verify."""

import json
import shutil
import subprocess
import sys
from typing import Any, Final

from bench.harness import Bar, Bound, Figure, Part
from bench.processes import ROOT

_AT_MOST_TWICE: Final = Bar(Bound.AT_MOST, 2)
_SERVING_BARS: Final = {
    "SQLite": Bar(Bound.AT_LEAST, 0.6),
    "PostgreSQL": Bar(Bound.AT_LEAST, 0.35),
}


def audit() -> Part:
    """An audit with our trees and with merkletools."""
    found = _run("bench_audit.py", "--nights", "20", "--credentials", "10000")
    figures = [
        Figure(f"audit of {way}", taken["leaves"] / taken["seconds"], "leaves/s")
        for way, taken in found["audits"].items()
    ]
    for what, ratio in found["ratios"].items():
        name = f"{what}: merkletools takes so many times as long"
        figures.append(Figure(name, ratio, "×", is_ratio=True))
    return Part("audit", "Audit", "leaves", figures=figures)


def serving() -> Part:
    """Receipts from a store of a million, beside a bare endpoint with as many bytes."""
    if shutil.which("wrk") is None:
        notes = ["wrk is not installed, so nothing was asked"]
        return Part("serving", "Serving: left out", "credentials", notes=notes)
    figures = []
    for each in _run("bench_serving.py"):
        store, bare, receipts = each["store"], each["bare"], each["receipts"]
        figures += [
            Figure(f"{store}: receipts", receipts["per_second"], "/s"),
            Figure(f"{store}: bare FastAPI endpoint", bare["per_second"], "/s"),
            Figure(
                f"{store}: receipts over the bare endpoint",
                each["ratio"],
                "×",
                _SERVING_BARS[store],
                is_ratio=True,
            ),
            Figure(f"{store}: receipts, p99", receipts["p99_ms"], "ms"),
            Figure(f"{store}: bare FastAPI endpoint, p99", bare["p99_ms"], "ms"),
            Figure(f"{store}: errors", bare["errors"] + receipts["errors"]),
        ]
    return Part("serving", "GET receipt, a million credentials", "credentials", figures=figures)


def verify(*, quick: bool) -> Part:
    """One verification against Anvil beside a bare `eth_call`."""
    found = _run("bench_verify.py", "--seconds", "4" if quick else "20")
    figures = [Figure(f"{name}, p50", each["p50"], "µs") for name, each in found["times"].items()]
    for name, ratios in found["ratios"].items():
        for call, ratio in ratios.items():
            bar = _AT_MOST_TWICE if (name, call) == ("verify", "web3.py") else None
            figures.append(Figure(f"{name}, over an eth_call by {call}", ratio, "×", bar))
    # The other way round, so that more is better, as of all ratios that are recorded.
    for call, ratio in found["ratios"]["verify"].items():
        name = f"an eth_call by {call}, over verify"
        figures.append(Figure(name, 1 / ratio, "×", is_ratio=True))
    return Part("verify", "One verification end to end", "credentials", figures=figures)


# Any: JSON of a script's own shape.
def _run(script: str, *arguments: str) -> Any:  # noqa: ANN401
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments, "--json"]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"{script} ended with {ran.returncode}")
    return json.loads(ran.stdout)
