from itertools import product

import pytest

from registry.core.batch import UNFINISHED, BatchState, may_move

ALLOWED = {
    ("open", "sealed"),
    ("sealed", "anchoring"),
    ("sealed", "anchored"),
    ("anchoring", "anchored"),
    ("anchored", "anchoring"),
    ("anchored", "final"),
}


@pytest.mark.parametrize(
    ("source", "target"),
    [pytest.param(a, b, id=f"{a} to {b}") for a, b in product(BatchState, repeat=2)],
)
def test_a_batch_moves_by_this_table_only(source: BatchState, target: BatchState) -> None:
    assert may_move(source, target) == ((source.value, target.value) in ALLOWED)


def test_a_final_batch_stays_final() -> None:
    assert not any(may_move(BatchState.FINAL, target) for target in BatchState)


def test_a_sealed_batch_never_opens_again() -> None:
    assert not any(may_move(source, BatchState.OPEN) for source in BatchState)


def test_the_unfinished_are_those_that_take_nothing_and_are_not_final() -> None:
    assert set(BatchState) - UNFINISHED == {BatchState.OPEN, BatchState.FINAL}
