"""What a verification found: checks in order, and the verdict that follows from them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pydantic import Field

from registry.core.wire import WireModel

CHECK_NAMES: Final = (
    "format",
    "integrity",
    "inclusion",
    "anchor",
    "status",
    "issuer",
    "validity",
    "proofs",
)


class Outcome(StrEnum):
    """Answer of one check."""

    PASS = "pass"  # noqa: S105 - a word, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"  # could not be asked, or not decided yet
    SKIPPED = "skipped"  # does not apply, or is not asked for


class Verdict(StrEnum):
    """Answer of all checks together."""

    VALID = "valid"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"


class Check(WireModel):
    """One named question with its answer.

    `code` is stable and documented in docs/checks.md; `detail` is a sentence for a person;
    `evidence` holds the values that the answer rests on.
    """

    name: str
    outcome: Outcome
    code: str
    detail: str
    evidence: dict[str, str | int | None] = Field(default_factory=dict)


class Report(WireModel):
    """All checks in order, with the verdict."""

    verdict: Verdict
    summary: str
    checks: tuple[Check, ...]


# Without these no credential is shown to be anchored; a skipped one is as bad as an unknown one.
REQUIRED: Final = frozenset({"format", "integrity", "inclusion", "anchor", "status"})


def conclude(checks: Iterable[Check]) -> Report:
    """Order the checks and draw the verdict.

    Invalid if anything failed; else undetermined if anything is unknown or a required check was
    skipped or is absent; else valid. Raises `ValueError` for an unknown or doubled name.
    """
    by_name: dict[str, Check] = {}
    for check in checks:
        if check.name not in CHECK_NAMES or check.name in by_name:
            raise ValueError(f"unexpected check {check.name!r}")
        by_name[check.name] = check
    ordered = tuple(by_name[name] for name in CHECK_NAMES if name in by_name)
    verdict, because = _verdict(by_name, ordered)
    return Report(verdict=verdict, summary=because, checks=ordered)


def _verdict(by_name: dict[str, Check], ordered: tuple[Check, ...]) -> tuple[Verdict, str]:
    for check in ordered:
        if check.outcome is Outcome.FAIL:
            return Verdict.INVALID, f"Not valid: {check.detail}"
    for check in ordered:
        if check.outcome is Outcome.UNKNOWN:
            return Verdict.UNDETERMINED, f"Could not be decided: {check.detail}"
    for name in CHECK_NAMES:
        missing = name not in by_name or by_name[name].outcome is Outcome.SKIPPED
        if name in REQUIRED and missing:
            return Verdict.UNDETERMINED, f"Could not be decided: {name} was not checked."
    anchored = by_name["anchor"].detail
    issuer = by_name.get("issuer")
    return Verdict.VALID, f"Valid. {anchored}" + (f" {issuer.detail}" if issuer else "")
