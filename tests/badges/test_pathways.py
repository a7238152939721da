"""Pathways: read strictly, and met exactly if some choice of different badges meets them."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.badges.achievements import read_achievement
from registry.badges.pathways import Need, find_way, read_pathway
from registry.errors import InvalidInputError

EXAMPLES = Path(__file__).parents[2] / "examples"
START = """
achievement = "practitioner.toml"
[issuers.academy]
id = "did:web:academy.example"
address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""


def need(value: Any) -> Need:
    return Need.model_validate(value)


def badge(name: str) -> dict[str, Any]:
    return {"badge": name}


def way(wanted: Any, held: str) -> list[str] | None:
    """Which of the letters held meet a need; a letter meets the badge of its name."""
    found = find_way(need(wanted), len(held), lambda part, i: part.badge == held[i])
    return None if found is None else sorted(held[i] for i in found)


A, B, C = badge("a"), badge("b"), badge("c")


@pytest.mark.parametrize(
    ("wanted", "held", "used"),
    [
        (A, "a", ["a"]),
        (A, "b", None),
        (A, "", None),
        ({"all_of": [A, B]}, "bca", ["a", "b"]),
        ({"all_of": [A, B]}, "ac", None),
        ({"any_of": [A, B]}, "cb", ["b"]),
        ({"any_of": [A, B]}, "c", None),
        ({"some_of": [A, B, C], "count": 2}, "ca", ["a", "c"]),
        ({"some_of": [A, B, C], "count": 2}, "b", None),
        ({"all_of": [A, {"any_of": [B, C]}]}, "ac", ["a", "c"]),
        # One badge meets one need, so two of the same kind are wanted here.
        ({"all_of": [A, A]}, "a", None),
        ({"all_of": [A, A]}, "aa", ["a", "a"]),
        # Whoever took `a` for the choice would miss that it is needed beside it.
        ({"all_of": [{"any_of": [A, B]}, A]}, "ab", ["a", "b"]),
    ],
)
def test_needs_are_met_or_not(wanted: Any, held: str, used: list[str] | None) -> None:
    assert way(wanted, held) == used


needs = st.recursive(
    st.sampled_from([A, B, C]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"all_of": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any_of": some}),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: {"some_of": some, "count": 2}),
    ),
    max_leaves=5,
)


def bags(wanted: Any) -> Iterator[list[str]]:
    """Every bag of badges that meets a need, written without a search."""
    if "badge" in wanted:
        yield [wanted["badge"]]
    for one in wanted.get("any_of", ()):
        yield from bags(one)
    if "all_of" in wanted:
        for each in product(*(list(bags(one)) for one in wanted["all_of"])):
            yield [name for bag in each for name in bag]
    some = wanted.get("some_of", [])
    for first in range(len(some)):
        for second in range(first):
            yield from bags({"all_of": [some[first], some[second]]})


@settings(deadline=None)
@given(wanted=needs, held=st.text("abc", max_size=5))
def test_a_way_is_found_if_and_only_if_there_is_one(wanted: Any, held: str) -> None:
    def is_within(bag: list[str]) -> bool:
        return all(bag.count(name) <= held.count(name) for name in set(bag))

    found = way(wanted, held)
    assert (found is not None) == any(map(is_within, bags(wanted)))
    assert found is None or is_within(found)


def test_too_many_ways_are_refused_and_not_looked_at_for_hours() -> None:
    wanted = need(
        {"all_of": [{"some_of": [A] * 14, "count": 7}, {"some_of": [B] * 14, "count": 7}]}
    )
    with pytest.raises(InvalidInputError, match="too many ways"):
        find_way(wanted, 30, lambda part, _: part.badge == "a")


def test_a_pathway_is_read() -> None:
    found = read_pathway(
        (START + '[requires]\nall_of = [{badge = "A", min_age = "30 days"}, {badge = "B", '
         'issuers = ["academy"]}]\n').encode()
    )  # fmt: skip
    assert [part.badge for part in found.requires.parts()] == ["A", "B"]
    assert [issuer.id for issuer in found.issuers_of(found.requires)] == ["did:web:academy.example"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "/requires: is missing"),
        ("[requires]\n", "exactly one of"),
        ('[requires]\nbadge = "A"\nall_of = [{badge = "B"}]\n', "exactly one of"),
        ('[requires]\nsome_of = [{badge = "A"}]\n', "go together"),
        ('[requires]\nbadge = "A"\ncount = 1\n', "go together"),
        ('[requires]\nsome_of = [{badge = "A"}]\ncount = 2\n', "count is 2, but there are 1"),
        ('[requires]\nall_of = [{badge = "A"}]\nmin_age = "1 day"\n', "are of a badge"),
        ('[requires]\nbadge = "A"\nmin_age = "soon"\n', "a period is wanted"),
        ('[requires]\nbadge = "A"\nissuers = ["vendor"]\n', "no issuer 'vendor'"),
        ('[requires]\nbadge = "A"\ncolour = "red"\n', "unknown key"),
        ("[requires]\nall_of = [" + '{badge = "A"},' * 31 + "]\n", "31 badges"),
        ("[requires]\n" + "all_of = [{" * 7 + 'badge = "A"' + "}]" * 7 + "\n", "deeper than"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_pathway_is_told(text: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read_pathway((START + text).encode())


@pytest.mark.parametrize("change", [("0xf39F", "0xg39F"), ("did:web:", "academy:")])
def test_issuers_are_named_by_id_and_address(change: tuple[str, str]) -> None:
    with pytest.raises(InvalidInputError, match="/issuers/academy"):
        read_pathway((START.replace(*change) + '[requires]\nbadge = "A"\n').encode())


def test_the_example_is_a_pathway_to_a_badge() -> None:
    found = read_pathway((EXAMPLES / "cloud-practitioner.toml").read_bytes())
    assert len(list(found.requires.parts())) == 5
    awarded = read_achievement((EXAMPLES / found.achievement).read_bytes())
    assert awarded.name == "Cloud Practitioner"
