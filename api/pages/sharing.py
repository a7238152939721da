"""What leads others to a credential's page: QR code, profile link, embed snippet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import segno
from markupsafe import Markup

from api.pages.badge import Badge

_LINKEDIN: Final = "https://www.linkedin.com/profile/add"
_SNIPPET: Final = Markup(
    '<a href="{page}"><img src="{card}" width="480" height="252" alt="{name}"></a>'
)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Ways to pass a page on; they hold its whole address, so there are none without one."""

    page: str
    picture: str
    qr_code: Markup
    linkedin: str
    snippet: str


def sharing_of(
    badge: Badge, name: str, *, page: str, picture: str, card: str, certificate_id: str
) -> Sharing:
    """Ways to pass on the page of the credential called `name`, all by whole addresses."""
    return Sharing(
        page=page,
        picture=picture,
        qr_code=qr_code(page),
        linkedin=_linkedin(page, badge, name, certificate_id),
        snippet=str(_SNIPPET.format(page=page, card=card, name=name)),
    )


def qr_code(address: str) -> Markup:
    """An address as an SVG, for a page."""
    svg = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return Markup(svg)  # noqa: S704 - segno prints nothing of the address but squares


def _linkedin(page: str, badge: Badge, name: str, certificate_id: str) -> str:
    """Where LinkedIn adds a certification to a profile, filled in."""
    values = {
        "startTask": "CERTIFICATION_NAME",
        "name": name,
        "organizationName": badge.issuer,
        "certUrl": page,
        "certId": certificate_id,
        **_month("issue", badge.valid_from),
        **_month("expiration", badge.valid_until),
    }
    known = {key: value for key, value in values.items() if value is not None}
    return f"{_LINKEDIN}?{urlencode(known)}"


def _month(prefix: str, time: datetime | None) -> dict[str, str]:
    if time is None:
        return {}
    return {f"{prefix}Year": str(time.year), f"{prefix}Month": str(time.month)}
