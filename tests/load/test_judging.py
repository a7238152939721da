import pytest
from load.judging import (
    MAX_MORE_HANDLES,
    MAX_MORE_THREADS,
    MAX_SLOPE,
    Answers,
    Rest,
    faults,
    slope,
)
from load.watching import Sample

CALM = Sample(at=0.0, megabytes=150.0, handles=30, threads=10, processes=1)


def samples(per_minute: float, *, peaks: bool = False) -> list[Sample]:
    """Ten minutes, a sample every two seconds."""
    return [
        Sample(
            at=2.0 * number,
            megabytes=150 + per_minute * number / 30 + (80 if peaks and number % 3 else 0),
            handles=40,
            threads=20,
            processes=1,
        )
        for number in range(300)
    ]


def answered(**statuses: int) -> dict[str, Answers]:
    found = Answers()
    for status, count in statuses.items():
        for _ in range(count):
            found.add(status.replace("_", " "), 0.01)
    return {"receipt": found}


def judged(
    answers: dict[str, Answers] | None = None,
    *,
    per_minute: float = 0.0,
    after: Sample = CALM,
    wrong: tuple[str, ...] = (),
) -> list[str]:
    given = answered(as_expected=5) if answers is None else answers
    return faults(given, samples(per_minute), Rest(CALM, after), wrong)


def at_rest(*, handles: int = 30, threads: int = 10, processes: int = 1) -> Sample:
    return Sample(at=600.0, megabytes=150.0, handles=handles, threads=threads, processes=processes)


def test_a_calm_server_has_no_faults() -> None:
    assert judged() == []


@pytest.mark.parametrize("per_minute", [-3.0, 0.0, 2.5])
def test_finds_the_slope_under_the_peaks(per_minute: float) -> None:
    assert slope(samples(per_minute, peaks=True)) == pytest.approx(per_minute, abs=0.05)


def test_memory_that_grows_only_while_it_warms_up_is_no_leak() -> None:
    warming = [
        Sample(each.at, 150 + min(each.at, 120.0), each.handles, each.threads, 1)
        for each in samples(0.0)
    ]
    assert slope(warming) == pytest.approx(0.0, abs=0.01)


def test_a_short_run_shows_no_slope() -> None:
    with pytest.raises(ValueError, match="too few"):
        slope(samples(0.0)[:20])


def test_growing_memory_is_a_fault_beyond_the_limit() -> None:
    assert judged(per_minute=MAX_SLOPE - 0.1) == []
    (fault,) = judged(per_minute=MAX_SLOPE + 0.1)
    assert "memory grows" in fault


def test_handles_left_open_at_rest_are_a_fault() -> None:
    assert judged(after=at_rest(handles=30 + MAX_MORE_HANDLES)) == []
    (fault,) = judged(after=at_rest(handles=31 + MAX_MORE_HANDLES))
    assert "handles" in fault


def test_threads_left_running_are_a_fault_for_each_process() -> None:
    assert judged(after=at_rest(threads=10 + 2 * MAX_MORE_THREADS, processes=2)) == []
    (fault,) = judged(after=at_rest(threads=12 + MAX_MORE_THREADS))
    assert "threads" in fault


@pytest.mark.parametrize("status", ["500", "502", "503", "404", "429", "no answer (TimeoutError)"])
def test_an_answer_that_was_not_expected_is_a_fault(status: str) -> None:
    found = answered(as_expected=5)
    found["receipt"].add(status, 0.1)
    assert judged(found) == [f"receipt: 1 × {status}"]


def test_a_server_may_ask_to_come_again() -> None:
    assert judged(answered(as_expected=5, **{"503_with_Retry-After": 2})) == []


def test_what_callers_blame_is_told() -> None:
    assert judged(wrong=("nightly ended with 1",)) == ["nightly ended with 1"]


@pytest.mark.parametrize(
    ("part", "milliseconds"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.0, 1)]
)
def test_times_are_of_the_request_at_that_rank(part: float, milliseconds: float) -> None:
    found = Answers()
    for number in reversed(range(1, 101)):
        found.add("as expected", number / 1000)
    assert found.milliseconds(part) == pytest.approx(milliseconds)
