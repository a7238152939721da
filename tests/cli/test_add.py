import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import CORPUS, badge, rootseal

HASH = hashlib.sha256(b"a diploma").hexdigest()


def waiting() -> int:
    """How many credentials the store has in the open batch."""
    added = rootseal("add", "--json", "--as", "ndjson", "-", stdin=badge(0))
    assert added.code == 0
    return int(added.json["waiting"]) - 1


def test_lines_of_a_file_are_credentials(folder: Path) -> None:
    (folder / "roster.ndjson").write_bytes(badge(1) + b"\n\r\n" + badge(2) + b"\r\n" + badge(3))
    ran = rootseal("add", "roster.ndjson", "--json")
    assert ran.code == 0
    assert ran.json == {
        "issuer": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "new": 3,
        "known": 0,
        "rejected": 0,
        "rejectedTo": None,
        "waiting": 3,
    }


def test_stdin_is_ndjson() -> None:
    assert rootseal("add", "-", "--json", stdin=badge(1) + b"\n" + badge(2)).json["new"] == 2


def test_options_stand_before_the_command_too() -> None:
    assert rootseal("--json", "add", "-", stdin=badge(1)).json["new"] == 1


def test_a_byte_order_mark_changes_no_credential() -> None:
    rootseal("add", "-", stdin=badge(1))
    again = rootseal("add", "-", "--json", stdin=b"\xef\xbb\xbf" + badge(1))
    assert (again.json["new"], again.json["known"]) == (0, 1)


def test_the_same_credential_twice_is_one() -> None:
    same = b'{"id": "urn:example:1",  "type": "VerifiableCredential"}'
    ran = rootseal("add", "-", "--json", stdin=badge(1) + b"\n" + same)
    assert (ran.json["new"], ran.json["known"]) == (1, 1)


def test_the_proof_is_no_part_of_the_credential(folder: Path) -> None:
    for name in ("simple.json", "simple-noproof.json"):
        shutil.copy(CORPUS / name, folder)
    assert rootseal("add", "simple.json", "--json").json["new"] == 1
    shutil.copy(folder / "simple.json", folder / "copy.json")
    assert rootseal("add", "copy.json", "--json").json["known"] == 1


def test_folders_are_read_in_depth_without_hidden_files_and_receipts(folder: Path) -> None:
    inner = folder / "diplomas" / "2026"
    inner.mkdir(parents=True)
    (inner / "a.json").write_bytes(badge(1))
    (inner / "b.pdf").write_bytes(b"%PDF-1.7 diploma")
    (inner / "c.jsonl").write_bytes(badge(2))
    (inner / "a.json.receipt.json").write_bytes(b"{}")
    (inner / ".hidden.json").write_bytes(b"no JSON at all")
    ran = rootseal("add", "diplomas", "--json")
    assert ran.json["new"] == 3
    assert "a.json.receipt.json" in ran.err


def test_any_other_file_counts_by_its_bytes(folder: Path) -> None:
    (folder / "diploma.pdf").write_bytes(b"a diploma")
    (folder / "hashes.csv").write_text(f"hash\n{HASH}\n")
    assert rootseal("add", "diploma.pdf", "--json").json["new"] == 1
    assert rootseal("add", "hashes.csv", "--json").json["known"] == 1


