"""What others published is here byte for byte."""

from hashlib import sha256
from importlib.resources import files

import pytest

from registry import standards
from registry.errors import NotFoundError
from registry.standards import CONTEXT_FILES, OPEN_BADGES, context, schema

FOLDER = files(standards)
SUMS = {
    name: digest
    for digest, name in map(str.split, (FOLDER / "SHA256SUMS").read_text().splitlines())
}


@pytest.mark.parametrize("name", SUMS)
def test_each_file_is_the_published_one(name: str) -> None:
    assert sha256((FOLDER / name).read_bytes()).hexdigest() == SUMS[name]


def test_every_context_has_an_address_and_a_sum() -> None:
    assert {f"contexts/{name}" for name in CONTEXT_FILES.values()} == {
        name for name in SUMS if name.startswith("contexts/")
    }


def test_the_open_badges_context_is_the_published_one_of_two() -> None:
    name = f"contexts/{CONTEXT_FILES[OPEN_BADGES]}"
    assert SUMS[name].startswith("3d34f4d4")
    assert "endorsementJwt" in str(context(OPEN_BADGES))


def test_what_is_not_bundled_is_not_fetched() -> None:
    with pytest.raises(NotFoundError, match="none is fetched"):
        context("https://example.org/context.json")


def test_a_schema_is_read() -> None:
    assert schema("ob_v3p0_achievementcredential_schema.json")["type"] == "object"
