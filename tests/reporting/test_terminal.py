import pytest

from registry.reporting import summary_lines
from registry.services.audit.report import AuditReport
from registry.services.findings import MEANINGS, FindingCode
from tests.reporting.reports import (
    anchor,
    chain,
    every_severity,
    finding,
    hostile,
    large,
    not_ours,
    report,
    small,
)

ALL = [small(), large(), every_severity(), hostile(), not_ours(), report()]
NAMES = ["small", "large", "every severity", "hostile", "not ours", "no chain"]


def words(made: AuditReport) -> str:
    return " ".join(" ".join(summary_lines(made)).split())


@pytest.mark.parametrize("made", ALL, ids=NAMES)
def test_lines_fit_and_move_no_cursor(made: AuditReport) -> None:
    for line in summary_lines(made):
        assert len(line) <= 100
        assert line.isprintable()


@pytest.mark.parametrize(
    ("made", "want"),
    [
        pytest.param(small(), "Nothing found", id="clean"),
        pytest.param(
            every_severity(), "2 critical findings, 1 warning, 1 notice", id="every severity"
        ),
        pytest.param(
            report(chain(), unknowns=("a",)),
            "Incomplete: 1 question was not answered",
            id="incomplete",
        ),
    ],
)
def test_the_verdict_comes_first(made: AuditReport, want: str) -> None:
    assert summary_lines(made)[0] == want


def test_numbers_come_before_findings_and_these_before_what_is_open() -> None:
    said = words(every_severity())
    places = [
        said.index(each)
        for each in (
            "Issuer 0xf39F",
            "Ethereum (eip155:1) up to block 4,000,000 of 2025-02-03T08:00:00Z: 29 anchors, 3",
            "Looked at 29 anchors",
            "CRITICAL unknown-anchor",
            "WARNING late-batch",
            "NOTICE owner-changed",
            "Not answered:",
            "Limits:",
        )
    ]
    assert places == sorted(places)


def test_a_finding_is_a_code_a_sentence_and_an_advice() -> None:
    lines = summary_lines(report(chain(), findings=[finding(FindingCode.NOT_FINAL, "batch 3")]))
    place = lines.index("CRITICAL not-final")
    assert lines[place + 1] == "  batch 3"
    assert lines[place + 2] == f"  → {MEANINGS[FindingCode.NOT_FINAL].advice}"


def test_of_an_unknown_chain_the_name_is_said_once() -> None:
    assert "eip155:7 up to block" in words(report(chain([anchor()], chain=7)))


@pytest.mark.parametrize(
    ("count", "more"),
    [(50, None), (51, "… and 1 finding more"), (52, "… and 2 findings more")],
)
def test_of_very_many_findings_the_gravest_are_listed(count: int, more: str | None) -> None:
    found = [finding(FindingCode.LATE_BATCH, f"batch {number}") for number in range(count)]
    said = words(report(chain(), findings=found))
    assert said.count("WARNING late-batch") == 50
    assert said.startswith(f"{count} warnings")
    assert ("… and" in said) == (more is not None)
    assert more is None or more in said


@pytest.mark.parametrize(("count", "is_cut"), [(10, False), (11, True)])
def test_limits_are_told_in_short(count: int, *, is_cut: bool) -> None:
    said = words(report(chain(), limits=tuple(f"limit {number}" for number in range(count))))
    assert ("- … and 1 more, in the report's file" in said) is is_cut
    assert "limit 9" in said
