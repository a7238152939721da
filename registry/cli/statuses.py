"""`rootseal revoke`, `suspend`, `reinstate`: change a status on chain; `status`: look it up."""

from enum import StrEnum
from typing import Annotated, Final, Literal

import typer

from registry.cli.anchoring import DEFAULT_PATIENCE, Patience, run_anchoring
from registry.cli.changes import change_lines, change_value
from registry.cli.command import DONE, REFUSED, UNDECIDED
from registry.cli.remote import Api, client, receipts_there, show_changes
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
_NAMES: Final[dict[CredentialStatus, Literal["active", "suspended", "revoked"]]] = {
    CredentialStatus.ACTIVE: "active",
    CredentialStatus.SUSPENDED: "suspended",
    CredentialStatus.REVOKED: "revoked",
}
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
    if api is not None:
        _request_there(session, api, targets, seal, CredentialStatus.REVOKED, reason)
        return
    wanted = _request(session, targets, seal, CredentialStatus.REVOKED, reason)
    _carry_out(session, wanted, patience=None if no_wait else patience)


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
    if api is not None:
        _request_there(session, api, targets, seal, CredentialStatus.SUSPENDED, reason)
        return
    wanted = _request(session, targets, seal, CredentialStatus.SUSPENDED, reason)
    _carry_out(session, wanted, patience=None if no_wait else patience)


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
    if api is not None:
        _request_there(session, api, targets, seal, CredentialStatus.ACTIVE, reason)
        return
    wanted = _request(session, targets, seal, CredentialStatus.ACTIVE, reason)
    _carry_out(session, wanted, patience=None if no_wait else patience)


def _request(
    session: Session,
    targets: list[str] | None,
    seal: str | None,
    status: CredentialStatus,
    reason: Reason,
) -> list[StatusChange]:
    _require_one(targets, seal)
    store = session.existing_store
    registry = session.registry
    for anchoring in registry.anchorings:
        require_status_right(anchoring.sending, registry.issuer)
    code = REASONS[reason.value]
    if seal is not None:
        change = registry.statuses.request_for_seal(
            registry.issuer, parse_seal(seal), status, reason=code, now=registry.now()
        )
        return [change]
    hashes = [find_hash(store, parse_target(text)) for text in targets or ()]
    return registry.statuses.request(
        registry.issuer, hashes, status, reason=code, now=registry.now()
    )


def _request_there(
    session: Session,
    url: str,
    targets: list[str] | None,
    seal: str | None,
    status: CredentialStatus,
    reason: Reason,
) -> None:
    """Ask a registry elsewhere, which carries it out by itself."""
    _require_one(targets, seal)
    with client(session, url) as api:
        # Only the registry knows by which of its hashes a file goes: its receipt says.
        named = [parse_target(text) for text in targets or ()]
        found = receipts_there(api, named, issuer=session.settings.issuer)
        changes = api.change_status(
            _NAMES[status],
            hashes=[each.credential_hash for each in found],
            seal=None if seal is None else parse_seal(seal),
            reason=reason.value,
        )
    show_changes(session, changes)


def _require_one(targets: list[str] | None, seal: str | None) -> None:
    if bool(targets) == (seal is not None):
        raise InvalidInputError("name credentials by HASH or FILE, or a batch by --seal")


def _carry_out(session: Session, wanted: list[StatusChange], *, patience: int | None) -> None:
    """Send what is wanted; `patience` is None if nobody waits for it."""
    run_anchoring(session, patience=patience or 0)
    changes = [session.registry.store.status_change(change.id) for change in wanted]
    lines = [line for change in changes for line in change_lines(change)]
    is_refused = any(change.refusal is not None for change in changes)
    is_done = all(change.done_at is not None for change in changes)
    if not is_done:
        lines.append("Not final yet. `rootseal anchor` goes on from here; nothing is lost.")
    session.output.result({"changes": [change_value(change) for change in changes]}, lines)
    if is_refused:
        raise typer.Exit(REFUSED)
    raise typer.Exit(DONE if is_done or patience is None else UNDECIDED)
