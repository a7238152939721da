"""Writes an audit's reports into a folder, and signs them if asked to."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from registry.cli.inputs import shown, write_whole
from registry.cli.session import Session
from registry.core.signed_note import print_note
from registry.errors import InvalidInputError
from registry.services.audit import AuditReport, print_report

_NOTE: Final = "SHA256SUMS.note"
_TITLE: Final = "rootseal audit report"


def require_place(
    session: Session, folder: Path | None, bundle: Path | None, *, sign: bool
) -> None:
    """Raise `InvalidInputError` before the audit for reports that could not be written after it."""
    if sign and folder is None:
        raise InvalidInputError("--sign signs what -o writes: name a folder")
    # Settings of their own: a bundle's chain is put into the session's before they are read.
    if sign and Session(session.overrides, session.output).settings.signing_key is None:
        raise InvalidInputError("--sign needs the setting signing_key (ROOTSEAL_SIGNING_KEY)")
    if folder is not None and bundle is not None:
        place, inside = folder.resolve(), bundle.resolve()
        if place == inside or inside in place.parents:
            raise InvalidInputError("-o is in the bundle, which would have files that it must not")


def write_reports(session: Session, report: AuditReport, folder: Path, *, sign: bool) -> list[Path]:
    """Write report.json, report.html and anchors.csv, and with `sign` a note over their sums.

    Raises `InvalidInputError` for what cannot be written.
    """
    from registry.reporting import anchors_csv, html_report  # noqa: PLC0415 - slow to import

    signer = session.registry.note_signer if sign else None
    files = {
        "report.json": print_report(report),
        "report.html": html_report(report),
        "anchors.csv": anchors_csv(report),
    }
    if signer is not None:
        sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
        files[_NOTE] = print_note(signer.sign(f"{_TITLE}\n{sums}"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _NOTE).unlink(missing_ok=True)  # of an earlier audit: it signs other reports
    except OSError as exc:
        raise InvalidInputError(f"cannot make {shown(folder)}: {exc.strerror}") from exc
    for name, data in files.items():
        write_whole(folder / name, data)
    return [folder / name for name in files]
