"""Rosters: read right, or every fault of them named in one run."""

import csv
import io
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.badges.roster_values import Recipient
from registry.badges.rosters import Fault, roster_form, roster_rows
from registry.errors import InvalidInputError, TooLargeError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def read(data: bytes | str, **mapping: str) -> list[Recipient | Fault]:
    raw = data.encode() if isinstance(data, str) else data
    return list(roster_rows(raw, roster_form(raw, mapping), now=NOW))


def recipients(data: bytes | str, **mapping: str) -> list[Recipient]:
    found = read(data, **mapping)
    assert not [each for each in found if isinstance(each, Fault)], found
    return [each for each in found if isinstance(each, Recipient)]


def faults(data: bytes | str) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.reason) for each in read(data) if isinstance(each, Fault)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found(encoding: str, separator: str) -> None:
    text = "E-Mail;Vorname;Nachname;Datum;Punkte\nada@x.example;Äda;Løvelace;31.03.2026;97\n"
    (row,) = recipients(text.replace(";", separator).encode(encoding))
    assert (row.email, row.name, row.score) == ("ada@x.example", "Äda Løvelace", "97")
    assert row.awarded == datetime(2026, 3, 31, tzinfo=UTC)


def test_what_a_file_was_taken_for_is_told() -> None:
    data = "E-Mail;Vorname;Etwas\na@x.example;Jürgen;1\n".encode("cp1252")
    notes = " / ".join(roster_form(data, {}).notes())
    for words in ("Windows-1252", "semicolon", "'E-Mail' is email", "not used: 'Etwas'"):
        assert words in notes


def test_fields_may_have_line_ends_quotes_and_separators() -> None:
    (row,) = recipients('email,comment\r\na@x.example,"one, ""two""\nthree"\r\n')
    assert row.narrative == 'one, "two"\nthree'


def test_empty_rows_and_lines_before_the_header_are_passed_over() -> None:
    found = recipients("\n\nemail,name\n,\na@x.example,A\n\nb@x.example,B\n")
    assert [(row.line, row.name) for row in found] == [(5, "A"), (7, "B")]


def test_a_column_can_be_named_by_hand() -> None:
    (row,) = recipients("Konto,name\na@x.example,A\n", Konto="email")
    assert row.email == "a@x.example"


@pytest.mark.parametrize(
    ("data", "mapping", "words"),
    [
        ("", {}, "empty"),
        ("\n\n", {}, "empty"),
        ("email\n", {}, "no rows"),
        ("email\n\n , \n", {}, "no rows"),
        ("name\nA\n", {}, "no column says who"),
        ("email,,name\nx\n", {}, "column 2 has no name"),
        ("email,email\nx\n", {}, "two columns are called 'email'"),
        ("email,E-Mail\nx\n", {}, "are both email"),
        ("a\nx\n", {"b": "email"}, "no column 'b'"),
        ("a\nx\n", {"a": "shoe"}, "no field 'shoe'"),
        ('email,"na"me\nx\n', {}, "header cannot be read"),
        (b"PK\3\4\0\0\0", {}, "zero bytes"),
    ],
)
def test_files_that_are_no_rosters_are_refused(
    data: bytes | str, mapping: dict[str, str], words: str
) -> None:
    try:
        found = read(data, **mapping)
    except InvalidInputError as exc:
        assert words in str(exc)  # noqa: PT017 - or a fault of a row
        return
    assert any(words in str(each) for each in found)


def test_all_faults_of_a_header_are_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        roster_form(b"name,name,,x\nA,B,C,D\n", {"y": "email", "x": "shoe"})
    for words in ("'name'", "column 3", "'y'", "'shoe'", "no column says who"):
        assert words in str(caught.value)


