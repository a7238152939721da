"""`rootseal stack check|award`: badges that together earn another."""

import uuid
from collections.abc import Mapping
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Final

import typer

from registry.badges.achievements import read_achievement
from registry.badges.clr import achievement_of, learner_record
from registry.badges.pathways import Pathway, read_pathway
from registry.badges.roster_values import Recipient, recipient_of
from registry.cli.anchoring import DEFAULT_PATIENCE, Patience, run_night
from registry.cli.badge_files import Forms
from registry.cli.badge_jobs import BadgeJob, Made, find_job, inputs_digest, start_job
from registry.cli.badge_making import BadgeMaker
from registry.cli.badges import achievement_image
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.inputs import read_whole, receipt_path, shown
from registry.cli.issuing import finish_job, take_in_job
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.documents import Json
from registry.core.receipt import MAX_RECEIPT_BYTES
from registry.core.report import Outcome
from registry.errors import ConflictError, UnavailableError
from registry.services.issuing import Proofs, badge_of, positions
from registry.services.stacking import Judge, Offered, Standing, offered, standing

_MARKS: Final = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.UNKNOWN: "?"}
_EXITS: Final = {True: DONE, False: REFUSED, None: UNDECIDED}
_WORDS: Final = {True: "met", False: "not met", None: "could not be decided"}

PathwayFile = Annotated[Path, typer.Argument(metavar="PATHWAY.toml", help="What earns what.")]
Badges = Annotated[list[Path], typer.Argument(metavar="BADGE...", help="JSON, PNG, SVG or PDF.")]
Learner = Annotated[
    str, typer.Option("--recipient", metavar="EMAIL|DID", help="Whose badges these are.")
]


def check(session: Session, pathway: PathwayFile, badges: Badges, recipient: Learner) -> None:
    """Say whether a learner's badges meet a pathway: each is verified now, as `verify` would.

    A badge counts if it is valid, this learner's, and of an issuer that the pathway trusts,
    anchored by that issuer's address.

    Exit code 0: met; 1: not met; 2: wrong use; 3: could not be decided.

    Example: rootseal stack check practitioner.toml badges/*.json --recipient ada@example.com
    """
    wanted = read_pathway(read_whole(pathway))
    brought = _brought(session, wanted, badges, recipient)
    found = standing(wanted, brought, now=session.registry.now())
    session.output.result(_value(found, brought), _lines(found, brought))
    raise typer.Exit(_EXITS[found.met])


def award(
    session: Session,
    pathway: PathwayFile,
    badges: Badges,
    recipient: Learner,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where they go.")],
    name: Annotated[str | None, typer.Option("--name", help="The learner's name.")] = None,
    proof: Annotated[Proofs, typer.Option("--proof", help="Proofs of the badge.")] = Proofs.BOTH,
    without_status: Annotated[
        bool, typer.Option("--without-status-list", help="They name no status list.")
    ] = False,
    patience: Patience = DEFAULT_PATIENCE,
) -> None:
    """Award a stacked badge to a learner who meets a pathway, and a record with all its parts.

    The badge is an Open Badge with the parts as evidence; the record, a Comprehensive Learner
    Record 2.0, holds them whole. Both are anchored. Run again it goes on where it ended.

    Example: rootseal stack award practitioner.toml *.json --recipient ada@example.com --out ada
    """
    told = read_whole(pathway)
    wanted = read_pathway(told)
    file = pathway.parent / wanted.achievement
    text = read_whole(file)
    achievement = read_achievement(text)
    image = achievement_image(achievement, file.parent)
    maker = BadgeMaker(session, achievement, image, proof, without_status, plain_identities=False)
    given = [read_whole(badge) for badge in badges]
    options = f"{recipient} {name} {proof.value} {without_status}".encode()
    inputs = inputs_digest(told, text, options, *given)
    making = _Award(session, maker, out, inputs)
    jobs = making.found()
    if jobs is None:
        found = standing(wanted, _brought(session, wanted, badges, recipient), now=maker.now)
        _require_met(found)
        parts = [badge.document for _, badge in found.used]
        jobs = making.begun(_learner(recipient, name, maker), parts)
    for job in jobs:
        take_in_job(session, job)
    run_night(session, patience)
    forms = Forms(None, baked=False, certificates=False, public_url=None)
    for job in jobs:
        finish_job(session, maker, job, forms)
    names = [shown(job.folder) for job in jobs]
    session.output.result(
        {"badge": names[0], "record": names[1]},
        [f"Awarded {achievement.name}: {names[0]}, and a record with its parts: {names[1]}"],
    )


