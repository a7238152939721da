"""What `rootseal issue` writes of each finished badge: a file, and the forms to show it in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from registry.badges.achievements import Achievement, IssuerProfile
from registry.badges.baking import bake, suffix_of
from registry.badges.certificates import Certificate, certificate_pdf, require_printable
from registry.badges.drawing import badge_picture
from registry.cli.badge_jobs import BadgeJob, Made
from registry.cli.inputs import read_whole, receipt_path, write_whole
from registry.core.documents import Json
from registry.core.receipt import Receipt, print_receipt
from registry.errors import ConflictError, InvalidInputError
from registry.services.issuing import Proofs

_HASHED: Final = "identity_hash:"


class Forms:
    """The forms that are wanted besides the file."""

    def __init__(
        self, picture: bytes | None, *, baked: bool, certificates: bool, public_url: str | None
    ) -> None:
        self._picture = picture
        self._baked = baked
        self._certificates = certificates
        self._public_url = public_url

    def write(
        self, job: BadgeJob, made: Made, document: Mapping[str, Json], receipt: Receipt
    ) -> Path:
        """Write what is not there yet of a badge; where its file is."""
        if made.badge.token is not None:
            return _write_token(job.folder / f"{made.name}.jwt", made.badge.token, receipt)
        path = job.folder / f"{made.name}.json"
        if not path.exists():
            if job.proofs is Proofs.BOTH:  # of the others it is inside
                write_whole(receipt_path(path), print_receipt(receipt))
            write_whole(path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        if self._picture is not None:
            self._show(path, made, receipt, self._picture)
        return path

    def require_printable(self, texts: list[str]) -> None:
        """Raise now, and not when the badges are anchored, what a certificate could not show."""
        if self._certificates:
            require_printable(texts)

    def _show(self, path: Path, made: Made, receipt: Receipt, picture: bytes) -> None:
        image, page = path.with_suffix(suffix_of(picture)), path.with_suffix(".pdf")
        if self._baked and not image.exists():
            write_whole(image, bake(picture, path.read_bytes().strip()))
        if self._certificates and not page.exists():
            certificate = Certificate(picture, _name(made), self._page(receipt))
            write_whole(page, certificate_pdf(path.read_bytes().strip(), receipt, certificate))

    def _page(self, receipt: Receipt) -> str | None:
        if self._public_url is None:
            return None
        return f"{self._public_url.rstrip('/')}/c/{receipt.credential_hash.hex()}"


def _write_token(path: Path, token: bytes, receipt: Receipt) -> Path:
    if not path.exists():
        write_whole(receipt_path(path), print_receipt(receipt))
        write_whole(path, token)
    return path


def picture_of(
    achievement: Achievement, profile: IssuerProfile, folder: Path, *, baked: bool
) -> bytes:
    """What badges are shown with, or baked into: the achievement's own picture, or one drawn."""
    if achievement.image is not None and not achievement.image.startswith("https://"):
        found = read_whole(folder / achievement.image)
        try:
            if baked:
                bake(found, b"{}")  # tried now, and not when the badges are anchored
        except (InvalidInputError, ConflictError) as exc:
            raise InvalidInputError(f"--baked: {exc}", place=achievement.image) from exc
        return found
    return badge_picture(
        name=achievement.name,
        issuer=profile.name,
        kind=achievement.type or "Badge",
        key=achievement.identifier(profile.id),
    )


def _name(made: Made) -> str | None:
    """Who is named on the certificate; nobody who is known by a hash alone."""
    return None if made.identity.startswith(_HASHED) else made.recipient
