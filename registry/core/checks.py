"""The checks that need nothing but the evidence itself: pure, one function each.

The anchor and status checks ask a chain and live in `registry.services.chain_checks`.
"""

from collections.abc import Mapping
from datetime import datetime

from registry.core.address import format_address
from registry.core.baked import unbake
from registry.core.canonical import Canonicalization, credential_hash
from registry.core.documents import Json
from registry.core.receipt import Receipt
from registry.core.report import Check, Outcome
from registry.core.tree import seal_from_proof
from registry.core.trust import TrustedIssuer, TrustList
from registry.core.wire import format_time, read_time
from registry.errors import InvalidInputError, VerificationError

_STARTS = ("validFrom", "issuanceDate")  # VC 2.0 §4.9, VC 1.1 §4.6
_ENDS = ("validUntil", "expirationDate")


def check_integrity(credential: bytes | None, receipt: Receipt) -> Check:
    """Credential ↔ credential hash. With no credential there is nothing to compare.

    Of an image with a credential baked into it, the receipt means the credential; or the
    image's own bytes, if it says `raw`.
    """
    if credential is None:
        return Check(
            name="integrity",
            outcome=Outcome.SKIPPED,
            code="no-credential",
            detail="No credential was given, only a receipt.",
        )
    try:
        if receipt.canonicalization is not Canonicalization.RAW:
            inside = unbake(credential)
            credential = credential if inside is None else inside
        found = credential_hash(credential, receipt.canonicalization)
    except InvalidInputError as exc:
        return _fail("integrity", "unreadable-credential", f"The credential is unreadable: {exc}")
    return check_hash(found, receipt)


def check_hash(found: bytes, receipt: Receipt) -> Check:
    """Credential hash ↔ the hash in the receipt, for a credential known by its hash alone."""
    evidence: dict[str, str | int | None] = {
        "credentialHash": found.hex(),
        "receiptHash": receipt.credential_hash.hex(),
    }
    if found != receipt.credential_hash:
        return _fail(
            "integrity",
            "hash-mismatch",
            "The receipt is for another credential, or the credential was changed.",
            evidence,
        )
    return Check(
        name="integrity",
        outcome=Outcome.PASS,
        code="hash-match",
        detail="The credential is the one that the receipt names.",
        evidence=evidence,
    )


def check_inclusion(receipt: Receipt) -> Check:
    """Credential hash ↔ seal, by the receipt's path."""
    evidence: dict[str, str | int | None] = {
        "seal": receipt.seal.hex(),
        "leafIndex": receipt.leaf_index,
        "treeSize": receipt.tree_size,
    }
    try:
        found = seal_from_proof(
            salt=receipt.salt, credential_hash=receipt.credential_hash, proof=receipt.proof
        )
    except VerificationError as exc:
        return _fail("inclusion", exc.reason, f"The path is impossible: {exc}.", evidence)
    if found != receipt.seal:
        return _fail(
            "inclusion",
            "seal-mismatch",
            "The path does not lead from this credential to the seal.",
            {**evidence, "leadsTo": found.hex()},
        )
    return Check(
        name="inclusion",
        outcome=Outcome.PASS,
        code="included",
        detail=f"The credential is leaf {receipt.leaf_index} in the tree of {receipt.tree_size}.",
        evidence=evidence,
    )


def check_issuer(issuers: frozenset[bytes], *, trusted: TrustList, expected: bytes | None) -> Check:
    """Anchoring address ↔ who the verifier takes it for.

    `expected`, if given, is the only address that passes; else a non-empty list of trusted
    addresses decides; else nobody is judged and the sentence says so.
    """
    if not issuers:
        return Check(
            name="issuer",
            outcome=Outcome.SKIPPED,
            code="no-anchor",
            detail="No anchor held, so nobody is known to have made it.",
        )
    names = ", ".join(sorted(format_address(issuer) for issuer in issuers))
    evidence: dict[str, str | int | None] = {"issuer": names}
    if expected is not None:
        if issuers != {expected}:
            wanted = format_address(expected)
            return _fail(
                "issuer", "unexpected-issuer", f"Anchored by {names}, not by {wanted}.", evidence
            )
        return _pass("issuer", "expected-issuer", f"Anchored by {names}, as expected.", evidence)
    if not trusted:
        return Check(
            name="issuer",
            outcome=Outcome.SKIPPED,
            code="no-trust-list",
            detail=f"Anchored by {names}; no trust list says who that is.",
            evidence=evidence,
        )
    strangers = [issuer for issuer in issuers if issuer not in trusted]
    if strangers:
        return _fail(
            "issuer", "untrusted-issuer", f"The trust list does not know {names}.", evidence
        )
    return _trusted({trusted[issuer] for issuer in issuers}, evidence)


def _trusted(known: set[TrustedIssuer], evidence: dict[str, str | int | None]) -> Check:
    who = ", ".join(sorted(issuer.name for issuer in known))
    accredited = [issuer.accreditation for issuer in known if issuer.accreditation is not None]
    found = {**evidence, "name": who}
    if accredited:
        found["accreditation"] = " ".join(sorted(accredited))
    return _pass("issuer", "trusted-issuer", f"Anchored by {who}.", found)


def check_validity(
    document: Mapping[str, Json] | None, *, now: datetime, anchored_at: datetime | None
) -> Check:
    """The credential's own dates ↔ now, and its award ↔ the anchor."""
    if document is None:
        return Check(
            name="validity",
            outcome=Outcome.SKIPPED,
            code="no-dates",
            detail="No JSON credential was given, so no dates were checked.",
        )
    try:
        start, end = _date(document, _STARTS), _date(document, _ENDS)
        awarded = _date(document, ("awardedDate",))
    except InvalidInputError as exc:
        return Check(
            name="validity", outcome=Outcome.UNKNOWN, code="unreadable-date", detail=f"{exc}."
        )
    evidence = _times(validFrom=start, validUntil=end, awardedDate=awarded, now=now)
    if start is not None and now < start:
        return _fail(
            "validity", "not-yet-valid", f"It is valid only from {format_time(start)}.", evidence
        )
    if end is not None and now > end:
        return _fail("validity", "expired", f"It expired on {format_time(end)}.", evidence)
    if awarded is not None and anchored_at is not None and awarded > anchored_at:
        return _fail(
            "validity",
            "awarded-after-anchor",
            f"It says it was awarded on {format_time(awarded)}, after it was anchored.",
            {**evidence, **_times(anchoredAt=anchored_at)},
        )
    return _pass("validity", "in-time", "It is valid at this time.", evidence)


def _date(document: Mapping[str, Json], names: tuple[str, ...]) -> datetime | None:
    for name in names:
        value = document.get(name)
        if value is None:
            continue
        date = read_time(value)
        if date is None:
            raise InvalidInputError("Not a date with a time zone", place=f"/{name}")
        return date
    return None


def _times(**times: datetime | None) -> dict[str, str | int | None]:
    return {name: format_time(time) for name, time in times.items() if time is not None}


def _pass(name: str, code: str, detail: str, evidence: dict[str, str | int | None]) -> Check:
    return Check(name=name, outcome=Outcome.PASS, code=code, detail=detail, evidence=evidence)


def _fail(
    name: str, code: str, detail: str, evidence: dict[str, str | int | None] | None = None
) -> Check:
    return Check(name=name, outcome=Outcome.FAIL, code=code, detail=detail, evidence=evidence or {})