class _Award:
    """The two jobs of an award: the badge, and the record that is made of it."""

    def __init__(self, session: Session, maker: BadgeMaker, out: Path, inputs: str) -> None:
        self._session = session
        self._maker = maker
        self._folders = out / "badge", out / "record"
        self._inputs = inputs

    def found(self) -> tuple[BadgeJob, BadgeJob] | None:
        """Both, if both were made before."""
        badge, record = (find_job(folder, self._inputs) for folder in self._folders)
        return None if badge is None or record is None else (badge, record)

    def begun(
        self, learner: Recipient, parts: list[Mapping[str, Json]]
    ) -> tuple[BadgeJob, BadgeJob]:
        """Make what is not there yet."""
        maker = self._maker
        who = learner.name or learner.key.partition(":")[2]
        badge = find_job(self._folders[0], self._inputs)
        if badge is None:
            made = maker.badge(learner, self._position(), [_evidence(part) for part in parts])
            line = [Made(learner.line, who, learner.key, made)]
            badge = start_job(self._folders[0], maker.proofs, self._inputs, maker.now, line)
        [stacked] = badge.badges()
        position = self._position()
        document = learner_record(
            stacked.badge.document,
            parts,
            record_id=uuid.uuid4().urn,
            issued_at=badge.issued_at,
            status=maker.status(position, Proofs.JCS),
        )
        made = badge_of(document, Proofs.JCS, position, maker.signatory)
        line = [Made(learner.line, who, learner.key, made)]
        return badge, start_job(self._folders[1], Proofs.JCS, self._inputs, badge.issued_at, line)

    def _position(self) -> int | None:
        if self._maker.lists is None:
            return None
        registry = self._session.registry
        return positions(registry.store, registry.issuer, 1, shuffle=SystemRandom())[0]


def _learner(recipient: str, name: str | None, maker: BadgeMaker) -> Recipient:
    field = "did" if recipient.startswith("did:") else "email"
    return recipient_of(0, {field: recipient, "name": name or ""}, now=maker.now)


def _evidence(part: Mapping[str, Json]) -> dict[str, Json]:
    name = str(achievement_of(part).get("name", ""))
    return {"id": str(part.get("id")), "type": ["Evidence"], "name": name}


def _require_met(found: Standing) -> None:
    missing = ", ".join(found.missing) or "a badge that is not used twice"
    if found.met is None:
        raise UnavailableError(f"could not be decided: {missing}", source="chain")
    if not found.met:
        raise ConflictError(f"the pathway is not met; missing: {missing}. See `stack check`")


def _brought(
    session: Session, pathway: Pathway, badges: list[Path], recipient: str
) -> list[Offered]:
    registry = session.registry
    judge = Judge(registry.verification(with_store=registry.has_store))
    found = []
    for badge in badges:
        beside = receipt_path(badge)
        receipt = read_whole(beside, MAX_RECEIPT_BYTES + 1) if beside.is_file() else None
        found.append(offered(shown(badge), read_whole(badge), receipt, pathway, recipient, judge))
    return found


def _value(found: Standing, brought: list[Offered]) -> Value:
    return {
        "met": found.met,
        "used": [{"badge": need.badge, "file": badge.place} for need, badge in found.used],
        "missing": list(found.missing),
        "badges": [
            {"file": b.place, "name": b.name, "outcome": b.outcome.value, "reason": b.reason}
            for b in brought
        ],
    }


def _lines(found: Standing, brought: list[Offered]) -> list[str]:
    lines = [f"  {_MARKS[b.outcome]} {b.place}  {b.name}: {b.reason}" for b in brought]
    lines += [f"  {need.badge}: {badge.place}" for need, badge in found.used]
    missing = f"; missing: {', '.join(found.missing)}" if found.missing else ""
    return [f"The pathway is {_WORDS[found.met]}{missing}", *lines]
