"""Getting one contract call into a block: sign, store, broadcast, and again until it is there.

A signed transaction is stored before it is broadcast, so a run that dies in between leaves what
the next run needs to go on: it sends the same bytes again, which a chain takes at most once. One
that stays stuck is replaced, under the same nonce, so that still only one of them is mined.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from registry.core.address import format_address
from registry.core.fees import Fees, raised
from registry.errors import (
    ConflictError,
    GasTooExpensiveError,
    NotAllowedError,
    StaleStateError,
    TransactionRefusedError,
)
from registry.services.ports import (
    Attempt,
    Call,
    Chain,
    Lease,
    MinedTransaction,
    Purpose,
    SignedTransaction,
    Signer,
    Store,
    UnsignedTransaction,
)

_log = logging.getLogger(__name__)
_DOUBLINGS: Final = 10  # of a wait: from three minutes to two days
_CLOCK_SKEW: Final = timedelta(hours=1)
_MAX_GAP: Final = 16  # nonces filled below a stuck status change; more is a node's mistake
_MAX_ANCHOR_GAS: Final = 1_000_000  # an anchor takes some 55,000; wallets check many signatures


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends calls on one chain for subjects (a batch, a status change); remembers every attempt."""

    store: Store
    chain: Chain
    signer: Signer | None
    clock: Callable[[], datetime]
    replace_after: timedelta

    def mined(self, attempts: list[Attempt]) -> MinedTransaction | None:
        """The attempt that is in a block of this chain and succeeded, if any is."""
        for attempt in self._here(attempts):
            found = self.chain.mined(attempt.transaction)
            if found is not None and found.succeeded:
                return found
        return None

    def ensure_sent(self, purpose: Purpose, subject_id: int, call: Call, *, lease: Lease) -> None:
        """Have a transaction for the subject on its way: the stored one again, or a new one.

        Call it only when the chain does not show the call's effect. Raises
        `TransactionRefusedError` if the call would revert or cannot be paid,
        `GasTooExpensiveError` if it waits for gas below the cap, `NotAllowedError` if a new
        transaction is needed and there is no signer, `StaleStateError` if the lease is lost.
        """
        attempts = self.store.attempts(purpose, subject_id)
        live = self._live(attempts)
        if live is not None:
            self._push(live, call, attempts, lease)
        elif self._needs_another(self._here(attempts)):
            self._send_new(purpose, subject_id, call, attempts, lease)

    def is_settled(self, attempts: list[Attempt]) -> bool:
        """Whether none of the attempts for this chain can be mined any more."""
        return self._live(attempts) is None

    def _needs_another(self, attempts: list[Attempt]) -> bool:
        """Whether a new transaction is called for, now that none is under way; newest first.

        Raises `TransactionRefusedError` while it would follow too soon on one that failed.
        """
        receipts = [self.chain.mined(attempt.transaction) for attempt in attempts]
        found = [receipt for receipt in receipts if receipt is not None]
        if any(receipt.succeeded for receipt in found):
            # Mined between the caller's look at the effect and now: the next look sees it.
            return False
        if found:
            self._require_pause(attempts[0], failures=len(found))
        elif attempts and attempts[0].purpose is Purpose.STATUS:
            # Its nonce is used up, by somebody else it seems; or its receipt is only slow to show,
            # and the change would be made twice.
            return self._is_overdue(attempts[0])
        return True

    def _require_pause(self, last: Attempt, *, failures: int) -> None:
        """Let each failure in a block, which was paid for, double the wait for the next try.

        A simulation that says yes to what a block then refuses is a lie, or a race lost.
        """
        pause = self.replace_after * 2 ** min(failures - 1, _DOUBLINGS)
        if self.clock() - last.created_at < pause:
            raise TransactionRefusedError(
                f"transaction 0x{last.transaction.hex()} for {last.purpose.value} "
                f"{last.subject_id} failed in its block, as {failures} did so far: the next try "
                f"is not before {last.created_at + pause:%Y-%m-%d %H:%M:%S} UTC",
                reason="rejected",
            )

    # -- which attempt counts

    def _here(self, attempts: list[Attempt]) -> list[Attempt]:
        """The attempts made for this chain, newest first; on another they mean nothing."""
        return [a for a in reversed(attempts) if a.chain_id == self.chain.chain_id]

    def _live(self, attempts: list[Attempt]) -> Attempt | None:
        """The newest attempt whose nonce is not used up, so that it can still be mined."""
        for attempt in self._here(attempts):
            if attempt.nonce >= self.chain.next_nonce(attempt.sender):
                return attempt
        return None

    def _is_overdue(self, attempt: Attempt) -> bool:
        """Whether it is time for a replacement; each waits twice as long as the one before.

        Where a chain stands still, no fee helps, and the cap would be reached in an hour.
        """
        age = self.clock() - attempt.created_at
        patience = self.replace_after * 2 ** min(attempt.replacement, _DOUBLINGS)
        # Far in the future it was made by a clock that was wrong.
        return age >= patience or age < -_CLOCK_SKEW

    def _is_ours(self, attempt: Attempt) -> bool:
        return self.signer is not None and self.signer.address == attempt.sender

    # -- moving it

    def _push(self, live: Attempt, call: Call, attempts: list[Attempt], lease: Lease) -> None:
        """Send a live attempt again; replace it if it is overdue, or take it over."""
        refusal = None
        try:
            self._broadcast_in_turn(live, lease)
        except TransactionRefusedError as exc:
            refusal = exc
        if self._takes_over(live, refusal):
            self._send_new(live.purpose, live.subject_id, call, attempts, lease)
        elif self._is_overdue(live) and self._is_ours(live):
            if self._free_nonce(live.sender) < live.nonce:
                self._fill_gap(live, call, attempts, lease)
            elif self._is_next(live):
                self._replace(live, call, attempts, lease)
        elif refusal is not None:
            raise refusal
        elif self._is_overdue(live):
            raise ConflictError(
                f"transaction 0x{live.transaction.hex()} under nonce {live.nonce} of "
                f"{format_address(live.sender)} is stuck, and another key is configured: set that "
                "key until it is mined"
            )

    def _is_next(self, attempt: Attempt) -> bool:
        """Whether its nonce is the next; else it waits for another one, and no fee helps."""
        if attempt.nonce == self.chain.next_nonce(attempt.sender):
            return True
        _log.warning("another transaction is in the way", extra=_fields(attempt))
        return False

    def _fill_gap(self, live: Attempt, call: Call, attempts: list[Attempt], lease: Lease) -> None:
        """Sign the same call for a lower nonce, which nobody has any more.

        A reorganisation took somebody else's transaction. Whoever comes next needs the nonce.
        """
        gap = live.nonce - self.chain.next_nonce(live.sender)
        if gap > _MAX_GAP and live.purpose is Purpose.STATUS:
            raise ConflictError(
                f"transaction 0x{live.transaction.hex()} waits under nonce {live.nonce}, {gap} "
                f"beyond the next of {format_address(live.sender)}: a node told a wrong nonce"
            )
        self._send_new(live.purpose, live.subject_id, call, attempts, lease)

    def _takes_over(self, live: Attempt, refusal: TransactionRefusedError | None) -> bool:
        """Whether our key goes past one that cannot pay or is gone: a drained operator's.

        For anchors alone, which a contract takes once: a late status change would undo a newer.
        """
        is_hopeless = refusal is not None and refusal.reason == "insufficient-funds"
        return (
            live.purpose is Purpose.ANCHOR
            and self.signer is not None
            and not self._is_ours(live)
            and (is_hopeless or self._is_overdue(live))
        )

    def _send_new(
        self, purpose: Purpose, subject_id: int, call: Call, attempts: list[Attempt], lease: Lease
    ) -> None:
        signer = self._require_signer(call)
        nonce = self._free_nonce(signer.address)
        unsigned = self.chain.prepare(
            call, sender=signer.address, nonce=nonce, fees=self.chain.suggest_fees()
        )
        if purpose is Purpose.ANCHOR and unsigned.gas > _MAX_ANCHOR_GAS:
            # Only a wallet that is asked for its signature could want so much, at our expense.
            raise TransactionRefusedError(
                f"{call.label} would take {unsigned.gas} gas, and no anchor is worth more than "
                f"{_MAX_ANCHOR_GAS}",
                reason="rejected",
            )
        attempt = self._record(purpose, subject_id, unsigned, len(attempts), lease)
        self._broadcast_in_turn(attempt, lease)

    def _replace(self, live: Attempt, call: Call, attempts: list[Attempt], lease: Lease) -> None:
        """Offer more for the same call under the same nonce, with gas as it is needed now."""
        fees = self._raised_fees(live)
        unsigned = self.chain.prepare(call, sender=live.sender, nonce=live.nonce, fees=fees)
        attempt = self._record(live.purpose, live.subject_id, unsigned, len(attempts), lease)
        self._log_attempt("attempt replaced", attempt)
        self._broadcast(attempt)

    def _renew(self, stuck: Attempt, lease: Lease) -> Attempt:
        """Offer more for another subject's stuck transaction, just as it is.

        Perhaps nobody needs it any more and it will revert; but its nonce must be used up.
        """
        fees = self._raised_fees(stuck)
        unsigned = replace(self.chain.decode(stuck.raw), fees=fees)
        known = len(self.store.attempts(stuck.purpose, stuck.subject_id))
        return self._record(stuck.purpose, stuck.subject_id, unsigned, known, lease)

    def _raised_fees(self, attempt: Attempt) -> Fees:
        cap = self.chain.fee_cap
        offered = Fees(attempt.max_fee, attempt.priority_fee)
        fees = raised(offered, self.chain.suggest_fees(), cap=cap)
        if fees is None:
            raise GasTooExpensiveError(
                f"waiting for cheaper gas: the transaction under way offers {attempt.max_fee} wei "
                f"per gas, and 12.5 % more would pass the cap of {cap} (fee_cap_gwei)",
                needed=attempt.max_fee * 9 // 8,
                cap=cap,
            )
        return fees

    def _record(
        self,
        purpose: Purpose,
        subject_id: int,
        unsigned: UnsignedTransaction,
        known: int,
        lease: Lease,
    ) -> Attempt:
        # Raises StaleStateError if another run moved first. Then its attempt is stored and ours,
        # never broadcast, is let go.
        return self.store.record_attempt(
            purpose,
            subject_id,
            self._sign(unsigned),
            lease=lease,
            expected_attempts=known,
            now=self.clock(),
        )

    def _sign(self, unsigned: UnsignedTransaction) -> SignedTransaction:
        if self.signer is None:
            raise NotAllowedError("no key is configured to sign with")
        return self.signer.sign(unsigned)

    def _require_signer(self, call: Call) -> Signer:
        if self.signer is None:
            raise NotAllowedError(f"no key is configured to {call.label}")
        return self.signer

    def _free_nonce(self, sender: bytes) -> int:
        """The first nonce that neither the chain nor a stored attempt has used."""
        highest = self.store.highest_nonce(self.chain.chain_id, sender)
        following = self.chain.next_nonce(sender)
        if highest is None or highest < following:
            return following
        found = self.store.attempts_between(
            self.chain.chain_id, sender, first=following, below=highest + 1
        )
        taken = {attempt.nonce for attempt in found}
        return next(nonce for nonce in range(following, highest + 2) if nonce not in taken)

    # -- broadcasting

    def _broadcast_in_turn(self, attempt: Attempt, lease: Lease) -> None:
        """Broadcast an attempt, and first what other subjects left unsent under lower nonces."""
        for earlier in self._earlier(attempt):
            # Whatever they are for, and even if nobody needs them any more: a transaction is
            # mined only after all lower nonces of its sender.
            self._unblock(earlier, lease)
        self._broadcast(attempt)

    def _earlier(self, attempt: Attempt) -> list[Attempt]:
        """The newest attempt of each unused nonce below that of `attempt`."""
        following = self.chain.next_nonce(attempt.sender)
        found = self.store.attempts_between(
            attempt.chain_id, attempt.sender, first=following, below=attempt.nonce
        )
        return list({earlier.nonce: earlier for earlier in found}.values())

    def _unblock(self, earlier: Attempt, lease: Lease) -> None:
        try:
            self._broadcast(earlier)
        except TransactionRefusedError as exc:
            if not self._is_overdue(earlier):
                raise
            _log.info("attempt refused", extra={"attempt": earlier.id, "reason": exc.reason})
        if self._is_overdue(earlier) and self._is_ours(earlier):
            try:
                renewed = self._renew(earlier, lease)
            except StaleStateError:
                # Of another issuer, whose own run will replace it; or just replaced by one.
                _log.warning("another transaction is in the way", extra=_fields(earlier))
                return
            self._log_attempt("attempt replaced", renewed)
            self._broadcast(renewed)

    def _broadcast(self, attempt: Attempt) -> None:
        try:
            self.chain.broadcast(attempt.raw)
        except TransactionRefusedError as exc:
            if exc.reason not in {"nonce-too-low", "underpriced"}:
                raise
            # Too low: this or another attempt was mined just now. Underpriced: the node holds
            # another transaction of this nonce, or wants more for any. Time will tell.
            _log.info("attempt not taken", extra={**_fields(attempt), "reason": exc.reason})
            return
        self._log_attempt("attempt sent", attempt)

    @staticmethod
    def _log_attempt(event: str, attempt: Attempt) -> None:
        _log.info(event, extra=_fields(attempt))


def _fields(attempt: Attempt) -> dict[str, object]:
    return {
        "purpose": attempt.purpose.value,
        "subject": attempt.subject_id,
        "chain": attempt.chain_id,
        "transaction": "0x" + attempt.transaction.hex(),
        "sender": format_address(attempt.sender),
        "nonce": attempt.nonce,
        "max_fee": attempt.max_fee,
    }
