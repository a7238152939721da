"""`rootseal badge`: achievement files from their first line, and badges judged."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.vc.data_integrity import Cryptosuite, sign
from registry.vc.signing_keys import did_key, key_from_seed, multikey
from tests.cli.conftest import CORPUS, rootseal
from tests.core.baking import in_png, png
from tests.vc.badge import badge

CREATED = datetime(2026, 11, 25, tzinfo=UTC)

NEW = ("badge", "new", "cloud-foundations.toml")


def filled(folder: Path, more: str = "") -> Path:
    path = folder / "cloud-foundations.toml"
    text = path.read_text().replace('description = ""', 'description = "What a cloud is."')
    path.write_text(text.replace('criteria = ""', 'criteria = "Pass the exam."') + more)
    return path


def test_a_new_achievement_is_valid_once_it_is_filled_in(folder: Path) -> None:
    assert rootseal(*NEW).code == 0
    empty = rootseal("badge", "validate", "cloud-foundations.toml", "--json")
    assert empty.code == 1
    [check] = empty.json["files"][0]["checks"]
    assert "/description: is empty" in check["detail"]
    assert "/criteria: is empty" in check["detail"]
    filled(folder)
    ran = rootseal("badge", "validate", "cloud-foundations.toml", "--json")
    assert (ran.code, ran.json["files"][0]["verdict"]) == (0, "valid")


def test_all_that_the_template_offers_may_be_taken(folder: Path) -> None:
    rootseal(*NEW)
    path = filled(folder)
    lines = [
        line.removeprefix("# ") if " = " in line or "[[" in line else line
        for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines).replace("https://…", "https://academy.example/cloud"))
    (folder / "badge.png").write_bytes(png())
    assert rootseal("badge", "validate", path).code == 0


@pytest.mark.parametrize("name", ['say "cloud" \\ 雲', "…", "x"])
def test_an_achievement_has_the_name_that_it_is_given(folder: Path, name: str) -> None:
    assert rootseal(*NEW, "--name", name).code == 0
    ran = rootseal("badge", "validate", filled(folder), "--json")
    assert (ran.code, repr(name) in ran.json["files"][0]["checks"][0]["detail"]) == (0, True)


def test_a_name_that_is_no_text_is_written_as_far_as_it_is_one(folder: Path) -> None:
    assert rootseal(*NEW, "--name", "cloud\udcff").code == 0
    assert rootseal("badge", "validate", filled(folder)).code == 0


def test_a_file_that_is_there_is_left_as_it_is(folder: Path) -> None:
    path = folder / "cloud-foundations.toml"
    path.write_text("mine")
    ran = rootseal(*NEW)
    assert (ran.code, "already" in ran.err, path.read_text()) == (1, True, "mine")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('\nimage = "none.png"\n', "there is no"),
        ('\nimage = "cloud-foundations.toml"\n', "not a picture"),
        ("\nlevel = 3\n", "unknown key"),
        ('\nvalid_for = "soon"\n', "a period is wanted"),
        ("\nname =\n", "not TOML"),
    ],
)
def test_a_faulty_achievement_is_told_what_is_wrong(folder: Path, more: str, words: str) -> None:
    rootseal(*NEW)
    ran = rootseal("badge", "validate", filled(folder, more))
    assert (ran.code, words in ran.out) == (1, True)


def test_badges_are_held_to_their_issuer_profile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rootseal(*NEW)
    (folder / "issuer.toml").write_text('id = "x"\n')
    monkeypatch.setenv("ROOTSEAL_ISSUER_PROFILE", "issuer.toml")
    ran = rootseal("badge", "validate", filled(folder))
    assert (ran.code, "/name" in ran.err) == (2, True)


@pytest.mark.parametrize("is_baked", [False, True])
def test_a_badge_that_its_issuer_signed_is_valid(folder: Path, *, is_baked: bool) -> None:
    key = key_from_seed(bytes(32))
    did = did_key(key.public_key_raw())
    document = badge()
    document["issuer"]["id"] = did
    method = f"{did}#{multikey(key.public_key_raw())}"
    document["proof"] = sign(
        document, key, Cryptosuite.RDFC, verification_method=method, created=CREATED
    )
    data = json.dumps(document).encode()
    path = folder / ("badge.png" if is_baked else "badge.json")
    path.write_bytes(in_png(data) if is_baked else data)
    ran = rootseal("badge", "validate", path, "--json")
    assert (ran.code, ran.json["files"][0]["verdict"]) == (0, "valid")
    path.write_bytes(path.read_bytes().replace(b"2026", b"2027"))
    assert rootseal("badge", "validate", path).code == 1


def test_the_worst_of_several_decides(folder: Path) -> None:
    simple, faulty = CORPUS / "simple.json", CORPUS / "simple-err-proof-value.json"
    assert rootseal("badge", "validate", simple).code == 3
    ran = rootseal("badge", "validate", simple, faulty)
    assert (ran.code, "UNDETERMINED" in ran.out, "INVALID" in ran.out) == (1, True, True)
    assert rootseal("badge", "validate", simple, folder / "none.json").code == 2
