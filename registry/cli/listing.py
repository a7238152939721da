"""`rootseal status`, `batches`, `issuer show`, `settings`: how things stand. Changes nothing."""

from itertools import islice
from typing import Annotated

import typer

from registry.cli import remote
from registry.cli.anchoring import batch_value
from registry.cli.command import UNDECIDED
from registry.cli.output import Value, pairs, table, text
from registry.cli.remote import Api, client
from registry.cli.session import Session
from registry.cli.targets import find_hash, parse_target
from registry.core.address import format_address, parse_address
from registry.core.batch import BatchState
from registry.core.wire import format_time
from registry.errors import NotFoundError, UnavailableError
from registry.services.ports import StoredCredential
from registry.services.receipts import leaf_of


def status(
    session: Session,
    target: Annotated[str, typer.Argument(metavar="HASH|FILE", help="The credential.")],
) -> None:
    """Show how a credential stands in the store and on chain.

    Exit code 3 if the chain could not be asked.

    Example: rootseal status diploma.pdf
    """
    store = session.existing_store
    digest = find_hash(store, parse_target(target))
    wanted = session.settings.issuer
    stored = [c for c in store.find_credentials(digest) if wanted in {None, c.issuer}]
    if not stored:
        raise NotFoundError(f"the issuer has no credential {digest.hex()}")
    found = [_standing(session, credential) for credential in stored]
    lines = []
    for standing in found:
        lines += [f"{name + ':':<18}{text(value)}" for name, value in standing.items()]
    session.output.result({"credentials": found}, lines)
    if any(standing["status"] == "unknown" for standing in found):
        raise typer.Exit(UNDECIDED)


def batches(
    session: Session,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Show at most so many.")] = 20,
    api: Api = None,
) -> None:
    """List batches, from the newest to the oldest.

    Example: rootseal batches --limit 5
    """
    issuer = session.settings.issuer
    if api is None:
        values = [
            batch_value(batch)
            for batch in session.existing_store.batches(issuer=issuer, limit=limit)
        ]
    else:
        with client(session, api) as there:
            found = islice(there.batches(issuer=issuer, limit=limit), limit)
            values = [remote.batch_value(batch) for batch in found]
    columns = ("id", "state", "treeSize", "issuer", "seal")
    rows = [["" if value[c] is None else str(value[c]) for c in columns] for value in values]
    session.output.result({"batches": values}, table(columns, rows))


def issuer_show(
    session: Session,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="The issuer, if not the configured.")
    ] = None,
    api: Api = None,
) -> None:
    """Show an issuer: its owner and anchors on chain, its batches in the store.

    Example: rootseal issuer show
    """
    registry = session.registry
    issuer = registry.issuer if address is None else parse_address(address)
    if api is not None:
        remote.show_issuer(session, api, issuer)
        return
    record = registry.chain.issuer_record(issuer)
    pending = record.pending_owner
    value: dict[str, Value] = {
        "issuer": format_address(issuer),
        "owner": format_address(record.owner),
        "pendingOwner": None if pending is None else format_address(pending),
        "anchorCount": record.anchor_count,
        "waiting": registry.store.open_count(issuer) if registry.has_store else 0,
        "batches": _batch_counts(session, issuer),
    }
    session.output.result(value, pairs(value))


def settings(session: Session) -> None:
    """Show the settings in force, without secrets.

    Example: rootseal settings
    """
    shown = session.settings.shown()
    session.output.result(shown, table(("setting", "value"), shown.items()))


def _standing(session: Session, credential: StoredCredential) -> dict[str, Value]:
    batch = session.registry.store.batch(credential.batch_id)
    value: dict[str, Value] = {
        "credentialHash": credential.credential_hash.hex(),
        "issuer": format_address(credential.issuer),
        "canonicalization": credential.canonicalization.value,
        "addedAt": format_time(credential.added_at),
        "batch": batch.id,
        "state": batch.state.value,
        "seal": None,
        "leafIndex": None,
        "status": None,
    }
    if batch.head is None:
        return value
    index = session.registry.store.proof(batch, leaf_of(credential)).leaf_index
    value |= {"seal": batch.head.seal.hex(), "leafIndex": index}
    if batch.state in {BatchState.ANCHORED, BatchState.FINAL}:
        value["status"] = _on_chain(session, batch.issuer, batch.head.seal, index)
    return value


def _on_chain(session: Session, issuer: bytes, seal: bytes, index: int) -> str:
    chain = session.registry.chain
    try:
        head = chain.head()
        found = chain.credential_status(chain.contract, issuer, seal, index, at=head)
    except UnavailableError as exc:
        # The rest of the answer is still good, and the exit code says that this is missing.
        session.output.note(f"The chain could not be asked: {exc}")
        return "unknown"
    return found.name.lower()


def _batch_counts(session: Session, issuer: bytes) -> dict[str, Value]:
    """Number of batches by state, of the newest thousand."""
    if not session.registry.has_store:
        return {}
    found = session.registry.store.batches(issuer=issuer, limit=1000)
    counts = {state.value: sum(b.state is state for b in found) for state in BatchState}
    return {state: count for state, count in counts.items() if count}
