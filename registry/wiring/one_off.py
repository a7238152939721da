"""One-off calls with the configured key, at the pace of this machine's clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from registry.services.ports import Call, Chain, MinedTransaction, Signer
from registry.services.submitting import submit

ONE_OFF_PATIENCE: Final = 900.0  # seconds; several replacements at the default `replace_after`


@dataclass(frozen=True, slots=True)
class OneOff:
    """`submit` with a key and all that says how to wait (registry.services.operators.Submit)."""

    signer: Signer
    replace_after: float  # seconds

    @property
    def sender(self) -> bytes:
        """The account that sends."""
        return self.signer.address

    def __call__(
        self, chain: Chain, call: Call, *, has_happened: Callable[[], bool]
    ) -> MinedTransaction | None:
        """Have a call mined; None if it has happened already. Raises as `submit`."""
        return submit(
            chain,
            self.signer,
            call,
            clock=time.monotonic,
            sleep=time.sleep,
            patience=ONE_OFF_PATIENCE,
            replace_after=self.replace_after,
            has_happened=has_happened,
        )
