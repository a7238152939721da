"""`rootseal revoke`, `suspend`, `reinstate`: change a status on chain; `status`: look it up."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import typer

from registry.cli.anchoring import DEFAULT_PATIENCE, Patience, run_anchoring
from registry.cli.changes import change_lines, change_value
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.remote import Api, client, only_without_api, request_there
from registry.cli.session import Session
from registry.cli.targets import find_hash, parse_seal, parse_target
from registry.errors import InvalidInputError
from registry.services.ports import CredentialStatus, StatusChange
from registry.services.status import REASONS, require_status_right

# An enum, so that help and completion list the names.
Reason = StrEnum("Reason", {name: name for name in REASONS})  # type: ignore[misc]  # made from data

Targets = Annotated[list[str] | None, typer.Argument(metavar="HASH|FILE…", help="The credentials.")]
Seal = Annotated[
    str | None, typer.Option("--seal", metavar="HEX", help="A whole batch, by its seal.")
]
Why = Annotated[Reason, typer.Option("--reason", help="Why; it stands in the event.")]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Send it, but do not wait until it is final.")
]
_UNSPECIFIED: Final = Reason("unspecified")


def revoke(
    session: Session,
    targets: Targets = None,
    seal: Seal = None,
    reason: Why = _UNSPECIFIED,
    no_wait: NoWait = False,
    patience: Patience = DEFAULT_PATIENCE,
    api: Api = None,
) -> None:
    """Revoke credentials, or a whole batch, on chain. For good: it cannot be undone.

    Example: rootseal revoke diploma.pdf --reason superseded
    """
    wanted = _Wanted(targets or [], seal, CredentialStatus.REVOKED, reason)
    _change(session, wanted, no_wait=no_wait, patience=patience, api=api)


def suspend(
    session: Session,
    targets: Targets = None,
    seal: Seal = None,
    reason: Why = _UNSPECIFIED,
    no_wait: NoWait = False,
    patience: Patience = DEFAULT_PATIENCE,
    api: Api = None,
) -> None:
    """Suspend credentials, or a whole batch, on chain, until they are reinstated.

    Example: rootseal suspend badge.json --reason certificate-hold
    """
    wanted = _Wanted(targets or [], seal, CredentialStatus.SUSPENDED, reason)
    _change(session, wanted, no_wait=no_wait, patience=patience, api=api)


def reinstate(
    session: Session,
    targets: Targets = None,
    seal: Seal = None,
    reason: Why = _UNSPECIFIED,
    no_wait: NoWait = False,
    patience: Patience = DEFAULT_PATIENCE,
    api: Api = None,
) -> None:
    """Make suspended credentials, or a suspended batch, active again on chain.

    Example: rootseal reinstate badge.json
    """
    wanted = _Wanted(targets or [], seal, CredentialStatus.ACTIVE, reason)
    _change(session, wanted, no_wait=no_wait, patience=patience, api=api)


@dataclass(frozen=True, slots=True)
class _Wanted:
    targets: list[str]
    seal: str | None
    status: CredentialStatus
    reason: Reason


def _change(
    session: Session, wanted: _Wanted, *, no_wait: bool, patience: int, api: str | None
) -> None:
    if bool(wanted.targets) == (wanted.seal is not None):
        raise InvalidInputError("name credentials by HASH or FILE, or a batch by --seal")
    if api is None:
        requested = _request(session, wanted)
        _carry_out(session, requested, patience=None if no_wait else patience)
        return
    only_without_api(no_wait=no_wait, patience=patience != DEFAULT_PATIENCE)
    with client(session, api, with_key=True) as there:
        changes = request_there(
            there,
            [parse_target(text) for text in wanted.targets],
            seal=None if wanted.seal is None else parse_seal(wanted.seal),
            status=wanted.status,
            reason=wanted.reason.value,
        )
    _show(session, changes, "The next nightly run there carries it out.")


def _request(session: Session, wanted: _Wanted) -> list[StatusChange]:
    store = session.existing_store
    registry = session.registry
    for anchoring in registry.anchorings:
        require_status_right(anchoring.sending, registry.issuer)
    code = REASONS[wanted.reason.value]
    if wanted.seal is not None:
        seal = parse_seal(wanted.seal)
        change = registry.statuses.request_for_seal(
            registry.issuer, seal, wanted.status, reason=code, now=registry.now()
        )
        return [change]
    hashes = [find_hash(store, parse_target(text)) for text in wanted.targets]
    return registry.statuses.request(
        registry.issuer, hashes, wanted.status, reason=code, now=registry.now()
    )


def _carry_out(session: Session, wanted: list[StatusChange], *, patience: int | None) -> None:
    """Send what is wanted; `patience` is None if nobody waits for it."""
    run_anchoring(session, patience=patience or 0)
    changes = [session.registry.store.status_change(change.id) for change in wanted]
    _show(session, changes, "Not final yet. `rootseal anchor` goes on from here; nothing is lost.")
    is_done = all(change.done_at is not None for change in changes)
    raise typer.Exit(DONE if is_done or patience is None else UNDECIDED)


def _show(session: Session, changes: list[StatusChange], while_waiting: str) -> None:
    """Print how changes stand. Exits if one was refused."""
    lines = [line for change in changes for line in change_lines(change)]
    if any(change.done_at is None for change in changes):
        lines.append(while_waiting)
    session.output.result({"changes": [change_value(change) for change in changes]}, lines)
    if any(change.refusal is not None for change in changes):
        raise typer.Exit(REFUSED)
