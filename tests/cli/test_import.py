"""`rootseal badge import`: from what a platform exports to badges that are issued anew."""

import csv
import json
import tomllib
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from registry.badges.open_badge import identity_hash
from tests.cli.conftest import rootseal
from tests.core.baking import in_png, svg

CREDLY = """\
Badge Template ID,Badge Template Name,Recipient Email,Issued to First Name,Issued to Last Name,\
Issued At,Expires At,State,Evidence URL
t-1,Cloud Foundations,a@x.example,Ada,A,2026-03-31 09:41:00 UTC,2036-01-01,accepted,https://x.example/a
t-1,Cloud Foundations,b@x.example,Bob,B,2026-03-31 09:41:00 -0500,,pending,
t-2,"Networks, Part 1",a@x.example,Ada,A,2026-04-01,,accepted,
t-1,Cloud Foundations,c@x.example,Cem,C,2026-03-31,,revoked,
t-1,Cloud Foundations,d@x.example,Dan,D,2020-03-31,2021-03-31,accepted,
"""
ACCREDIBLE = """\
Credential ID;Recipient Name;Recipient Email;Credential Name;Credential Description;Issued On;Grade
1;Ada A;a@x.example;Cloud Foundations;What a cloud is.;5/31/2026;99
2;Bob B;b@x.example;Cloud Foundations;What a cloud is.;5/1/2026;60
"""
SALT = "deadsea"
HASHED = "sha256$" + sha256(f"a@x.example{SALT}".encode()).hexdigest()


def assertion(**members: Any) -> dict[str, Any]:
    return {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": "https://old.example/assertions/1",
        "recipient": {"type": "email", "hashed": True, "salt": SALT, "identity": HASHED},
        "issuedOn": "2024-12-31T23:59:59+00:00",
        "badge": badge_class(),
        **members,
    }


