import pytest

from registry.errors import UnavailableError
from registry.identity.memory import (
    ANSWER_SECONDS,
    FAILURE_SECONDS,
    MAX_REMEMBERED,
    Memory,
)


class Oracle:
    """Answers with the number of the question, or not at all; and has a clock."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = 1000.0
        self.is_down = False
        self.memory = Memory(self.ask, clock=lambda: self.now)

    def ask(self, key: str) -> int:
        self.asked.append(key)
        if self.is_down:
            raise UnavailableError("down", source=key)
        return len(self.asked)

    def fails(self) -> None:
        with pytest.raises(UnavailableError, match="a: down"):
            self.memory("a")


def test_an_answer_counts_for_an_hour() -> None:
    oracle = Oracle()
    assert [oracle.memory("a"), oracle.memory("a"), oracle.memory("b")] == [1, 1, 2]
    oracle.now += ANSWER_SECONDS - 1
    oracle.is_down = True
    assert oracle.memory("a") == 1
    oracle.now += 1
    oracle.fails()


def test_a_failure_counts_for_a_minute() -> None:
    oracle = Oracle()
    oracle.is_down = True
    oracle.fails()
    oracle.is_down = False
    oracle.now += FAILURE_SECONDS - 1
    oracle.fails()
    assert oracle.asked == ["a"]
    oracle.now += 1
    assert oracle.memory("a") == 2


def test_the_least_lately_asked_is_forgotten_first() -> None:
    oracle = Oracle()
    for number in range(MAX_REMEMBERED):
        oracle.memory(str(number))
    oracle.memory("0")
    oracle.memory("one more")
    assert len(oracle.asked) == MAX_REMEMBERED + 1
    oracle.memory("0")
    assert len(oracle.asked) == MAX_REMEMBERED + 1
    oracle.memory("1")
    assert oracle.asked[-1] == "1"
