"""Whether the chain holds what the store says, and nothing that the store does not know."""

from collections import Counter
from collections.abc import Iterable, Iterator

from registry.core.address import format_address
from registry.core.batch import BatchState
from registry.errors import UnavailableError
from registry.services.findings import Finding, FindingCode, of_batch
from registry.services.ports import (
    Anchor,
    Batch,
    Block,
    Chain,
    IssuerAnchor,
    OnChain,
    Store,
)


def check_contract(chain: Chain, contract: bytes) -> Iterator[Finding]:
    """That the address runs our contract. If not, nothing that it says means anything."""
    if not chain.is_genuine(contract, at=chain.head()):
        yield Finding(
            FindingCode.CONTRACT_NOT_OURS,
            f"{format_address(contract)} on chain {chain.chain_id} does not run our contract",
            {"chain": chain.chain_id, "contract": format_address(contract)},
        )


def check_anchor(chain: Chain, batch: Batch, standing: OnChain) -> Iterator[Finding]:
    """That the anchor is where the store has it, in a final block if it says so.

    One question for a batch that is anchored or final there; the first fault is reported.
    """
    anchor = standing.anchor
    if anchor is None or batch.head is None:
        return
    seal = batch.head.seal
    head = reached_head(chain, anchor)
    if chain.anchor_record(anchor.contract, batch.issuer, seal, at=head) is None:
        yield _finding(
            FindingCode.ANCHOR_MISSING, batch, anchor, "the contract does not hold the seal"
        )
        return
    found = chain.anchor_in_transaction(anchor.contract, anchor.transaction, batch.issuer, seal)
    if found != anchor:
        yield _finding(
            FindingCode.ANCHOR_ELSEWHERE, batch, anchor, "the anchor is not where the store has it"
        )
    elif standing.state is BatchState.FINAL and chain.finalized() < anchor.block_number:
        yield _finding(
            FindingCode.NOT_FINAL, batch, anchor, "it counts as final and its block is not"
        )


def check_known(store: Store, issuer: bytes, found: Iterable[IssuerAnchor]) -> Iterator[Finding]:
    """That the store knows every seal that was anchored for the issuer."""
    for each in found:
        batches = store.batches_with_seal(each.seal)
        if not any(batch.issuer == issuer for batch in batches):
            yield _finding_of(
                FindingCode.UNKNOWN_ANCHOR, each, "the store has no batch of that seal"
            )


def check_once(found: Iterable[IssuerAnchor]) -> Iterator[Finding]:
    """That each seal is among an issuer's anchors once."""
    seen: Counter[bytes] = Counter()
    for each in found:
        seen[each.seal] += 1
        if seen[each.seal] == 2:  # once for each seal, however often it is there
            yield _finding_of(FindingCode.ANCHORED_TWICE, each, "it was anchored before")


def reached_head(chain: Chain, anchor: Anchor) -> Block:
    """The newest block; `UnavailableError` from a node that has not come to the anchor's yet."""
    head = chain.head()
    if head.number < anchor.block_number:
        raise UnavailableError(
            f"the node is at block {head.number}, behind the anchor's {anchor.block_number}",
            source=f"chain {chain.chain_id}",
        )
    return head


def _finding(code: FindingCode, batch: Batch, anchor: Anchor, what: str) -> Finding:
    return Finding(
        code,
        f"batch {batch.id} on chain {anchor.chain_id}: {what}",
        of_batch(
            batch,
            chain=anchor.chain_id,
            contract=format_address(anchor.contract),
            transaction="0x" + anchor.transaction.hex(),
            blockNumber=anchor.block_number,
            blockHash="0x" + anchor.block_hash.hex(),
        ),
    )


def _finding_of(code: FindingCode, found: IssuerAnchor, what: str) -> Finding:
    return Finding(
        code,
        f"anchor {found.sequence} on chain {found.anchor.chain_id}, of {found.seal.hex()}: {what}",
        {
            "chain": found.anchor.chain_id,
            "sequence": found.sequence,
            "seal": found.seal.hex(),
            "transaction": "0x" + found.anchor.transaction.hex(),
            "blockNumber": found.anchor.block_number,
        },
    )
