"""`rootseal issue`: from a roster to finished badges, and every way for it to stop."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openvc.did.base import multikey_to_jwk
from openvc.proof.data_integrity import DataIntegrityProofSuite

from registry.badges.schemas import require_open_badge
from registry.core.rdf import bundled_for_openvc, require_exact
from registry.vc.jwt import read_token
from registry.vc.signing_keys import did_key, key_from_pem
from tests.anvil import Anvil
from tests.cli.conftest import rootseal
from tests.core.baking import in_png, png

CLOUD = """
name = "Cloud Foundations"
description = "What a cloud is."
criteria = "Pass the exam."
valid_for = "3 years"
"""
ROSTER = "E-Mail;Name;Datum\nada@x.example;Ada;2026-03-01\nbob@x.example;Bob;02.03.2026\n"
ISSUE = ("issue", "roster.csv", "--achievement", "cloud.toml", "--out", "badges")


@pytest.fixture
def office(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that an issuer of badges needs."""
    (folder / "password").write_text("correct horse\n")
    made = rootseal("keys", "new-signing-key", "key.pem", "--password-file", "password", "--json")
    did = made.json["did"]
    (folder / "issuer.toml").write_text(f'id = "{did}"\nname = "Example Academy"\n')
    (folder / "cloud.toml").write_text(CLOUD)
    (folder / "roster.csv").write_text(ROSTER)
    for name, value in {
        "ISSUER_PROFILE": "issuer.toml",
        "SIGNING_KEY": "key.pem",
        "SIGNING_PASSWORD_FILE": "password",
        "PUBLIC_URL": "https://academy.example",
    }.items():
        monkeypatch.setenv(f"ROOTSEAL_{name}", value)
    return folder


def badges(folder: Path) -> list[dict[str, Any]]:
    with (folder / "badges" / "issued.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [json.loads((folder / "badges" / row["file"]).read_text()) for row in rows]


@pytest.mark.usefixtures("mining")
@pytest.mark.parametrize("proof", ["rdfc", "jcs"])
def test_everybody_on_the_roster_gets_a_badge_that_verifies(office: Path, proof: str) -> None:
    ran = rootseal(*ISSUE, "--proof", proof, "--json")
    assert (ran.code, ran.json["badges"], ran.json["finished"]) == (0, 2, 2)
    found = badges(office)
    for badge in found:
        require_open_badge(badge)
        require_exact({key: value for key, value in badge.items() if key != "proof"})
        assert [each["cryptosuite"] for each in badge["proof"]] == [
            f"eddsa-{proof}-2022",
            "rootseal-receipt-2026",
        ]
        assert "ada@x.example" not in json.dumps(badge)
        path = office / "badges" / f"{badge['id'].rpartition(':')[2]}.json"
        report = rootseal("verify", path, "--json").json
        assert report["verdict"] == "valid"
        assert report["checks"][-1]["code"] == "proofs-hold"
    assert len({badge["credentialStatus"]["id"] for badge in found}) == 2


@pytest.mark.usefixtures("mining")
def test_again_it_makes_nothing_new(office: Path) -> None:
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    before = {path.name: path.read_bytes() for path in (office / "badges").iterdir()}
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    assert {path.name: path.read_bytes() for path in (office / "badges").iterdir()} == before
    assert rootseal("batches", "--json").json["batches"][0]["treeSize"] == 2


@pytest.mark.usefixtures("mining")
def test_without_anchoring_the_next_night_does_it(office: Path) -> None:
    ran = rootseal(*ISSUE, "--proof", "jcs", "--no-anchor")
    assert "wait to be anchored" in ran.out
    assert not (office / "badges" / "issued.csv").exists()
    assert rootseal("nightly").code == 0
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    assert len(badges(office)) == 2


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("roster.csv", ROSTER + "eve@x.example;Eve;2026-03-01\n"),
        ("cloud.toml", CLOUD.replace("3 years", "4 years")),
    ],
)
@pytest.mark.usefixtures("mining")
def test_a_folder_is_of_one_issuing(office: Path, file: str, text: str) -> None:
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    (office / file).write_text(text)
    ran = rootseal(*ISSUE, "--proof", "jcs")
    assert ran.code == 1
    assert "another roster" in ran.err
    assert len(badges(office)) == 2


