"""The VC-API of the W3C's Credentials Community Group, as interoperability suites use it.

Credentials are signed at once and go into the next night's batch; what is verified here is
signatures, dates and status, since those suites know no receipts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from registry.core.checks import check_validity
from registry.core.documents import Json
from registry.core.rdf import require_exact
from registry.core.receipt import other_proofs
from registry.core.report import Check, Outcome
from registry.errors import InvalidInputError, NotFoundError, TooLargeError, UnavailableError
from registry.services.holders import check_holder
from registry.services.issuer_documents import IssuerDocuments
from registry.services.issuer_keys import NotCheckedError, issuer_id
from registry.services.issuing import Proofs, badge_of, positions, take_in
from registry.services.own_statuses import OwnStatuses
from registry.services.ports import CredentialStatus, KeyDirectory, StatusChange
from registry.services.proof_checks import MAX_PROOFS, check_proofs
from registry.services.status import StatusService
from registry.standards import DATA_INTEGRITY, STATUS_1, VC_1
from registry.vc.data_integrity import Cryptosuite, sign
from registry.vc.data_model import require_credential, require_presentation

MAX_CREDENTIALS: Final = 20  # in one presentation
MAX_PRESENTED_PROOFS: Final = 40  # of all of them together: each takes up to a tenth of a second
_SUITES: Final = {Cryptosuite.RDFC: Proofs.RDFC, Cryptosuite.JCS: Proofs.JCS}
_STATUSES: Final = {
    ("revocation", True): CredentialStatus.REVOKED,
    ("suspension", True): CredentialStatus.SUSPENDED,
    ("suspension", False): CredentialStatus.ACTIVE,
}


@dataclass(frozen=True, slots=True)
class VcApi:
    """Issues, verifies and withdraws credentials of one issuer.

    `signed_list` gives a status list as it is served: kept for a minute, because each is made of
    many questions to the chain, and anybody may ask to verify.
    """

    documents: IssuerDocuments
    signed_list: Callable[[int], bytes]
    directory: KeyDirectory | None

    def issue(
        self,
        credential: Mapping[str, Json],
        suite: Cryptosuite,
        *,
        now: datetime,
        shuffle: Random,
    ) -> dict[str, Json]:
        """Sign a credential of the issuer's, with a place in its status list, and add it.

        Raises `InvalidInputError` for what is none, is another's, is signed already, or takes a
        place of another credential's for its own.
        """
        require_credential(credential)
        if "proof" in credential:
            raise InvalidInputError("it is signed already", place="/proof")
        signatory, store = self.documents.signatory, self.documents.store
        if issuer_id(credential) != signatory.did:
            raise InvalidInputError(f"the issuer here is {signatory.did}", place="/issuer")
        status = credential.get("credentialStatus")
        if any(map(self._statuses.is_ours, status if isinstance(status, list) else [status])):
            raise InvalidInputError("places in lists are given here", place="/credentialStatus")
        document, proofs = dict(credential), _SUITES[suite]
        lists, position = self.documents.lists, None
        if _is_of_model_1(document):
            document["@context"] = _with_contexts(document)
        # With any place: what is refused must not use one up.
        require_exact({"credentialStatus": lists.entry(0, proofs), **document})
        if "credentialStatus" not in document:
            [position] = positions(store, self.documents.issuer, 1, shuffle=shuffle)
            document["credentialStatus"] = lists.entry(position, proofs)
        badge = badge_of(document, proofs, position, signatory)
        method = signatory.signing_method
        proof = sign(document, signatory.key, suite, verification_method=method, created=now)
        take_in(store, self.documents.issuer, [badge], proofs, now=now)
        return {**document, "proof": proof}

    def verify(self, credential: Mapping[str, Json], *, now: datetime) -> list[Check]:
        """Checks of a signed credential: its proofs, dates and status.

        Raises `InvalidInputError` for what is none, `UnavailableError` if nobody could say.
        """
        require_credential(credential)
        _require_few_proofs([credential], MAX_PROOFS)
        proofs = check_proofs(credential, None, _WithOwn(self.documents, self.directory), now=now)
        if proofs.outcome is Outcome.UNKNOWN:
            raise UnavailableError(proofs.detail, source="issuer")
        if proofs.outcome is not Outcome.PASS:  # nobody is known to have signed it
            proofs = proofs.model_copy(update={"outcome": Outcome.FAIL})
        dates = check_validity(credential, now=now, anchored_at=None)
        if Outcome.FAIL in {proofs.outcome, dates.outcome}:
            return [proofs, dates]
        return [proofs, dates, self._statuses.check(credential)]

    def verify_presentation(
        self,
        presentation: Mapping[str, Json],
        *,
        challenge: str | None,
        domain: str | None,
        now: datetime,
    ) -> list[Check]:
        """Checks of a presentation: its holder's proof, and each credential in it."""
        require_presentation(presentation)
        own = _WithOwn(self.documents, self.directory)
        credentials = _presented(presentation)
        found = [check_holder(presentation, own, challenge=challenge, domain=domain, now=now)]
        for each in credentials:
            found += self.verify(each, now=now)
        return found

    def set_status(
        self, entries: Sequence[tuple[Mapping[str, Json], bool]], *, now: datetime
    ) -> list[StatusChange]:
        """Ask for what status entries of ours say, each set or not: for all of them, or none.

        Raises `NotFoundError` for another's, `InvalidInputError` for different statuses at once,
        and as `StatusService.request`.
        """
        hashes = [self._hash_at(entry) for entry, _ in entries]
        wanted = {
            _STATUSES.get((str(entry.get("statusPurpose")), is_set)) for entry, is_set in entries
        }
        status = wanted.pop() if len(wanted) == 1 else None
        if status is None:
            raise InvalidInputError(
                "one status for all is wanted here, and what is revoked stays so", place="/status"
            )
        return StatusService(self.documents.store).request(
            self.documents.issuer, hashes, status, reason=0, now=now
        )

    def _hash_at(self, entry: Mapping[str, Json]) -> bytes:
        """Hash of the credential that has a place in our status lists."""
        position = self._statuses.position(entry)
        found = self.documents.store.status_entries(
            self.documents.issuer, first=position, below=position + 1
        )
        if not found:
            raise NotFoundError("no credential of this issuer has that place in its status list")
        return found[0].credential_hash

    @property
    def _statuses(self) -> OwnStatuses:
        return OwnStatuses(self.documents.lists, self.signed_list)


