"""Operators of an issuer on one chain: who may act for it, until when; appointed and cut off."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from registry.core.address import format_address
from registry.errors import InvalidInputError, NotAllowedError
from registry.services.genuine import genuine_head
from registry.services.ports import Block, Call, Chain, MinedTransaction, OperatorRecord, Role

NEVER: Final = 2**64 - 1  # the contract's word for an appointment without an end
_NOBODY: Final = bytes(20)


class OperatorState(StrEnum):
    """Where an appointment stands."""

    ACTIVE = "active"
    EXPIRED = "expired"  # its last time is over
    CUT_OFF = "cut off"  # without any role


@dataclass(frozen=True, slots=True)
class Appointment:
    """An operator as the contract has it; `valid_until` in seconds since 1970, or `NEVER`."""

    operator: bytes
    roles: Role
    valid_until: int
    state: OperatorState


class Submit(Protocol):
    """`registry.services.submitting.submit`, with a key and all that says how to wait."""

    @property
    def sender(self) -> bytes:
        """The account that sends."""

    def __call__(
        self, chain: Chain, call: Call, *, has_happened: Callable[[], bool]
    ) -> MinedTransaction | None:
        """Have a call mined; None if it has happened already."""


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators of one issuer on one chain."""

    chain: Chain
    issuer: bytes
    clock: Callable[[], datetime]

    def listed(self) -> list[Appointment]:
        """Everybody who was ever appointed, those cut off included, by address.

        Raises `ConflictError` if the contract is not ours, as everything here does.
        """
        now = self._now(genuine_head(self.chain))
        found = self.chain.operators(self.issuer)
        return [_appointment(operator, found[operator], now) for operator in sorted(found)]

    def appoint(
        self, operator: bytes, roles: Role, *, valid_until: int, submit: Submit
    ) -> MinedTransaction | None:
        """Let an operator act in exactly these roles; None if that is so already.

        Raises `NotAllowedError`, naming the owner, unless the sender is that, and as `submit`.
        """
        if not roles or operator == _NOBODY:
            raise InvalidInputError("an operator needs an address and a role")
        if valid_until < self._now(genuine_head(self.chain)):
            raise InvalidInputError(f"an appointment until {valid_until} is over already")
        return self._set(operator, OperatorRecord(roles, valid_until), submit)

    def cut_off(self, operator: bytes, *, submit: Submit) -> MinedTransaction | None:
        """Take every role from an operator, from that block on; None if it has none.

        Raises as `appoint`.
        """
        genuine_head(self.chain)
        return self._set(operator, OperatorRecord(Role(0), 0), submit)

    def _set(
        self, operator: bytes, wanted: OperatorRecord, submit: Submit
    ) -> MinedTransaction | None:
        self._require_owner(operator, sender=submit.sender)
        call = self.chain.operator_call(
            self.issuer, operator, roles=wanted.roles, valid_until=wanted.valid_until
        )

        def is_so() -> bool:
            found = self.chain.operator_record(self.issuer, operator)
            # Without roles the time means nothing.
            return found == wanted or not (found.roles or wanted.roles)

        return submit(self.chain, call, has_happened=is_so)

    def _require_owner(self, operator: bytes, *, sender: bytes) -> None:
        owner = self.chain.issuer_record(self.issuer).owner
        if sender != owner:
            raise NotAllowedError(
                f"only the owner of {format_address(self.issuer)} on chain {self.chain.chain_id} "
                f"can do that, which is {format_address(owner)}; the configured key is "
                f"{format_address(sender)}"
            )
        if operator == owner:
            raise InvalidInputError(
                f"{format_address(operator)} is the owner, who may do everything, operator or not"
            )

    def _now(self, head: Block) -> int:
        """About the time of the next block, by which the contract judges."""
        return max(int(head.time.timestamp()), int(self.clock().timestamp()))


def _appointment(operator: bytes, record: OperatorRecord, now: int) -> Appointment:
    if not record.roles:
        state = OperatorState.CUT_OFF
    elif record.valid_until < now:
        state = OperatorState.EXPIRED
    else:
        state = OperatorState.ACTIVE
    return Appointment(operator, record.roles, record.valid_until, state)
