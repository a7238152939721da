import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any  # a report's JSON, to be broken anywhere

import jsonschema_rs
import pytest

from registry.services.audit import print_report
from registry.services.audit.report import AuditReport
from registry.services.findings import FindingCode
from tests.reporting.reports import (
    chain,
    every_severity,
    finding,
    hostile,
    large,
    not_ours,
    report,
    small,
)

REPORTS = [small(), large(), every_severity(), hostile(), not_ours(), report()]
NAMES = ["small", "large", "every severity", "hostile", "not ours", "no chain"]


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft202012Validator:
    text = (files("registry.services.audit") / "report.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text), validate_formats=True)


@pytest.mark.parametrize("made", REPORTS, ids=NAMES)
def test_a_report_keeps_to_the_schema(
    schema: jsonschema_rs.Draft202012Validator, made: AuditReport
) -> None:
    schema.validate(json.loads(print_report(made)))


@pytest.mark.parametrize("code", list(FindingCode))
def test_every_finding_keeps_to_the_schema(
    schema: jsonschema_rs.Draft202012Validator, code: FindingCode
) -> None:
    made = report(chain(), findings=[finding(code, "a thing", seal=None, seconds=3)])
    schema.validate(json.loads(print_report(made)))


def put(place: str, value: object) -> Callable[[Any], None]:
    *path, last = [int(step) if step.isdecimal() else step for step in place.split("/")]

    def change(document: Any) -> None:
        for step in path:
            document = document[step]
        document[last] = value

    return change


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(put("type", "rootseal/audit-report@2"), id="another format"),
        pytest.param(put("verdict", "fine"), id="an unknown verdict"),
        pytest.param(put("more", 1), id="an unknown member"),
        pytest.param(put("chains/0/anchors/0/seal", "0x" + "11" * 32), id="a seal with 0x"),
        pytest.param(put("chains/0/anchors/0/sequence", -1), id="a negative number"),
        pytest.param(put("chains/0/chain", 1), id="a chain as a number"),
        pytest.param(put("chains/0/anchors/0/anchoredAt", "yesterday"), id="no time"),
        pytest.param(put("findings/0/code", "something-else"), id="an unknown code"),
        pytest.param(put("findings/0/severity", "fatal"), id="an unknown severity"),
        pytest.param(lambda document: document.pop("limits"), id="without limits"),
    ],
)
def test_what_is_no_report_is_refused(
    schema: jsonschema_rs.Draft202012Validator, damage: Callable[[Any], None]
) -> None:
    document = json.loads(print_report(every_severity()))
    damage(document)
    assert not schema.is_valid(document)
