"""The shared cases, put to the Python engine: tests/vectors/verification_cases.json."""

import re
from pathlib import Path
from typing import Any  # a case is JSON

import pytest

from tests.cases.verifying import VERDICTS, ask_contract, contract_question, verified
from tests.worlds import FAULTS, World, case_world, load_cases

__all__ = ["case_world"]

CASES = load_cases()["cases"]
CHECKS_DOC = Path(__file__).parents[2] / "docs" / "checks.md"
# Their sources are no part of a case: several nodes, and issuers who are asked.
ELSEWHERE = {
    "key-unreachable",  # test_proof_checks
    *("nodes-disagree", "did-web-issuer", "dns-issuer", "issuer-not-named", "issuer-unreachable"),
    *("not-in-snapshot", "untrusted-block"),
}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_engine_gives_the_verdict_and_the_codes(
    case_world: World, case: dict[str, Any]
) -> None:
    report = verified(case_world, case)
    codes = {check.name: check.code for check in report.checks}
    assert (report.verdict.value, codes) == (case["verdict"], case["codes"])


def test_the_contract_gives_its_verdict(case_world: World) -> None:
    asked = [case for case in CASES if case["contract"] is not None]
    assert {case["contract"]["verdict"] for case in asked} == set(VERDICTS)
    for case in asked:
        assert ask_contract(case_world, case["contract"]) == case["contract"]["verdict"]


def test_the_contract_was_asked_wherever_there_is_something_to_ask() -> None:
    for case in CASES:
        question, asked = contract_question(case), case["contract"]
        assert question == (asked and {k: v for k, v in asked.items() if k != "verdict"})


def test_no_engine_is_more_trusting_than_the_contract() -> None:
    # A node that lies about a status is believed by whoever asks it alone; the contract is not.
    honest = [case for case in CASES if case["rpc"] != "says-active"]
    valid = [case for case in honest if case["verdict"] == "valid"]
    assert len(valid) > 40
    assert {case["contract"]["verdict"] for case in valid} == {"Valid"}


def test_names_tell_the_cases_apart() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_every_fault_has_a_case() -> None:
    assert {case["rpc"] for case in CASES} == {"honest", "down", *FAULTS}


def test_every_documented_code_has_a_case() -> None:
    documented = set(re.findall(r"^\|[^|]*\| (`[^|]*`) \|", CHECKS_DOC.read_text(), re.MULTILINE))
    codes = {code for cell in documented for code in re.findall(r"`([a-z-]+)`", cell)}
    assert {"hash-match", "not-final"} <= codes
    found = {code for case in CASES for code in case["codes"].values()}
    assert codes - found <= ELSEWHERE
    assert found <= codes