def badge_class(**members: Any) -> dict[str, Any]:
    return {
        "type": "BadgeClass",
        "id": "https://old.example/badges/5",
        "name": "3-D Printmaster",
        "description": "Printed what others only drew.",
        "image": "https://old.example/badges/5.png",
        "criteria": {"id": "https://old.example/badges/5/criteria", "narrative": "Print ten."},
        "tags": ["printing"],
        "alignment": [{"targetName": "C", "targetUrl": "https://x.example/c", "targetCode": "c"}],
        "issuer": "https://old.example/issuer",
        **members,
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def achievement(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def fill_in(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    filled = [line.replace('""', '"Somebody filled this in."') for line in lines]
    path.write_text("\n".join(filled) + "\n", encoding="utf-8")


def refused(folder: Path, *arguments: object) -> list[str]:
    """What is wrong, each with its place; nothing was written."""
    ran = rootseal("badge", "import", *arguments, "--out", "imported", "--json")
    assert ran.code in {1, 2}, ran
    assert not (folder / "imported").exists()
    error = ran.json["error"]
    return [f"{each['place']}: {each['reason']}" for each in error.get("faults", [])] or [
        error["message"]
    ]


def test_an_export_of_credly_becomes_an_achievement_and_a_roster_for_each_kind(
    folder: Path,
) -> None:
    (folder / "credly.csv").write_text(CREDLY)
    ran = rootseal("badge", "import", "credly.csv", "--out", "imported", "--json")
    assert ran.code == 0, ran
    assert ran.json["achievements"] == [
        {"file": "cloud-foundations.toml", "badges": 2},
        {"file": "networks-part-1.toml", "badges": 1},
    ]
    ada, bob = rows(folder / "imported" / "cloud-foundations.csv")
    assert (ada["email"], ada["given_name"], ada["awarded"], ada["valid_until"]) == (
        "a@x.example", "Ada", "2026-03-31T09:41:00+00:00", "2036-01-01",
    )  # fmt: skip
    assert ada["evidence"] == "https://x.example/a"
    assert bob["awarded"] == "2026-03-31T09:41:00-0500"
    assert [row["reason"] for row in rows(folder / "imported" / "left-out.csv")] == [
        "its state is 'revoked'",
        "ended on 2021-03-31",
    ]


def test_what_an_export_does_not_say_must_be_filled_in_before_anything_is_issued(
    folder: Path,
) -> None:
    (folder / "credly.csv").write_text(CREDLY)
    rootseal("badge", "import", "credly.csv", "--out", "imported")
    made = folder / "imported" / "cloud-foundations.toml"
    assert rootseal("badge", "validate", made).code == 1
    fill_in(made)
    assert rootseal("badge", "validate", made).code == 0


def test_an_export_of_accredible_with_american_dates(folder: Path) -> None:
    (folder / "accredible.csv").write_text(ACCREDIBLE)
    assert rootseal("badge", "import", "accredible.csv", "--out", "imported").code == 0
    ada, bob = rows(folder / "imported" / "cloud-foundations.csv")
    assert (ada["awarded"], bob["awarded"], ada["score"]) == ("2026-05-31", "2026-05-01", "99")
    assert achievement(folder / "imported" / "cloud-foundations.toml")["description"] == (
        "What a cloud is."
    )


# Columns of Credly's analytics export, in its order: the state of a country comes first.
ANALYTICS = """\
Badge Name,Badge ID,Issuer Earner ID,Badge URL,Country,State,Issued to Email,Status,Issue Date
Cloud,1001,e-1,https://old.example/1001,United States,California,a@x.example,Accepted,2026-03-31
Cloud,1002,e-2,https://old.example/1002,Germany,,b@x.example,Revoked,2026-03-31
"""


def test_what_became_of_a_badge_is_not_read_from_where_somebody_lives(folder: Path) -> None:
    (folder / "credly.csv").write_text(ANALYTICS)
    assert rootseal("badge", "import", "credly.csv", "--out", "imported").code == 0
    assert [row["email"] for row in rows(folder / "imported" / "cloud.csv")] == ["a@x.example"]
    assert rows(folder / "imported" / "left-out.csv") == [
        {"where": "credly.csv:3", "reason": "its state is 'revoked'"}
    ]


def test_the_address_of_one_persons_badge_is_no_criterion(folder: Path) -> None:
    (folder / "credly.csv").write_text(ANALYTICS)
    assert rootseal("badge", "import", "credly.csv", "--out", "imported").code == 0
    made = achievement(folder / "imported" / "cloud.toml")
    assert (made.get("criteria"), "criteria_url" in made) == ("", False)


def test_the_number_of_a_badge_is_nobodys_identity(folder: Path) -> None:
    (folder / "accredible.csv").write_text("ID,Recipient Email,Credential Name\n98765,,Cloud\n")
    assert refused(folder, "accredible.csv") == [
        "accredible.csv:2: email is empty, so nobody would get this badge"
    ]


def test_a_badge_called_left_out_keeps_its_roster(folder: Path) -> None:
    lines = (
        "Badge Name,Recipient Email,State",
        "Left Out,a@x.example,",
        "Left Out,b@x.example,revoked",
    )
    (folder / "credly.csv").write_text("\n".join(lines))
    assert rootseal("badge", "import", "credly.csv", "--out", "imported").code == 0
    assert rows(folder / "imported" / "left-out-2.csv") == [{"email": "a@x.example"}]


def test_dates_that_may_mean_two_days_are_faults(folder: Path) -> None:
    (folder / "accredible.csv").write_text(ACCREDIBLE.replace("5/31/2026", "5/3/2026"))
    told = refused(folder, "accredible.csv")
    assert [each.partition(" may mean two days")[0] for each in told] == [
        "accredible.csv:2: awarded",
        "accredible.csv:3: awarded",
    ]


def test_every_faulty_row_is_named_and_nothing_is_written(folder: Path) -> None:
    text = CREDLY.replace("a@x.example", "nobody").replace('t-2,"Networks, Part 1"', "t-2,")
    (folder / "credly.csv").write_text(text + "t-1,Cloud\n")
    assert refused(folder, "credly.csv") == [
        "credly.csv:2: email is no email address",
        "credly.csv:4: does not say which badge it is about",
        "credly.csv:7: has 2 fields, the header 9",
    ]


def test_a_roster_is_no_export(folder: Path) -> None:
    (folder / "roster.csv").write_text("email,name\na@x.example,A\n")
    [told] = refused(folder, "roster.csv")
    assert "`rootseal issue` takes it" in told
    assert rootseal(
        "badge", "import", "roster.csv", "--column", "name=template", "--out", "imported"
    ).code == 0  # fmt: skip


def test_an_assertion_keeps_the_hash_of_its_recipient(folder: Path) -> None:
    (folder / "one.json").write_text(json.dumps(assertion()))
    assert rootseal("badge", "import", "one.json", "--out", "imported").code == 0
    [row] = rows(folder / "imported" / "3-d-printmaster.csv")
    assert row == {
        "identity_hash": HASHED, "identity_salt": SALT, "awarded": "2024-12-31T23:59:59+00:00",
    }  # fmt: skip
    assert identity_hash("a@x.example", SALT) == HASHED  # as Open Badges 3.0 have it, too
    made = achievement(folder / "imported" / "3-d-printmaster.toml")
    assert made == {
        "name": "3-D Printmaster",
        "description": "Printed what others only drew.",
        "criteria": "Print ten.",
        "criteria_url": "https://old.example/badges/5/criteria",
        "id": "https://old.example/badges/5",
        "image": "https://old.example/badges/5.png",
        "tags": ["printing"],
        "skills": [{"name": "C", "url": "https://x.example/c", "code": "c"}],
    }
    assert rootseal("badge", "validate", folder / "imported" / "3-d-printmaster.toml").code == 0


def test_a_picture_in_the_badge_class_becomes_a_file(folder: Path) -> None:
    picture = svg("<g/>")
    inline = "data:image/svg+xml;base64," + b64encode(picture).decode()
    (folder / "one.json").write_text(json.dumps(assertion(badge=badge_class(image=inline))))
    assert rootseal("badge", "import", "one.json", "--out", "imported").code == 0
    assert (folder / "imported" / "3-d-printmaster.svg").read_bytes() == picture
    assert rootseal("badge", "validate", folder / "imported" / "3-d-printmaster.toml").code == 0


@pytest.mark.parametrize("form", ["png", "svg", "jws", "apart"])
def test_assertions_come_in_every_form(folder: Path, form: str) -> None:
    whole = json.dumps(assertion()).encode()
    files = {
        "png": {"badge.png": in_png(whole, keyword=b"openbadges")},
        "svg": {
            "badge.svg": svg(
                f"<openbadges:assertion><![CDATA[{whole.decode()}]]></openbadges:assertion>"
            )
        },
        "jws": {"signed.txt.json": b"e30." + urlsafe_b64encode(whole).rstrip(b"=") + b".c2ln"},
        "apart": {
            "one.json": json.dumps(assertion(badge="https://old.example/badges/5")).encode(),
            "class.json": json.dumps(badge_class()).encode(),
            "issuer.json": b'{"type": "Issuer", "id": "https://old.example/issuer"}',
        },
    }[form]
    for name, data in files.items():
        (folder / name).write_bytes(data)
    ran = rootseal("badge", "import", *files, "--out", "imported", "--json")
    assert ran.code == 0, ran
    assert ran.json["achievements"] == [{"file": "3-d-printmaster.toml", "badges": 1}]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"badge": "https://old.example/badges/9"}, "get that file, and import it with it"),
        ({"recipient": None}, "has no recipient (at /recipient)"),
        ({"recipient": {"type": "url", "identity": "https://x.example"}}, "named by 'url'"),
        ({"recipient": {"type": "email", "hashed": 1, "identity": "md5$0"}}, "hashed with 'md5'"),
        ({"recipient": {"type": "email", "hashed": True, "identity": "sha256$0"}}, "is no hash"),
        (
            {"recipient": {"type": "email", "hashed": 1, "salt": " s", "identity": HASHED}},
            "begins or ends with a space",
        ),
        ({"issuedOn": "yesterday"}, "no time with a zone (at /issuedOn)"),
        ({"issuedOn": "2924-01-01T00:00:00Z"}, "is in the future"),
        ({"badge": {"type": "BadgeClass"}}, "its badge class has no name"),
        ({"type": "Endorsement"}, "is no assertion"),
    ],
)  # fmt: skip
def test_assertions_that_cannot_be_taken_say_why(
    folder: Path, members: dict[str, Any], reason: str
) -> None:
    (folder / "one.json").write_text(json.dumps(assertion(**members)))
    (folder / "two.json").write_text(json.dumps(assertion()))
    [told] = refused(folder, "one.json", "two.json")
    assert reason in told


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"revoked": True, "revocationReason": "cheated"}, "revoked: cheated"),
        ({"expires": "2025-06-01T00:00:00Z"}, "ended on 2025-06-01"),
        ({"expires": 1_500_000_000}, "ended on 2017-07-14"),
    ],
)
def test_what_is_withdrawn_or_over_is_left_out_and_listed(
    folder: Path, members: dict[str, Any], reason: str
) -> None:
    (folder / "one.json").write_text(json.dumps(assertion(**members)))
    (folder / "two.json").write_text(json.dumps(assertion()))
    assert rootseal("badge", "import", "one.json", "two.json", "--out", "imported").code == 0
    assert rows(folder / "imported" / "left-out.csv") == [{"where": "one.json", "reason": reason}]


def test_a_folder_that_is_there_is_not_touched(folder: Path) -> None:
    (folder / "imported").mkdir()
    (folder / "credly.csv").write_text(CREDLY)
    assert rootseal("badge", "import", "credly.csv", "--out", "imported").code == 1
    assert not list((folder / "imported").iterdir())


def test_a_date_of_revocation_leaves_a_badge_out_whatever_its_state(folder: Path) -> None:
    text = "Badge Name,Recipient Email,Revoked At,State\nCloud,a@x.example,2026-01-01,accepted\n"
    (folder / "credly.csv").write_text(text + "Cloud,b@x.example,,accepted\n")
    assert rootseal("badge", "import", "credly.csv", "--out", "imported").code == 0
    assert [row["email"] for row in rows(folder / "imported" / "cloud.csv")] == ["b@x.example"]
    [left_out] = rows(folder / "imported" / "left-out.csv")
    assert left_out["reason"] == "revoked on 2026-01-01"
