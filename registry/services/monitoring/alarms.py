"""What the monitor raises: which kinds of alarm there are, and what each says.

Pure: decides nothing about whether one is due.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

import orjson
from pydantic import JsonValue

from registry.core.address import format_address, format_chain
from registry.core.wire import Chain, Time, WireModel, format_time
from registry.services.ports import (
    CredentialStatus,
    Event,
    IssuerAnchor,
    OperatorSet,
    ProfileSet,
    Role,
    SealAnchored,
    StatusChanged,
    Transferred,
    TransferStarted,
)

_NOBODY: Final = bytes(20)
_SHOWN_INDEXES: Final = 100  # of a status change
_SHOWN_TEXT: Final = 500  # characters of a profile's address, which may have any length
_FOR_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)

Evidence = dict[str, JsonValue]


class AlarmKind(StrEnum):
    """What an alarm is about; the values are for good."""

    UNKNOWN_SEAL = "unknown-seal"
    STATUS_CHANGED = "status-changed"
    OWNER_OFFERED = "owner-offered"
    OWNER_CHANGED = "owner-changed"
    OPERATOR_CHANGED = "operator-changed"
    PROFILE_CHANGED = "profile-changed"
    REORGANISATION = "reorganisation"
    OVERDUE = "overdue"


class Alarm(WireModel):
    """One alarm. `id` is the same whenever the same thing is found again."""

    id: str
    kind: AlarmKind
    chain: Chain | None  # None: it is about no chain
    at: Time  # when it was raised
    detail: str
    evidence: Mapping[str, JsonValue]


def alarm_of(event: Event, chain_id: int, *, now: datetime) -> Alarm:
    """The alarm about an event."""
    kind, what, evidence = _told(event)
    return Alarm(
        id=_id(format_chain(chain_id), event.block_hash.hex(), str(event.log_index), kind),
        kind=kind,
        chain=chain_id,
        at=now,
        detail=f"{what}, in block {event.block_number} of {format_chain(chain_id)}",
        evidence=evidence | place_of(event),
    )


def unknown_anchor(found: IssuerAnchor, *, now: datetime) -> Alarm:
    """The alarm about an anchor that was there before anybody looked."""
    anchor = found.anchor
    event = Event(
        content=SealAnchored(found.seal, found.sequence),
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        time=anchor.anchored_at,
        transaction=anchor.transaction,
        log_index=anchor.log_index,
    )
    return alarm_of(event, anchor.chain_id, now=now)


def overdue(issuer: bytes, since: datetime, waited: timedelta, *, now: datetime) -> Alarm:
    """The alarm about somebody who has waited too long, since `since`."""
    hours = round(waited.total_seconds() / 3600, 1)
    return Alarm(
        id=_id(format_address(issuer), format_time(since), "", AlarmKind.OVERDUE),
        kind=AlarmKind.OVERDUE,
        chain=None,
        at=now,
        detail=f"a credential or a status change has waited {hours} hours",
        evidence={"since": format_time(since), "hours": hours},
    )


def reorganised(
    chain_id: int, evidence: Evidence, detail: str, *, oldest: bytes, newest: bytes, now: datetime
) -> Alarm:
    """The alarm about blocks that were replaced, from `oldest` to `newest` of those known."""
    return Alarm(
        id=_id(format_chain(chain_id), oldest.hex(), newest.hex(), AlarmKind.REORGANISATION),
        kind=AlarmKind.REORGANISATION,
        chain=chain_id,
        at=now,
        detail=detail,
        evidence=evidence,
    )


def message_of(alarm: Alarm, issuer: bytes) -> bytes:
    """The alarm as a receiver gets it; the same bytes whenever it is sent again."""
    data: Evidence = {
        "issuer": format_address(issuer),
        "chain": None if alarm.chain is None else format_chain(alarm.chain),
        "detail": alarm.detail,
        **alarm.evidence,
    }
    kind, at = f"rootseal.{alarm.kind.value}", format_time(alarm.at)
    return orjson.dumps({"type": kind, "timestamp": at, "data": data})


def place_of(event: Event) -> Evidence:
    """Where an event is."""
    return {
        "blockNumber": event.block_number,
        "blockHash": "0x" + event.block_hash.hex(),
        "blockTime": format_time(event.time),
        "transaction": "0x" + event.transaction.hex(),
        "logIndex": event.log_index,
    }


def _id(*parts: str) -> str:
    return "msg_" + sha256("|".join(parts).encode()).hexdigest()[:32]


def _told(event: Event) -> tuple[AlarmKind, str, Evidence]:
    match event.content:
        case SealAnchored(seal, sequence):
            what = f"seal {seal.hex()} was anchored, which the store does not know"
            return AlarmKind.UNKNOWN_SEAL, what, {"seal": seal.hex(), "sequence": sequence}
        case StatusChanged() as change:
            return _status(change)
        case OperatorSet() as appointed:
            return _operator(appointed)
        case ProfileSet(uri):
            shown = uri[:_SHOWN_TEXT]
            return AlarmKind.PROFILE_CHANGED, f"the profile is now at {shown!r}", {"uri": shown}
        case TransferStarted() | Transferred() as moved:
            return _owner(moved)


def _status(change: StatusChanged) -> tuple[AlarmKind, str, Evidence]:
    indexes = change.leaf_indexes
    whom = "the whole seal" if indexes is None else f"{len(indexes)} credentials under seal"
    status = CredentialStatus(change.status).name.lower()
    evidence: Evidence = {
        "seal": change.seal.hex(),
        "status": status,
        "reason": change.reason,
        "leafIndexes": None if indexes is None else list(indexes[:_SHOWN_INDEXES]),
        "credentials": None if indexes is None else len(indexes),
    }
    what = f"{whom} {change.seal.hex()} became {status}, by no transaction of this registry"
    return AlarmKind.STATUS_CHANGED, what, evidence


def _operator(appointed: OperatorSet) -> tuple[AlarmKind, str, Evidence]:
    address = format_address(appointed.operator)
    roles = [role.name.lower() for role in Role if role in appointed.roles and role.name]
    until = _end(appointed.valid_until)
    if roles:
        end = "for good" if until is None else f"until {until}"
        what = f"operator {address} may {' and '.join(roles)} {end}"
    else:
        what = f"operator {address} was cut off"
    evidence: Evidence = {"operator": address, "roles": list(roles), "validUntil": until}
    return AlarmKind.OPERATOR_CHANGED, what, evidence


def _owner(moved: TransferStarted | Transferred) -> tuple[AlarmKind, str, Evidence]:
    new = format_address(moved.new_owner)
    if isinstance(moved, Transferred):
        previous = format_address(moved.previous_owner)
        what = f"the issuer went from {previous} to {new}"
        return AlarmKind.OWNER_CHANGED, what, {"previousOwner": previous, "newOwner": new}
    owner = format_address(moved.owner)
    if moved.new_owner == _NOBODY:
        what = f"{owner} withdrew the offer of the issuer"
        return AlarmKind.OWNER_OFFERED, what, {"owner": owner, "newOwner": None}
    what = f"{owner} offered the issuer to {new}"
    return AlarmKind.OWNER_OFFERED, what, {"owner": owner, "newOwner": new}


def _end(seconds: int) -> str | None:
    """A time of the contract's; None for one that no calendar has."""
    if seconds >= _FOR_EVER.timestamp():
        return None
    return format_time(datetime.fromtimestamp(seconds, UTC))
