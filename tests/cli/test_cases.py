"""The shared cases on the command line: it says what the engine says, and so does its exit code."""

import base64
from pathlib import Path
from typing import Any  # cases are JSON

from registry.core.report import Verdict
from tests.cases.verifying import cases_for_edges, of_today, trust_list, verified
from tests.cli.conftest import Ran, rootseal
from tests.worlds import World, case_world, faulty, patience

__all__ = ["case_world"]

EXITS = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.UNDETERMINED: 3}


def test_every_case_gets_the_engines_verdict(case_world: World, folder: Path) -> None:
    differing = []
    for case in map(of_today, cases_for_edges()):
        report = verified(case_world, case)
        ran = run(case, folder, faulty(case_world, case["rpc"]))
        said = {check["name"]: check["code"] for check in ran.json["checks"]}
        wanted = {check.name: check.code for check in report.checks}
        if (ran.code, said) != (EXITS[report.verdict], wanted):
            differing.append((case["name"], ran.code, said, wanted))
    assert differing == []


def run(case: dict[str, Any], folder: Path, rpc_url: str) -> Ran:
    """`rootseal verify`, in a folder with the case's files alone."""
    for file in folder.iterdir():
        file.unlink()
    arguments = ["--json", "--rpc-url", rpc_url]
    if case["credential"] is not None:
        name = case["credential"]["fileName"]
        (folder / name).write_bytes(base64.b64decode(case["credential"]["base64"]))
        arguments.append(name)
    if case["receipt"] is not None:
        (folder / "receipt").write_bytes(case["receipt"].encode())
        arguments += ["--receipt", "receipt"]
    if case["expectedIssuer"] is not None:
        arguments += ["--issuer", case["expectedIssuer"]]
    if case["trust"]:
        (folder / "trust.toml").write_text(trust_list(case))
        arguments += ["--trust", "trust.toml"]
    (folder / "rootseal.toml").write_text(f"rpc_timeout = {patience(case['rpc'])}\n")
    return rootseal("verify", *arguments)
