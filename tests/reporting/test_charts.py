from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest

from registry.reporting.charts import Chart, charts_of
from registry.reporting.series import MAX_DOTS
from registry.services.audit.report import ChainAudit
from tests.reporting.reports import START, anchor, chain, change, large, small


def drawn(chart: Chart) -> Element:
    assert chart.picture is not None
    return fromstring(chart.picture)  # noqa: S314 - our own drawing


def charts(audited: ChainAudit) -> dict[str, Chart]:
    found = charts_of(audited, prefix="test")
    names = ["anchors", "delay", "gas", "cost", "credentials", "seals"]
    return dict(zip(names, found, strict=False))


def numbers(elements: Sequence[Element], name: str) -> list[float]:
    return [float(each.attrib[name]) for each in elements]


def test_a_night_is_a_bar() -> None:
    chart = charts(small().chains[0])["anchors"]
    bars = drawn(chart).findall("rect")
    assert len(bars) == 6
    assert len(set(numbers(bars, "x"))) == 6
    assert chart.rows[0] == ("2025-01-06", "1")
    assert chart.title == "Anchors by day"


def test_a_night_without_an_anchor_has_no_bar_and_a_row() -> None:
    chart = charts(chain([anchor(1), anchor(3)]))["anchors"]
    assert len(drawn(chart).findall("rect")) == 2
    assert [value for _, value in chart.rows] == ["1", "0", "1"]


def test_silence_up_to_the_block_of_the_audit_is_shown() -> None:
    late = chain([anchor(1)], block_time=START + timedelta(days=20))
    assert len(charts(late)["anchors"].rows) == 21


def test_two_years_are_counted_by_the_week() -> None:
    chart = charts(large().chains[0])["anchors"]
    assert chart.title == "Anchors by week"
    assert len(chart.rows) <= 120
    assert sum(int(value) for _, value in chart.rows) == 400


def test_delays_are_hours_with_their_median() -> None:
    waits = [anchor(n, opened_at=anchor(n).anchored_at - timedelta(hours=n * n)) for n in (1, 2, 3)]
    chart = charts(chain(waits))["delay"]
    assert [value for _, value in chart.rows] == ["1", "4", "9"]
    assert chart.said == "Median 4 hours, most 9 hours."
    heights = numbers(drawn(chart).findall("circle"), "cy")
    assert heights == sorted(heights, reverse=True)
    level = drawn(chart).find("line[@class='level']")
    assert level is not None
    assert float(level.attrib["y1"]) == heights[1]


def test_a_delay_that_runs_backwards_is_drawn_below_the_ground() -> None:
    before = anchor(2, opened_at=anchor(2).anchored_at + timedelta(hours=5))
    svg = drawn(charts(chain([anchor(1), before]))["delay"])
    ground = svg.find("line[@class='ground']")
    assert ground is not None
    assert numbers(svg.findall("circle"), "cy")[1] > float(ground.attrib["y1"])


def test_what_is_not_known_is_said_and_not_drawn() -> None:
    found = charts(chain([anchor(1), anchor(2, opened_at=None, gas_used=None)]))
    assert found["delay"].said.endswith("Not known of 1 anchor.")
    assert len(drawn(found["delay"]).findall("circle")) == 1
    assert len(drawn(found["cost"]).findall("circle")) == 1


@pytest.mark.parametrize(
    ("price", "want"),
    [
        pytest.param(0, "Cost of each anchor, in wei", id="nothing"),
        pytest.param(10_000, "Cost of each anchor, in wei", id="below a Gwei"),
        pytest.param(10**9, "Cost of each anchor, in Gwei", id="below a thousandth"),
        pytest.param(10**12, "Cost of each anchor, in ETH", id="a twentieth"),
    ],
)
def test_cost_has_the_unit_that_fits(price: int, want: str) -> None:
    chart = charts(chain([anchor(gas_price=price)]))["cost"]
    assert want in str(chart.picture)


def test_a_chain_s_own_coin_is_named() -> None:
    assert "in POL" in charts(chain([anchor(gas_price=10**12)], chain=137))["cost"].title


