"""NDJSON by the block gives the lines that a reader of lines gives."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cli import lines as module
from registry.cli.lines import read_ndjson
from registry.core.documents import MAX_DOCUMENT_BYTES
from registry.errors import InvalidInputError
from registry.services.hashing import Lines, LinesInFile, count_of, hash_here, hashed, size_of

BOM = b"\xef\xbb\xbf"


def numbered(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, by number, as blocks hold them."""
    for found in read_ndjson(io.BytesIO(data), "roster"):
        assert isinstance(found, Lines)
        for number, line in zip(count(found.first), found.data.split(b"\n"), strict=False):
            if line.strip():
                yield number, line


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK_BYTES", 7)
        yield


@given(st.binary(max_size=60))
def test_lines_left_in_their_file_are_the_same(data: bytes) -> None:
    with NamedTemporaryFile() as file:
        file.write(data)
        file.seek(0)
        left = list(read_ndjson(file, "roster", file.name))
        file.seek(0)
        read = list(read_ndjson(file, "roster"))
        assert all(isinstance(each, LinesInFile) for each in left)
        assert [each.read() for each in left if isinstance(each, LinesInFile)] == read
        assert list(map(count_of, left)) == list(map(count_of, read))
        assert list(map(size_of, left)) == list(map(size_of, read))


def test_lines_that_were_cut_off_meanwhile_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster"
    path.write_bytes(b'{"a":1}\n{"a":2}\n{"a":3}\n')
    with path.open("rb") as file:
        found = list(read_ndjson(file, "roster", str(path)))
        path.write_bytes(b'{"a":1}\n')
        with pytest.raises(InvalidInputError, match="became shorter"):
            list(hash_here(found))


def test_lines_of_another_file_in_its_place_are_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "roster", tmp_path / "other"
    path.write_bytes(b'{"a":1}\n{"a":2}\n')
    other.write_bytes(b'{"b":1}\n{"b":2}\n')
    with path.open("rb") as file:
        found = list(read_ndjson(file, "roster", str(path)))
        other.replace(path)
        with pytest.raises(InvalidInputError, match="another file took its place"):
            list(hash_here(found))


def test_lines_of_a_file_that_is_gone_are_refused(tmp_path: Path) -> None:
    gone = LinesInFile("roster:", 5, 1, str(tmp_path / "roster"), (0, 0), 0, 10)
    with pytest.raises(InvalidInputError, match="No such file") as caught:
        hashed(gone)
    assert caught.value.place == "roster:5"


@given(st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=12))
def test_every_line_comes_once_under_its_number(given_lines: list[bytes]) -> None:
    data = b"\n".join(given_lines)
    wanted = [
        (number, line)
        for number, line in enumerate(data.removeprefix(BOM).split(b"\n"), 1)
        if line.strip()
    ]
    assert list(numbered(data)) == wanted


def test_the_mark_that_spreadsheets_put_first_is_passed_over() -> None:
    assert list(numbered(BOM + b'{"a":1}\n' + BOM)) == [(1, b'{"a":1}'), (2, BOM)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("more", [2, 3_000_000])
def test_a_line_that_is_too_long_is_told_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, end: bytes, more: int
) -> None:
    monkeypatch.setattr(module, "_BLOCK_BYTES", 2**20)
    long = b"x" * (MAX_DOCUMENT_BYTES + more)
    data = b'{"a":1}\n' + long + end + (b'{"b":2}\n' if end else b"")
    found = list(hash_here(read_ndjson(io.BytesIO(data), "roster")))
    (rejection,) = (each for one in found for each in one.rejections)
    assert rejection.place == "roster:2"
    assert str(MAX_DOCUMENT_BYTES) in rejection.reason
    assert sum(len(one.credentials) for one in found) == (2 if end else 1)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_as_long_as_may_be_is_a_line(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    monkeypatch.setattr(module, "_BLOCK_BYTES", 2**20)
    line = b"x" * MAX_DOCUMENT_BYTES
    (found,) = read_ndjson(io.BytesIO(line + end), "roster")
    assert found == Lines("roster:", 1, line + end)