@dataclass(frozen=True, slots=True)
class _WithOwn:
    """A directory that knows our own DID document without asking the web for it."""

    documents: IssuerDocuments
    other: KeyDirectory | None

    def document_of_did(self, did: str) -> dict[str, Json] | None:
        """The document of a did:web, as `KeyDirectory` has it."""
        if did == self.documents.signatory.did:
            return self.documents.did_document()
        if self.other is None:
            raise NotCheckedError("the issuer was not asked for its key (resolve_issuers)")
        return self.other.document_of_did(did)


def _presented(presentation: Mapping[str, Json]) -> list[dict[str, Json]]:
    """The credentials of a presentation. Raises `InvalidInputError` for others, and too many."""
    found = presentation.get("verifiableCredential")
    some = found if isinstance(found, list) else [found]
    if len(some) > MAX_CREDENTIALS:
        raise InvalidInputError(
            f"{len(some)} credentials; the limit is {MAX_CREDENTIALS}",
            place="/verifiableCredential",
        )
    credentials = [each for each in some if isinstance(each, dict)]
    if len(credentials) != sum(each is not None for each in some):
        raise InvalidInputError("no credential in JSON", place="/verifiableCredential")
    _require_few_proofs(credentials, MAX_PRESENTED_PROOFS)
    return credentials


def _require_few_proofs(credentials: Sequence[Mapping[str, Json]], limit: int) -> None:
    """Refuse proofs that would be looked at by nobody, which none may take for verified."""
    count = sum(len(other_proofs(each)) for each in credentials)
    if count > limit:
        raise TooLargeError(f"{count} proofs; the limit is {limit}", place="/proof")


def _is_of_model_1(document: Mapping[str, Json]) -> bool:
    contexts = document["@context"]
    return isinstance(contexts, list) and contexts[0] == VC_1


def _with_contexts(document: Mapping[str, Json]) -> list[Json]:
    """Those of a credential of VC 1.1, with the terms of status lists and of proofs."""
    contexts = document["@context"]
    found = list(contexts) if isinstance(contexts, list) else [contexts]
    return [*found, *(each for each in (STATUS_1, DATA_INTEGRITY) if each not in found)]
