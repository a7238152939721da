"""Checks credentials and receipts that an auditor was given, against the history of the chain.

Which of many are checked, the audited block's hash decides: nobody knew it when they were made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

from registry.core.checks import check_inclusion, check_integrity
from registry.core.documents import Json
from registry.core.receipt import AnchorReference, Receipt
from registry.core.report import Outcome
from registry.core.wire import format_time, read_time
from registry.errors import InvalidInputError, VerificationError
from registry.services.audit.batches import differs
from registry.services.audit.evidence import Value
from registry.services.audit.nodes import AnchoredSeal
from registry.services.findings import Finding, FindingCode
from registry.services.ports import Anchor, AnchorRecord, History
from registry.services.verification import Evidence, open_credential, receipt_brought

_DATES = ("awardedDate", "validFrom", "issuanceDate")
_LAST_ZONE = timezone(timedelta(hours=-12))  # where each day ends last


@dataclass(frozen=True, slots=True)
class Given:
    """A credential, by the name of its file.

    `load` reads it, and what lies beside it, or raises `InvalidInputError`.
    """

    name: str
    load: Callable[[], Evidence]


@dataclass(frozen=True, slots=True)
class Chained:
    """An issuer's histories and anchors by chain."""

    histories: Mapping[int, History]
    anchors: Mapping[int, Mapping[bytes, AnchoredSeal]]

    def record(self, chain: int, seal: bytes) -> AnchorRecord | None:
        """Record of a seal; None if it was never anchored.

        Proofs are asked for of what the issuer and the events name. A seal of neither is not
        anchored: the contract counts the anchors, and one that is withheld is found.
        """
        try:
            return self.histories[chain].anchor_record(seal)
        except VerificationError:
            if seal in self.anchors[chain]:
                raise
            return None


def sampled(given: Iterable[Given], count: int | None, seed: bytes) -> list[Given]:
    """All, or `count` of them, as a hash of each name with `seed` decides; by name."""

    def draw(each: Given) -> bytes:
        return sha256(seed + each.name.encode()).digest()

    chosen = list(given) if count is None else sorted(given, key=draw)[:count]
    return sorted(chosen, key=lambda each: each.name)


def check_given(given: Given, chained: Chained, tolerance: timedelta) -> Iterator[Finding | str]:
    """Everything that can be asked of one credential and its receipt.

    A sentence for what could not be asked.
    """
    try:
        evidence = given.load()
    except InvalidInputError as exc:
        yield f"{given.name}: {exc}"
        return
    brought = open_credential(evidence.credential)
    try:
        receipt = receipt_brought(evidence, brought)
    except InvalidInputError as exc:
        yield _invalid(given, "malformed-receipt", str(exc))
        return
    if receipt is None or receipt.is_pending:
        yield _invalid(given, "no-receipt", "there is no receipt with an anchor")
        return
    for check in (check_integrity(evidence.credential, receipt), check_inclusion(receipt)):
        if check.outcome is Outcome.FAIL:
            yield _invalid(given, check.code, check.detail)
            return
    asked = [anchor for anchor in receipt.anchors if anchor.chain in chained.histories]
    found = [each for anchor in asked for each in _check_anchor(given, receipt, anchor, chained)]
    yield from found
    if not found and not any(chained.record(a.chain, receipt.seal) for a in asked):
        yield (
            f"{given.name}: its seal is on none of the chains that were asked, up to their blocks; "
            "the receipt names others, or later blocks"
        )
    yield from _check_date(given, brought.document, receipt, chained, tolerance)


def _check_anchor(
    given: Given, receipt: Receipt, said: AnchorReference, chained: Chained
) -> Iterator[Finding]:
    history = chained.histories[said.chain]
    if said.issuer != history.issuer or said.contract != history.contract:
        yield _invalid(given, "other-issuer", "it is anchored for another issuer or elsewhere")
        return
    if chained.record(said.chain, receipt.seal) is None:
        if said.block_number <= history.block.number:  # else it is newer than what is audited
            yield _invalid(given, "not-anchored", "its seal is not anchored")
        return
    anchor = chained.anchors[said.chain].get(receipt.seal)
    if anchor is not None and differs(_as_anchor(said), anchor, history):
        yield Finding(
            FindingCode.RECEIPT_REORGED,
            f"the receipt of {given.name} names block {said.block_number} of "
            f"{format_time(said.anchored_at)}; its seal is anchored in block "
            f"{anchor.event.block_number} of {format_time(anchor.event.time)}",
            _evidence(
                given,
                seal=receipt.seal.hex(),
                transaction="0x" + anchor.event.transaction.hex(),
                saidTransaction="0x" + said.transaction.hex(),
            ),
        )


def _check_date(
    given: Given,
    document: dict[str, Json] | None,
    receipt: Receipt,
    chained: Chained,
    tolerance: timedelta,
) -> Iterator[Finding | str]:
    records = [chained.record(chain, receipt.seal) for chain in chained.histories]
    times = [record.anchored_at for record in records if record is not None]
    for name in _DATES:
        value = None if document is None else document.get(name)
        if value is None:
            continue
        date = _date(value)
        if date is None:
            yield f"{given.name}: its {name} is no date that can be read"
            continue
        if times and min(times) - date > tolerance:
            yield Finding(
                FindingCode.BACK_DATED,
                f"{given.name} says {name} {format_time(date)}; it was anchored on "
                f"{format_time(min(times))}",
                _evidence(given, seal=receipt.seal.hex(), date=format_time(date)),
            )
            return


def _date(value: Json) -> datetime | None:
    """A date, at the latest instant that it may stand for; None for what is none.

    One without a zone leaves the instant open by hours, and hides no year.
    """
    date = read_time(value)
    if date is not None or not isinstance(value, str):
        return date
    try:
        return datetime.fromisoformat(value).replace(tzinfo=_LAST_ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _as_anchor(said: AnchorReference) -> Anchor:
    return Anchor(
        chain_id=said.chain,
        contract=said.contract,
        transaction=said.transaction,
        block_number=said.block_number,
        block_hash=said.block_hash,
        log_index=said.log_index,
        anchored_at=said.anchored_at,
    )


def _invalid(given: Given, reason: str, detail: str) -> Finding:
    return Finding(
        FindingCode.RECEIPT_INVALID, f"{given.name}: {detail}", _evidence(given, reason=reason)
    )


def _evidence(given: Given, **more: Value) -> dict[str, Value]:
    return {"file": given.name, **more}