def test_a_folder_of_somebody_else_is_left_alone(office: Path) -> None:
    (office / "badges").mkdir()
    (office / "badges" / "mine.txt").write_text("mine")
    ran = rootseal(*ISSUE, "--proof", "jcs")
    assert (ran.code, "not empty" in ran.err) == (1, True)
    assert [path.name for path in (office / "badges").iterdir()] == ["mine.txt"]


def test_every_faulty_row_is_named_and_nothing_is_issued(office: Path) -> None:
    faulty = ROSTER + "nobody;Eve;2026-02-30\n;Kim;2026-01-01\nADA@x.example;Ada;\n"
    (office / "roster.csv").write_text(faulty)
    ran = rootseal(*ISSUE, "--proof", "jcs", "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert [fault["place"] for fault in error["faults"]] == [
        "roster.csv:4",
        "roster.csv:4",
        "roster.csv:5",
        "roster.csv:6",
    ]
    assert not (office / "badges").exists()
    assert not (office / "rootseal-data").exists()


def test_a_dry_run_shows_the_first_badge_and_issues_nothing(office: Path) -> None:
    ran = rootseal(*ISSUE, "--proof", "jcs", "--dry-run")
    assert ran.code == 0
    badge = json.loads(ran.out)
    require_open_badge(badge)
    assert badge["name"] == "Cloud Foundations"
    assert "first of 2" in ran.err
    assert "'E-Mail' is email" in ran.err
    assert not (office / "badges").exists()
    assert not (office / "rootseal-data").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--proof", "both"], "did:key names no key that anchors"),
        (["--proof", "jcs", "--column", "Nope=email"], "no column 'Nope'"),
        (["--proof", "jcs", "--column", "email"], "NAME=FIELD"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(
    office: Path, options: list[str], words: str
) -> None:
    ran = rootseal(*ISSUE, *options)
    assert (ran.code, words in ran.err) == (2, True)
    assert not (office / "badges").exists()


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("image", "data", "wanted"),
    [
        ("https://academy.example/cloud.png", None, "https://academy.example/cloud.png"),
        ("cloud.png", PNG, "data:image/png;base64,iVBORw0KGgo"),
        ("cloud.svg", b"<svg/>", "data:image/svg+xml;base64,PHN2Zy8+"),
    ],
)
def test_the_picture_of_an_achievement_is_in_its_badges(
    office: Path, image: str, data: bytes | None, wanted: str
) -> None:
    (office / "cloud.toml").write_text(f'{CLOUD}image = "{image}"\n')
    if data is not None:
        (office / image).write_bytes(data)
    badge = json.loads(rootseal(*ISSUE, "--proof", "jcs", "--dry-run").out)
    picture = badge["credentialSubject"]["achievement"]["image"]
    assert picture["type"] == "Image"
    assert picture["id"].startswith(wanted)


@pytest.mark.parametrize(
    ("data", "words"),
    [(None, "there is no"), (b"text", "not a picture"), (PNG + bytes(70_000), "the limit is")],
)
def test_what_is_no_picture_is_refused(office: Path, data: bytes | None, words: str) -> None:
    (office / "cloud.toml").write_text(f'{CLOUD}image = "cloud.png"\n')
    if data is not None:
        (office / "cloud.png").write_bytes(data)
    ran = rootseal(*ISSUE, "--proof", "jcs", "--dry-run")
    assert (ran.code, words in ran.err) == (2, True)


@pytest.mark.usefixtures("mining")
@pytest.mark.parametrize("image", [None, "cloud.png"])
def test_badges_are_pictures_that_verify(office: Path, image: str | None) -> None:
    if image is not None:
        (office / "cloud.toml").write_text(f'{CLOUD}image = "{image}"\n')
        (office / image).write_bytes(png())
    assert rootseal(*ISSUE, "--proof", "jcs", "--baked").code == 0
    suffix = ".svg" if image is None else ".png"
    pictures = sorted((office / "badges").glob(f"*{suffix}"))
    assert len(pictures) == 2
    for picture in pictures:
        assert rootseal("verify", picture, "--json").json["verdict"] == "valid"


