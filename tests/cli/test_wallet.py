"""`rootseal wallet`: from a folder of badges to codes, and back."""

import csv
import stat
from pathlib import Path
from typing import Any

import pytest

from registry.services.wallets.secret_texts import offer_code_hash
from registry.store import open_store
from tests.cli.conftest import rootseal
from tests.cli.test_issue import ISSUE, badges, office
from tests.store.builders import contents

__all__ = ["office"]

OFFER = ("wallet", "offer", "badges")


@pytest.fixture
def issued(office: Path, mining: object) -> Path:
    """A folder of two badges, Ada's and Bob's."""
    del mining
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    return office


def codes(folder: Path, name: str = "badges/codes.csv") -> list[dict[str, str]]:
    with (folder / name).open() as file:
        return list(csv.DictReader(file))


def stored(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    store = open_store(f"sqlite:///{folder / 'rootseal-data' / 'registry.db'}")
    try:
        return contents(store)
    finally:
        store.close()


def test_every_holder_gets_a_code_and_the_store_names_nobody(issued: Path) -> None:
    ran = rootseal(*OFFER, "--json")
    assert ran.code == 0
    assert ran.json == {"badges": 2, "holders": 2, "codes": "badges/codes.csv"}
    assert "set `wallets`" in ran.err
    found = codes(issued)
    assert [(row["recipient"], row["address"]) for row in found] == [
        ("Ada", "ada@x.example"),
        ("Bob", "bob@x.example"),
    ]
    assert stat.S_IMODE((issued / "badges" / "codes.csv").stat().st_mode) == 0o600
    kept = stored(issued)
    assert {row[0] for row in kept["wallet_offers"]} == {
        offer_code_hash(row["code"]) for row in found
    }
    assert len(kept["wallet_badges"]) == 2
    assert "x.example" not in repr(kept)


def test_codes_that_may_have_been_mailed_are_not_written_over(issued: Path) -> None:
    assert rootseal(*OFFER).code == 0
    first, before = codes(issued), stored(issued)
    ran = rootseal(*OFFER)
    assert (ran.code, "is there already" in ran.err) == (1, True)
    assert (codes(issued), stored(issued)) == (first, before)


def test_offered_again_holders_stay_who_they_are_and_get_another_code(issued: Path) -> None:
    assert rootseal(*OFFER).code == 0
    assert rootseal(*OFFER, "--codes", "more.csv", "--days", "1").code == 0
    kept = stored(issued)
    assert len(kept["wallet_badges"]) == 2
    assert len(kept["wallet_offers"]) == 4
    assert len({row[2] for row in kept["wallet_offers"]}) == 2
    assert codes(issued, "more.csv")[0]["code"] != codes(issued)[0]["code"]


def test_what_is_withdrawn_is_gone_with_its_codes(issued: Path) -> None:
    assert rootseal(*OFFER).code == 0
    ada = badges(issued)[0]["id"].rpartition(":")[2]
    assert rootseal("wallet", "withdraw", f"badges/{ada}.json").code == 0
    kept = stored(issued)
    assert len(kept["wallet_badges"]) == len(kept["wallet_offers"]) == 1
    assert rootseal("wallet", "withdraw", f"badges/{ada}.json").code == 2


@pytest.mark.usefixtures("mining")
def test_a_badge_that_says_an_address_is_refused(office: Path) -> None:
    assert rootseal(*ISSUE, "--proof", "jcs", "--plain-identities").code == 0
    before = stored(office)
    ran = rootseal(*OFFER)
    assert (ran.code, "--plain-identities" in ran.err) == (2, True)
    assert stored(office) == before
    assert not (office / "badges" / "codes.csv").exists()


@pytest.mark.parametrize(
    "text",
    ["", "line,recipient,id,credentialHash,file\n1,Ada,urn:x,00,x.json\n", "\xff"],
    ids=["empty", "without identities", "no text"],
)
def test_a_folder_that_does_not_say_whose_its_badges_are_is_refused(
    office: Path, text: str
) -> None:
    (office / "badges").mkdir()
    (office / "badges" / "issued.csv").write_bytes(text.encode("latin-1"))
    ran = rootseal(*OFFER)
    assert ran.code == 2
    assert "issued.csv" in ran.err


def test_a_badge_of_somebody_else_is_refused_and_no_code_given(issued: Path) -> None:
    path = next(issued.glob("badges/*-*.json"))
    path.write_text('{"id": "urn:example:other"}')
    ran = rootseal(*OFFER)
    assert ran.code == 2
    assert "has no JSON credential" in ran.err
    assert stored(issued)["wallet_offers"] == []
    assert not (issued / "badges" / "codes.csv").exists()
