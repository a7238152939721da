import sqlite3
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.cli.conftest import badge, rootseal


@pytest.fixture
def night(mining: Anvil, folder: Path) -> Path:  # noqa: ARG001 - it anchors
    roster = b"\n".join(badge(number) for number in range(3))
    assert rootseal("add", "-", stdin=roster).code == 0
    assert rootseal("nightly", "--patience", "30").code == 0
    return folder


@pytest.mark.usefixtures("night")
def test_nothing_found_is_0_and_says_how_much_agrees() -> None:
    ran = rootseal("audit")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Nothing found: 1 batches, 3 credentials, 1 anchors agree.\n"
    counts = {"batches": 1, "credentials": 3, "anchors": 1, "findings": []}
    assert rootseal("audit", "--json").json == counts


def test_a_finding_is_1_with_its_code(night: Path) -> None:
    with sqlite3.connect(night / "rootseal-data" / "registry.db") as database:
        database.execute("UPDATE credentials SET salt = zeroblob(32)")
    ran = rootseal("audit")
    assert (ran.code, ran.out.split(":")[0]) == (1, "leaves-differ")
    [found] = rootseal("audit", "--json").json["findings"]
    assert (found["code"], found["evidence"]["leafIndex"]) == ("leaves-differ", 0)


@pytest.mark.usefixtures("night")
def test_a_node_that_does_not_answer_is_3_and_no_finding() -> None:
    ran = rootseal("audit", "--json", "--rpc-url", "http://127.0.0.1:9")
    assert ran.code == 3
    assert ran.json["error"]["code"] == "unavailable"


def test_without_a_store_there_is_nothing_to_audit() -> None:
    assert rootseal("audit").code == 2
