from datetime import UTC, datetime
from inspect import getmembers, isclass

import pytest

from registry import errors
from registry.errors import (
    DisagreementError,
    GasTooExpensiveError,
    InvalidInputError,
    LeaseHeldError,
    NeedsAuthorizationError,
    RootsealError,
    SnapshotError,
    TransactionRefusedError,
    UnavailableError,
    VerificationError,
)

CLASSES = [
    found
    for _, found in getmembers(errors, isclass)
    if issubclass(found, BaseException) and found.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_of_the_tree_and_drawn_in_it(error: type[BaseException]) -> None:
    assert issubclass(error, RootsealError)
    assert errors.__doc__ is not None
    assert error.__name__ in errors.__doc__


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [vars(error)["code"] for error in CLASSES]
    assert len(codes) >= 10
    assert len(set(codes)) == len(codes)


def test_the_message_of_an_invalid_input_names_the_place() -> None:
    error = InvalidInputError("duplicate key", place="/a")
    assert str(error) == "duplicate key (at /a)"
    assert error.place == "/a"
    assert str(InvalidInputError("empty")) == "empty"


def test_a_verification_error_carries_its_reason() -> None:
    assert VerificationError("no", reason="wrong-path-length").reason == "wrong-path-length"


def test_an_outage_names_what_could_not_be_asked() -> None:
    error = UnavailableError("timed out", source="node 1")
    assert str(error) == "node 1: timed out"
    assert error.source == "node 1"


@pytest.mark.parametrize("reason", sorted(TransactionRefusedError.REASONS))
def test_a_refused_transaction_has_a_known_reason(reason: str) -> None:
    assert TransactionRefusedError("no", reason=reason).reason == reason


def test_a_refused_transaction_has_no_other_reason() -> None:
    with pytest.raises(ValueError, match="unknown reason 'mood'"):
        TransactionRefusedError("no", reason="mood")


@pytest.mark.parametrize(
    ("error", "says", "carries"),
    [
        (
            DisagreementError("two said so", source="chain", answers=("1", "2")),
            "chain: two said so",
            {"answers": ("1", "2"), "source": "chain"},
        ),
        (
            SnapshotError("no answer", reason="anchor-unknown", shown={"block": 7}),
            "snapshot: no answer",
            {"reason": "anchor-unknown", "shown": {"block": 7}},
        ),
        (GasTooExpensiveError("wait", needed=9, cap=7), "wait", {"needed": 9, "cap": 7}),
        (
            NeedsAuthorizationError("sign", seal=bytes(32), chain_id=1),
            "sign",
            {"seal": bytes(32), "chain_id": 1},
        ),
        (
            LeaseHeldError(holder="host-a", until=datetime(2026, 3, 1, tzinfo=UTC)),
            (
                "another run (host-a) is at work for this issuer, at most until "
                "2026-03-01 00:00:00+00:00"
            ),
            {"holder": "host-a"},
        ),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, RootsealError) else "",
)
def test_an_error_says_and_carries_what_its_readers_need(
    error: RootsealError, says: str, carries: dict[str, object]
) -> None:
    assert str(error) == says
    assert {name: getattr(error, name) for name in carries} == carries