MISTAKES: dict[str, tuple[str, str]] = {
    "not-an-address,,,,,,,": ("E-Mail", "no email address"),
    "two..dots@x.example,,,,,,,": ("E-Mail", "no email address"),
    ",Nobody,,,,,,": ("E-Mail", "nobody would get"),
    "Twin@x.example,,,,,,,": ("E-Mail", "is in line"),
    "a@x.example,=HYPERLINK(1),,,,,,": ("name", "formulas"),
    "b@x.example,A\u200bB,,,,,,": ("name", "not seen (U+200B)"),
    "c@x.example,A\x07,,,,,,": ("name", "not seen (U+0007)"),
    f"d@x.example,{'x' * 201},,,,,,": ("name", "201 characters"),
    "e@x.example,A\ufffdB,,,,,,": ("name", "was lost"),
    "f@x.example,,2026-02-30,,,,,": ("date", "no date"),
    "g@x.example,,03/04/2026,,,,,": ("date", "may mean two days"),
    "h@x.example,,2027-01-01,,,,,": ("date", "in the future"),
    "i@x.example,,1026-01-01,,,,,": ("date", "before 1950"),
    "j@x.example,,2026-01-01T10:00,,,,,": ("date", "without a time zone"),
    "k@x.example,,32.01.2026,,,,,": ("date", "no date"),
    "l@x.example,,2026-03-01,2026-02-01,,,,": ("expires", "not after the award"),
    "m@x.example,,,2026-01-01,,,,": ("expires", "over already"),
    "n@x.example,,,,ftp://x.example/w,,,": ("evidence", "https://"),
    "o@x.example,,,,javascript:alert(1),,,": ("evidence", "https://"),
    "p@x.example,,,,,many,,": ("credits", "no number"),
    "q@x.example,,,,,-1,,": ("credits", "no number"),
    "r@x.example,,,,,,did:btcr:x,": ("did", "method known"),
    "s@x.example,,,,,,nothing,": ("did", "begins with `did:`"),
    "t@x.example,,,,,": ("", "has 6 fields"),
    "u@x.example,,,,,,,,": ("", "has 9 fields"),
    'v@x.example,"a"b,,,,,,': ("", "cannot be read"),
}


def test_one_run_names_all_mistakes_and_nothing_else() -> None:
    good = "twin@x.example,Ada,2026-03-01,2030-01-01,https://x.example/w,2.5,,well done"
    header = "E-Mail,name,date,expires,evidence,credits,did,comment"
    text = "\n".join((header, good, *MISTAKES, good.replace("twin", "other"))) + "\n"
    found = read(text)
    assert [row.email for row in found if isinstance(row, Recipient)] == [
        "twin@x.example",
        "other@x.example",
    ]
    told = [each for each in found if isinstance(each, Fault)]
    wanted = [(3 + n, *wanted) for n, wanted in enumerate(MISTAKES.values())]
    assert [(each.line, each.column) for each in told] == [w[:2] for w in wanted]
    for each, (_, _, words) in zip(told, wanted, strict=True):
        assert words in each.reason
    assert len(MISTAKES) >= 20


def test_each_fault_of_a_row_is_named() -> None:
    text = "email,date,credits\nnone,2026-02-30,many\n"
    assert [column for _, column, _ in faults(text)] == ["email", "date", "credits"]


def test_bytes_of_no_encoding_are_a_fault_of_their_field() -> None:
    data = b"email,name\na@x.example,A\nb@x.example,\x81\xff\nc@x.example,C\n"
    assert faults(data) == [(3, "name", faults(data)[0][2])]
    assert "was lost" in faults(data)[0][2]


def test_an_unfinished_quote_is_a_fault() -> None:
    found = read('email,name\na@x.example,A\nb@x.example,"B\nc@x.example,C\n')
    assert [type(each) for each in found] == [Recipient, Fault]
    assert "cannot be read" in str(found[-1])


def test_a_field_of_megabytes_is_a_fault() -> None:
    found = read("email,name\na@x.example," + "x" * 20_000 + "\n")
    assert "cannot be read" in str(found[0])


def test_the_size_of_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.badges.csv_tables.MAX_CSV_BYTES", 10)
    with pytest.raises(TooLargeError):
        roster_form(b"email,name\n", {})
    monkeypatch.undo()
    monkeypatch.setattr("registry.badges.csv_tables.MAX_ROWS", 1)
    with pytest.raises(TooLargeError, match="more than 1 rows"):
        read("email\na@x.example\nb@x.example\n")


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_roster_or_an_error(data: bytes) -> None:
    try:
        read(data)
    except (InvalidInputError, TooLargeError):
        return


values = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20
)


@given(names=st.lists(values.filter(lambda v: v[0] not in "=+-@"), min_size=1, max_size=9))
def test_names_come_back_as_they_were_written(names: list[str]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "name"])
    for number, name in enumerate(names):
        writer.writerow([f"{number}@x.example", name])
    found: list[Any] = read(text.getvalue())
    assert [row.name for row in found] == [unicodedata.normalize("NFC", n).strip() for n in names]