def test_statuses_add_up() -> None:
    chart = charts(
        chain(
            [anchor(1)],
            [
                change(1, credentials=3, status="suspended"),
                change(2, credentials=2),
                change(3, credentials=1, status="active"),
                change(4, credentials=4),
            ],
        )
    )["credentials"]
    assert chart.said == "Credentials ever: 3 suspended, 6 revoked, 1 reinstated."
    assert [row[1:] for row in chart.rows] == [
        ("3", "0", "0"),
        ("3", "2", "0"),
        ("3", "2", "1"),
        ("3", "6", "1"),
    ]
    assert len(drawn(chart).findall("path[@d]")) >= 3
    assert [kind for _, kind in chart.legend] == ["suspended", "revoked", "reinstated"]


def test_what_never_happened_has_no_line() -> None:
    chart = charts(chain([anchor()], [change()]))["credentials"]
    assert [kind for _, kind in chart.legend] == ["revoked"]


def test_whole_batches_have_a_chart_of_their_own() -> None:
    whole = charts(chain([anchor()], [change(credentials=None)]))
    assert whole["seals"].said == "Whole batches ever: 0 suspended, 1 revoked, 0 reinstated."
    assert whole["credentials"].picture is None
    assert "seals" not in charts(chain([anchor()], [change()]))


def test_nothing_is_a_sentence() -> None:
    found = charts(chain())
    assert [each.picture for each in found.values()] == [None] * 5
    assert found["anchors"].said == "Nothing was anchored."


@pytest.mark.parametrize("audited", [small, large], ids=["small", "large"])
def test_all_is_drawn_within_the_picture(audited: object) -> None:
    assert callable(audited)
    for chart in charts_of(audited().chains[0], prefix="test"):
        svg = drawn(chart)
        for each in svg.findall("rect") + svg.findall("circle") + svg.findall("text"):
            assert 0 <= float(each.get("x", each.get("cx", "-1"))) <= 320
            assert 0 <= float(each.get("y", each.get("cy", "-1"))) <= 190


@pytest.mark.parametrize("audited", [small, large], ids=["small", "large"])
def test_no_label_is_cut_off_or_lies_upon_another(audited: object) -> None:
    assert callable(audited)
    shares = {"middle": 0.5, "end": 1.0}
    for chart in charts_of(audited().chains[0], prefix="test"):
        spans: dict[str, list[tuple[float, float]]] = {}
        for each in drawn(chart).findall("text[@class='scale']"):
            width = 8 * len(each.text or "")
            left = float(each.attrib["x"]) - width * shares[each.attrib["text-anchor"]]
            assert left >= 0
            assert left + width <= 320
            spans.setdefault(each.attrib["y"], []).append((left, left + width))
        for line in spans.values():
            assert all(before[1] < after[0] for before, after in pairwise(line))


def test_a_picture_is_told_to_who_cannot_see_it() -> None:
    for chart in charts_of(small().chains[0], prefix="test"):
        svg = drawn(chart)
        title, description = svg.find("title"), svg.find("desc")
        assert title is not None
        assert description is not None
        assert svg.attrib["aria-labelledby"] == title.attrib["id"]
        assert svg.attrib["aria-describedby"] == description.attrib["id"]
        assert description.text == chart.said
        assert chart.rows


def test_of_very_many_the_largest_stay() -> None:
    many = [
        anchor(n, anchored_at=START + timedelta(hours=n), opened_at=START + timedelta(minutes=n))
        for n in range(1, MAX_DOTS + 2)
    ]
    many[99] = anchor(
        100, anchored_at=START + timedelta(hours=100), opened_at=START - timedelta(days=90)
    )
    chart = charts(chain(many))["delay"]
    assert len(chart.rows) < 30
    assert "Each dot is the largest of its day." in chart.said
    assert f"{(90 * 24 + 100):,}" in [value for _, value in chart.rows]


def test_the_ends_of_the_calendar_can_be_drawn() -> None:
    first = anchor(1, anchored_at=datetime(1, 1, 1, tzinfo=UTC))
    last = anchor(2, anchored_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    update = {"anchors": (first, last), "block_time": last.anchored_at}
    ends = chain().model_copy(update=update)
    for chart in charts_of(ends, prefix="test"):
        assert chart.said
