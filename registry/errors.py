"""Every error that Rootseal raises on purpose, in one tree split by whose fault it is.

    RootsealError
    ├── InvalidInputError      the caller's: fix the input, the option or the setting
    │   ├── TooLargeError      a limit was passed
    │   ├── NotFoundError      nothing of that name is here
    │   └── NotAllowedError    the key or account lacks the right
    ├── VerificationError      the evidence's: it does not prove what it claims to prove
    ├── UnavailableError       the world's: could not ask; try again later
    │   ├── DisagreementError  nodes were asked, and too few said the same
    │   └── SnapshotError      the snapshot of a chain holds no answer
    └── ConflictError          the state's: the request is sound, but not now
        ├── TransactionRefusedError   the chain would not take the transaction
        ├── GasTooExpensiveError      gas costs more than the cap allows; wait, or raise it
        ├── NeedsAuthorizationError   the issuer must sign first; then its relayer can pay
        ├── LeaseHeldError            another run is at work for this issuer
        └── StaleStateError           somebody else moved first; look again

Anything else that escapes is a bug and is not caught. Each error carries a stable `code`, which
`--json` output and the API's problem documents show.
"""

from datetime import datetime
from typing import ClassVar


class RootsealError(Exception):
    """Base of the tree; never raised itself."""

    code: str = "error"


class InvalidInputError(RootsealError):
    """The caller gave something unusable. `place` says where in it, if it has places."""

    code = "invalid-input"

    def __init__(self, message: str, *, place: str | None = None) -> None:
        super().__init__(message if place is None else f"{message} (at {place})")
        self.place = place


class TooLargeError(InvalidInputError):
    """A limit on size, depth or count was passed."""

    code = "too-large"


class NotFoundError(InvalidInputError):
    """Nothing of that name is here."""

    code = "not-found"


class NotAllowedError(InvalidInputError):
    """The key or account lacks the right."""

    code = "not-allowed"


class VerificationError(RootsealError):
    """The evidence does not prove what it claims to prove. `reason` is the code of why."""

    code = "verification-failed"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnavailableError(RootsealError):
    """A chain, a store or a signer could not be asked. Never means no, and never zero."""

    code = "unavailable"

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source
        self.message = message  # without the source, for readers who need not know our nodes


class DisagreementError(UnavailableError):
    """Nodes were asked, and too few said the same. `answers` is what each said, in their order."""

    code = "nodes-disagree"

    def __init__(self, message: str, *, source: str, answers: tuple[str, ...]) -> None:
        super().__init__(message, source=source)
        self.answers = answers


class SnapshotError(UnavailableError):
    """A snapshot of a chain holds no answer, or of a block that nobody trusts.

    `reason` is the code of the check that asked it, and `shown` what to show beside it.
    """

    code = "no-answer-in-snapshot"

    def __init__(self, message: str, *, reason: str, shown: dict[str, str | int]) -> None:
        super().__init__(message, source="snapshot")
        self.reason = reason
        self.shown = shown


class ConflictError(RootsealError):
    """The request is sound, but the state does not allow it now."""

    code = "conflict"


class TransactionRefusedError(ConflictError):
    """The chain would not take the transaction. `reason` is one of the codes in `REASONS`."""

    code = "transaction-refused"
    REASONS: ClassVar[frozenset[str]] = frozenset(
        {
            "insufficient-funds",
            "nonce-too-low",
            "underpriced",
            "gas-too-low",
            "reverted",
            "rejected",
        }
    )

    def __init__(self, message: str, *, reason: str) -> None:
        if reason not in self.REASONS:
            raise ValueError(f"unknown reason {reason!r}")
        super().__init__(message)
        self.reason = reason


class GasTooExpensiveError(ConflictError):
    """Gas costs more than the cap allows: nothing is sent until it is cheaper. Wei per gas."""

    code = "gas-too-expensive"

    def __init__(self, message: str, *, needed: int, cap: int) -> None:
        super().__init__(message)
        self.needed = needed
        self.cap = cap


class NeedsAuthorizationError(ConflictError):
    """The key has no right of its own to anchor `seal`: the issuer must sign a permission first."""

    code = "needs-authorization"

    def __init__(self, message: str, *, seal: bytes, chain_id: int) -> None:
        super().__init__(message)
        self.seal = seal
        self.chain_id = chain_id


class LeaseHeldError(ConflictError):
    """Another run is at work for this issuer, until it ends or its lease does."""

    code = "lease-held"

    def __init__(self, *, holder: str, until: datetime) -> None:
        super().__init__(
            f"another run ({holder}) is at work for this issuer, at most until {until}"
        )
        self.holder = holder
        self.until = until


class StaleStateError(ConflictError):
    """A compare-and-swap lost: somebody else moved first. Look again and go on from there."""

    code = "stale-state"
