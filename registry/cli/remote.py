"""`--api`: a registry elsewhere, asked over its API, without store, chain or signing key here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import typer

from registry.cli.session import Session
from registry.cli.targets import Target
from registry.core.batch import BatchState
from registry.core.new_credentials import NewCredentials
from registry.core.receipt import Receipt
from registry.core.tiles import TreeHead
from registry.core.tree import HASH_BYTES
from registry.errors import InvalidInputError, NotFoundError, RootsealError
from registry.services.ports import Added, Batch, CredentialStatus, StatusChange
from registry.services.status import REASONS

if TYPE_CHECKING:
    from registry.client import Client
    from registry.client.models import BatchOut, Status, StatusChangeOut
    from registry.core.canonical import Canonicalization

Api = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="URL",
        help="Ask the API of a registry there, with the setting api_key, and not the store here.",
    ),
]
_NAMES: Final[dict[CredentialStatus, "Status"]] = {
    CredentialStatus.ACTIVE: "active",
    CredentialStatus.SUSPENDED: "suspended",
    CredentialStatus.REVOKED: "revoked",
}
_NO_ID: Final = 0  # ids are the store's own


@contextmanager
def client(session: Session, url: str, *, with_key: bool = False) -> Iterator["Client"]:
    """A client of that API. Raises `InvalidInputError`, too, for options that it cannot heed.

    `with_key` if it acts for an issuer, who is then the key's.
    """
    # Here and not above: what speaks HTTP takes a quarter of a second to import.
    from registry.client import Client as OpenClient  # noqa: PLC0415

    heeded = set() if with_key else {"issuer"}
    only_without_api(**{n: v for n, v in session.overrides.items() if n not in heeded})
    key = session.settings.api_key
    if with_key and key is None:
        raise InvalidInputError("this needs an API key: set ROOTSEAL_API_KEY, or api_key")
    with OpenClient(url, None if key is None else key.get_secret_value()) as found:
        yield found


def only_without_api(**given: object) -> None:
    """Raises `InvalidInputError` if an option is given that means nothing to an API."""
    for name, value in given.items():
        if value:
            raise InvalidInputError(f"--{name.replace('_', '-')} does not go with --api")


class RemoteIntake:
    """Implements `registry.services.ports.IntakeStore`: hashes are sent, credentials stay here.

    Nothing is sent before all were read; 32 bytes of each are held until then. Many go in several
    requests, so that not all of them may be added: the same command then goes on from there.
    """

    def __init__(self, api: "Client") -> None:
        self._api = api

    def add_credentials(
        self,
        issuer: bytes,  # noqa: ARG002 - the key's
        credentials: Iterable[NewCredentials],
        *,
        now: datetime,  # noqa: ARG002 - the server's
    ) -> Added:
        """Add credentials to the open batch of the key's issuer."""
        held: defaultdict[Canonicalization, bytearray] = defaultdict(bytearray)
        for some in credentials:
            for digest, _, _ in some:
                held[some.canonicalization] += digest
        new = known = 0
        for kind, digests in held.items():
            each = (
                bytes(digests[at : at + HASH_BYTES]) for at in range(0, len(digests), HASH_BYTES)
            )
            answer = self._api.add_hashes(each, kind)
            new, known = new + answer.new, known + answer.known
        return Added(new=new, known=known)


def batches_there(api: "Client", *, issuer: bytes | None, limit: int) -> list[Batch]:
    """The newest batches, with no id."""
    found = api.batches(issuer=issuer, limit=limit)
    return [batch_there(batch) for batch in islice(found, limit)]


def batch_there(found: "BatchOut") -> Batch:
    """A batch, with no id."""
    head = None
    if found.tree_size is not None and found.merkle_root is not None and found.seal is not None:
        head = TreeHead(found.tree_size, found.merkle_root, found.seal)
    return Batch(
        id=_NO_ID,
        issuer=found.issuer,
        state=BatchState(found.state),
        opened_at=found.opened_at,
        sealed_at=found.sealed_at,
        head=head,
    )


def receipts_there(
    api: "Client", targets: Sequence[Target], *, issuer: bytes | None
) -> list[Receipt]:
    """A receipt for each target. Raises why there is none."""
    receipts = []
    for _, answer in _known(api, targets, issuer):
        if not isinstance(answer, Receipt):
            raise answer
        receipts.append(answer)
    return receipts


def request_there(
    api: "Client",
    targets: Sequence[Target],
    *,
    seal: bytes | None,
    status: CredentialStatus,
    reason: str,
) -> list[StatusChange]:
    """Ask for a status of credentials, or of a whole batch."""
    hashes = [digest for digest, _ in _known(api, targets, None)]
    name = _NAMES[status]
    changes = api.change_status(name, hashes=hashes, seal=seal, reason=reason)
    return [_change(change, status, REASONS[reason]) for change in changes]


def _known(
    api: "Client", targets: Sequence[Target], issuer: bytes | None
) -> Iterator[tuple[bytes, Receipt | RootsealError]]:
    """For each target, by which of its hashes the registry knows it, and the answer for that."""
    answers = api.receipts([each for target in targets for each in target.hashes], issuer=issuer)
    for target in targets:
        found = [(digest, next(answers)) for digest in target.hashes]
        known = [each for each in found if not isinstance(each[1], NotFoundError)]
        if not known:
            raise NotFoundError(f"the registry has no credential {target.name}")
        yield known[0]


def _change(change: "StatusChangeOut", status: CredentialStatus, reason: int) -> StatusChange:
    return StatusChange(
        id=change.id,
        issuer=change.issuer,
        seal=change.seal,
        leaf_indexes=change.leaf_indexes,
        status=status,
        reason=reason,
        requested_at=change.requested_at,
        done_at=change.done_at,
        refusal=change.refusal,
    )
