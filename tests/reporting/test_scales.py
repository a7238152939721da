from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.reporting.scales import (
    MAX_BARS,
    compact,
    counting_period,
    date_ticks,
    round_ticks,
)

DAYS = st.integers(1, date.max.toordinal())
VALUES = st.floats(-1e24, 1e24, allow_nan=False, allow_subnormal=False).filter(
    lambda value: value == 0 or abs(value) > 1e-9
)


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@pytest.mark.parametrize(
    ("last", "want"),
    [
        pytest.param("2025-01-06", "day", id="one day"),
        pytest.param("2025-05-05", "day", id="120 days"),
        pytest.param("2025-05-06", "week", id="121 days"),
        pytest.param("2027-04-25", "week", id="120 weeks"),
        pytest.param("2027-04-26", "month", id="121 weeks"),
        pytest.param("2034-12-31", "month", id="120 months"),
        pytest.param("2035-01-01", "year", id="121 months"),
    ],
)
def test_is_counted_by_the_shortest_period_that_can_be_drawn(last: str, want: str) -> None:
    assert counting_period(day("2025-01-06"), day(last)).name == want


def test_a_week_begins_on_a_monday() -> None:
    week = counting_period(day("2025-01-06"), day("2025-06-30"))
    start = date.fromordinal(week.start(week.index(day("2025-01-12"))))
    assert start == date(2025, 1, 6)
    assert start.isoweekday() == 1


@given(DAYS, DAYS)
def test_never_more_bars_than_can_be_seen_and_each_day_is_in_its_period(one: int, two: int) -> None:
    first, last = sorted((one, two))
    period = counting_period(first, last)
    assert period.index(last) - period.index(first) < MAX_BARS
    for each in (first, last):
        index = period.index(each)
        assert period.start(index) <= each < period.start(index + 1)


@given(DAYS, DAYS)
def test_dates_are_few_and_within_the_frame(one: int, two: int) -> None:
    first, last = sorted((one, two))
    ticks = date_ticks(first, last)
    assert 1 <= len(ticks) <= 4
    assert all(first <= at <= last for at, _ in ticks)
    assert len({at for at, _ in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("first", "last", "want"),
    [
        pytest.param("2025-01-06", "2025-01-06", ["6 Jan"], id="one day"),
        pytest.param("2025-12-30", "2026-01-02", ["30 Dec", "31 Dec", "1 Jan", "2 Jan"], id="days"),
        pytest.param("2025-01-06", "2025-03-10", ["Feb 2025", "Mar"], id="months"),
        pytest.param("2025-05-05", "2027-01-07", ["Jul 2025", "2026", "Jul", "2027"], id="halves"),
        pytest.param("2024-05-01", "2027-02-01", ["2025", "2026", "2027"], id="years"),
    ],
)
def test_dates_are_round(first: str, last: str, want: list[str]) -> None:
    assert [label for _, label in date_ticks(day(first), day(last))] == want


@pytest.mark.parametrize(
    ("low", "high", "is_whole", "want"),
    [
        pytest.param(0, 0, True, (0, 1), id="nothing"),
        pytest.param(0, 1, True, (0, 1), id="one"),
        pytest.param(0, 3, True, (0, 1, 2, 3), id="three"),
        pytest.param(0, 51_700, False, (0, 20_000, 40_000, 60_000), id="gas"),
        pytest.param(18, 18, False, (0, 5, 10, 15, 20), id="hours"),
        pytest.param(-3, 10, False, (-5, 0, 5, 10), id="backwards too"),
    ],
)
def test_numbers_are_round(
    low: float, high: float, *, is_whole: bool, want: tuple[float, ...]
) -> None:
    assert round_ticks(low, high, is_whole=is_whole) == want


@given(VALUES, VALUES)
def test_all_values_lie_between_the_ticks(one: float, two: float) -> None:
    low, high = sorted((one, two))
    ticks = round_ticks(low, high, is_whole=False)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] <= low or ticks[0] == pytest.approx(low)
    assert ticks[-1] >= high or ticks[-1] == pytest.approx(high)
    assert 0 in ticks


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (0.0, "0"),
        (0.0005, "0.0005"),
        (950.0, "950"),
        (0.00004, "0.00004"),
        (5000.0, "5,000"),
        (60_000.0, "60k"),
        (-20_000.0, "−20k"),
        (2_500_000.0, "2.5M"),
        (3e9, "3G"),
    ],
)
def test_labels_are_short(value: float, want: str) -> None:
    assert compact(value) == want
