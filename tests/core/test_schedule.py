from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.schedule import last_due

BERLIN = ZoneInfo("Europe/Berlin")  # +01:00, in summer +02:00
NIGHT = time(2, 30)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # changed its clocks at 00:01
    "Australia/Lord_Howe",  # changes them by half an hour
    "Pacific/Apia",  # left out 30 December 2011
    "Asia/Kathmandu",  # +05:45
    "Pacific/Kiritimati",  # +14:00
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "want"),
    [
        pytest.param("2026-01-10T01:29:59", "2026-01-09T01:30:00", id="a second before"),
        pytest.param("2026-01-10T01:30:00", "2026-01-10T01:30:00", id="on the second"),
        pytest.param("2026-01-11T01:29:59", "2026-01-10T01:30:00", id="almost a day later"),
        pytest.param("2026-07-10T00:30:00", "2026-07-10T00:30:00", id="summer time"),
        pytest.param("2026-01-09T23:30:00", "2026-01-09T01:30:00", id="after midnight there"),
        # On 29 March the clock goes from 02:00 to 03:00 (01:00 UTC).
        pytest.param("2026-03-29T01:29:59", "2026-03-28T01:30:00", id="gap, before"),
        pytest.param("2026-03-29T01:30:00", "2026-03-29T01:30:00", id="gap, half past three"),
        pytest.param("2026-03-30T00:29:59", "2026-03-29T01:30:00", id="gap, one night only"),
        # On 25 October it goes from 03:00 back to 02:00 (01:00 UTC).
        pytest.param("2026-10-25T00:30:00", "2026-10-25T00:30:00", id="overlap, the first 02:30"),
        pytest.param("2026-10-25T01:30:00", "2026-10-25T00:30:00", id="overlap, not the second"),
        pytest.param("2026-10-26T01:29:59", "2026-10-25T00:30:00", id="overlap, one night only"),
    ],
)
def test_a_night_is_due_once_a_date(now: str, want: str) -> None:
    found = last_due(utc(now), NIGHT, BERLIN)
    assert (found, found.tzinfo) == (utc(want), UTC)


def test_a_night_has_begun_though_the_clock_shows_yesterday_again() -> None:
    # On 29 October 2006, at 00:01, St John's went back to 23:01 (02:31 UTC).
    found = last_due(utc("2006-10-29T02:45:00"), time(0, 0), ZoneInfo("America/St_Johns"))
    assert found == utc("2006-10-29T02:30:00")


def test_a_date_that_was_left_out_adds_no_night() -> None:
    zone = ZoneInfo("Pacific/Apia")  # from 29 December 2011, -10:00, to 31 December, +14:00
    found = {
        last_due(utc("2011-12-29T12:00:00") + timedelta(hours=h), NIGHT, zone) for h in range(50)
    }
    assert found == {
        utc("2011-12-28T12:30:00"),
        utc("2011-12-29T12:30:00"),
        utc("2011-12-30T12:30:00"),
        utc("2011-12-31T12:30:00"),
    }


moments = st.integers(631_152_000, 2_208_988_800).map(  # from 1990 to 2040
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


@given(
    now=moments,
    at=st.times().map(lambda t: t.replace(microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_the_last_night_is_past_and_within_two_days(
    now: datetime, at: time, zone: ZoneInfo
) -> None:
    due = last_due(now, at, zone)
    assert due <= now < due + timedelta(hours=49)
    assert last_due(due, at, zone) == due  # so that a night stays due until the next


@given(
    start=moments,
    at=st.times().map(lambda t: t.replace(microsecond=0, second=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_nights_follow_each_other_once_a_date(start: datetime, at: time, zone: ZoneInfo) -> None:
    hours = [start + timedelta(minutes=30 * n) for n in range(2 * 24 * 6)]
    nights = [last_due(now, at, zone) for now in hours]
    assert nights == sorted(nights)
    assert 5 <= len(set(nights)) <= 7
    for earlier, later in pairwise(sorted(set(nights))):
        assert timedelta(hours=20) <= later - earlier <= timedelta(hours=28)


def test_a_fold_that_comes_with_the_time_changes_nothing() -> None:
    now = utc("2026-10-25T01:15:00")
    assert last_due(now, NIGHT.replace(fold=1), BERLIN) == last_due(now, NIGHT, BERLIN)
