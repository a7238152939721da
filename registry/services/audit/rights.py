"""Replays who owned the issuer and who might act for it, event by event.

Each event must have been made by somebody who had the right to at that moment, and what comes out
must be what the contract's state says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from registry.core.address import format_address
from registry.services.audit.evidence import at_event, where
from registry.services.findings import Finding, FindingCode
from registry.services.ports import (
    Event,
    History,
    OperatorRecord,
    OperatorSet,
    ProfileSet,
    Role,
    SealAnchored,
    Sent,
    StatusChanged,
    Transferred,
    TransferStarted,
)

_NOBODY = bytes(20)


@dataclass(slots=True)
class Rights:
    """Who may do what, after the events so far."""

    owner: bytes
    pending: bytes | None = None
    operators: dict[bytes, OperatorRecord] = field(default_factory=dict)

    def may(self, actor: bytes, event: Event) -> bool:
        """Whether `actor` may make an event."""
        match event.content:
            case SealAnchored():
                return self._has(Role.ANCHOR, actor, event)
            case StatusChanged():
                return self._has(Role.STATUS, actor, event)
            case Transferred():
                return actor == self.pending
            case OperatorSet() | TransferStarted() | ProfileSet():
                return actor == self.owner

    def apply(self, event: Event) -> None:
        """Take an event in."""
        match event.content:
            case OperatorSet(operator, roles, valid_until):
                self.operators[operator] = OperatorRecord(roles, valid_until)
            case TransferStarted(_, new_owner):
                self.pending = None if new_owner == _NOBODY else new_owner
            case Transferred(_, new_owner):
                self.owner, self.pending = new_owner, None

    def _has(self, role: Role, actor: bytes, event: Event) -> bool:
        if actor == self.owner:
            return True
        found = self.operators.get(actor)
        return (
            found is not None
            and bool(found.roles & role)
            and int(event.time.timestamp()) <= found.valid_until
        )


def check_rights(history: History, events: Sequence[Event], *, is_whole: bool) -> Iterator[Finding]:
    """Replay the events. Where some are missing (`is_whole`), the end is not compared."""
    rights = Rights(owner=history.issuer)
    for event in events:
        sent = history.sent(event.transaction)
        if sent is not None and sent.actor is not None:
            yield from _check_event(history, rights, event, sent, sent.actor)
        if isinstance(event.content, Transferred):
            yield _owner_changed(history, event, event.content)
        rights.apply(event)
    if is_whole:
        yield from _check_end(history, rights, events)


def _check_event(
    history: History, rights: Rights, event: Event, sent: Sent, actor: bytes
) -> Iterator[Finding]:
    name = format_address(actor)
    if not rights.may(actor, event):
        is_anchor = isinstance(event.content, SealAnchored)
        code = (
            FindingCode.ANCHORED_WITHOUT_RIGHT if is_anchor else FindingCode.CHANGED_WITHOUT_RIGHT
        )
        yield Finding(
            code, f"{name} {_deed(event)} {_lack(rights, actor)}", _evidence(history, event, name)
        )
    permission = sent.authorization
    if permission is None or not isinstance(event.content, SealAnchored):
        return
    meant = (permission.issuer, permission.seal)
    is_late = int(event.time.timestamp()) > permission.deadline
    if is_late or meant != (history.issuer, event.content.seal):
        yield Finding(
            FindingCode.SIGNATURE_INVALID,
            f"{name} {_deed(event)} by a signature that was "
            + ("over" if is_late else "for something else"),
            _evidence(history, event, name),
        )


def _check_end(history: History, rights: Rights, events: Sequence[Event]) -> Iterator[Finding]:
    record = history.issuer_record()
    for what, events_say, state_says in (
        ("owner", rights.owner, record.owner),
        ("offered owner", rights.pending, record.pending_owner),
    ):
        if events_say != state_says:
            yield Finding(
                FindingCode.STATE_UNEXPLAINED,
                f"the events make the {what} {_name(events_say)}, the contract has "
                f"{_name(state_says)}",
                where(history, events=_name(events_say), state=_name(state_says)),
            )
    for operator in sorted(rights.operators.keys() | _actors(history, events)):
        expected = rights.operators.get(operator, OperatorRecord(Role(0), 0))
        found = history.operator_record(operator)
        if found != expected:
            yield Finding(
                FindingCode.STATE_UNEXPLAINED,
                f"the events give {format_address(operator)} {_roles(expected)}, the contract "
                f"{_roles(found)}",
                where(history, operator=format_address(operator)),
            )


def _actors(history: History, events: Sequence[Event]) -> set[bytes]:
    sent = (history.sent(event.transaction) for event in events)
    return {each.actor for each in sent if each is not None and each.actor is not None}


def _owner_changed(history: History, event: Event, change: Transferred) -> Finding:
    return Finding(
        FindingCode.OWNER_CHANGED,
        f"the issuer went from {format_address(change.previous_owner)} to "
        f"{format_address(change.new_owner)}",
        at_event(history, event, owner=format_address(change.new_owner)),
    )


def _deed(event: Event) -> str:
    match event.content:
        case SealAnchored(seal, _):
            return f"anchored seal {seal.hex()}"
        case StatusChanged():
            return "changed a status"
        case OperatorSet():
            return "set an operator"
        case TransferStarted() | Transferred():
            return "moved the issuer"
        case ProfileSet():
            return "set the profile"


def _lack(rights: Rights, actor: bytes) -> str:
    found = rights.operators.get(actor)
    if found is None:
        return "and was never appointed"
    return f"with {_roles(found)}"


def _roles(record: OperatorRecord) -> str:
    names = " and ".join(role.name or "" for role in Role if role in record.roles)
    return f"{names or 'no right'} until {record.valid_until}"


def _name(address: bytes | None) -> str:
    return "nobody" if address is None else format_address(address)


def _evidence(history: History, event: Event, actor: str) -> dict[str, str | int | None]:
    if isinstance(event.content, SealAnchored | StatusChanged):
        return at_event(history, event, actor=actor, seal=event.content.seal.hex())
    return at_event(history, event, actor=actor)
