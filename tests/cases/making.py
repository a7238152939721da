"""The file of cases: a world, what verifiers are given, and what they must say."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final  # a case is JSON

from registry.chain import DEVELOPMENT_CHAIN_ID, deterministic_address
from registry.core.address import format_address, format_chain
from registry.core.report import Report
from tests.anvil import open_chain
from tests.cases.batches import batches
from tests.cases.case import Case, Shelf
from tests.cases.forged import forged
from tests.cases.genuine import genuine
from tests.cases.nodes import nodes
from tests.cases.receipts import receipts
from tests.cases.statements import statements
from tests.cases.story import GENESIS, Story, played
from tests.cases.tokens import tokens
from tests.cases.verifying import ask_contract, contract_question, verified
from tests.worlds import World, built_world

NOTE: Final = (
    "Written by scripts/make_cases.py; do not edit. Each case is what a verifier is given, and the "
    "verdict and the codes that it must give. The steps of the world, each in a block of its own, "
    "make the chain of the receipts. docs/checks.md explains the codes, tests/worlds.py the rpc."
)
BLOCKS_AFTER: Final = 0  # the last anchor must not be final


class WrongCaseError(Exception):
    """An engine or the contract does not say what the case says that it must."""


def cases_text() -> str:
    """The file as it is written. Raises `WrongCaseError`."""
    story = Story(batches())
    with built_world(GENESIS, story.steps, blocks_after=BLOCKS_AFTER) as world:
        chain = open_chain(world.url)
        shelf = Shelf(played(story, world, chain))
        chain.close()
        cases = [_written(world, case) for case in _all(shelf)]
    names = [case["name"] for case in cases]
    if len(set(names)) < len(names):
        raise WrongCaseError(f"named twice: {sorted(n for n in names if names.count(n) > 1)}")
    return _printed(story, cases)


def _all(shelf: Shelf) -> Iterator[Case]:
    for part in (genuine, forged, statements, tokens, receipts, nodes):
        yield from part(shelf)


def _printed(story: Story, cases: list[dict[str, Any]]) -> str:
    """The file, a step and a case to a line: so one sees what changed."""
    head = {
        "note": NOTE,
        "chain": format_chain(DEVELOPMENT_CHAIN_ID),
        "contract": format_address(deterministic_address()),
    }
    steps = [step.to_json() for step in story.steps]
    world = f'{{"genesisTime": {GENESIS}, "steps": {_lines(steps)}, "blocksAfter": {BLOCKS_AFTER}}}'
    return f'{json.dumps(head)[:-1]},\n"world": {world},\n"cases": {_lines(cases)}}}\n'


def _lines(items: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(item) for item in items) + "\n]"


def _written(world: World, case: Case) -> dict[str, Any]:
    """A case as the file has it, once engine and contract were held to what it says."""
    written = _given(case)
    report = verified(world, written)
    _must_say(case, report)
    written["verdict"] = report.verdict.value
    written["codes"] = {check.name: check.code for check in report.checks}
    question = contract_question(written)
    verdict = None if question is None else ask_contract(world, question)
    if verdict != case.contract:
        raise WrongCaseError(f"{case.name}: the contract says {verdict}, not {case.contract}")
    written["contract"] = None if question is None else {**question, "verdict": verdict}
    return written


def _given(case: Case) -> dict[str, Any]:
    credential = None
    if case.credential is not None:
        content = base64.b64encode(case.credential).decode()
        credential = {"fileName": case.file_name, "base64": content}
    return {
        "name": case.name,
        "credential": credential,
        "receipt": case.receipt,
        "now": case.now,
        "expectedIssuer": None if case.expected is None else format_address(case.expected),
        "trust": {format_address(key): name for key, name in case.trusted.items()},
        "rpc": case.rpc,
    }


def _must_say(case: Case, report: Report) -> None:
    verdict, *reason = case.says.split()
    codes = {check.name: check.code for check in report.checks}
    if report.verdict.value != verdict or (reason and codes.get(reason[0]) != reason[1]):
        raise WrongCaseError(f"{case.name}: must say {case.says}, not {report.verdict} {codes}")
    if verdict != "valid" and not reason:
        raise WrongCaseError(f"{case.name}: does not say why it is {verdict}")
