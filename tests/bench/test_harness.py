import math
from itertools import repeat

import pytest
from bench.harness import (
    OURS,
    Bar,
    Bound,
    Series,
    exponent_figures,
    growth_exponent,
    ratio_to_ours,
    take_turns,
    up_to,
)
from hypothesis import given
from hypothesis import strategies as st

OTHER = "another"


@given(exponent=st.floats(0, 3), unit=st.floats(1e-9, 1e3))
def test_finds_the_exponent_of_any_power(exponent: float, unit: float) -> None:
    points = {size: unit * size**exponent for size in (10, 1_000, 100_000)}
    assert math.isclose(growth_exponent(points), exponent, abs_tol=1e-9)


def test_takes_the_least_squares_of_what_is_no_power() -> None:
    # Logarithms to base ten: (0, 0), (1, 0), (2, 3), with a slope of 3 / 2.
    assert math.isclose(growth_exponent({1: 1.0, 10: 1.0, 100: 1000.0}), 1.5)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param({}, id="no size"),
        pytest.param({10: 1.0}, id="one size"),
        pytest.param({10: 1.0, 100: 0.0}, id="no time at all"),
        pytest.param({0: 1.0, 100: 1.0}, id="nothing to do"),
    ],
)
def test_has_no_exponent_of_what_cannot_grow(points: dict[int, float]) -> None:
    with pytest.raises(ValueError):
        growth_exponent(points)


def test_lets_the_ways_take_turns_and_keeps_the_best_of_each() -> None:
    called: list[tuple[str, int]] = []
    times = {OURS: iter([3.0, 1.0, 5.0]), OTHER: iter([4.0, 8.0])}

    def way(name: str, size: int) -> float:
        called.append((name, size))
        return next(times[name])

    series = take_turns(
        {name: lambda size, name=name: way(name, size) for name in times},  # type: ignore[misc]
        {OURS: (10, 20), OTHER: (10,)},
        rounds=lambda size: 2 if size == 10 else 1,
    )
    assert called == [(OURS, 10), (OTHER, 10), (OURS, 10), (OTHER, 10), (OURS, 20)]
    assert series == [Series(OURS, {10: 1.0, 20: 5.0}), Series(OTHER, {10: 4.0})]


def test_compares_at_the_largest_size_that_both_did() -> None:
    series = [Series(OURS, {10: 1.0, 100: 2.0, 1_000: 3.0}), Series(OTHER, {10: 9.0, 100: 10.0})]
    assert ratio_to_ours(series, OTHER) == (100, 5.0)


def test_refuses_to_compare_what_was_never_measured_alike() -> None:
    with pytest.raises(ValueError):
        ratio_to_ours([Series(OURS, {10: 1.0}), Series(OTHER, {20: 1.0})], OTHER)


@pytest.mark.parametrize(
    ("bound", "value", "is_met"),
    [
        pytest.param(Bound.AT_LEAST, 2.0, True, id="just enough"),
        pytest.param(Bound.AT_LEAST, 1.99, False, id="too little"),
        pytest.param(Bound.AT_MOST, 2.0, True, id="just little enough"),
        pytest.param(Bound.AT_MOST, 2.01, False, id="too much"),
        pytest.param(Bound.AT_LEAST, math.nan, False, id="not a number is never enough"),
        pytest.param(Bound.AT_MOST, math.nan, False, id="nor little enough"),
    ],
)
def test_a_bar_is_met_on_its_right_side(bound: Bound, value: float, *, is_met: bool) -> None:
    assert Bar(bound, 2.0).is_met(value) is is_met


def test_leaves_larger_sizes_out_but_never_all() -> None:
    assert up_to(100, (10, 100, 1_000)) == (10, 100)
    assert up_to(5, (10, 100, 1_000)) == (10,)


def test_a_single_size_has_no_exponent_and_no_figure() -> None:
    series = [Series(OURS, {10: 1.0, 100: 10.0}), Series(OTHER, dict(zip((10,), repeat(1.0))))]
    (figure,) = exponent_figures(series, {OURS: Bar(Bound.AT_MOST, 1.05)})
    assert figure.name == f"{OURS}: growth exponent"
    assert math.isclose(figure.value, 1.0)
    assert figure.bar == Bar(Bound.AT_MOST, 1.05)
