import base64
from pathlib import Path

import pytest

from tests.secret_spellings import CHUNK_BYTES, Needle, files_with

SECRET = bytes(range(200, 232))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SECRET, id="raw"),
        pytest.param(SECRET.hex().encode(), id="hex"),
        pytest.param(b"0x" + SECRET.hex().upper().encode(), id="hex in upper case"),
        pytest.param(str(int.from_bytes(SECRET, "big")).encode(), id="decimal"),
        *(
            pytest.param(encode(b"x" * offset + SECRET + b"yz"), id=f"{name} at {offset}")
            for offset in range(4)
            for name, encode in (
                ("base64", base64.b64encode),
                ("base64url", base64.urlsafe_b64encode),
            )
        ),
    ],
)
def test_a_secret_is_found_however_it_is_spelled(tmp_path: Path, text: bytes) -> None:
    needle = Needle(SECRET)
    file = tmp_path / "log"
    for place in (0, 7, CHUNK_BYTES - 1, CHUNK_BYTES - len(text) // 2, CHUNK_BYTES):
        file.write_bytes(b"." * place + text + b"...")
        assert list(files_with(needle, [file])) == [file]
        file.write_bytes(b"." * place + text[1:-1] + b"...")
        if len(text) in {32, 64, 66}:
            assert list(files_with(needle, [file])) == []


def test_what_is_no_file_any_more_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    paths = [tmp_path, tmp_path / "absent", tmp_path / "link"]
    assert list(files_with(Needle(SECRET), paths)) == []
