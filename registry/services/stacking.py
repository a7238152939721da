"""Stacking: whether a learner's badges of several issuers, verified now, meet a pathway.

Only what is valid counts; what could not be asked leaves the answer open, and is never a no.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from registry.badges.achievements import days_of_period
from registry.badges.clr import achievement_of
from registry.badges.open_badge import identity_hash
from registry.badges.pathways import Need, Pathway, PathwayIssuer, find_way
from registry.core.address import parse_address
from registry.core.baked import unbake
from registry.core.canonical import Canonicalization, document_hash
from registry.core.documents import Json, parse_document, printable
from registry.core.receipt import embed_receipt, extract_receipt, parse_receipt
from registry.core.report import Outcome, Report, Verdict
from registry.core.wire import read_time
from registry.errors import ConflictError, InvalidInputError
from registry.services.issuer_keys import issuer_id
from registry.services.verification import Evidence, Verification

_HASHED: Final = "sha256$"
ACTIVE: Final = "active"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Offered:
    """A badge that a learner brings: PASS if it counts, UNKNOWN if nobody could say."""

    place: str
    outcome: Outcome
    reason: str
    document: Mapping[str, Json]
    issuers: tuple[PathwayIssuer, ...] = ()  # of the pathway, whose it is or may be

    @property
    def name(self) -> str:
        """Of its achievement."""
        return str(achievement_of(self.document).get("name", ""))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands on a pathway: `met` is None if it could not be decided."""

    met: bool | None
    used: tuple[tuple[Need, Offered], ...]
    missing: tuple[str, ...]


def offered(
    place: str, data: bytes, receipt: bytes | None, pathway: Pathway, learner: str, judge: "Judge"
) -> Offered:
    """Judge a badge of a learner: a DID, or an address of mail, which badges may have hashed."""
    document: Mapping[str, Json] = {}
    try:
        document = credential_in(data)
        if not is_of(document, learner):
            return Offered(place, Outcome.FAIL, "it is not shown to be this learner's", document)
        issuers = _issuers(document, pathway)
        try:
            return _judged(place, self_contained(document, receipt), issuers, judge)
        except ConflictError as exc:
            return Offered(place, Outcome.UNKNOWN, str(exc), document, tuple(issuers))
    except InvalidInputError as exc:
        return Offered(place, Outcome.FAIL, str(exc), document)


def _judged(
    place: str, document: Mapping[str, Json], issuers: Sequence[PathwayIssuer], judge: "Judge"
) -> Offered:
    """Of an issuer with several addresses, the one that anchored it; else what is least sure."""
    found = [(*judge(document, issuer), issuer) for issuer in issuers]
    for wanted in (Outcome.PASS, Outcome.UNKNOWN, Outcome.FAIL):
        some = [each for each in found if each[0] is wanted]
        if some:
            mine = tuple(issuer for _, _, issuer in some)
            return Offered(place, wanted, some[0][1], document, mine)
    raise TypeError("a badge of nobody")


@dataclass(frozen=True, slots=True)
class Judge:
    """Verifies badges as an employer would, each against the address of its issuer."""

    verification: Verification

    def __call__(self, document: Mapping[str, Json], issuer: PathwayIssuer) -> tuple[Outcome, str]:
        """Whether a badge is valid, and why not."""
        report = self.report(document, parse_address(issuer.address))
        outcomes = {
            Verdict.VALID: Outcome.PASS,
            Verdict.INVALID: Outcome.FAIL,
            Verdict.UNDETERMINED: Outcome.UNKNOWN,
        }
        return outcomes[report.verdict], report.summary

    def report(self, document: Mapping[str, Json], issuer: bytes | None) -> Report:
        """The whole report on a badge that has its receipt inside, or a proof of Blockcerts."""
        evidence = Evidence(credential=orjson.dumps(document))
        return self.verification.verify(evidence, expected_issuer=issuer)


def status_in(report: Report) -> str:
    """What a report says of a badge's status: active, suspended, revoked, or unknown."""
    found = next((check for check in report.checks if check.name == "status"), None)
    return UNKNOWN if found is None or found.outcome is Outcome.UNKNOWN else found.code


def credential_in(data: bytes) -> dict[str, Json]:
    """The JSON credential in a file. Raises `InvalidInputError` for what has none."""
    inside = unbake(data)
    return parse_document(data if inside is None else inside)


def self_contained(document: Mapping[str, Json], receipt: bytes | None) -> Mapping[str, Json]:
    """A badge with the receipt beside it put inside: so it can stand in a record.

    Raises `InvalidInputError` for what was added as bytes; `ConflictError` for what is not
    anchored yet.
    """
    if receipt is None or extract_receipt(document) is not None or _is_blockcerts(document):
        return document
    beside = parse_receipt(receipt)
    if beside.canonicalization is Canonicalization.RAW:
        raise InvalidInputError("it was added as bytes: only JSON credentials can be stacked")
    if beside.is_pending:
        raise ConflictError("its receipt is pending: it is not anchored yet")
    return embed_receipt(document, beside)


