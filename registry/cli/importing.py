"""`rootseal badge import`: what issuers have elsewhere, as achievements and rosters."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from registry.badges.csv_tables import MAX_CSV_BYTES
from registry.badges.imported import (
    LEFT_OUT_FILE,
    Course,
    Imported,
    ImportFault,
    LeftOut,
    achievement_file,
    courses,
    roster_file,
)
from registry.badges.open_badges_2 import OpenBadges2
from registry.badges.platform_exports import read_platform_export
from registry.cli.inputs import column_mapping, read_whole, shown, write_whole
from registry.cli.session import Session
from registry.errors import ConflictError, InvalidInputError
from registry.services.hashing import Rejection
from registry.services.intake import RosterRefusedError

_Found: TypeAlias = Imported | LeftOut | ImportFault
_LEFT_OUT = f"{LEFT_OUT_FILE}.csv"


def import_(
    session: Session,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="CSV exports; Open Badges 2.0: JSON, PNG, SVG."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for them.")],
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME=FIELD", help="What a column of a CSV file is."),
    ] = None,
) -> None:
    """Import badges of other platforms: an achievement's file and a roster for each of their kinds.

    Takes CSV exports of Credly and Accredible, or with columns like theirs, and assertions of Open
    Badges 2.0. Nothing is issued, and nothing is fetched: look the files over, fill in what an
    export does not say, then `rootseal issue`. What is revoked or has ended is left out and listed.

    Example: rootseal badge import credly-export.csv --out imported
    """
    if out.exists():
        raise ConflictError(f"there is a {shown(out)} already: name a new folder with --out")
    badges: list[Imported] = []
    left_out: list[LeftOut] = []
    faults: list[Rejection] = []
    for found in session.output.counted(_read(session, files, column or []), "badges read"):
        match found:
            case ImportFault():
                faults.append(Rejection(str(found.place), found.reason))
            case LeftOut():
                left_out.append(found)
            case Imported():
                badges.append(found)
    if faults:
        raise RosterRefusedError(faults, len(faults))
    if not badges:
        raise InvalidInputError(f"no badge to import: {len(left_out):,} were left out")
    made = courses(badges)
    _write(out, made, left_out)
    lines = [f"{shown(out / each.name)}.toml, .csv: {len(each.rows):,} badges" for each in made]
    if left_out:
        lines.append(f"left out: {len(left_out):,}, listed in {shown(out / _LEFT_OUT)}")
    lines.append(f"Look them over, then: rootseal badge validate {shown(out)}/*.toml")
    session.output.result(
        {
            "achievements": [{"file": f"{e.name}.toml", "badges": len(e.rows)} for e in made],
            "leftOut": len(left_out),
            "folder": shown(out),
        },
        lines,
    )


def _read(session: Session, files: list[Path], column: list[str]) -> Iterator[_Found]:
    now = session.registry.now()
    mapping = column_mapping(column)
    assertions = OpenBadges2()
    for file in files:
        data = read_whole(file, MAX_CSV_BYTES)
        if file.suffix.lower() in {".csv", ".tsv", ".txt"}:
            try:
                yield from read_platform_export(data, shown(file), mapping, now=now)
            except InvalidInputError as exc:
                raise InvalidInputError(f"{shown(file)}: {exc}") from exc
            continue
        fault = assertions.add(data, shown(file))
        if fault is not None:
            yield fault
    yield from assertions.badges(now=now)


def _write(out: Path, made: Iterable[Course], left_out: list[LeftOut]) -> None:
    try:
        out.mkdir(parents=True)
    except OSError as exc:
        raise InvalidInputError(f"cannot make {shown(out)}: {exc.strerror}") from exc
    for course in made:
        if course.picture is not None:
            name, picture = course.picture
            write_whole(out / name, picture)
        write_whole(out / f"{course.name}.csv", roster_file(course))
        write_whole(out / f"{course.name}.toml", achievement_file(course))
    if left_out:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("where", "reason"))
        table.writerows((str(each.place), each.reason) for each in left_out)
        write_whole(out / _LEFT_OUT, text.getvalue().encode())
