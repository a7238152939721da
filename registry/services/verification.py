"""Verification: from a credential and a receipt to a report, in numbered steps.

Needs a chain and the evidence; the store only to look up a receipt that was not brought along.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from registry.core.attachments import attached
from registry.core.baked import unbake
from registry.core.canonical import Canonicalization, credential_hash, hashes_of
from registry.core.checks import (
    check_hash,
    check_inclusion,
    check_integrity,
    check_issuer,
    check_validity,
)
from registry.core.documents import Json, parse_document
from registry.core.identity import Account
from registry.core.receipt import Receipt, extract_receipt, parse_receipt
from registry.core.report import Check, Outcome, Report, conclude
from registry.core.trust import TrustList
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.blockcerts import receipt_of_blockcerts
from registry.services.chain_checks import check_chains
from registry.services.issuer_checks import check_named_issuer
from registry.services.ports import ChainState, IssuerDirectory
from registry.services.proof_checks import check_proofs
from registry.vc.jwt import Token, read_token

FindReceipt = Callable[[bytes], Receipt]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verifier was given: at least one of the three."""

    credential: bytes | None = None
    credential_hash: bytes | None = None
    receipt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """A verifier: the chains it asks, the issuers it trusts, and perhaps a place for receipts."""

    chains: Mapping[int, ChainState]
    trusted: TrustList
    clock: Callable[[], datetime]
    find_receipt: FindReceipt | None = None
    directory: IssuerDirectory | None = None  # None: no issuer is told who asks about it

    def verify(self, evidence: Evidence, *, expected_issuer: bytes | None = None) -> Report:
        """Check the evidence. Never raises for evidence that is false, faulty or incomplete.

        Raises `InvalidInputError` if nothing was given, and `UnavailableError` if receipts are
        looked up in a store that does not answer.
        """
        if (
            evidence.credential is None
            and evidence.credential_hash is None
            and (evidence.receipt is None)
        ):
            raise InvalidInputError("nothing to verify: give a credential, a hash or a receipt")
        # 1. Format: the receipt, from beside the credential, inside it, or the store; or made of a
        #    proof of Blockcerts, which says the same, and of the transaction that it names.
        brought = open_credential(evidence.credential)
        try:
            receipt = receipt_brought(evidence, brought)
        except InvalidInputError as exc:
            return conclude([_bad_receipt(str(exc))])
        if receipt is None:
            try:
                receipt = self._look_up(evidence, brought.document)
            except (InvalidInputError, ConflictError) as exc:
                # Unknown, not sealed yet, or of several issuers: no reason to call it false.
                receipt = receipt_of_blockcerts(brought.document, self.chains)
                if receipt is None:
                    return conclude([_no_receipt(brought.fault or str(exc))])
        # 2. Integrity: this credential is the one that the receipt names.
        if evidence.credential is None and evidence.credential_hash is not None:
            integrity = check_hash(evidence.credential_hash, receipt)
        else:
            integrity = check_integrity(evidence.credential, receipt)
        # 3. Inclusion: the receipt's path leads to its seal.
        inclusion = check_inclusion(receipt)
        # 4. Anchor and status: the chain holds that seal, and what became of the credential.
        findings = check_chains(receipt, self.chains)
        issuer = check_issuer(findings.issuers, trusted=self.trusted, expected=expected_issuer)
        # Only if nothing closer at hand decided, and not for the word of a changed credential.
        is_sealed = integrity.outcome is inclusion.outcome is Outcome.PASS
        document = brought.document
        if issuer.code == "no-trust-list" and document is not None and is_sealed:
            issuer = self._ask_issuer(document, receipt) or issuer
        # 5. Issuer, dates, and what else the credential carries. Its dates count however it was
        #    hashed, and of an image, too: the receipt's word for that is not bound by the seal.
        return conclude(
            [
                _good_format(receipt),
                integrity,
                inclusion,
                findings.anchor,
                findings.status,
                issuer,
                check_validity(document, now=self.clock(), anchored_at=findings.anchored_at),
                check_proofs(
                    document, receipt, self.directory, now=self.clock(), token=brought.token
                ),
            ]
        )

    def _ask_issuer(self, document: dict[str, Json], receipt: Receipt) -> Check | None:
        if self.directory is None:
            return None
        asked = (anchor for anchor in receipt.anchors if anchor.chain in self.chains)
        accounts = frozenset(Account(anchor.chain, anchor.issuer) for anchor in asked)
        return check_named_issuer(document, accounts, self.directory)

    def _look_up(self, evidence: Evidence, document: dict[str, Json] | None) -> Receipt:
        """A JSON file may have been added as a document, by its statements or as bytes: ask all."""
        if self.find_receipt is None:
            raise NotFoundError("no receipt was given, and the credential carries none")
        if evidence.credential_hash is not None:
            return self.find_receipt(evidence.credential_hash)
        for digest in () if document is None else hashes_of(document):
            with suppress(NotFoundError):
                return self.find_receipt(digest)
        return self.find_receipt(credential_hash(evidence.credential or b"", Canonicalization.RAW))


@dataclass(frozen=True, slots=True)
class Brought:
    """A file: the credential that it is or has inside, and what came around that.

    That is the receipt in a PDF, and the token that a credential is in; `fault` is why an image or
    a PDF has none.
    """

    document: dict[str, Json] | None = None
    receipt: bytes | None = None
    token: Token | None = None
    fault: str | None = None


def open_credential(credential: bytes | None) -> Brought:
    """What is in a credential's file. Never raises: a fault is told in it."""
    if credential is None:
        return Brought()
    try:
        pdf = attached(credential)
        inside = unbake(credential) if pdf is None else pdf.credential
    except InvalidInputError as exc:
        return Brought(fault=str(exc))
    content = credential if inside is None else inside
    token = read_token(content)
    if token is not None:
        return Brought(token.credential, token=token)
    return Brought(_document(content), None if pdf is None else pdf.receipt)


def receipt_brought(evidence: Evidence, brought: Brought) -> Receipt | None:
    """From beside the credential; else from inside it; else from the PDF around both.

    Raises `InvalidInputError` for one that is not well-formed.
    """
    if evidence.receipt is not None:
        return parse_receipt(evidence.receipt)
    found = None if brought.document is None else extract_receipt(brought.document)
    if found is None and brought.receipt is not None:
        return parse_receipt(brought.receipt)
    return found


def _document(credential: bytes) -> dict[str, Json] | None:
    if credential.lstrip()[:1] != b"{":
        return None
    try:
        return parse_document(credential)
    except InvalidInputError:
        # Perhaps no JSON at all; if the receipt says it is, the integrity check says what is wrong.
        return None


def _good_format(receipt: Receipt) -> Check:
    return Check(
        name="format",
        outcome=Outcome.PASS,
        code="well-formed",
        detail="The receipt is well-formed.",
        evidence={"type": receipt.type, "canonicalization": receipt.canonicalization.value},
    )


def _bad_receipt(reason: str) -> Check:
    return Check(
        name="format",
        outcome=Outcome.FAIL,
        code="malformed-receipt",
        detail=f"The receipt is not well-formed: {reason}.",
    )


def _no_receipt(reason: str) -> Check:
    return Check(
        name="format",
        outcome=Outcome.UNKNOWN,
        code="no-receipt",
        detail=f"There is no receipt to check it with: {reason}.",
    )
