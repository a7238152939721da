import csv
from datetime import timedelta
from io import StringIO

import pytest

from registry.core.wire import format_time
from registry.reporting import anchors_csv
from registry.reporting.table import HEADS, cell
from registry.services.audit.report import AuditReport
from tests.reporting.reports import anchor, chain, hash_of, hostile, large, report, small


def rows(made: AuditReport) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(anchors_csv(made).decode(), newline=""), strict=True))


def test_an_anchor_is_told_whole() -> None:
    first = anchor(1)
    assert rows(report(chain([first]))) == [
        {
            "chain": "eip155:1",
            "sequence": "1",
            "seal": hash_of("seal 1").hex(),
            "anchoredAt": "2025-01-06T02:00:00Z",
            "blockNumber": "7300",
            "transaction": "0x" + hash_of("anchor 1").hex(),
            "actor": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "way": "call",
            "gasUsed": "51700",
            "gasPrice": "12000000000",
            "treeSize": "40",
            "openedAt": "2025-01-05T08:00:00Z",
            "sealedAt": "2025-01-06T01:58:00Z",
            "delaySeconds": "64800",
        }
    ]


def test_what_is_not_known_is_empty() -> None:
    unknown = anchor(
        actor=None,
        way=None,
        gas_used=None,
        gas_price=None,
        tree_size=None,
        opened_at=None,
        sealed_at=None,
    )
    row = rows(report(chain([unknown])))[0]
    empty = {name for name, value in row.items() if not value}
    assert empty == {
        *("actor", "way", "gasUsed", "gasPrice", "treeSize", "openedAt", "sealedAt"),
        "delaySeconds",
    }


def test_every_anchor_of_every_chain_has_a_line() -> None:
    made = report(chain([anchor(1), anchor(2)]), chain([anchor(1)], chain=137))
    assert [(row["chain"], row["sequence"]) for row in rows(made)] == [
        ("eip155:1", "1"),
        ("eip155:1", "2"),
        ("eip155:137", "1"),
    ]


def test_without_anchors_there_are_the_heads() -> None:
    assert anchors_csv(report()) == ",".join(HEADS).encode() + b"\r\n"


def test_lines_end_as_rfc_4180_wants() -> None:
    data = anchors_csv(small())
    assert data.count(b"\r\n") == data.count(b"\n") == 7
    assert data.endswith(b"\r\n")


def test_the_same_report_gives_the_same_bytes() -> None:
    assert anchors_csv(large()) == anchors_csv(large())


@pytest.mark.parametrize("made", [small(), large(), hostile()], ids=["small", "large", "hostile"])
def test_no_cell_of_a_report_is_a_formula(made: AuditReport) -> None:
    for row in rows(made):
        assert not any(value.startswith(("=", "+", "-", "@", "\t")) for value in row.values())


@pytest.mark.parametrize("sign", list("=+-@\t\r\n"))
def test_text_that_begins_like_a_formula_is_kept_from_being_one(sign: str) -> None:
    assert cell(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize(
    ("value", "want"), [("call", "call"), ("a=b", "a=b"), ("", ""), (-5, "-5"), (None, "")]
)
def test_anything_else_stays_as_it_is(value: str | int | None, want: str) -> None:
    assert cell(value) == want


def test_a_delay_below_zero_is_a_number() -> None:
    first = anchor(1)
    late = first.anchored_at + timedelta(seconds=90)
    row = rows(report(chain([anchor(1, opened_at=late)])))[0]
    assert row["delaySeconds"] == "-90"
    assert row["openedAt"] == format_time(late)
