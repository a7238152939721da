"""Getting one contract call into a block: sign, store, broadcast, and again until it is there.

A signed transaction is stored before it is broadcast, so a run that dies in between leaves what
the next run needs to go on: it sends the same bytes again, which a chain takes at most once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry.core.address import format_address
from registry.errors import NotAllowedError, StaleStateError, TransactionRefusedError
from registry.services.ports import (
    Attempt,
    Call,
    Chain,
    MinedTransaction,
    Purpose,
    Signer,
    Store,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends calls for subjects (a batch, a status change) and remembers every attempt."""

    store: Store
    chain: Chain
    signer: Signer | None
    clock: Callable[[], datetime]

    def mined(self, attempts: list[Attempt]) -> MinedTransaction | None:
        """The attempt that is in a block and succeeded, if any is."""
        for attempt in self._here(attempts):
            found = self.chain.mined(attempt.transaction)
            if found is not None and found.succeeded:
                return found
        return None

    def ensure_sent(self, purpose: Purpose, subject_id: int, call: Call) -> None:
        """Have a transaction for the subject on its way: the stored one again, or a new one.

        Call it only when the chain does not show the call's effect. Raises
        `TransactionRefusedError` if the call would revert or cannot be paid, `NotAllowedError`
        if a new transaction is needed and there is no signer.
        """
        attempts = self.store.attempts(purpose, subject_id)
        live = self._live(attempts)
        if live is not None:
            try:
                self._broadcast_in_turn(live)
            except TransactionRefusedError as exc:
                if not self._takes_over(purpose, live, exc):
                    raise
            else:
                return
        if self.mined(attempts) is not None:
            # Mined between the caller's look at the effect and now: the next look will see it.
            return
        attempt = self._record(purpose, subject_id, call, attempts)
        if attempt is not None:
            self._broadcast_in_turn(attempt)

    def _here(self, attempts: list[Attempt]) -> list[Attempt]:
        """The attempts made for this chain, newest first; on another they mean nothing."""
        return [a for a in reversed(attempts) if a.chain_id == self.chain.chain_id]

    def _takes_over(self, purpose: Purpose, live: Attempt, exc: TransactionRefusedError) -> bool:
        """Whether our key replaces one that cannot pay: a drained or swept operator's.

        For anchors alone, which a contract takes once: a late status change would undo a newer.
        """
        return (
            purpose is Purpose.ANCHOR
            and exc.reason == "insufficient-funds"
            and self.signer is not None
            and self.signer.address != live.sender
        )

    def _live(self, attempts: list[Attempt]) -> Attempt | None:
        """The newest attempt whose nonce is not used up, so that it can still be mined."""
        for attempt in self._here(attempts):
            if attempt.nonce >= self.chain.next_nonce(attempt.sender):
                return attempt
        return None

    def _record(
        self, purpose: Purpose, subject_id: int, call: Call, attempts: list[Attempt]
    ) -> Attempt | None:
        if self.signer is None:
            raise NotAllowedError(f"no key is configured to {call.label}")
        sender = self.signer.address
        unsigned = self.chain.prepare(
            call, sender=sender, nonce=self._free_nonce(sender), fees=self.chain.suggest_fees()
        )
        signed = self.signer.sign(unsigned)
        try:
            return self.store.record_attempt(
                purpose, subject_id, signed, expected_attempts=len(attempts), now=self.clock()
            )
        except StaleStateError:
            # Another run moved first. Its attempt is stored, ours was never broadcast: let it go.
            _log.info("another run is sending %s %d", purpose.value, subject_id)
            return None

    def _free_nonce(self, sender: bytes) -> int:
        """The first nonce that neither the chain nor a stored attempt has used."""
        used = self.store.highest_nonce(self.chain.chain_id, sender)
        following = self.chain.next_nonce(sender)
        return following if used is None else max(following, used + 1)

    def _broadcast_in_turn(self, attempt: Attempt) -> None:
        """Broadcast an attempt, and first what other subjects left unsent under lower nonces."""
        following = self.chain.next_nonce(attempt.sender)
        # Whatever they are for, and even if nobody needs them any more: a transaction is mined
        # only after all lower nonces of its sender.
        for earlier in self.store.attempts_between(
            attempt.chain_id, attempt.sender, first=following, below=attempt.nonce
        ):
            self._broadcast(earlier)
        self._broadcast(attempt)

    def _broadcast(self, attempt: Attempt) -> None:
        try:
            self.chain.broadcast(attempt.raw)
        except TransactionRefusedError as exc:
            if exc.reason not in {"nonce-too-low", "underpriced"}:
                raise
            # Too low: this or another attempt was mined just now. Underpriced: the node holds
            # another transaction of this nonce. Both show in the next look at the chain.
            _log.info("attempt %d was not taken: %s", attempt.id, exc.reason)
            return
        _log.info(
            "sent %s %d as %s from %s, nonce %d",
            attempt.purpose.value,
            attempt.subject_id,
            "0x" + attempt.transaction.hex(),
            format_address(attempt.sender),
            attempt.nonce,
        )
