from datetime import UTC, datetime

import pytest

from registry.badges.achievements import Achievement, read_achievement, read_issuer_profile
from registry.badges.open_badge import BadgeForm, identity_hash, open_badge
from registry.badges.roster_values import Recipient, recipient_of
from registry.badges.schemas import require_open_badge
from registry.core.rdf import rdfc_bytes, require_exact
from registry.errors import InvalidInputError, TooLargeError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOML = b"""
name = "Cloud Foundations"
description = "What a cloud is, and what it is not."
criteria = "Pass the exam."
criteria_url = "https://academy.example/cloud"
type = "MicroCredential"
valid_for = "3 years"
language = "en"
field_of_study = "Informatics"
version = "2026"
code = "CF-1"
credits = 2.5
tags = ["cloud", "network"]

[[skills]]
name = "use cloud computing"
url = "http://data.europa.eu/esco/skill/1"
framework = "ESCO"
code = "S5"

[[skills]]
name = "Networking"
url = "https://credentialfinder.example/2"
framework = "CTDL"

[[skills]]
name = "Explain networks"
url = "https://case.example/3"
framework = "CASE"
description = "In own words."
"""
ISSUER = b"""
id = "did:web:academy.example"
name = "Example Academy"
url = "https://academy.example"
email = "badges@academy.example"
"""


def form(**changes: object) -> BadgeForm:
    values = {
        "achievement": read_achievement(TOML),
        "issuer": read_issuer_profile(ISSUER),
        "issued_at": NOW,
    }
    return BadgeForm(**{**values, **changes})  # type: ignore[arg-type]


def somebody(**fields: str) -> Recipient:
    return recipient_of(2, {"email": "Ada@X.example", **fields}, now=NOW)


FULL = {
    "name": "Ada Lovelace",
    "awarded": "2026-03-31",
    "evidence": "https://x.example/work",
    "narrative": "Did it well.",
    "score": "97",
    "credits": "2,5",
    "license_number": "A-7",
    "role": "student",
    "term": "2026/1",
}


@pytest.mark.parametrize(
    "recipient",
    [
        somebody(),
        somebody(**FULL),
        recipient_of(2, {"student_id": "s-1"}, now=NOW),
        recipient_of(2, {"did": "did:web:ada.example"}, now=NOW),
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_every_badge_keeps_to_the_schema_and_says_only_what_is_defined(
    recipient: Recipient,
    plain: bool,  # noqa: FBT001 - a case
) -> None:
    badge = open_badge(
        form(image_id="data:image/png;base64,iVBORw0KGgo=", has_plain_identities=plain),
        recipient,
        badge_id="urn:uuid:bbba8553-8ec1-445f-82c9-a57251dd731c",
        salt="salt",
    )
    require_open_badge(badge)
    assert rdfc_bytes(badge)
    require_exact(badge)


def test_a_badge_names_nobody_unless_asked() -> None:
    hidden = str(open_badge(form(), somebody(**FULL), badge_id="urn:x:1", salt="s"))
    assert "ada" not in hidden.lower()
    assert identity_hash("ada@x.example", "s") in hidden
    plain = open_badge(form(has_plain_identities=True), somebody(), badge_id="urn:x:1", salt="s")
    assert "'identityHash': 'ada@x.example'" in str(plain)
    assert "'salt'" not in str(plain)


def test_the_hash_is_the_one_of_the_standard() -> None:
    assert identity_hash("a@example.com", "Kosher") == (
        "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
    )


def test_dates_follow_from_row_and_achievement() -> None:
    badge = open_badge(form(), somebody(awarded="2026-02-28"), badge_id="urn:x:1", salt="s")
    assert badge["awardedDate"] == "2026-02-28T00:00:00Z"
    assert badge["validFrom"] == "2026-11-25T12:00:00Z"
    assert badge["validUntil"] == "2029-02-28T00:00:00Z"
    row = somebody(valid_until="2027-01-01")
    assert open_badge(form(), row, badge_id="urn:x:1", salt="s")["validUntil"] == (
        "2027-01-01T00:00:00Z"
    )


def test_a_day_that_has_not_begun_in_utc_is_awarded_now() -> None:
    badge = open_badge(form(), somebody(awarded="2026-11-26"), badge_id="urn:x:1", salt="s")
    assert badge["awardedDate"] == badge["validFrom"]


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("1 year", "2024-02-29", "2025-02-28"),
        ("P1Y6M", "2026-08-31", "2028-02-29"),
        ("18 months", "2026-01-31", "2027-07-31"),
        ("90 days", "2026-01-01", "2026-04-01"),
        ("P10D", "9999-12-30", "9999-12-31"),
        ("9999 years", "2026-01-01", "9999-12-31"),
    ],
)
def test_periods_end_where_calendars_say(period: str, start: str, end: str) -> None:
    achievement = read_achievement(
        f'name="a"\ndescription="b"\ncriteria="c"\nvalid_for="{period}"'.encode()
    )
    found = achievement.valid_until(datetime.fromisoformat(start).replace(tzinfo=UTC))
    assert found is not None
    assert found.date().isoformat() == end


