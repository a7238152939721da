"""Pathways, as files that people write: which badges together earn another (docs/badges.md)."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Annotated, Final, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from registry.badges.achievements import days_of_period
from registry.badges.tables import Name, Table, read_table
from registry.errors import InvalidInputError

MAX_PARTS: Final = 30  # badges that a pathway may name
_MAX_DEPTH: Final = 6
_MAX_STEPS: Final = 100_000  # of the search for a way
Fits: TypeAlias = Callable[["Need", int], bool]


class PathwayIssuer(Table):
    """An issuer whose badges count: who it says it is, and the address that anchors for it."""

    id: Annotated[str, Field(max_length=2_000, pattern=r"^(did:|https://)\S+$")]
    address: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]


class Need(Table):
    """One badge: an achievement by id or by name, or several needs of which some must be met."""

    badge: Name | None = None
    issuers: Annotated[tuple[Name, ...], Field(max_length=20, strict=False)] = ()
    min_age: str | None = None
    max_age: str | None = None
    all_of: "tuple[Need, ...] | None" = Field(None, min_length=1, strict=False)
    any_of: "tuple[Need, ...] | None" = Field(None, min_length=1, strict=False)
    some_of: "tuple[Need, ...] | None" = Field(None, min_length=1, strict=False)
    count: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        kinds = [self.badge, self.all_of, self.any_of, self.some_of]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("exactly one of badge, all_of, any_of and some_of is wanted")
        if (self.some_of is None) != (self.count is None):
            raise ValueError("some_of and count go together")
        if self.some_of is not None and self.count is not None and self.count > len(self.some_of):
            raise ValueError(f"count is {self.count}, but there are {len(self.some_of)}")
        if self.badge is None and (self.issuers or self.min_age or self.max_age):
            raise ValueError("issuers, min_age and max_age are of a badge")
        return self

    @field_validator("min_age", "max_age")
    @classmethod
    def _is_a_period(cls, text: str | None) -> str | None:
        if text is not None:
            days_of_period(text)
        return text

    def parts(self, depth: int = 0) -> Iterator["Need"]:
        """The badges in it. Raises `InvalidInputError` if it goes too deep."""
        if depth > _MAX_DEPTH:
            raise InvalidInputError(f"needs within needs go deeper than {_MAX_DEPTH}")
        if self.badge is not None:
            yield self
        for need in self._inner:
            yield from need.parts(depth + 1)

    @property
    def _inner(self) -> "tuple[Need, ...]":
        return self.all_of or self.any_of or self.some_of or ()

    def choices(self) -> Iterator["Sequence[Need]"]:
        """Needs of which all must be met, for each way to meet this one."""
        if self.any_of is not None:
            yield from ((need,) for need in self.any_of)
        elif self.some_of is not None and self.count is not None:
            yield from combinations(self.some_of, self.count)
        else:
            yield self._inner


class Pathway(Table):
    """What is awarded for which badges of whom."""

    achievement: Annotated[str, Field(min_length=1, max_length=500)]
    issuers: Annotated[dict[str, PathwayIssuer], Field(min_length=1, max_length=100)]
    requires: Need

    @model_validator(mode="after")
    def _names_its_issuers(self) -> Self:
        parts = list(self.requires.parts())
        if len(parts) > MAX_PARTS:
            raise ValueError(f"{len(parts)} badges; the limit is {MAX_PARTS}")
        for part in parts:
            for name in part.issuers:
                if name not in self.issuers:
                    raise ValueError(f"there is no issuer {name!r} in [issuers]")
        return self

    def issuers_of(self, need: Need) -> tuple[PathwayIssuer, ...]:
        """Whose badges meet a need: those it names, or all."""
        return tuple(self.issuers[name] for name in need.issuers or self.issuers)


def read_pathway(data: bytes) -> Pathway:
    """Read a pathway's file. Raises `InvalidInputError` with every fault and its place."""
    return read_table(data, Pathway, "a pathway")


def find_way(need: Need, count: int, fits: Fits) -> dict[int, Need] | None:
    """Which of `count` badges meets which part of a need, each one once; None if they do not.

    `fits` says whether a badge meets a part. Raises `InvalidInputError` if there are too many
    ways to look at all.
    """
    budget = [_MAX_STEPS]
    for way in _ways((need,), (), count, fits, budget):
        return dict(way)
    return None


_Way: TypeAlias = tuple[tuple[int, Need], ...]


def _ways(
    needs: Sequence[Need], taken: _Way, count: int, fits: Fits, budget: list[int]
) -> Iterator[_Way]:
    """Every way to meet all needs with badges that are not taken yet."""
    budget[0] -= 1
    if budget[0] < 0:
        raise InvalidInputError("the pathway has too many ways to look at all: say less in it")
    if not needs:
        yield taken
        return
    # Single badges first: if one is missing, no choice among others can help.
    first, *rest = sorted(needs, key=lambda need: need.badge is None)
    if first.badge is None:
        for chosen in first.choices():
            yield from _ways((*chosen, *rest), taken, count, fits, budget)
        return
    used = {badge for badge, _ in taken}
    for badge in range(count):
        if badge not in used and fits(first, badge):
            yield from _ways(rest, (*taken, (badge, first)), count, fits, budget)
