"""An owner's one-off call: sent, waited for, and offered more for while it is stuck.

Remembers nothing: the call's effect is looked up first, so that running it again is harmless.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from registry.core.address import format_address
from registry.core.fees import Fees, raised
from registry.errors import GasTooExpensiveError, TransactionRefusedError, UnavailableError
from registry.services.ports import Call, Chain, MinedTransaction, Signer, UnsignedTransaction

_log = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.25
_IN_THE_WAY: Final = frozenset({"nonce-too-low", "underpriced"})


def submit(
    chain: Chain,
    signer: Signer,
    call: Call,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    patience: float,
    replace_after: float,
    has_happened: Callable[[], bool],
) -> MinedTransaction | None:
    """Have a call mined; None, and nothing sent, if what it is for has happened already.

    Times are in seconds, `clock` need only count them. After `replace_after` more is offered
    under the same nonce, up to the cap. Raises `TransactionRefusedError` if the chain will not
    have it, `GasTooExpensiveError` before anything is sent, and `UnavailableError` if it is not
    mined within `patience` (it may be later).
    """
    until = clock() + patience
    while not has_happened():
        submission = _Submission(chain, signer, call, clock, sleep, until, replace_after)
        mined = submission.run()
        if mined is None:
            continue  # its nonce went to another transaction of the account
        if not mined.succeeded and not has_happened():
            raise TransactionRefusedError(
                f"{call.label}: transaction 0x{mined.transaction.hex()} was mined, but failed",
                reason="reverted",
            )
        return mined
    return None


@dataclass(slots=True)
class _Submission:
    """One nonce's transaction, with all that replaced it."""

    chain: Chain
    signer: Signer
    call: Call
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    until: float
    replace_after: float
    sent: list[bytes] = field(default_factory=list)
    hindrance: str = ""

    def run(self) -> MinedTransaction | None:
        """Send until one is mined; None if the nonce was used by a transaction not of this run."""
        # A transaction of this account that is still pending has this nonce too. It is replaced,
        # or waited for: one that the nightly job stored is then sent again under another nonce.
        unsigned = self._prepare()
        self._send(unsigned, is_first=True)
        due = self.clock() + self.replace_after
        while (mined := self._mined()) is None:
            is_used_up = self.chain.next_nonce(unsigned.sender) > unsigned.nonce
            if is_used_up and (mined := self._mined()) is not None:
                break
            self._require_patience()
            if is_used_up:
                return None
            if self.clock() >= due:
                unsigned = self._offer_more(unsigned)
                due = self.clock() + self.replace_after
            self.sleep(_POLL_SECONDS)
        return mined

    def _prepare(self) -> UnsignedTransaction:
        sender = self.signer.address
        try:
            return self.chain.prepare(
                self.call,
                sender=sender,
                nonce=self.chain.next_nonce(sender),
                fees=self.chain.suggest_fees(),
            )
        except TransactionRefusedError as exc:
            if exc.reason != "insufficient-funds":
                raise
            raise TransactionRefusedError(
                f"{exc}: send coins to {format_address(sender)} on chain {self.chain.chain_id}",
                reason=exc.reason,
            ) from exc

    def _send(self, unsigned: UnsignedTransaction, *, is_first: bool) -> None:
        signed = self.signer.sign(unsigned)
        # Before the broadcast: one whose answer is lost may be mined all the same.
        self.sent.append(signed.transaction)
        try:
            self.chain.broadcast(signed.raw)
        except TransactionRefusedError as exc:
            if is_first and exc.reason not in _IN_THE_WAY:
                raise
            # What was sent before is still under way, or another transaction is in the way.
            self.hindrance = f": {exc}"
            return
        self.hindrance = ""
        _log.info("call sent", extra=self._fields(unsigned))

    def _offer_more(self, unsigned: UnsignedTransaction) -> UnsignedTransaction:
        """Send it again for more, just as it is: simulated now, it might meet its own effect."""
        fees = self._more(unsigned.fees)
        if fees is None:
            cap = self.chain.fee_cap
            self.hindrance = f": 12.5 % more would pass the cap of {cap} wei per gas (fee_cap_gwei)"
            return unsigned
        dearer = replace(unsigned, fees=fees)
        self._send(dearer, is_first=False)
        return dearer

    def _more(self, fees: Fees) -> Fees | None:
        try:
            wanted = self.chain.suggest_fees()
        except GasTooExpensiveError:
            return None
        return raised(fees, wanted, cap=self.chain.fee_cap)

    def _mined(self) -> MinedTransaction | None:
        for transaction in reversed(self.sent):
            found = self.chain.mined(transaction)
            if found is not None:
                return found
        return None

    def _require_patience(self) -> None:
        if self.clock() >= self.until:
            raise UnavailableError(
                f"{self.call.label}: transaction 0x{self.sent[-1].hex()} is not mined yet"
                f"{self.hindrance}",
                source=f"chain {self.chain.chain_id}",
            )

    def _fields(self, unsigned: UnsignedTransaction) -> dict[str, object]:
        return {
            "call": self.call.label,
            "chain": self.chain.chain_id,
            "transaction": "0x" + self.sent[-1].hex(),
            "nonce": unsigned.nonce,
            "max_fee": unsigned.fees.max_fee,
        }
