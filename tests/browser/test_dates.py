"""Which dates of a credential are read, and as what moment."""

import random
from datetime import UTC, datetime

import pytest

from registry.core.checks import check_validity
from registry.core.wire import format_time
from tests.browser.engine import Engine

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def in_python(text: str) -> str | None:
    """The moment that the Python engine reads, in whole seconds; None if it reads none."""
    check = check_validity({"validFrom": text}, now=NOW, anchored_at=None)
    found = check.evidence.get("validFrom")
    return None if found is None else str(found)


def in_javascript(engine: Engine, texts: list[str]) -> list[str | None]:
    call = """(text) => {
      const moment = dates.parseDateTime(text);
      return moment === null ? null : dates.formatMoment(moment);
    }"""
    return [answer["value"] for answer in engine.each(call, texts)]


def random_dates(count: int) -> list[str]:
    chance = random.Random(4)  # noqa: S311 - variety, not secrecy
    zones = ["Z", "+00:00", "-00:00", "+14:00", "-14:00", "+05:30", "-03:45", "+01:00"]
    return [
        f"{chance.choice([1, 2, 1969, 1970, 2024, 2026, 9998, 9999]):04}"
        f"-{chance.randint(1, 12):02}-{chance.randint(1, 31):02}"
        f"T{chance.choice([0, 1, 12, 23]):02}:{chance.choice(['00:00', '59:01', '00:59'])}"
        f"{chance.choice(['', '.5', '.999999', '.9999999', '.000001'])}{chance.choice(zones)}"
        for _ in range(count)
    ]


def test_dates_of_xml_schema_are_read_as_in_python(engine: Engine) -> None:
    texts = random_dates(400)
    assert in_javascript(engine, texts) == [in_python(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31", "2026-01-31T02:00:00", " 2026-01-31T02:00:00Z",
        "2026-01-31T02:00:00z", "2026-01-31T02:00:00+24:00", "2026-01-31T24:00:00Z",
        "2026-01-31T02:00:60Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "Saturday", "",
        "0000-01-01T00:00:00Z", "-2026-01-31T02:00:00Z", "12026-01-31T02:00:00Z",
        "٢٠٢٦-01-31T02:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_date_with_a_zone_is_read_by_neither(engine: Engine, text: str) -> None:
    assert (in_javascript(engine, [text]), in_python(text)) == ([None], None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31 02:00:00Z", "20260131T020000Z", "2026-W05-6T02:00:00Z", "2026-01-31T02Z",
        "2026-01-31T02:00Z", "2026-01-31T02:00:00,5Z", "2026-01-31T02:00:00.Z",
        "2026-01-31T02:00:00+0530", "2026-01-31T02:00:00+05", "2026-01-31T02:00:00+05:30:15",
        "2026-01-31T02:00:00+14:01", "2026-01-31T02:00:00+01:99", "2026-01-31T02:00:00 Z",
        "2026-01-31x02:00:00Z",
    ],
)  # fmt: skip
def test_no_other_form_of_a_date_is_read(engine: Engine, text: str) -> None:
    assert in_javascript(engine, [text]) == [None]


@pytest.mark.parametrize(
    ("text", "now", "outcome"),
    [
        pytest.param("2026-01-31T02:00:05.000001Z", "2026-01-31T02:00:05.000Z", False, id="after"),
        pytest.param("2026-01-31T02:00:05.0000001Z", "2026-01-31T02:00:05.000Z", True, id="cut"),
        pytest.param("2026-01-31T02:00:05Z", "2026-01-31T02:00:05.000Z", True, id="same"),
    ],
)
def test_moments_are_compared_to_the_microsecond(
    engine: Engine, text: str, now: str, *, outcome: bool
) -> None:
    script = "([text, now]) => dates.parseDateTime(text) <= dates.momentOf(new Date(now))"
    assert engine.run(script, [text, now]) is outcome
    start = check_validity(
        {"validFrom": text}, now=datetime.fromisoformat(now), anchored_at=None
    ).code
    assert (start == "in-time") is outcome


def test_for_ever_stays_within_the_years_that_are_printed(engine: Engine) -> None:
    texts = ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"]
    assert in_javascript(engine, texts) == [
        format_time(datetime.max.replace(tzinfo=UTC)),
        format_time(datetime.min.replace(tzinfo=UTC)),
    ]
    assert in_javascript(engine, texts) == [in_python(text) for text in texts]