@pytest.mark.usefixtures("mining")
def test_badges_are_certificates_that_verify(office: Path) -> None:
    assert rootseal(*ISSUE, "--proof", "jcs", "--pdf").code == 0
    pages = {path.name: path.read_bytes() for path in (office / "badges").glob("*.pdf")}
    assert len(pages) == 2
    for name, data in pages.items():
        (office / "copy.pdf").write_bytes(data)
        assert rootseal("verify", "copy.pdf", "--no-store", "--json").json["verdict"] == "valid"
        assert rootseal("badge", "validate", "copy.pdf").code == 0
        (office / "badges" / name).unlink()
    assert rootseal(*ISSUE, "--proof", "jcs", "--pdf").code == 0  # what is missing is made again
    assert {p.name: p.read_bytes() for p in (office / "badges").glob("*.pdf")} == pages


def test_nothing_is_begun_with_a_name_that_no_font_has(office: Path) -> None:
    (office / "roster.csv").write_text("email,name\nada@x.example,\U00012345\n")
    ran = rootseal(*ISSUE, "--proof", "jcs", "--pdf")
    assert (ran.code, "no font of this machine has" in ran.err) == (2, True)
    assert not (office / "badges").exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xd8\xff\xe0", "neither a PNG nor an SVG"), (in_png(b"{}"), "already")],
    ids=["JPEG", "a badge"],
)
def test_nothing_is_begun_with_a_picture_that_takes_no_badge(
    office: Path, data: bytes, words: str
) -> None:
    (office / "cloud.toml").write_text(f'{CLOUD}image = "cloud.jpg"\n')
    (office / "cloud.jpg").write_bytes(data)
    ran = rootseal(*ISSUE, "--proof", "jcs", "--baked")
    assert (ran.code, words in ran.err) == (2, True)
    assert not (office / "badges").exists()


