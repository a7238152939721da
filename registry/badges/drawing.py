"""The picture of an achievement that has none: drawn of its name, its issuer, and its kind.

Its colours follow from the achievement's id, so each has its own and keeps it. Plain SVG without
fonts of its own: text is set in what the reader has.
"""

from hashlib import sha256
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 600
_LINE: Final = 17  # characters of the name on one line
_MAX_LINES: Final = 4
_FORM: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600" role="img" aria-label="{label}">
<defs><linearGradient id="ground" x1="0" y1="0" x2="1" y2="1">
<stop offset="0" stop-color="hsl({hue},62%,46%)"/>
<stop offset="1" stop-color="hsl({second},68%,26%)"/>
</linearGradient></defs>
<path d="M210 400 165 590 300 520 435 590 390 400Z" fill="hsl({second},60%,22%)"/>
<path d="{rosette}" fill="url(#ground)"/>
<circle cx="300" cy="265" r="190" fill="none" stroke="#fff" stroke-opacity=".35" stroke-width="3"/>
<circle cx="300" cy="265" r="179" fill="none" stroke="#fff" stroke-opacity=".85" stroke-width="2"/>
<g fill="#fff" font-family="Georgia,'Times New Roman',serif" text-anchor="middle">
<text x="300" y="{kind_at}" font-size="20" letter-spacing="5" fill-opacity=".85">{kind}</text>
{name}
<text x="300" y="{issuer_at}" font-size="19" fill-opacity=".85">{issuer}</text>
</g>
</svg>
"""


def badge_picture(*, name: str, issuer: str, kind: str, key: str) -> bytes:
    """An SVG for an achievement; `key` decides its colours."""
    hue = int.from_bytes(sha256(key.encode()).digest()[:2]) % 360
    lines = _wrapped(name)
    size = 46 if max(map(len, lines)) <= 12 and len(lines) < 4 else 36
    step = size * 1.2
    first = 265 - step * (len(lines) - 1) / 2 + size / 3
    texts = [
        f'<text x="300" y="{first + step * number:.0f}" font-size="{size}" font-weight="bold">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    ]
    return _FORM.format(
        label=escape(f"{name}, {issuer}", {'"': "&quot;"}),
        hue=hue,
        second=(hue + 35) % 360,
        rosette=_rosette(),
        kind=escape(_short(_spaced(kind).upper(), 20)),
        kind_at=f"{first - step - 12:.0f}",
        name="\n".join(texts),
        issuer=escape(_short(issuer, 30)),
        issuer_at=f"{first + step * len(lines) + 4:.0f}",
    ).encode()


def _rosette() -> str:
    """Round points around the middle, drawn without numbers that platforms print differently."""
    # Sines of 15 degrees' steps, to whole pixels of a radius of 250 and 226.
    outer = ((0, 250), (125, 217), (217, 125), (250, 0))
    inner = ((58, 218), (160, 160), (218, 58))
    quarter = [outer[0], inner[0], outer[1], inner[1], outer[2], inner[2]]
    turned = list(quarter)
    points: list[tuple[int, int]] = []
    for _ in range(4):
        points += turned
        turned = [(y, -x) for x, y in turned]
    start, *rest = [(300 + x, 265 - y) for x, y in points]
    pairs = [*rest, start]
    curves = [
        f"Q{pairs[i][0]} {pairs[i][1]} {pairs[i + 1][0]} {pairs[i + 1][1]}"
        for i in range(0, len(pairs), 2)
    ]
    return f"M{start[0]} {start[1]}{''.join(curves)}Z"


def _wrapped(name: str) -> list[str]:
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= _LINE or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    shown = [_short(line, _LINE + 3) for line in lines[:_MAX_LINES]]
    if len(lines) > _MAX_LINES:
        shown[-1] = _short(f"{shown[-1]} …", _LINE + 3)
    return shown


def _spaced(kind: str) -> str:
    """`MicroCredential` as two words."""
    return "".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(kind))


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
