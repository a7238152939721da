from itertools import islice
from pathlib import Path

import orjson
from bench.badges import badge, badge_lines, write_badges, write_hashes

from registry.badges.schemas import require_open_badge
from registry.cli.lines import read_csv
from registry.core.canonical import Canonicalization, credential_hash
from registry.services.hashing import Hashes

SOME = 300


def test_badges_keep_to_the_schema_of_open_badges() -> None:
    for number in range(SOME):
        require_open_badge(badge(number))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    one, again, other = (list(badge_lines(SOME, seed=seed)) for seed in (1, 1, 2))
    assert one == again
    assert not set(one) & set(other)


def test_a_badge_needs_none_of_those_before_it() -> None:
    assert badge(200) == orjson.loads(next(islice(badge_lines(SOME), 200, None)))


def test_each_is_a_credential_of_its_own() -> None:
    hashes = {credential_hash(line.strip(), Canonicalization.JCS) for line in badge_lines(SOME)}
    assert len(hashes) == SOME


def test_they_have_the_size_of_open_badges_and_names_beyond_ascii(tmp_path: Path) -> None:
    write_badges(tmp_path / "night.ndjson", SOME)
    lines = (tmp_path / "night.ndjson").read_bytes().splitlines()
    assert len(lines) == SOME
    assert 1_050 < sum(map(len, lines)) / SOME < 1_200
    assert 0.1 < sum(not line.isascii() for line in lines) / SOME < 0.3


def test_hashes_are_read_as_the_roster_that_they_are(tmp_path: Path) -> None:
    write_hashes(tmp_path / "night.csv", SOME)
    with (tmp_path / "night.csv").open("rb") as file:
        found = [each for each in read_csv(file, "night.csv") if isinstance(each, Hashes)]
    assert len({digest for each in found for digest in each.hashes}) == SOME
