"""`rootseal badge new|validate`: achievement files, and badges of anybody."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.badges.achievements import Achievement, IssuerProfile, read_achievement
from registry.badges.images import data_url
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.inputs import read_whole, shown, write_whole
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.report import Outcome
from registry.errors import ConflictError, InvalidInputError
from registry.services.badge_checks import Finding, judge_badge, judge_form, sample_badge

_MARKS: Final = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.UNKNOWN: "?", Outcome.SKIPPED: "–"}
_EXITS: Final = {"valid": DONE, "invalid": REFUSED, "undetermined": UNDECIDED}
_TEMPLATE: Final = """\
# What a badge is given for (docs/badges.md). Fill in, then: rootseal badge validate {file}
name = {name}
description = ""                      # what it is about, in a sentence or two
criteria = ""                         # what has to be done for it
# criteria_url = "https://…"          # where more of that is written

type = "MicroCredential"              # of Open Badges' list: Course, Certificate, …; or ext:…
# valid_for = "3 years"               # without it a badge does not end
# image = "badge.png"                 # beside this file, up to 64 KiB; or an https:// address
# language = "en"
# credits = 5
# tags = ["…"]

# [[skills]]                          # as many as there are
# name = "…"
# url = "http://data.europa.eu/esco/skill/…"
# framework = "ESCO"                  # or CTDL, CASE, any other
"""


def new(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The file to begin.")],
    name: Annotated[
        str | None, typer.Option("--name", help="Its name; else of the file's name.")
    ] = None,
) -> None:
    """Begin an achievement's file: what is needed, and what is possible.

    Example: rootseal badge new cloud.toml --name "Cloud Foundations"
    """
    if path.exists():
        raise ConflictError(f"there is a {shown(path)} already")
    words = name or shown(Path(path.stem)).replace("-", " ").replace("_", " ").title()
    filled = _TEMPLATE.format(file=shown(path), name=json.dumps(words, ensure_ascii=False))
    write_whole(path, filled.encode("utf-8", "replace"))  # a name in bytes may be no text
    session.output.result(
        {"file": shown(path), "name": words},
        [f"{shown(path)}: fill in description and criteria, then `rootseal badge validate`"],
    )


def validate(
    session: Session,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Achievements (.toml), badges (JSON, PNG, SVG)."),
    ],
    resolve_issuer: Annotated[
        bool,
        typer.Option("--resolve-issuer", help="Ask issuers' domains (did:web) for their keys."),
    ] = False,
) -> None:
    """Validate achievement files before badges are made of them, and badges that anybody made.

    A badge is held to 1EdTech's schema, its statements, its dates and its signatures. Whether it
    was anchored or withdrawn is not asked: that is `rootseal verify`.

    Exit code 0: all are valid; 1: one is not; 2: wrong use; 3: could not be decided.

    Example: rootseal badge validate cloud.toml
    """
    session.overrides |= {"resolve_issuers": "true"} if resolve_issuer else {}
    values: list[Value] = []
    lines: list[str] = []
    verdicts = set()
    for file in files:
        findings = _judged(session, file)
        verdict = _verdict(findings)
        verdicts.add(verdict)
        values.append(_value(shown(file), verdict, findings))
        lines.append(f"{verdict.upper()}  {shown(file)}")
        lines += [
            f"  {_MARKS[found.outcome]} {found.name:<11} {found.detail}" for found in findings
        ]
    session.output.result({"files": values}, lines)
    worst = next(verdict for verdict in ("invalid", "undetermined", "valid") if verdict in verdicts)
    raise typer.Exit(_EXITS[worst])


def achievement_image(achievement: Achievement, folder: Path) -> str | None:
    """Address of the achievement's picture; one in a file becomes a part of each badge."""
    if achievement.image is None or achievement.image.startswith("https://"):
        return achievement.image
    return data_url(read_whole(folder / achievement.image))


def _judged(session: Session, file: Path) -> list[Finding]:
    data = read_whole(file)
    registry = session.registry
    if file.suffix.lower() != ".toml":
        return judge_badge(data, registry.directory, now=registry.now())
    try:
        achievement = read_achievement(data)
    except InvalidInputError as exc:
        return [Finding("file", Outcome.FAIL, str(exc))]
    read = Finding("file", Outcome.PASS, f"The achievement {achievement.name!r}.")
    try:
        image = achievement_image(achievement, file.parent)
    except InvalidInputError as exc:
        return [read, Finding("image", Outcome.FAIL, str(exc))]
    settings = session.settings
    profile = (
        IssuerProfile(id="https://issuer.example", name="An Issuer")
        if settings.issuer_profile is None
        else registry.issuer_profile
    )
    return [read, *judge_form(sample_badge(achievement, profile, image, now=registry.now()))]


def _verdict(findings: list[Finding]) -> str:
    outcomes = {found.outcome for found in findings}
    if Outcome.FAIL in outcomes:
        return "invalid"
    return "undetermined" if Outcome.UNKNOWN in outcomes else "valid"


def _value(file: str, verdict: str, findings: list[Finding]) -> Value:
    checks = [{"name": f.name, "outcome": f.outcome.value, "detail": f.detail} for f in findings]
    return {"file": file, "verdict": verdict, "checks": checks}
