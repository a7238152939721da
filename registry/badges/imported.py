"""What is imported: achievements with their rosters, in the forms that `rootseal issue` takes."""

import csv
import io
import json
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from registry.badges.images import MAX_INLINE_BYTES, data_url
from registry.errors import InvalidInputError

_MISSING: Final = "# fill this in: the export does not say it"
LEFT_OUT_FILE: Final = "left-out"  # its name without `.csv`, which no roster may have
_SLUG: Final = re.compile(r"[^a-z0-9]+")
_DATA_URL: Final = re.compile(r"data:image/(?:png|svg\+xml|jpeg);base64,([A-Za-z0-9+/=\s]+)")
_SUFFIXES: Final = {"png": ".png", "svg": ".svg", "jpe": ".jpg"}
_MAX_SLUG: Final = 60


class Place(NamedTuple):
    """Of something in an export: a file, and a line of it if it has lines."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class LeftOut(NamedTuple):
    """What is not issued anew, and why: no fault, but somebody should know."""

    place: Place
    reason: str


class ImportFault(NamedTuple):
    """Why something cannot be imported."""

    place: Place
    reason: str


class Skill(NamedTuple):
    """A skill as an achievement's file has it."""

    name: str
    url: str
    framework: str | None = None
    code: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """What badges of one kind have in common. `key` tells it from others."""

    key: str
    name: str
    id: str | None = None
    description: str | None = None
    criteria: str | None = None
    criteria_url: str | None = None
    image: str | None = None  # an https: or a data: address
    tags: tuple[str, ...] = ()
    skills: tuple[Skill, ...] = ()


class Imported(NamedTuple):
    """One badge of an export: its template, and the fields of a roster's row."""

    place: Place
    template: Template
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Course:
    """A template with everybody who has it, ready to be written."""

    template: Template
    name: str  # of its files
    rows: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def picture(self) -> tuple[str, bytes] | None:
        """Name and bytes of its picture, if that is in the export."""
        return _picture(self.name, self.template.image)


def courses(badges: Iterable[Imported]) -> list[Course]:
    """Group badges by their templates, in order."""
    found: dict[str, Course] = {}
    names = {LEFT_OUT_FILE}
    for badge in badges:
        key = badge.template.key
        if key not in found:
            found[key] = Course(badge.template, _file_name(badge.template.name, names))
        found[key].rows.append(badge.row)
    return list(found.values())


def roster_file(course: Course) -> bytes:
    """Its roster, with the columns that some row has."""
    columns = list(dict.fromkeys(name for row in course.rows for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(course.rows)
    return text.getvalue().encode()


def achievement_file(course: Course) -> bytes:
    """Its achievement's file; what the export does not say is left to be filled in."""
    template = course.template
    lines = [
        "# Imported. Look it over, then: rootseal badge validate " + course.name + ".toml",
        f"name = {_quoted(template.name)}",
    ]
    lines += [_line("description", template.description, _MISSING)]
    needs_criteria = template.criteria is None and template.criteria_url is None
    if template.criteria is not None or needs_criteria:
        lines += [_line("criteria", template.criteria, _MISSING)]
    image = course.picture[0] if course.picture else template.image
    optional = {"criteria_url": template.criteria_url, "id": template.id, "image": image}
    lines += [f"{name} = {_quoted(value)}" for name, value in optional.items() if value]
    if template.tags:
        lines += [f"tags = [{', '.join(map(_quoted, template.tags))}]"]
    for skill in template.skills:
        members = {name: value for name, value in skill._asdict().items() if value}
        lines += ["", "[[skills]]", *(f"{name} = {_quoted(v)}" for name, v in members.items())]
    return ("\n".join(lines) + "\n").encode()


def usable_image(image: str | None) -> str | None:
    """A picture that an achievement can have: an https: address, or a small one in the export."""
    if image is None or image.startswith("https://"):
        return image
    return image if _picture("", image) is not None else None


def _picture(name: str, image: str | None) -> tuple[str, bytes] | None:
    found = None if image is None else _DATA_URL.fullmatch(image)
    if image is None or found is None:
        return None
    try:
        data = b64decode(found[1])
        if len(data) > MAX_INLINE_BYTES:
            return None
        data_url(data)
    except (ValueError, InvalidInputError):
        return None
    return name + _SUFFIXES[image[11:14]], data


def _line(name: str, value: str | None, otherwise: str) -> str:
    return f'{name} = ""    {otherwise}' if value is None else f"{name} = {_quoted(value)}"


def _quoted(text: str) -> str:
    """A basic string of TOML, which takes the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _file_name(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _SLUG.sub("-", plain).strip("-")[:_MAX_SLUG].strip("-") or "badge"
    found, number = slug, 2
    while found in taken:
        found, number = f"{slug}-{number}", number + 1
    taken.add(found)
    return found