def test_blockcerts_need_a_chain_with_a_name(office: Path) -> None:
    (office / "issuer.toml").write_text('id = "did:web:academy.example"\nname = "A"\n')
    ran = rootseal(*ISSUE)
    assert (ran.code, "no name for eip155:31337" in ran.err) == (2, True)
    assert not (office / "badges").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ISSUER_PROFILE", "issuer_profile"),
        ("SIGNING_KEY", "new-signing-key"),
        ("SIGNING_PASSWORD_FILE", "give its password"),
        ("PUBLIC_URL", "--without-status-list"),
    ],
)
def test_each_missing_setting_is_named(
    office: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.delenv(f"ROOTSEAL_{name}")
    ran = rootseal(*ISSUE, "--proof", "jcs")
    assert (ran.code, words in ran.err) == (2, True)
    assert not (office / "badges").exists()


def test_a_signing_key_is_made_once_and_never_written_over(office: Path) -> None:
    before = (office / "key.pem").read_bytes()
    assert key_from_pem(before, "correct horse").public_key_raw()
    assert (office / "key.pem").stat().st_mode & 0o077 == 0
    ran = rootseal("keys", "new-signing-key", "key.pem", "--password-file", "password")
    assert (ran.code, "there already" in ran.err) == (1, True)
    assert (office / "key.pem").read_bytes() == before


def test_the_name_of_a_new_key_is_told(office: Path) -> None:
    made = rootseal("keys", "new-signing-key", "b.pem", "--password-file", "password", "--json")
    key = key_from_pem((office / "b.pem").read_bytes(), "correct horse")
    assert made.json["did"] == did_key(key.public_key_raw())


def test_killed_at_any_moment_it_goes_on_and_makes_no_badge_twice(
    office: Path, mining: Anvil
) -> None:
    rows = "".join(f"p{number}@x.example;P;\n" for number in range(300))
    (office / "roster.csv").write_text(ROSTER + rows)
    command = [sys.executable, "-c", "from registry.cli import main; main()", *ISSUE]
    command += ["--proof", "jcs"]
    for seconds in (1.2, 1.5, 1.8, 2.1, 2.4):
        process = subprocess.Popen(
            command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert mining.url
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    found = badges(office)
    assert len(found) == 302
    assert len({badge["id"] for badge in found}) == 302
    total = rootseal("issuer", "show", "--json").json
    assert sum(each["treeSize"] for each in rootseal("batches", "--json").json["batches"]) == 302
    assert total


@pytest.mark.usefixtures("mining")
@pytest.mark.parametrize(
    ("did", "place"),
    [
        ("did:web:academy.example", "https://academy.example/.well-known/did.json"),
        ("did:web:academy.example%3A8443:a:b", "https://academy.example:8443/a/b/did.json"),
    ],
)
def test_the_did_document_is_written_for_another_server(office: Path, did: str, place: str) -> None:
    (office / "issuer.toml").write_text(f'id = "{did}"\nname = "A"\n')
    assert rootseal(*ISSUE, "--proof", "jcs").code == 0
    ran = rootseal("export", "did-document", "did.json", "--json")
    assert (ran.code, ran.json["publishAt"]) == (0, place)
    document = json.loads((office / "did.json").read_text())
    signed_by = badges(office)[0]["proof"][0]["verificationMethod"]
    assert document["id"] == did
    assert signed_by in document["assertionMethod"]
    curves = [each["publicKeyJwk"]["crv"] for each in document["verificationMethod"]]
    assert curves == ["Ed25519", "secp256k1"]


def test_a_did_key_has_no_document_to_publish(office: Path) -> None:
    ran = rootseal("export", "did-document", "did.json")
    assert (ran.code, "no did:web" in ran.err) == (2, True)
    assert not (office / "did.json").exists()


@pytest.mark.usefixtures("mining")
def test_badges_are_tokens_that_verify(office: Path) -> None:
    assert rootseal(*ISSUE, "--proof", "jwt", "--json").json["finished"] == 2
    tokens = sorted((office / "badges").glob("*.jwt"))
    assert len(tokens) == 2
    for path in tokens:
        report = rootseal("verify", path, "--no-store", "--json").json
        codes = {check["name"]: check["code"] for check in report["checks"]}
        assert (report["verdict"], codes["proofs"], codes["validity"]) == (
            "valid", "proofs-hold", "in-time",
        )  # fmt: skip
        found = rootseal("badge", "validate", path, "--json").json["files"][0]
        assert found["verdict"] == "valid", found
        token = read_token(path.read_bytes())
        assert token is not None
        assert "/status-lists/0/jwt" in json.dumps(token.credential["credentialStatus"])
    before = {path.name: path.read_bytes() for path in (office / "badges").iterdir()}
    (tokens[0]).unlink()
    assert rootseal(*ISSUE, "--proof", "jwt").code == 0
    assert {path.name: path.read_bytes() for path in (office / "badges").iterdir()} == before


@pytest.mark.usefixtures("mining")
@pytest.mark.parametrize("proof", ["rdfc", "jcs", "jwt"])
def test_badges_of_the_older_data_model_verify(office: Path, proof: str) -> None:
    assert rootseal(*ISSUE, "--proof", proof, "--data-model", "1.1").code == 0
    made = sorted((office / "badges").glob("*-*.j[sw]*"))
    for path in (path for path in made if not path.name.endswith(".receipt.json")):
        report = rootseal("verify", path, "--no-store", "--json").json
        assert report["verdict"] == "valid"
        assert report["checks"][-1]["code"] == "proofs-hold"
        assert report["checks"][-2]["evidence"]["validUntil"].startswith("2029-03-0")
        found = rootseal("badge", "validate", path, "--json").json["files"][0]
        assert found["verdict"] == "valid", found
    if proof == "rdfc":
        [first, _] = badges(office)
        assert "issuanceDate" in first
        assert "validFrom" not in first
        require_exact({key: value for key, value in first.items() if key != "proof"})
        signed = next(p for p in first["proof"] if p["cryptosuite"] == "eddsa-rdfc-2022")
        jwk = multikey_to_jwk(first["issuer"]["id"].removeprefix("did:key:"))
        DataIntegrityProofSuite().verify(
            {**first, "proof": signed}, public_key_jwk=jwk, extra_contexts=bundled_for_openvc()
        )


@pytest.mark.parametrize("option", ["--baked", "--pdf"])
def test_tokens_are_not_shown_as_what_holds_json(office: Path, option: str) -> None:
    ran = rootseal(*ISSUE, "--proof", "jwt", option)
    assert (ran.code, "not tokens" in ran.err) == (2, True)
    assert not (office / "badges").exists()
