"""`rootseal status`, `batches`, `issuer show`, `settings`: how things stand. Changes nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from registry.cli.batches import batch_value
from registry.cli.command import UNDECIDED
from registry.cli.output import Value, table
from registry.cli.remote import Api, batches_there, client
from registry.cli.session import Session
from registry.cli.targets import find_hash, parse_target
from registry.core.address import format_address, parse_address
from registry.core.batch import BatchState
from registry.core.wire import format_time
from registry.errors import InvalidInputError, NotFoundError, UnavailableError
from registry.services.ports import Batch, IssuerRecord, StoredCredential
from registry.services.receipts import proofs_of

if TYPE_CHECKING:
    from registry.client.models import IssuerOut

_COUNTED: Final = 1000  # of the newest batches of an issuer


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
        lines += [f"{name + ':':<18}{_text(value)}" for name, value in standing.items()]
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
        found = session.existing_store.batches(issuer=issuer, limit=limit)
    else:
        with client(session, api) as there:
            found = batches_there(there, issuer=issuer, limit=limit)
    values = [batch_value(batch) for batch in found]
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
    record: IssuerRecord | IssuerOut
    waiting: int | None = None  # which an API does not tell
    if api is None:
        registry = session.registry
        issuer = registry.issuer if address is None else parse_address(address)
        record = registry.chain.issuer_record(issuer)
        waiting = registry.store.open_count(issuer) if registry.has_store else 0
        batches = (
            registry.store.batches(issuer=issuer, limit=_COUNTED) if registry.has_store else []
        )
    else:
        issuer = _named(session, address)
        with client(session, api) as there:
            record = there.issuer(issuer)
            batches = batches_there(there, issuer=issuer, limit=_COUNTED)
    pending = record.pending_owner
    value: dict[str, Value] = {
        "issuer": format_address(issuer),
        "owner": format_address(record.owner),
        "pendingOwner": None if pending is None else format_address(pending),
        "anchorCount": record.anchor_count,
        "waiting": waiting,
        "batches": _batch_counts(batches),
    }
    told = {name: each for name, each in value.items() if (name, each) != ("waiting", None)}
    lines = [f"{name + ':':<14}{_text(each)}" for name, each in told.items()]
    session.output.result(value, lines)


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
    [proof] = proofs_of(session.registry.store, batch, [credential])
    index = proof.leaf_index
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


def _named(session: Session, address: str | None) -> bytes:
    issuer = session.settings.issuer if address is None else parse_address(address)
    if issuer is None:
        raise InvalidInputError("name the issuer: ADDRESS, or the setting issuer")
    return issuer


def _batch_counts(batches: list[Batch]) -> dict[str, Value]:
    """Number of batches by state."""
    counts = {state.value: sum(b.state is state for b in batches) for state in BatchState}
    return {state: count for state, count in counts.items() if count}


def _text(value: Value) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{number} {name}" for name, number in value.items()) or "none"
    return "none" if value is None else str(value)