def test_the_id_stays_the_same_and_belongs_to_issuer_name_and_version() -> None:
    achievement = read_achievement(TOML)
    ids = {
        achievement.identifier("did:web:a.example"),
        achievement.identifier("did:web:b.example"),
        achievement.model_copy(update={"version": "2027"}).identifier("did:web:a.example"),
        achievement.model_copy(update={"name": "Other"}).identifier("did:web:a.example"),
    }
    assert len(ids) == 4
    assert achievement.identifier("did:web:a.example") in ids
    assert achievement.model_copy(update={"id": "https://x.example/1"}).identifier("x") == (
        "https://x.example/1"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (b'colour = "blue"\n', "/colour: unknown key"),
        (b'type = "Medal"\n', "/type: not a type"),
        (b'valid_for = "soon"\n', "/valid_for: a period"),
        (b'valid_for = "P"\n', "/valid_for: a period"),
        (b'criteria_url = "ftp://x"\n', "/criteria_url: not of the form"),
        (b'language = "english please"\n', "/language: not of the form"),
        (b"credits = -1\n", "/credits"),
        (b'id = "no uri"\n', "/id: not of the form"),
        (b"tags = [7]\n", "/tags/0"),
        (b'[[skills]]\nname = "x"\n', "/skills/0/url: is missing"),
        (b'[[skills]]\nname = ""\nurl = "https://x.example"\n', "/skills/0/name"),
    ],
)
def test_faults_of_a_file_are_told_with_their_place(change: bytes, words: str) -> None:
    base = b'name = "a"\ndescription = "b"\ncriteria = "c"\n'
    with pytest.raises(InvalidInputError) as caught:
        read_achievement(base + change)
    assert words in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_achievement(b'type = "Medal"\ncolour = 1\n')
    for place in ("/name", "/description", "/type", "/colour"):
        assert place in str(caught.value)


def test_without_criteria_there_is_no_achievement() -> None:
    with pytest.raises(InvalidInputError, match="criteria"):
        read_achievement(b'name = "a"\ndescription = "b"\n')


@pytest.mark.parametrize("data", [b"\xff", b"name = ", b"[" * 5_000, b"x = 1" + b"0" * 5_000])
def test_what_is_no_toml_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_achievement(data)


def test_a_file_of_megabytes_is_refused() -> None:
    with pytest.raises(TooLargeError):
        read_achievement(b"#" * 2_000_000)


@pytest.mark.parametrize("name", ["did:example:1", "mailto:a@b.example", "academy", "did:web:a b"])
def test_an_issuer_has_a_name_that_can_be_asked(name: str) -> None:
    with pytest.raises(InvalidInputError, match="/id"):
        read_issuer_profile(f'id = "{name}"\nname = "A"'.encode())


def test_what_is_no_open_badge_is_told_with_its_place() -> None:
    badge = open_badge(form(), somebody(), badge_id="urn:x:1", salt="s")
    del badge["credentialSubject"]["achievement"]["criteria"]  # type: ignore[union-attr, index, call-overload, arg-type]
    with pytest.raises(InvalidInputError, match="/credentialSubject/achievement"):
        require_open_badge(badge)


def test_an_achievement_made_in_python_is_held_to_the_same_rules() -> None:
    with pytest.raises(ValueError, match="criteria"):
        Achievement(name="a", description="b")
