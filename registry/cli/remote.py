"""`--api`: commands against a registry's API, without a store, a chain or a key of one's own."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.output import Value, pairs
from registry.cli.session import Session
from registry.cli.targets import Target
from registry.core.address import format_address
from registry.core.receipt import Receipt
from registry.core.wire import format_time
from registry.errors import InvalidInputError, NotFoundError, RootsealError
from registry.services.ports import Added, NewCredential

if TYPE_CHECKING:
    from registry.client import Client
    from registry.client.models import BatchOut, StatusChangeOut

Api = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="URL",
        help="Ask the API of a registry there instead of the store here, with the key api_key.",
    ),
]


@contextmanager
def client(session: Session, url: str) -> Iterator["Client"]:
    """A client of that API, with the key that is set. Raises `InvalidInputError`."""
    # Here and not above: what speaks HTTP takes a quarter of a second to import.
    from registry.client import Client as OpenClient  # noqa: PLC0415

    key = session.settings.api_key
    with OpenClient(url, api_key=None if key is None else key.get_secret_value()) as found:
        yield found


def only_without_api(**given: object) -> None:
    """Raises `InvalidInputError` if an option is given that means nothing to an API."""
    for name, value in given.items():
        if value:
            raise InvalidInputError(f"--{name.replace('_', '-')} does not go with --api")


class RemoteIntake:
    """Implements `registry.services.ports.IntakeStore`: hashes are sent, credentials stay here.

    Nothing is sent before all were read. Many go in several requests: if one of those fails, the
    same command goes on from there.
    """

    def __init__(self, api: "Client") -> None:
        self._api = api

    def add_credentials(
        self,
        issuer: bytes,  # noqa: ARG002 - the key's
        credentials: Iterable[NewCredential],
        *,
        now: datetime,  # noqa: ARG002 - the server's
    ) -> Added:
        """Add credentials to the open batch of the key's issuer."""
        new = known = 0
        everything = sorted(
            ((each.canonicalization, each.credential_hash) for each in credentials),
            key=lambda pair: pair[0].value,
        )
        for kind, group in groupby(everything, key=lambda pair: pair[0]):
            answer = self._api.add_hashes([digest for _, digest in group], kind)
            new, known = new + answer.new, known + answer.known
        return Added(new=new, known=known)


def receipts_there(
    api: "Client", targets: Sequence[Target], *, issuer: bytes | None
) -> list[Receipt]:
    """A receipt for each target. Raises why there is none."""
    answers = api.receipts([each for target in targets for each in target.hashes], issuer=issuer)
    return [_first(target, [next(answers) for _ in target.hashes]) for target in targets]


def _first(target: Target, answers: Sequence[Receipt | RootsealError]) -> Receipt:
    """The receipt among the answers for the hashes that a target may go by."""
    for answer in answers:
        if isinstance(answer, Receipt):
            return answer
        if not isinstance(answer, NotFoundError):
            raise answer
    raise NotFoundError(f"the registry has no credential {target.name}")


def batch_value(batch: "BatchOut") -> dict[str, Value]:
    """A batch in JSON, as the store's are shown; ids are the store's own."""
    return {
        "id": None,
        "issuer": format_address(batch.issuer),
        "state": batch.state,
        "treeSize": batch.tree_size,
        "seal": None if batch.seal is None else batch.seal.hex(),
        "openedAt": format_time(batch.opened_at),
        "sealedAt": None if batch.sealed_at is None else format_time(batch.sealed_at),
    }


def seal_there(session: Session, url: str) -> None:
    """Seal tonight's batch of the key's issuer, and print it."""
    with client(session, url) as api:
        sealed = api.seal()
    if sealed is None or sealed.seal is None:
        session.output.result({"batch": None}, ["Nothing to seal."])
        return
    line = f"Sealed {sealed.tree_size:,} credentials, seal {sealed.seal.hex()}, {sealed.state}"
    session.output.result({"batch": batch_value(sealed)}, [line])


def show_issuer(session: Session, url: str, issuer: bytes) -> None:
    """Print what the contract says of an issuer, as the registry there has it."""
    with client(session, url) as api:
        found = api.issuer(issuer)
    pending = found.pending_owner
    value: dict[str, Value] = {
        "issuer": format_address(found.address),
        "owner": format_address(found.owner),
        "pendingOwner": None if pending is None else format_address(pending),
        "anchorCount": found.anchor_count,
    }
    session.output.result(value, pairs(value))


def show_changes(session: Session, changes: Sequence["StatusChangeOut"]) -> None:
    """Print status changes that were asked for."""
    values: list[Value] = []
    lines = []
    for change in changes:
        indexes = change.leaf_indexes
        values.append(
            {
                "id": change.id,
                "issuer": format_address(change.issuer),
                "seal": change.seal.hex(),
                "leafIndexes": None if indexes is None else list(indexes),
                "status": change.status,
                "state": "requested",
                "refusal": change.refusal,
            }
        )
        what = "the whole batch" if indexes is None else f"{len(indexes):,} credentials"
        lines.append(f"{change.status}: {what} under seal {change.seal.hex()}: requested")
    lines.append("The registry's next nightly run carries it out.")
    session.output.result({"changes": values}, lines)
