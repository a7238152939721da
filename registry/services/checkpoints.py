"""Checkpoints of an issuer's anchors in final blocks, and whether others' fit the chain.

Asks the chain alone, and no store: an auditor needs no more. Signs nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from registry.core.checkpoint import Checkpoint, checkpoint_over, origin_of
from registry.core.merkle_log import consistency_proof, verify_consistency
from registry.errors import ConflictError, InvalidInputError, TooLargeError, UnavailableError
from registry.services.ports import Block, Chain

MAX_ANCHORS: Final = 2**20  # of an issuer: one each minute for two years


@dataclass(frozen=True)  # no slots: the checkpoint is computed once
class SealLog:
    """The seals of an issuer on a chain, in order of their sequence, up to a final block."""

    origin: str
    block: Block
    seals: tuple[bytes, ...]

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """What everybody says of it who reads the same chain."""
        return checkpoint_over(self.origin, self.seals)


@dataclass(frozen=True, slots=True)
class Consistency:
    """That a chain's log begins with an older one, with the proof for who has both checkpoints."""

    older: Checkpoint
    newer: Checkpoint
    proof: tuple[bytes, ...]


def checkpoint_of(chain: Chain, issuer: bytes) -> Checkpoint:
    """The checkpoint of an issuer's anchors in final blocks now; raises as `read_log`."""
    return read_log(chain, issuer).checkpoint


def read_log(
    chain: Chain, issuer: bytes, *, known: SealLog | None = None, most: int = MAX_ANCHORS
) -> SealLog:
    """An issuer's seals up to the newest final block, from the contract's events.

    Of a log that is `known` from before no event is read again, while its block stands. Raises
    `UnavailableError` if no block is final, the contract is not ours, or a node withholds events
    or serves another chain, and `TooLargeError` for more than `most` anchors.
    """
    try:
        return _read_log(chain, issuer, known, most)
    except ConflictError as exc:
        raise _unavailable(chain, str(exc)) from exc


def check_consistency(chain: Chain, issuer: bytes, older: Checkpoint) -> Consistency:
    """Show from events alone that a checkpoint of anybody is of a beginning of the chain's log.

    Raises as `read_log`, and as `consistency_with`.
    """
    return consistency_with(read_log(chain, issuer), older)


def consistency_with(log: SealLog, older: Checkpoint) -> Consistency:
    """Show that a log begins with what an older checkpoint stands for.

    Raises `VerificationError` with the reason `other-history` if it does not: whoever made the
    checkpoint saw another chain, or says so. Raises `UnavailableError` for more anchors than
    the log has: they may be final already where it was made. `InvalidInputError` if it is of
    another log.
    """
    newer = log.checkpoint
    if older.origin != log.origin:
        raise InvalidInputError(
            f"the checkpoint is of another log: {older.origin[:160]!r}, not {log.origin!r}"
        )
    if older.size > newer.size:
        raise UnavailableError(
            f"the checkpoint has {older.size} anchors, but {newer.size} are final in block "
            f"{log.block.number}: look again later, or ask another node",
            source=log.origin,
        )
    proof = consistency_proof(log.seals, older.size)
    verify_consistency(
        old_size=older.size,
        old_root=older.root,
        new_size=newer.size,
        new_root=newer.root,
        proof=proof,
    )
    return Consistency(older, newer, proof)


def _read_log(chain: Chain, issuer: bytes, known: SealLog | None, most: int) -> SealLog:
    block = _final_block(chain)
    if not chain.is_genuine(chain.contract, at=block):
        raise _unavailable(chain, "the address does not run our contract")
    seals: tuple[bytes, ...] = ()
    if known is not None and chain.block(known.block.number) == known.block:
        if block.number <= known.block.number:  # by a node that lags; what was final stays so
            return known
        seals = known.seals
    count = chain.issuer_record(issuer, at=block).anchor_count
    if count > most:
        raise TooLargeError(f"the issuer has {count} anchors; the limit is {most}")
    origin = origin_of(chain_id=chain.chain_id, contract=chain.contract, issuer=issuer)
    newer = chain.issuer_seals(issuer, at=block, after=len(seals))
    return SealLog(origin, block, (*seals, *newer))


def _final_block(chain: Chain) -> Block:
    number = chain.finalized()
    if number < 0:
        raise _unavailable(chain, "no block is final yet")
    return chain.block(number)


def _unavailable(chain: Chain, what: str) -> UnavailableError:
    return UnavailableError(what, source=f"chain {chain.chain_id}")