def is_of(document: Mapping[str, Json], learner: str) -> bool:
    """Whether a badge says that it is somebody's: by DID, or by mail address, hashed or plain."""
    subject = document.get("credentialSubject")
    if not isinstance(subject, dict):
        return False
    if learner.startswith("did:"):
        return subject.get("id") == learner
    found = subject.get("identifier")
    identities: list[Any] = found if isinstance(found, list) else [found]
    return any(isinstance(each, dict) and _is_named(each, learner) for each in identities)


def standing(pathway: Pathway, badges: Sequence[Offered], *, now: datetime) -> Standing:
    """Whether the badges meet the pathway; raises as `find_way`."""
    counted = _distinct([badge for badge in badges if badge.outcome is Outcome.PASS])
    way = find_way(pathway.requires, len(counted), _fits(pathway, counted, now))
    if way is not None:
        used = tuple((need, counted[index]) for index, need in way.items())
        return Standing(met=True, used=used, missing=())
    missing = tuple(_missing(pathway, counted, now))
    open_ = [badge for badge in badges if badge.outcome is Outcome.UNKNOWN]
    perhaps = _distinct([*counted, *open_])
    if open_ and find_way(pathway.requires, len(perhaps), _fits(pathway, perhaps, now)):
        return Standing(met=None, used=(), missing=missing)
    return Standing(met=False, used=(), missing=missing)


def _fits(pathway: Pathway, badges: Sequence[Offered], now: datetime) -> Any:  # noqa: ANN401
    def fits(need: Need, index: int) -> bool:
        document = badges[index].document
        achievement = achievement_of(document)
        if need.badge not in (achievement.get("id"), achievement.get("name")):
            return False
        wanted = pathway.issuers_of(need)
        is_theirs = any(issuer in wanted for issuer in badges[index].issuers)
        return is_theirs and _is_of_age(document, need, now)

    return fits


def _missing(pathway: Pathway, badges: Sequence[Offered], now: datetime) -> list[str]:
    fits = _fits(pathway, badges, now)
    parts = pathway.requires.parts()
    return [str(p.badge) for p in parts if not any(fits(p, i) for i in range(len(badges)))]


def _is_of_age(document: Mapping[str, Json], need: Need, now: datetime) -> bool:
    if need.min_age is None and need.max_age is None:
        return True
    since = read_time(document.get("awardedDate")) or read_time(document.get("validFrom"))
    if since is None:
        return False
    least, most = (
        None if text is None else timedelta(days=days_of_period(text))
        for text in (need.min_age, need.max_age)
    )
    age = now - since
    return (least is None or age >= least) and (most is None or age <= most)


def _issuers(document: Mapping[str, Json], pathway: Pathway) -> list[PathwayIssuer]:
    """The pathway's issuers of the name that a badge says: one for each of their addresses.

    Raises `InvalidInputError` if it trusts no such.
    """
    name = issuer_id(document)
    found = [each for each in pathway.issuers.values() if each.id == name]
    if not found:
        shown = printable(str(name))[:200]
        raise InvalidInputError(f"its issuer {shown} is none that the pathway trusts")
    return found


def _is_named(identity: Mapping[str, Json], learner: str) -> bool:
    if identity.get("identityType") != "emailAddress":
        return False
    found, salt = str(identity.get("identityHash", "")), identity.get("salt")
    if identity.get("hashed") is True:
        added = salt if isinstance(salt, str) else ""
        # Some hash an address as it was written, others as it is mailed to.
        wanted = {identity_hash(text, added) for text in (learner, learner.lower())}
        return found.startswith(_HASHED) and found.lower() in wanted
    return found.lower() == learner.lower()


def _is_blockcerts(document: Mapping[str, Json]) -> bool:
    proofs = document.get("proof")
    each = proofs if isinstance(proofs, list) else [proofs]
    return any(isinstance(p, dict) and p.get("cryptosuite") == "merkle-proof-2019" for p in each)


def _distinct(badges: Sequence[Offered]) -> list[Offered]:
    """Each badge once, in whatever forms it was brought: two copies are one badge."""
    return list({_identity(badge.document): badge for badge in badges}.values())


def _identity(document: Mapping[str, Json]) -> tuple[str, str]:
    identifier = document.get("id")
    if not isinstance(identifier, str):
        identifier = document_hash(dict(document)).hex()
    return str(issuer_id(document)), identifier
