"""`rootseal audit`: everything that chains know of an issuer, against what it shows."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.cli.audit_reports import require_place, write_reports
from registry.cli.audit_sources import Refused, Sources, open_sources
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.given import given_credentials
from registry.cli.inputs import shown
from registry.cli.session import Session
from registry.cli.stopping import interruptible
from registry.errors import InvalidInputError
from registry.services.audit import AuditOptions, AuditReport, refused
from registry.services.audit import audit as run_audit
from registry.services.audit.leaves import BuildTree, Step, build_tree

_EXITS: Final = {"clean": DONE, "findings": REFUSED, "incomplete": UNDECIDED}
_TOLERANCE_HOURS: Final = 168.0


def audit(
    session: Session,
    bundle: Annotated[
        Path | None,
        typer.Argument(metavar="[BUNDLE]", help="Folder of `export bundle`: no node is asked."),
    ] = None,
    published: Annotated[
        str | None,
        typer.Option(
            "--published",
            metavar="URL|DIR",
            help="Take batches and leaves from an API or a bundle, and not from the store.",
        ),
    ] = None,
    tiles: Annotated[
        str | None,
        typer.Option(
            "--tiles",
            metavar="URL|DIR",
            help="Take batches and leaves from what `export tiles` published there.",
        ),
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(
            "--credentials", metavar="DIR", help="Check credentials with their receipts, too."
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, metavar="N", help="Only N of them, as chance decides."),
    ] = None,
    block: Annotated[
        int | None,
        typer.Option("--block", min=0, metavar="N", help="Up to this block, not the newest final."),
    ] = None,
    block_hash: Annotated[
        list[str] | None,
        typer.Option(
            "--block-hash",
            metavar="HASH",
            help="The bundle's block, from a source you trust; again for each further chain.",
        ),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            min=0,
            metavar="HOURS",
            help="Promised from a credential to its anchor; alarm_hours unless given.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance",
            min=0,
            metavar="HOURS",
            help="How long before its anchor a credential may say it was issued.",
        ),
    ] = _TOLERANCE_HOURS,
    independent: Annotated[
        bool,
        typer.Option("--independent", help="Build the trees with merkletools, not with our code."),
    ] = False,
    recompile: Annotated[
        bool,
        typer.Option(
            "--recompile", help="Compare the contract with its sources, compiled again (solc)."
        ),
    ] = False,
    anvil: Annotated[
        bool,
        typer.Option("--anvil", help="Audit in a local Anvil: a state, or a fork of the node."),
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="FILE", help="The state for --anvil (anvil_dumpState)."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Write report.json, report.html, anchors.csv."
        ),
    ] = None,
    sign: Annotated[
        bool,
        typer.Option("--sign", help="Sign the reports with the setting signing_key, as a note."),
    ] = False,
) -> None:
    """Check that all of an issuer's credentials are anchored as it says, and nothing else is.

    Reads every event of the issuer on the configured chains, proves the contract's state under
    one block's hash, builds every tree again, and replays owners, operators and statuses. What
    the issuer shows comes from the store here, whose books are checked, too; from an API or a
    folder (--published), or static files (--tiles); or, with the chains, from a bundle.
    docs/auditing.md leads through it, docs/audit-findings.md says what each finding means and
    what to do.

    Exit code 0: nothing found, or notices alone; 1: something is wrong; 3: something could not be
    asked.

    Examples: rootseal audit; rootseal audit bundle/ -o report/
    """
    require_place(session, output, bundle, sign=sign)
    if sample is not None and credentials is None:
        raise InvalidInputError("--sample is of --credentials: name their folder")
    trusted = tuple(block_hash or ())
    sources = Sources(bundle, published, anvil, state, block, trusted, recompile, tiles)
    with interruptible(), ExitStack() as stack:
        step = stack.enter_context(session.output.steps())
        opened = open_sources(session, sources, stack, step)
        if isinstance(opened, Refused):
            report = refused(_program(), opened.findings)
        else:
            options = replace(
                _options(session, interval, tolerance, sample, step, independent=independent),
                is_block_known=bool(trusted),
            )
            report = run_audit(
                opened.histories,
                opened.disclosure,
                batches=opened.batches,
                options=options,
                given=() if credentials is None else given_credentials(credentials),
                more=opened.more,
            )
    written = [] if output is None else write_reports(session, report, output, sign=sign)
    _print(session, report, written)
    raise typer.Exit(_EXITS[report.verdict])


def _options(
    session: Session,
    interval: float | None,
    tolerance: float,
    sample: int | None,
    step: Step,
    *,
    independent: bool,
) -> AuditOptions:
    hours = session.settings.alarm_hours if interval is None else interval
    return AuditOptions(
        program=_program(),
        promised=timedelta(hours=hours),
        tolerance=timedelta(hours=tolerance),
        sample=sample,
        build=_merkletools() if independent else build_tree,
        trees_by="merkletools" if independent else "rootseal",
        step=step,
    )


def _merkletools() -> BuildTree:
    from registry.wiring.auditing import merkletools_tree  # noqa: PLC0415 - most runs need none

    return merkletools_tree


def _program() -> str:
    return f"rootseal {version('rootseal')}"


def _print(session: Session, report: AuditReport, written: list[Path]) -> None:
    from registry.reporting import summary_lines  # noqa: PLC0415 - slow to import

    lines = [*summary_lines(report), *(f"Wrote {shown(path)}" for path in written)]
    session.output.result(report.model_dump(mode="json"), lines)
