from itertools import product

import pytest

from registry.core.batch import UNFINISHED, BatchState, least, may_move

ALLOWED = {
    ("open", "sealed"),
    ("sealed", "anchoring"),
    ("sealed", "anchored"),
    ("anchoring", "anchored"),
    ("anchored", "anchoring"),
    ("anchored", "final"),
    ("final", "anchoring"),
}


@pytest.mark.parametrize(
    ("source", "target"),
    [pytest.param(a, b, id=f"{a} to {b}") for a, b in product(BatchState, repeat=2)],
)
def test_a_batch_moves_by_this_table_only(source: BatchState, target: BatchState) -> None:
    assert may_move(source, target) == ((source.value, target.value) in ALLOWED)


@pytest.mark.parametrize(
    ("states", "want"),
    [
        pytest.param([BatchState.FINAL], BatchState.FINAL, id="one chain"),
        pytest.param([BatchState.FINAL, BatchState.SEALED], BatchState.SEALED, id="one behind"),
        pytest.param([BatchState.ANCHORED, BatchState.FINAL], BatchState.ANCHORED, id="any order"),
    ],
)
def test_a_batch_on_several_chains_is_as_far_as_the_slowest(
    states: list[BatchState], want: BatchState
) -> None:
    assert least(states) is want


def test_a_batch_on_no_chain_has_no_state() -> None:
    with pytest.raises(ValueError, match="empty"):
        least([])


def test_a_sealed_batch_never_opens_again() -> None:
    assert not any(may_move(source, BatchState.OPEN) for source in BatchState)


def test_the_unfinished_are_those_that_take_nothing_and_are_not_final() -> None:
    assert set(BatchState) - UNFINISHED == {BatchState.OPEN, BatchState.FINAL}
