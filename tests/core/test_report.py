from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.report import CHECK_NAMES, REQUIRED, Check, Outcome, Report, Verdict, conclude

PASSING = dict.fromkeys(CHECK_NAMES, Outcome.PASS)


def checks(outcomes: dict[str, Outcome]) -> list[Check]:
    return [
        Check(name=name, outcome=outcome, code=f"{name}-code", detail=f"About {name}.")
        for name, outcome in outcomes.items()
    ]


def concluded(outcomes: dict[str, Outcome]) -> Report:
    return conclude(checks(outcomes))


def expected(name: str, outcome: Outcome) -> Verdict:
    if outcome is Outcome.FAIL:
        return Verdict.INVALID
    if outcome is Outcome.UNKNOWN or (outcome is Outcome.SKIPPED and name in REQUIRED):
        return Verdict.UNDETERMINED
    return Verdict.VALID


@pytest.mark.parametrize(
    ("name", "outcome"),
    [pytest.param(n, o, id=f"{n} {o}") for n, o in product(CHECK_NAMES, Outcome)],
)
def test_each_outcome_of_each_check_decides_alone(name: str, outcome: Outcome) -> None:
    assert concluded(PASSING | {name: outcome}).verdict == expected(name, outcome)


@pytest.mark.parametrize("name", CHECK_NAMES)
def test_an_absent_check_leaves_it_undecided_if_required(name: str) -> None:
    outcomes = {other: Outcome.PASS for other in CHECK_NAMES if other != name}
    verdict = concluded(outcomes).verdict
    assert verdict == (Verdict.UNDETERMINED if name in REQUIRED else Verdict.VALID)


def test_what_is_required_shows_that_it_is_anchored() -> None:
    assert {"format", "integrity", "inclusion", "anchor", "status"} == REQUIRED


outcomes_of_some = st.dictionaries(st.sampled_from(CHECK_NAMES), st.sampled_from(Outcome))


@given(outcomes=outcomes_of_some)
def test_the_verdict_follows_from_the_outcomes(outcomes: dict[str, Outcome]) -> None:
    verdict = concluded(outcomes).verdict
    found = set(outcomes.values())
    assert (verdict is Verdict.INVALID) == (Outcome.FAIL in found)
    if verdict is Verdict.VALID:
        assert found <= {Outcome.PASS, Outcome.SKIPPED}
        assert all(outcomes.get(name) is Outcome.PASS for name in REQUIRED)


@given(outcomes=outcomes_of_some, data=st.data())
def test_an_outage_makes_nothing_valid_and_nothing_invalid(
    outcomes: dict[str, Outcome], data: st.DataObject
) -> None:
    before = concluded(outcomes).verdict
    asked = data.draw(st.sets(st.sampled_from(CHECK_NAMES), min_size=1))
    after = concluded(outcomes | dict.fromkeys(asked, Outcome.UNKNOWN)).verdict
    assert after is not Verdict.VALID
    assert after is not Verdict.INVALID or before is Verdict.INVALID


@given(outcomes=st.permutations(CHECK_NAMES))
def test_checks_come_in_the_one_order(outcomes: list[str]) -> None:
    report = concluded(dict.fromkeys(outcomes, Outcome.PASS))
    assert tuple(check.name for check in report.checks) == CHECK_NAMES


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["colour"], id="unknown"),
        pytest.param(["format", "format"], id="doubled"),
        pytest.param(["Format"], id="other case"),
    ],
)
def test_refuses_names_it_does_not_know_or_knows_already(names: list[str]) -> None:
    one = checks({"format": Outcome.PASS})[0]
    with pytest.raises(ValueError, match="unexpected check"):
        conclude([one.model_copy(update={"name": name}) for name in names])


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        pytest.param({}, "Valid. About anchor. About issuer.", id="valid"),
        pytest.param(
            {"anchor": Outcome.UNKNOWN, "status": Outcome.FAIL},
            "Not valid: About status.",
            id="failure before outage",
        ),
        pytest.param(
            {"anchor": Outcome.FAIL, "integrity": Outcome.FAIL},
            "Not valid: About integrity.",
            id="first failure",
        ),
        pytest.param(
            {"status": Outcome.UNKNOWN, "format": Outcome.SKIPPED},
            "Could not be decided: About status.",
            id="outage before omission",
        ),
        pytest.param(
            {"status": Outcome.SKIPPED},
            "Could not be decided: status was not checked.",
            id="omission",
        ),
    ],
)
def test_the_summary_says_why(changes: dict[str, Outcome], summary: str) -> None:
    assert concluded(PASSING | changes).summary == summary


def test_the_summary_needs_no_issuer_check() -> None:
    assert concluded(dict.fromkeys(REQUIRED, Outcome.PASS)).summary == "Valid. About anchor."
