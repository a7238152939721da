"""A ratio that fell is measured again before it is called a regression."""

from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest
from bench import __main__ as command
from bench.harness import Figure, Part

NAME = "merkletools takes so many times as long"


def part(value: float) -> Mapping[str, Part]:
    figure = Figure(NAME, value, "×", is_ratio=True)
    return {"trees": Part(name="trees", title="Trees", of="leaves", figures=[figure])}


@pytest.mark.parametrize(
    ("first", "again", "code", "measured"),
    [(2.0, [], 0, 0), (0.5, [2.0], 0, 1), (0.5, [0.6, 1.5], 0, 2), (0.5, [0.6, 0.7], 1, 2)],
)
def test_what_fell_once_may_be_noise_and_three_times_is_none(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    first: float,
    again: list[float],
    code: int,
    measured: int,
) -> None:
    recorded = tmp_path / "recorded.json"
    recorded.write_bytes(orjson.dumps({f"trees: {NAME}": 2.0}))
    monkeypatch.setattr(command, "RECORDED", recorded)
    left, asked = iter(again), list[list[str]]()

    def measure(names: list[str]) -> Mapping[str, Part]:
        asked.append(names)
        return part(next(left))

    assert command.check(part(first), ["trees"], measure=measure) == code
    assert asked == [["trees"]] * measured
