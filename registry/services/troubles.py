"""What holds a long run up, told once for each reason. Knows no work and no schedule."""

import logging
import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from registry.errors import ConflictError, NotAllowedError, UnavailableError

Trouble: TypeAlias = ConflictError | NotAllowedError | UnavailableError

_NUMBERS: Final = re.compile(r"[0-9]+")


@dataclass(slots=True)
class Troubles:
    """What was told of one thing that may be held up. `reason` is None while nothing does.

    `about` is logged beside it, where several things may be.
    """

    log: logging.Logger
    about: dict[str, str] = field(default_factory=dict)
    reason: str | None = None

    def tell(self, trouble: Trouble | None) -> None:
        """Log `held up` when another reason comes, `going on` when none is left."""
        reason = None if trouble is None else reason_of(trouble)
        if reason == self.reason:
            return
        self.reason = reason
        if trouble is None:
            self.log.info("going on", extra=self.about)
        else:
            fields = {"code": trouble.code, "detail": str(trouble)}
            self.log.warning("held up", extra=self.about | fields)


def reason_of(trouble: Trouble) -> str:
    """The reason, the same for the same trouble again."""
    # An outage is one, whichever question it leaves without an answer.
    detail = trouble.source if isinstance(trouble, UnavailableError) else str(trouble)
    return kind_of(f"{trouble.code} {detail}")


def kind_of(detail: str) -> str:
    """A sentence without its numbers, which change from look to look."""
    return _NUMBERS.sub("#", detail)