def test_as_says_what_a_file_holds(folder: Path) -> None:
    (folder / "roster.txt").write_bytes(badge(1) + b"\n" + badge(2))
    assert rootseal("add", "--as", "ndjson", "roster.txt", "--json").json["new"] == 2
    assert rootseal("add", "--as", "raw", "roster.txt", "--json").json["new"] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"a": 1, "a": 2}', "duplicate", id="a key twice"),
        pytest.param(b'{"a": 9007199254740993}', "/a", id="an integer no double carries"),
        pytest.param(b'{"a": NaN}', "/a", id="not a number"),
        pytest.param(b'{"a": ', "not JSON", id="cut off"),
        pytest.param(b"[1]", "JSON object", id="no object"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8", id="not UTF-8"),
        pytest.param(b"[" * 100 + b"]" * 100, "nested deeper", id="too deep"),
    ],
)
def test_a_faulty_line_is_named_and_nothing_is_added(
    folder: Path, line: bytes, reason: str
) -> None:
    (folder / "roster.ndjson").write_bytes(badge(1) + b"\n" + line + b"\n" + badge(2))
    ran = rootseal("add", "roster.ndjson", "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert error["code"] == "intake-refused"
    assert [fault["place"] for fault in error["faults"]] == ["roster.ndjson:2"]
    assert reason in error["faults"][0]["reason"]
    assert waiting() == 0


def test_all_faults_are_told_up_to_a_limit(folder: Path) -> None:
    (folder / "roster.ndjson").write_bytes(b"no\n" * 30)
    ran = rootseal("add", "roster.ndjson")
    assert ran.code == 2
    assert ran.out == ""
    assert "roster.ndjson:20: not JSON" in ran.err
    assert "roster.ndjson:21:" not in ran.err
    assert "and 10 more" in ran.err


def test_skipped_lines_are_written_as_they_were(folder: Path) -> None:
    bad = [b'{"a": 1,   "a": 2}', b"\xff no JSON"]
    (folder / "roster.ndjson").write_bytes(b"\n".join([badge(1), bad[0], badge(2), bad[1]]))
    (folder / "empty.json").write_bytes(b"")
    ran = rootseal(
        "add", "roster.ndjson", "empty.json", "--skip-invalid", "rejected.ndjson", "--json"
    )
    assert ran.code == 0
    assert (ran.json["new"], ran.json["rejected"]) == (2, 3)
    assert ran.json["rejectedTo"] == "rejected.ndjson"
    lines = (folder / "rejected.ndjson").read_bytes().splitlines()
    assert lines == [*bad, b'["empty.json","file is empty"]']
    assert rootseal("add", "rejected.ndjson").code == 2
    assert waiting() == 2


def test_rejects_never_overwrite_a_file(folder: Path) -> None:
    (folder / "roster.ndjson").write_bytes(badge(1))
    ran = rootseal("add", "roster.ndjson", "--skip-invalid", "roster.ndjson")
    assert ran.code == 2
    assert (folder / "roster.ndjson").read_bytes() == badge(1)
    assert waiting() == 0


def test_no_rejects_leave_no_file(folder: Path) -> None:
    assert rootseal("add", "-", "--skip-invalid", "rejected.ndjson", stdin=badge(1)).code == 0
    assert not (folder / "rejected.ndjson").exists()


def test_a_failure_leaves_no_file_of_rejects_in_the_way(folder: Path) -> None:
    skip = ("--skip-invalid", "rejected.ndjson", "--json")
    lines = badge(1) + b"\nno JSON\n"
    broken = rootseal("add", "-", "absent.ndjson", *skip, stdin=lines)
    assert (broken.code, (folder / "rejected.ndjson").exists()) == (2, False)
    assert rootseal("add", "-", *skip, stdin=lines).json["rejected"] == 1
    assert (folder / "rejected.ndjson").read_bytes() == b"no JSON\n"


def test_rejects_in_a_folder_that_is_added_are_no_part_of_it(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "roster.ndjson").write_bytes(badge(1) + b"\n" + b"no JSON\n" * 1_500)
    ran = rootseal("add", "in", "--skip-invalid", "in/rejected.ndjson", "--json")
    assert (ran.json["new"], ran.json["rejected"]) == (1, 1_500)


def test_rejects_that_cannot_be_kept_keep_the_others_from_being_added(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        ran = rootseal(
            "add", "-", "--skip-invalid", "rejected.ndjson", stdin=badge(1) + b"\nno JSON\n"
        )
    assert ran.code == 2
    assert "cannot write rejected.ndjson: No space left on device" in ran.err
    assert not (folder / "rejected.ndjson").exists()
    assert waiting() == 0


def test_a_fault_in_the_middle_of_many_is_named(folder: Path) -> None:
    """As many as are staged, and refused rows between two parts of them."""
    rows = [
        hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() for number in range(2_500)
    ]
    rows[1_200] = "abc"
    (folder / "hashes.csv").write_text("\n".join(["hash", *rows]))
    ran = rootseal("add", "hashes.csv", "--json")
    assert ran.code == 2
    assert [fault["place"] for fault in ran.json["error"]["faults"]] == ["hashes.csv:1202"]
    assert waiting() == 0
    ran = rootseal("add", "hashes.csv", "--skip-invalid", "rejected.ndjson", "--json")
    assert (ran.json["new"], ran.json["rejected"]) == (2_499, 1)


def test_csv_takes_hashes_and_how_they_were_made(folder: Path) -> None:
    rows = ["name, hash ,canonicalization", f'"A\nB",{HASH},jcs', f"C,0x{'AB' * 32},"]
    (folder / "hashes.csv").write_text("\n".join(rows))
    assert rootseal("add", "hashes.csv", "--json").json["new"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"name,digest\nA,{HASH}\n", "no column 'hash'", id="no hash column"),
        pytest.param(f"hash,hash\n{HASH},{HASH}\n", "'hash' twice", id="hash twice"),
        pytest.param("hash\nabc\n", "hashes.csv:2: not a hash", id="no hash"),
        pytest.param(f"hash\n{HASH},x\n", "2 cells in a table of 1", id="a cell too many"),
        pytest.param(f"hash,canonicalization\n{HASH},md5\n", "not 'md5'", id="unknown way"),
        pytest.param("hash\n", "no credential in hashes.csv", id="header only"),
        pytest.param("hash\n" + "a" * 70_000, "longer than", id="long line"),
    ],
)
def test_faulty_csv_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "hashes.csv").write_text(text)
    ran = rootseal("add", "hashes.csv")
    assert ran.code == 2
    assert message in ran.err
    assert waiting() == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("missing.json", "there is no missing.json", id="missing"),
        pytest.param("empty.ndjson", "no credential in empty.ndjson", id="empty file"),
        pytest.param("hollow", "no credential in hollow", id="folder without files"),
        pytest.param("loop.json", "cannot read loop.json", id="unreadable"),
    ],
)
def test_an_unusable_path_is_named(folder: Path, name: str, message: str) -> None:
    (folder / "empty.ndjson").touch()
    (folder / "hollow").mkdir()
    (folder / "loop.json").symlink_to("loop.json")  # which even root cannot read
    ran = rootseal("add", "-", name, stdin=badge(1))
    assert ran.code == 2
    assert message in ran.err
    assert waiting() == 0


def test_without_an_issuer_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOTSEAL_ISSUER")
    ran = rootseal("add", "-", "--json", stdin=badge(1))
    assert ran.code == 2
    assert "no issuer" in ran.json["error"]["message"]
