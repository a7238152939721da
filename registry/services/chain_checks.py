"""The checks that ask a chain: anchor and status, from one block each."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.core.address import format_address, format_chain
from registry.core.receipt import AnchorReference, Receipt
from registry.core.report import Check, Outcome
from registry.core.wire import format_time
from registry.errors import ConflictError, DisagreementError, SnapshotError, UnavailableError
from registry.services.ports import Anchor, Block, ChainState, CredentialStatus

_log = logging.getLogger(__name__)
_CLOCK_SKEW: Final = timedelta(hours=2)  # between a block and the ones around it, generously
# Then the node cannot tell the status either.
_NODE_CANNOT_KNOW: Final = frozenset({"node-behind", "no-contract"})
_PLACE: Final = "transaction, blockNumber, blockHash, logIndex"  # of which storage tells nothing
Evidence = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class ChainFindings:
    """Both checks, the issuers whose anchors held, and the time of the earliest of them."""

    anchor: Check
    status: Check
    issuers: frozenset[bytes]
    anchored_at: datetime | None


def check_chains(receipt: Receipt, chains: Mapping[int, ChainState]) -> ChainFindings:
    """Judge every anchor of the receipt on a chain that this verifier asks.

    All of them must hold; anchors on other chains are not judged, but at least one must be.
    """
    asked = [anchor for anchor in receipt.anchors if anchor.chain in chains]
    if not asked:
        return _nobody_asked(receipt)
    results = [_check_anchor(receipt, anchor, chains[anchor.chain]) for anchor in asked]
    anchor = _with_unasked(_worst([pair[0] for pair in results]), receipt, chains)
    held = anchor.outcome is Outcome.PASS
    return ChainFindings(
        anchor=anchor,
        status=_worst([pair[1] for pair in results]),
        issuers=frozenset(reference.issuer for reference in asked) if held else frozenset(),
        anchored_at=min(reference.anchored_at for reference in asked) if held else None,
    )


def _with_unasked(check: Check, receipt: Receipt, chains: Mapping[int, ChainState]) -> Check:
    """Name the chains that this verifier does not ask, retired ones say: they decide nothing."""
    unasked = {anchor.chain for anchor in receipt.anchors} - set(chains)
    if not unasked:
        return check
    names = ", ".join(format_chain(chain) for chain in sorted(unasked))
    return check.model_copy(update={"evidence": {**check.evidence, "notAsked": names}})


def _nobody_asked(receipt: Receipt) -> ChainFindings:
    if receipt.is_pending:
        code, detail = "pending", "The receipt is pending: its seal is not anchored yet."
    else:
        names = ", ".join(sorted({format_chain(anchor.chain) for anchor in receipt.anchors}))
        code, detail = "chain-not-configured", f"This verifier asks no node of {names}."
    return ChainFindings(
        anchor=Check(name="anchor", outcome=Outcome.UNKNOWN, code=code, detail=detail),
        status=_status_unasked(),
        issuers=frozenset(),
        anchored_at=None,
    )


def _check_anchor(
    receipt: Receipt, anchor: AnchorReference, asked: ChainState
) -> tuple[Check, Check]:
    chain = asked.inquiry(anchor, seal=receipt.seal, leaf_index=receipt.leaf_index)
    try:
        at = chain.head()
        check = _judge_anchor(receipt, anchor, chain, at)
        if check.outcome is Outcome.FAIL or check.code in _NODE_CANNOT_KNOW:
            return check, _status_unasked()
        return check, _judge_status(receipt, anchor, chain, at)
    except (UnavailableError, ConflictError) as exc:
        # A node of another chain is as silent about this one as a dead node. Which node it is
        # goes to our log: the report may go to a stranger.
        _log.warning("could not ask %s: %s", format_chain(anchor.chain), exc)
        return _unavailable(anchor, exc), _status_unasked()


def _unavailable(anchor: AnchorReference, exc: UnavailableError | ConflictError) -> Check:
    name = format_chain(anchor.chain)
    if isinstance(exc, DisagreementError):
        said = "; ".join(exc.answers)
        detail = f"The nodes of {name} that were asked do not agree."
        return _unknown("nodes-disagree", detail, {"chain": name, "answers": said})
    if isinstance(exc, SnapshotError):
        detail = f"The snapshot of {name} does not decide: {exc.message}."
        return _unknown(exc.reason, detail, {"chain": name, **exc.shown})
    reason = exc.message if isinstance(exc, UnavailableError) else str(exc)
    detail = f"{name} could not be asked: {reason}."
    return _unknown("chain-unavailable", detail, {"chain": name})


def _judge_anchor(  # noqa: PLR0911 - one return for each answer, read from top to bottom
    receipt: Receipt, anchor: AnchorReference, chain: ChainState, at: Block
) -> Check:
    evidence: Evidence = {
        "chain": format_chain(anchor.chain),
        "contract": format_address(anchor.contract),
        "issuer": format_address(anchor.issuer),
        "transaction": "0x" + anchor.transaction.hex(),
        "blockNumber": anchor.block_number,
        "askedAtBlock": at.number,
    }
    # 1. The contract is the one that this verifier knows. Running our code is not enough: whoever
    #    deploys it elsewhere can write any anchor into its storage while deploying.
    if anchor.contract != chain.contract:
        return _fail("wrong-contract", "The receipt names another contract.", evidence)
    # 2. The node can know: it has come as far as the anchor's block, and has our contract.
    if at.number < anchor.block_number:
        return _unknown("node-behind", "The node has not come to the anchor's block.", evidence)
    if not chain.is_genuine(anchor.contract, at=at):
        return _unknown("no-contract", "The node does not have the contract there.", evidence)
    # 3. The contract's storage holds the seal under this issuer, since the time claimed.
    record = chain.anchor_record(anchor.contract, anchor.issuer, receipt.seal, at=at)
    if record is None:
        return _fail("not-anchored", "The issuer never anchored this seal.", evidence)
    if record.anchored_at != anchor.anchored_at:
        found = {**evidence, "anchoredAt": format_time(record.anchored_at)}
        return _fail("wrong-time", "The seal was anchored at another time than claimed.", found)
    # 4. The transaction named is the one that anchored it. A node that keeps no index of old
    #    transactions is asked for the event instead.
    if not chain.keeps_events:
        return _anchored(anchor, {**evidence, "notProved": _PLACE}, seen=at.time)
    event = chain.anchor_in_transaction(
        anchor.contract, anchor.transaction, anchor.issuer, receipt.seal
    ) or chain.find_anchor(anchor.issuer, receipt.seal, since=anchor.anchored_at - _CLOCK_SKEW)
    if event is None:
        return _unknown("no-event", "The node does not give the anchor's event.", evidence)
    if _place(event) != _place(anchor):
        return _fail(
            "wrong-transaction", "The seal was not anchored in the place claimed.", evidence
        )
    # 5. The block can no longer be replaced.
    if anchor.block_number > chain.finalized():
        return _unknown(
            "not-final", "The seal is anchored, but its block is not final yet.", evidence
        )
    return _anchored(anchor, evidence)


def _anchored(
    anchor: AnchorReference, evidence: Evidence, *, seen: datetime | None = None
) -> Check:
    """`seen` is the time of a snapshot: the verdict must say how old it is."""
    when = format_time(anchor.anchored_at)
    says = "" if seen is None else f", says a snapshot of {format_time(seen)}"
    return Check(
        name="anchor",
        outcome=Outcome.PASS,
        code="anchored",
        detail=f"The seal stands on {format_chain(anchor.chain)} since {when}{says}.",
        evidence=evidence,
    )


def _judge_status(receipt: Receipt, anchor: AnchorReference, chain: ChainState, at: Block) -> Check:
    status = chain.credential_status(
        anchor.contract, anchor.issuer, receipt.seal, receipt.leaf_index, at=at
    )
    evidence: Evidence = {"status": status.name.lower(), "askedAtBlock": at.number}
    later = ""
    if not chain.keeps_events:  # a snapshot may be of any age
        evidence["askedAtTime"] = format_time(at.time)
        later = f", as of {format_time(at.time)}: what came later is not in the snapshot"
    if status is CredentialStatus.ACTIVE:
        outcome, detail = Outcome.PASS, "The issuer has not withdrawn it"
    elif status is CredentialStatus.SUSPENDED:
        outcome, detail = Outcome.FAIL, "The issuer has suspended it"
    else:
        outcome, detail = Outcome.FAIL, "The issuer has revoked it"
    return Check(
        name="status",
        outcome=outcome,
        code=status.name.lower(),
        detail=f"{detail}{later}.",
        evidence=evidence,
    )


def _status_unasked() -> Check:
    return Check(
        name="status",
        outcome=Outcome.UNKNOWN,
        code="status-not-asked",
        detail="The status could not be asked.",
    )


def _worst(checks: list[Check]) -> Check:
    order = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.PASS)
    return min(checks, key=lambda check: order.index(check.outcome))


def _fail(code: str, detail: str, evidence: Evidence) -> Check:
    return Check(name="anchor", outcome=Outcome.FAIL, code=code, detail=detail, evidence=evidence)


def _unknown(code: str, detail: str, evidence: Evidence) -> Check:
    return Check(
        name="anchor", outcome=Outcome.UNKNOWN, code=code, detail=detail, evidence=evidence
    )


def _place(anchor: Anchor | AnchorReference) -> tuple[bytes, int, bytes, int]:
    return anchor.transaction, anchor.block_number, anchor.block_hash, anchor.log_index
