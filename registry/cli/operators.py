"""`rootseal operator`: who may act for the issuer on chain, until when."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from registry.cli.choosing import chosen_chains, on_each
from registry.cli.moments import parse_future
from registry.cli.output import Value, table
from registry.cli.session import Session
from registry.core.address import format_address, format_chain, parse_address
from registry.core.wire import format_time
from registry.services.operators import NEVER, Appointment
from registry.services.ports import MinedTransaction, Role

_NEVER: Final = "never"
_LAST_DATE: Final = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


class RoleName(StrEnum):
    """What an operator may do, as it is typed."""

    ANCHOR = "anchor"
    STATUS = "status"


_ROLES: Final = {RoleName.ANCHOR: Role.ANCHOR, RoleName.STATUS: Role.STATUS}
Operator = Annotated[str, typer.Argument(metavar="ADDRESS", help="The operator.")]


def add(
    session: Session,
    address: Operator,
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="DATE|never",
            help="Last time at which it may act: a day (at its beginning, UTC), a time, or never.",
        ),
    ],
    role: Annotated[
        list[RoleName] | None,
        typer.Option(
            "--role", help="What it may do; give it again for more.", show_default="anchor"
        ),
    ] = None,
) -> None:
    """Appoint an operator, or change what one may do, on every configured chain.

    The owner's key must sign; --chain-id names one chain. Running it again changes nothing.

    Exit code 0: so on every chain; 1: refused on some; 3: one could not be asked, run it again.

    Example: rootseal operator add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --until 2027-07-01
    """
    operator = parse_address(address, place="ADDRESS")
    roles = Role(0)
    for name in role or [RoleName.ANCHOR]:
        roles |= _ROLES[name]
    chain_ids, registry = chosen_chains(session), session.registry
    valid_until = _valid_until(until, registry.now())
    submit = registry.submit
    _show_changed(
        session,
        operator,
        {"roles": _role_names(roles), "until": _shown_until(valid_until)},
        f"may {' and '.join(_role_names(roles))} until {_shown_until(valid_until)}",
        chain_ids,
        lambda chain_id: registry.operators(chain_id).appoint(
            operator, roles, valid_until=valid_until, submit=submit
        ),
    )


def remove(session: Session, address: Operator) -> None:
    """Cut an operator off, on every configured chain. What it anchored stays.

    The owner's key must sign; --chain-id names one chain. Running it again changes nothing.

    Exit code 0: cut off on every chain; 1: refused on some; 3: one could not be asked, and the
    operator may still act there: run it again.

    Example: rootseal operator remove 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    operator = parse_address(address, place="ADDRESS")
    chain_ids, registry = chosen_chains(session), session.registry
    submit = registry.submit
    _show_changed(
        session,
        operator,
        {"roles": [], "until": None},
        "is cut off; what it anchored stays",
        chain_ids,
        lambda chain_id: registry.operators(chain_id).cut_off(operator, submit=submit),
    )


def listed(session: Session) -> None:
    """List the issuer's operators on every configured chain, those expired or cut off included.

    --chain-id names one chain. Exit code 3 if a chain could not be asked.

    Example: rootseal operator list
    """
    chain_ids, registry = chosen_chains(session), session.registry
    found = on_each(chain_ids, lambda chain_id: registry.operators(chain_id).listed())
    rows = [
        _value(chain_id, appointment)
        for chain_id, appointments in found.done.items()
        for appointment in appointments
    ]
    columns = ("chain", "operator", "roles", "until", "state")
    lines = table(columns, [[_cell(row[column]) for column in columns] for row in rows])
    session.output.result({"operators": rows, "failed": found.failures()}, [*lines, *found.lines()])
    found.end()


def _show_changed(
    session: Session,
    operator: bytes,
    wanted: dict[str, Value],
    sentence: str,
    chain_ids: list[int],
    work: Callable[[int], MinedTransaction | None],
) -> None:
    found = on_each(chain_ids, work)
    who = format_address(operator)
    values, lines = [], []
    for chain_id, mined in found.done.items():
        transaction = None if mined is None else "0x" + mined.transaction.hex()
        values.append({"chain": format_chain(chain_id), "transaction": transaction})
        how = "so already" if mined is None else f"mined in block {mined.block_number:,}"
        lines.append(f"{format_chain(chain_id)}: {who} {sentence} ({how})")
    value = {"operator": who, **wanted, "chains": values, "failed": found.failures()}
    session.output.result(value, [*lines, *found.lines()])
    found.end()


def _valid_until(text: str, now: datetime) -> int:
    if text == _NEVER:
        return NEVER
    return int(parse_future(text, now=now, place="--until").timestamp())


def _value(chain_id: int, appointment: Appointment) -> dict[str, Value]:
    return {
        "chain": format_chain(chain_id),
        "operator": format_address(appointment.operator),
        "roles": _role_names(appointment.roles),
        "until": _shown_until(appointment.valid_until) if appointment.roles else None,
        "state": appointment.state.value,
    }


def _role_names(roles: Role) -> list[str]:
    return [name.value for name, role in _ROLES.items() if role in roles]


def _shown_until(valid_until: int) -> str:
    """A time; one that no date is as late as, in seconds since 1970."""
    if valid_until == NEVER:
        return _NEVER
    if valid_until > _LAST_DATE:
        return str(valid_until)
    return format_time(datetime.fromtimestamp(valid_until, UTC))


def _cell(value: Value) -> str:
    if isinstance(value, list):
        return ",".join(str(item) for item in value) or "none"
    return "" if value is None else str(value)
