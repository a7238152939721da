"""Certificates: one page, whatever stands on it, with credential and receipt attached."""

import io
import json
from typing import Any

import pytest
from pypdf import PdfReader

from registry.badges.certificates import Certificate, certificate_pdf, require_printable
from registry.badges.drawing import badge_picture
from registry.badges.open_badge import as_data_model_1
from registry.core.attachments import attached
from registry.core.receipt import print_receipt
from registry.errors import InvalidInputError
from tests.core.baking import png
from tests.core.strategies import a_receipt
from tests.vc.badge import badge

PICTURE = badge_picture(name="Cloud", issuer="Example Academy", kind="Badge", key="1")
PAGE = "https://academy.example/c/1"
RECEIPT = a_receipt()


def made(document: Any, **shown: Any) -> bytes:
    values = {"picture": PICTURE, "name": "Ada", "page": PAGE, **shown}
    return certificate_pdf(json.dumps(document).encode(), RECEIPT, Certificate(**values))


def with_achievement(**members: Any) -> Any:
    document = badge()
    document["credentialSubject"]["achievement"] |= members
    return document


def words(pdf: bytes) -> str:
    """What is read on the one page; without blanks, which spaced letters have between them."""
    [page] = PdfReader(io.BytesIO(pdf)).pages
    return "".join(page.extract_text().split())


def test_credential_and_receipt_are_attached_for_us_and_for_other_readers() -> None:
    document = badge()
    pdf = made(document)
    found = attached(pdf)
    assert found is not None
    assert json.loads(found.credential) == document
    assert found.receipt == print_receipt(RECEIPT)
    names = PdfReader(io.BytesIO(pdf)).attachments
    assert {name: data[0] for name, data in names.items()} == {
        "credential.json": found.credential,
        "receipt.json": found.receipt,
    }


def test_it_shows_what_the_badge_says() -> None:
    shown = words(made(badge()))
    for text in (
        "EXAMPLE ACADEMY", "Cloud Foundations", "Ada", "What a cloud is, and what it is not.",
        "Pass the exam.", "use cloud computing", "1 January 2026", "1 January 2036", PAGE,
        RECEIPT.seal.hex(), RECEIPT.credential_hash.hex(),
    ):  # fmt: skip
        assert "".join(text.split()) in shown, text


def test_it_speaks_german_of_a_german_achievement() -> None:
    shown = words(made(with_achievement(inLanguage="de-CH")))
    assert "VERLIEHENAN" in shown
    assert "01.01.2036" in shown


def test_it_shows_the_dates_of_the_older_data_model() -> None:
    shown = words(made(as_data_model_1(badge())))
    assert "1January2026" in shown
    assert "1January2036" in shown


def test_equal_input_gives_equal_bytes() -> None:
    assert made(badge()) == made(badge())


@pytest.mark.parametrize(
    "text",
    ['#panic("no")', "#strong[bold]", "$x^2$", "*_`<label>@ref\\u{41}", "= heading", "\" ) ; '"],
)
def test_no_word_of_it_is_read_as_markup(text: str) -> None:
    document = with_achievement(name=text, description=text, criteria={"narrative": text})
    assert words(made(document, name=text)).count("".join(text.split())) >= 4


@pytest.mark.parametrize(
    "document",
    [
        with_achievement(name="n" * 200, description="word " * 2_000),
        with_achievement(criteria={"narrative": "word " * 2_000}),
        with_achievement(alignment=[{"targetName": "s" * 200}] * 100, achievementType="ext:Own"),
        with_achievement(criteria={"id": "https://academy.example"}, alignment=None),
        badge(issuer="https://academy.example", awardedDate="2025-05-05T00:00:00Z"),
    ],
)  # fmt: skip
def test_it_stays_one_page(document: Any) -> None:
    assert words(made(document, name="N" * 200))


def test_it_stays_one_page_with_all_of_it_at_its_longest() -> None:
    document = with_achievement(
        name="W" * 200,
        description="M" * 10_000,
        criteria={"narrative": "W\n" * 5_000},
        alignment=[{"targetName": "W" * 200}] * 100,
        achievementType="ext:" + "W" * 150,
    )
    document["issuer"]["name"] = "W" * 200
    document["credentialSubject"] |= {
        "result": [{"value": "W" * 200}], "creditsEarned": 99_999.25, "licenseNumber": "W" * 200,
    }  # fmt: skip
    shown = words(made(document, name="M" * 200))
    assert RECEIPT.seal.hex() in shown
    assert "99999.25" in shown


def test_a_name_without_blanks_goes_on_in_another_line() -> None:
    [page] = PdfReader(io.BytesIO(made(badge(), name="N" * 200))).pages
    text = page.extract_text().replace("\u200b", "")  # where it may break
    lines = [line for line in text.splitlines() if "NNN" in line]
    assert len(lines) > 2


@pytest.mark.parametrize(
    ("language", "earned", "shown_as"),
    [("en", 0, "0"), ("en", 12_345.75, "12345.75"), ("de", 2.5, "2,5")],
)
def test_credits_are_those_that_were_earned(language: str, earned: float, shown_as: str) -> None:
    document = with_achievement(creditsAvailable=5, inLanguage=language)
    document["credentialSubject"]["creditsEarned"] = earned
    [page] = PdfReader(io.BytesIO(made(document))).pages
    lines = page.extract_text().splitlines()
    assert shown_as in lines
    assert "5" not in lines


def test_members_of_one_learner_are_shown() -> None:
    document = badge()
    document["credentialSubject"] |= {
        "result": [{"value": "97 of 100"}], "creditsEarned": 2.5, "licenseNumber": "A-1",
    }  # fmt: skip
    shown = words(made(document, name=None, page=None))
    assert all(text in shown for text in ("97of100", "2.5", "A-1"))
    assert "AWARDEDTO" not in shown


@pytest.mark.parametrize("picture", [png(), PICTURE])
def test_pictures_of_pixels_and_drawn_ones_are_shown(picture: bytes) -> None:
    assert attached(made(badge(), picture=picture)) is not None


def test_what_cannot_be_printed_is_told() -> None:
    with pytest.raises(InvalidInputError, match="cannot be printed"):
        made(badge(), picture=b"<svg")
    with pytest.raises(InvalidInputError, match="when it was issued"):
        made({key: value for key, value in badge().items() if key != "validFrom"})
    with pytest.raises(InvalidInputError, match="no font of this machine has '\U00012345'"):
        require_printable(["abc", "\U00012345"])
    require_printable(["Ægir Łukasz Đorđe Ωμέγα Ж", ""])
