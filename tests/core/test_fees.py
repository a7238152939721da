from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.fees import Fees, Market, offer, raised

fees = st.integers(0, 2**64)
offers = st.builds(
    lambda max_fee, share: Fees(max_fee, min(share, max_fee)), max_fee=fees, share=fees
)


@pytest.mark.parametrize(
    ("market", "cap", "want"),
    [
        pytest.param(Market(10, 3), 100, Fees(23, 3), id="room for a doubled base fee"),
        pytest.param(Market(10, 3), 23, Fees(23, 3), id="exactly as much as that"),
        pytest.param(Market(10, 3), 22, Fees(22, 3), id="one less: the cap"),
        pytest.param(Market(10, 3), 10, Fees(10, 3), id="the base fee is the cap"),
        pytest.param(Market(2, 30), 10, Fees(10, 10), id="a priority fee above the cap"),
        pytest.param(Market(10, 3), 9, None, id="the base fee is above the cap"),
    ],
)
def test_an_offer_stays_within_the_cap(market: Market, cap: int, want: Fees | None) -> None:
    assert offer(market, cap=cap) == want


@given(base_fee=fees, priority_fee=fees, cap=fees)
def test_there_is_an_offer_exactly_if_the_base_fee_is_within_the_cap(
    base_fee: int, priority_fee: int, cap: int
) -> None:
    made = offer(Market(base_fee, priority_fee), cap=cap)
    if base_fee > cap:
        assert made is None
    else:
        assert made is not None
        assert base_fee <= made.max_fee <= cap
        assert 0 <= made.priority_fee <= made.max_fee


@pytest.mark.parametrize(
    ("previous", "wanted", "cap", "want"),
    [
        pytest.param(Fees(800, 80), Fees(0, 0), 900, Fees(900, 90), id="an eighth more of both"),
        pytest.param(Fees(801, 81), Fees(0, 0), 999, Fees(902, 92), id="rounded up"),
        pytest.param(Fees(1, 0), Fees(0, 0), 999, Fees(2, 1), id="one wei more at least"),
        pytest.param(Fees(800, 80), Fees(950, 95), 999, Fees(950, 95), id="as much as is wanted"),
        pytest.param(Fees(800, 80), Fees(0, 95), 999, Fees(900, 95), id="the higher of each"),
        pytest.param(Fees(8, 8), Fees(0, 70), 99, Fees(70, 70), id="room for the priority fee"),
        pytest.param(Fees(800, 80), Fees(0, 0), 899, None, id="an eighth more is above the cap"),
        pytest.param(Fees(800, 80), Fees(950, 0), 949, None, id="what is wanted is above the cap"),
    ],
)
def test_a_replacement_offers_an_eighth_more_or_nothing(
    previous: Fees, wanted: Fees, cap: int, want: Fees | None
) -> None:
    assert raised(previous, wanted, cap=cap) == want


@given(previous=offers, wanted=offers, cap=fees)
def test_a_replacement_is_taken_by_nodes_and_within_the_cap(
    previous: Fees, wanted: Fees, cap: int
) -> None:
    made = raised(previous, wanted, cap=cap)
    if made is None:
        return
    step = Fraction(9, 8)
    assert made.max_fee >= step * previous.max_fee
    assert made.max_fee > previous.max_fee
    assert made.priority_fee >= step * previous.priority_fee
    assert made.priority_fee > previous.priority_fee
    assert made.priority_fee <= made.max_fee <= cap


@given(previous=offers, wanted=offers)
def test_there_is_a_replacement_if_the_cap_has_room(previous: Fees, wanted: Fees) -> None:
    made = raised(previous, wanted, cap=2**80)
    assert made is not None
    assert raised(previous, wanted, cap=made.max_fee) == made
    assert raised(previous, wanted, cap=made.max_fee - 1) is None
