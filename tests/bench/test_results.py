from pathlib import Path

import orjson
import pytest
from bench.harness import Bar, Bound, Figure, Part, Series
from bench.report import lines, missed
from bench.results import ratios, read_results, regressions, write_results

RECORDED = Path(__file__).parents[2] / "scripts/bench/recorded.json"
PART = Part(
    "trees",
    "Tree build",
    "leaves",
    [Series("Rootseal", {1_000: 0.0005, 1_000_000: 1.25})],
    [
        Figure("peer takes so many times as long", 2.5, "×", Bar(Bound.AT_LEAST, 2), is_ratio=True),
        Figure("memory", 512.0, "MB", Bar(Bound.AT_MOST, 400)),
        Figure("gas", 52_345),
    ],
    ["Nothing else ran."],
)


def test_reads_what_it_wrote(tmp_path: Path) -> None:
    write_results(tmp_path / "new/bench.json", {"trees": PART})
    assert read_results(tmp_path / "new/bench.json") == {"trees": PART}


def test_the_file_names_no_machine(tmp_path: Path) -> None:
    write_results(tmp_path / "bench.json", {"trees": PART})
    machine = orjson.loads((tmp_path / "bench.json").read_bytes())["machine"]
    assert set(machine) == {"processors", "architecture", "python", "openssl", "node"}


def test_only_ratios_are_held_against_what_was_recorded() -> None:
    assert ratios([PART]) == {"trees: peer takes so many times as long": 2.5}


@pytest.mark.parametrize(
    ("now", "fell"),
    [
        pytest.param(10.0, False, id="faster"),
        pytest.param(4.0, False, id="as before"),
        pytest.param(2.0, False, id="half, on a busy machine"),
        pytest.param(1.99, True, id="below half"),
        pytest.param(0.0, True, id="nothing left of it"),
    ],
)
def test_a_ratio_below_half_of_the_recorded_one_is_a_regression(now: float, *, fell: bool) -> None:
    found = regressions({"trees: peer": now}, {"trees: peer": 4.0})
    assert bool(found) is fell
    assert all("trees: peer" in each and "4.00" in each for each in found)


def test_a_recorded_ratio_that_is_measured_no_more_is_told() -> None:
    (sentence,) = regressions({"trees: another": 4.0}, {"trees: peer": 4.0})
    assert "trees: peer" in sentence
    assert "nothing was measured" in sentence


def test_prints_times_figures_and_missed_bars() -> None:
    printed = "\n".join(lines(PART))
    assert "1,000: 500 µs" in printed
    assert "1,000,000: 1.25 s" in printed
    assert "2.5 × (at least 2: met)" in printed
    assert "512 MB (at most 400: MISSED)" in printed
    assert "gas: 52,345" in printed
    assert "Nothing else ran." in printed
    assert [each.name for each in missed(PART)] == ["memory"]


def test_ratios_are_recorded() -> None:
    recorded = orjson.loads(RECORDED.read_bytes())
    assert len(recorded) >= 5
    assert all(value > 0 for value in recorded.values())
