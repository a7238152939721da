"""`rootseal audit`: the store against itself and against the chains. Changes nothing."""

import typer

from registry.cli.command import DONE, REFUSED
from registry.cli.output import Value
from registry.cli.session import Session
from registry.services.books import BooksReport, books_report


def audit(session: Session) -> None:
    """Check that the store tells the truth about itself and about the chains.

    Looks at the configured issuer on every configured chain. docs/audit-findings.md says what
    each finding means and what to do.

    Exit code 0: nothing found; 1: something is wrong; 3: a chain or the store could not be asked.

    Example: rootseal audit --json
    """
    store = session.existing_store
    registry = session.registry
    report = books_report(store, list(registry.chains.values()), registry.issuer)
    session.output.result(_value(report), _lines(report))
    raise typer.Exit(REFUSED if report.findings else DONE)


def _value(report: BooksReport) -> Value:
    return {
        "batches": report.batches,
        "credentials": report.credentials,
        "anchors": report.anchors,
        "findings": [
            {"code": found.code.value, "detail": found.detail, "evidence": found.evidence}
            for found in report.findings
        ],
    }


def _lines(report: BooksReport) -> list[str]:
    if not report.findings:
        counts = f"{report.batches:,} batches, {report.credentials:,} credentials"
        return [f"Nothing found: {counts}, {report.anchors:,} anchors agree."]
    lines = [f"{found.code.value}: {found.detail}" for found in report.findings]
    count = len(report.findings)
    return [*lines, f"{count:,} findings: docs/audit-findings.md says what to do."]
