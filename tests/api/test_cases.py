"""The shared cases over HTTP: the API says what the engine says."""

import base64
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any  # cases and reports are JSON

from tests.api.conftest import Open, Site
from tests.cases.verifying import cases_for_edges, of_today, trust_list, verified
from tests.worlds import World, case_world, faulty, patience

__all__ = ["case_world"]

Case = dict[str, Any]


def test_every_case_gets_the_engines_verdict(
    open_site: Open, case_world: World, tmp_path: Path
) -> None:
    groups: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases_for_edges():
        groups[case["rpc"], trust_list(case)].append(of_today(case))
    assert len(groups) > 15
    for (rpc, trust), cases in groups.items():
        listed = tmp_path / "trust.toml"
        listed.write_text(trust)
        site = open_site(
            faulty(case_world, rpc),
            rpc_timeout=patience(rpc),
            finality="finalized",
            requests_per_minute=100_000,
            trust_list=str(listed) if trust else None,
        )
        assert list(differing(site, case_world, cases)) == []


def differing(site: Site, world: World, cases: Iterable[Case]) -> Iterable[tuple[object, ...]]:
    for case in cases:
        report = verified(world, case)
        answer = site.post("/v1/verify", files=files(case), data=fields(case))
        undetermined = report.verdict == "undetermined"
        assert answer.status_code == (503 if undetermined else 200), (case["name"], answer.text)
        found = answer.json()
        said = {check["name"]: check["code"] for check in found["checks"]}
        wanted = {check.name: check.code for check in report.checks}
        if (found["verdict"], said) != (report.verdict, wanted):
            yield case["name"], found["verdict"], said, wanted


def files(case: Case) -> dict[str, tuple[str, bytes]]:
    found: dict[str, tuple[str, bytes]] = {}
    credential = case["credential"]
    if credential is not None:
        found["credential"] = (credential["fileName"], base64.b64decode(credential["base64"]))
    if case["receipt"] is not None:
        found["receipt"] = ("receipt.json", case["receipt"].encode())
    return found


def fields(case: Case) -> dict[str, str]:
    return {} if case["expectedIssuer"] is None else {"issuer": case["expectedIssuer"]}
