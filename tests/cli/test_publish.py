import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import badge, rootseal

HASHES = [
    hashlib.sha256(b'{"id":"urn:example:%d","type":"VerifiableCredential"}' % n) for n in (1, 2)
]
FIRST, SECOND = (digest.hexdigest() for digest in HASHES)


@pytest.fixture(autouse=True)
def two_badges(folder: Path) -> None:
    """Two badges that were added, and one that was not."""
    for number in (1, 2, 3):
        (folder / f"{number}.json").write_bytes(badge(number))
    assert rootseal("add", "1.json", "2.json").code == 0


def test_published_badges_are_named_with_their_pages() -> None:
    ran = rootseal("publish", "1.json", "2.json", "--json")
    assert ran.code == 0
    assert ran.json == {
        "published": [
            {"file": "1.json", "hash": FIRST, "page": f"/c/{FIRST}"},
            {"file": "2.json", "hash": SECOND, "page": f"/c/{SECOND}"},
        ]
    }


def test_the_page_is_named_as_it_is_reached_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTSEAL_PUBLIC_URL", "https://badges.example/")
    assert f"https://badges.example/c/{FIRST}" in rootseal("publish", "1.json").out


def test_a_file_that_was_not_added_is_named_and_those_before_it_are_published() -> None:
    ran = rootseal("publish", "1.json", "3.json", "2.json")
    assert ran.code == 2
    assert "3.json: the issuer has no credential" in ran.err
    assert rootseal("unpublish", FIRST).code == 0
    assert rootseal("unpublish", SECOND).code == 2


def test_a_badge_is_withdrawn_by_its_file_or_its_hash() -> None:
    rootseal("publish", "1.json", "2.json")
    ran = rootseal("unpublish", "1.json", SECOND, "--json")
    assert ran.code == 0
    assert ran.json == {"unpublished": [FIRST, SECOND]}


def test_if_one_is_not_published_none_is_withdrawn() -> None:
    rootseal("publish", "1.json")
    ran = rootseal("unpublish", "1.json", "2.json")
    assert ran.code == 2
    assert "publishes no credential 2.json" in ran.err
    assert rootseal("unpublish", "1.json").code == 0


def test_another_issuer_withdraws_nothing() -> None:
    rootseal("publish", "1.json")
    other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    assert rootseal("unpublish", "1.json", "--issuer", other).code == 2
    assert rootseal("publish", "1.json", "--issuer", other).code == 2
    assert rootseal("unpublish", "1.json").code == 0


def test_nothing_is_published_from_a_store_that_is_not_there(folder: Path) -> None:
    for path in (folder / "rootseal-data").iterdir():
        path.unlink()
    assert rootseal("publish", "1.json").code == 2
    assert list((folder / "rootseal-data").iterdir()) == []
