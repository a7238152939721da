"""`rootseal issue`: from a roster to anchored Open Badges."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from registry.badges.achievements import Achievement, read_achievement
from registry.badges.open_badge import DataModel
from registry.badges.rosters import MAX_ROSTER_BYTES
from registry.cli.anchoring import DEFAULT_PATIENCE, Patience, run_night
from registry.cli.badge_files import Forms, picture_of
from registry.cli.badge_jobs import BadgeJob, Made, find_job, inputs_digest, start_job
from registry.cli.badge_making import BadgeMaker
from registry.cli.badges import achievement_image
from registry.cli.inputs import column_mapping, read_whole, shown, written_whole
from registry.cli.output import Value
from registry.cli.roster_files import CheckedRoster, check_roster
from registry.cli.session import Session
from registry.core.rdf import require_exact
from registry.errors import InvalidInputError
from registry.services.issuing import Badge, Proofs, finished, take_in


def issue(
    session: Session,
    roster: Annotated[Path, typer.Argument(metavar="ROSTER.csv", help="Who gets the badge.")],
    achievement: Annotated[
        Path, typer.Option("--achievement", metavar="FILE.toml", help="What it is given for.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the badges go.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="NAME=FIELD", help="What a column is, if not by its name."
        ),
    ] = None,
    proof: Annotated[Proofs, typer.Option("--proof", help="Which proofs they get.")] = Proofs.BOTH,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it, show the first badge, issue nothing.")
    ] = False,
    plain_identities: Annotated[
        bool, typer.Option("--plain-identities", help="Write addresses into badges, not hashes.")
    ] = False,
    data_model: Annotated[
        DataModel, typer.Option("--data-model", help="Of the W3C: for wallets that read no newer.")
    ] = DataModel.V2,
    without_status: Annotated[
        bool, typer.Option("--without-status-list", help="Badges name no status list.")
    ] = False,
    baked: Annotated[
        bool, typer.Option("--baked", help="Write each badge as a picture, too: PNG or SVG.")
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Write each badge as a certificate to print, too.")
    ] = False,
    anchor: Annotated[
        bool, typer.Option("--anchor/--no-anchor", help="Anchor at once, or with the next night.")
    ] = True,
    patience: Patience = DEFAULT_PATIENCE,
) -> None:
    """Issue Open Badges 3.0 to everybody on a roster: made, anchored, signed, written to a folder.

    Every faulty row is named, and then nothing is issued. Run again it goes on where it ended;
    a badge is never made twice.

    Example: rootseal issue roster.csv --achievement cloud.toml --out cloud-badges
    """
    if proof is Proofs.JWT and (baked or pdf):
        raise InvalidInputError("--baked and --pdf show badges in JSON, not tokens (--proof jwt)")
    data = read_whole(roster, MAX_ROSTER_BYTES)
    told = read_whole(achievement)
    wanted = read_achievement(told)
    image = achievement_image(wanted, achievement.parent)
    forms = _forms(session, wanted, achievement.parent, baked=baked, pdf=pdf)
    maker = BadgeMaker(session, wanted, image, proof, without_status, plain_identities, data_model)
    profile = orjson.dumps([maker.profile.model_dump(), image])
    flags = without_status, plain_identities, data_model.value
    options = f"{proof.value} {flags} {sorted(column or [])}"
    inputs = inputs_digest(data, told, profile, options.encode())
    job = None if dry_run else find_job(out, inputs)
    if job is None:
        checked = check_roster(session, roster, data, column_mapping(column or []))
        forms.require_printable([told.decode(), maker.profile.name, *checked.characters])
        if dry_run:
            _preview(session, maker, checked)
            return
        job = _start(session, maker, out, inputs, checked)
    take_in_job(session, job)
    if not anchor:
        session.output.result(
            _value(job, finished_count=0),
            [f"{job.count:,} badges wait to be anchored: `rootseal nightly`, then this again."],
        )
        return
    run_night(session, patience)
    written = finish_job(session, maker, job, forms)
    session.output.result(
        _value(job, written), [f"Issued {written:,} badges: {shown(out)}, listed in issued.csv"]
    )


def _forms(
    session: Session, achievement: Achievement, folder: Path, *, baked: bool, pdf: bool
) -> Forms:
    picture = None
    if baked or pdf:
        profile = session.registry.issuer_profile
        picture = picture_of(achievement, profile, folder, baked=baked)
    url = session.settings.public_url
    return Forms(picture, baked=baked, certificates=pdf, public_url=url)


def _preview(session: Session, maker: BadgeMaker, roster: CheckedRoster) -> None:
    first = next(roster.recipients())
    badge = maker.badge(first, 0 if maker.lists is not None else None)
    require_exact(badge.document)
    session.output.note(f"The first of {roster.count:,} badges; nothing was issued:")
    shown_badge = orjson.dumps(badge.document, option=orjson.OPT_INDENT_2)
    if session.output.is_json:
        session.output.result({"count": roster.count, "first": dict(badge.document)}, [])
    else:
        session.output.raw(shown_badge)


def _start(
    session: Session, maker: BadgeMaker, out: Path, inputs: str, roster: CheckedRoster
) -> BadgeJob:
    made = session.output.counted(maker.made(roster.recipients(), roster.count), "badges made")
    return start_job(out, maker.proofs, inputs, maker.now, made)


def take_in_job(session: Session, job: BadgeJob) -> None:
    """Put the badges of a job into the open batch; again changes nothing."""
    registry = session.registry
    badges = (made.badge for made in session.output.counted(job.badges(), "badges added"))
    take_in(
        registry.store,
        registry.issuer,
        badges,
        job.proofs,
        now=registry.now(),
    )


def finish_job(session: Session, maker: BadgeMaker, job: BadgeJob, forms: Forms) -> int:
    """Write every badge with its proofs, and the list of whose it is."""
    registry = session.registry
    by_hash: dict[bytes, Made] = {}

    def remembered() -> Iterator[Badge]:
        for made in job.badges():
            by_hash[made.badge.credential_hash] = made
            yield made.badge

    found = finished(
        registry.store,
        registry.issuer,
        remembered(),
        job.proofs,
        maker.signatory,
        created=job.issued_at,
    )
    written = 0
    with written_whole(job.folder / "issued.csv") as listed:
        table = csv.writer(listed)
        table.writerow(("line", "recipient", "identity", "id", "credentialHash", "file"))
        for badge, document, receipt in session.output.counted(found, "badges finished"):
            made = by_hash.pop(badge.credential_hash)
            path = forms.write(job, made, document, receipt)
            whose = (made.line, made.recipient, made.identity)
            table.writerow((*whose, badge.document["id"], badge.credential_hash.hex(), path.name))
            written += 1
    return written


def _value(job: BadgeJob, finished_count: int) -> Value:
    return {
        "badges": job.count,
        "finished": finished_count,
        "folder": shown(job.folder),
        "proof": job.proofs.value,
    }
