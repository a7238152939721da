"""Open Badges 3.0 in any number, as an exam night brings them: alike, and each one its own.

From a seed, so that the same number gives the same bytes. About 1.1 kB each, printed compactly,
one a line. A fifth has names beyond ASCII. Nobody in them exists.
"""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from registry.core.documents import Json
from registry.core.wire import format_time
from registry.standards import OPEN_BADGES, VC_2

_FIRST_NIGHT: Final = datetime(2026, 6, 15, 18, tzinfo=UTC)
_SECONDS: Final = 14_400  # in which a night's results come in
_GIVEN: Final = ("Ada", "Grace", "Alan", "Mary", "John", "Rosa", "Ivan", "Lena")
_GIVEN_BEYOND_ASCII: Final = ("Zoë", "José", "Şeyma", "Søren", "Ольга", "小明")
_FAMILY: Final = ("Smith", "Novak", "Garcia", "Meyer", "Okafor", "Silva", "Kim", "Rossi")
_SUBJECTS: Final = (
    "Mathematics",
    "Biology",
    "Network Administration",
    "Nursing Care",
    "Cloud Operations",
    "Accounting",
)
_ISSUER: Final[dict[str, Json]] = {
    "id": "https://exams.example/issuers/national",
    "type": ["Profile"],
    "name": "National Examination Board",
    "url": "https://exams.example",
}


def badge(number: int, *, seed: int = 0) -> dict[str, Json]:
    """Badge `number` of a night: an examination that was passed, by somebody, with a result."""
    # Of its own for each, so that badge 900,000 needs none of those before it.
    draw = sha256(f"{seed}/{number}".encode()).digest()
    subject = _SUBJECTS[draw[0] % len(_SUBJECTS)]
    return {
        "@context": [VC_2, OPEN_BADGES],
        "id": f"urn:uuid:{_uuid(draw)}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"Certificate in {subject}",
        "issuer": _ISSUER,
        "validFrom": _moment(number % _SECONDS),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": _name(draw),
                    "identityType": "name",
                },
            ],
            "achievement": _achievement(subject),
            "result": [{"type": ["Result"], "value": str(50 + draw[4] % 51)}],
        },
    }


def write_badges(path: Path, count: int, *, seed: int = 0) -> None:
    """Write badges 0 … `count` − 1 as NDJSON."""
    with path.open("wb") as file:
        for line in badge_lines(count, seed=seed):
            file.write(line)


def badge_lines(count: int, *, seed: int = 0) -> Iterator[bytes]:
    """The lines of `write_badges`."""
    for number in range(count):
        yield orjson.dumps(badge(number, seed=seed), option=orjson.OPT_APPEND_NEWLINE)


def write_hashes(path: Path, count: int, *, seed: int = 0) -> None:
    """Write `count` credential hashes as the CSV that `rootseal add` takes."""
    draw = random.Random(seed)  # noqa: S311 - the same hashes again for the same seed
    with path.open("w", encoding="ascii") as file:
        file.write("hash\n")
        for start in range(0, count, 10_000):
            size = min(10_000, count - start)
            digits = draw.randbytes(32 * size).hex()
            file.writelines(f"{digits[at : at + 64]}\n" for at in range(0, 64 * size, 64))


def _uuid(draw: bytes) -> str:
    digits = draw[8:24].hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _name(draw: bytes) -> str:
    given = _GIVEN_BEYOND_ASCII if draw[1] % 5 == 0 else _GIVEN
    return f"{given[draw[2] % len(given)]} {_FAMILY[draw[3] % len(_FAMILY)]}"


@cache
def _moment(second: int) -> str:
    return format_time(_FIRST_NIGHT + timedelta(seconds=second))


@cache
def _achievement(subject: str) -> Json:
    place = subject.lower().replace(" ", "-")
    return {
        "id": f"https://exams.example/achievements/{place}",
        "type": ["Achievement"],
        "achievementType": "Certification",
        "name": f"Certificate in {subject}",
        "description": f"Applies what the national curriculum of {subject} asks for.",
        "criteria": {
            "narrative": "A proctored examination of four hours, marked by two examiners."
        },
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": subject,
                "targetUrl": f"https://exams.example/curriculum/{place}",
                "targetFramework": "National Curriculum",
            }
        ],
    }


if __name__ == "__main__":
    write_badges(Path(sys.argv[1]), int(sys.argv[2]))
