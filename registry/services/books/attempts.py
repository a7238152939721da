"""Whether the stored transactions are what they should be."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from eth_utils.crypto import keccak

from registry.core.fees import Fees
from registry.services.findings import Finding, FindingCode
from registry.services.ports import Attempt, Chain, Purpose, Store, UnsignedTransaction

# Said here once more, and not asked of core.fees: what audits must not believe what it audits.
_FLOOR: Final = (9, 8)  # a replacement pays at least 12.5 % more of both fees
_PAGE: Final = 1000  # nonces in memory at a time

Target = tuple[bytes, bytes]  # the contract called, and with which bytes


def check_bytes(chain: Chain, attempts: Iterable[Attempt]) -> Iterator[Finding]:
    """That the bytes of each attempt say what the store says of them."""
    for attempt in attempts:
        said = _decoded(chain, attempt)
        is_told = said is not None and (
            said.chain_id,
            said.sender,
            said.nonce,
            said.fees,
            keccak(attempt.raw),
        ) == (
            attempt.chain_id,
            attempt.sender,
            attempt.nonce,
            Fees(attempt.max_fee, attempt.priority_fee),
            attempt.transaction,
        )
        if not is_told:
            yield _finding(
                FindingCode.ATTEMPT_GARBLED, attempt, "the bytes are not those of what is stored"
            )


def check_calls(
    chain: Chain, attempts: Iterable[Attempt], targets: Collection[Target]
) -> Iterator[Finding]:
    """That each attempt makes one of the calls that its subject needs."""
    for attempt in attempts:
        said = _decoded(chain, attempt)
        if said is not None and (said.to, said.data) not in targets:
            yield _finding(
                FindingCode.ATTEMPT_OFF_TARGET, attempt, "the call is not what the subject needs"
            )


def check_replacements(attempts: Sequence[Attempt]) -> Iterator[Finding]:
    """That a subject's attempts with one nonce are in order, each dearer than the one before."""

    def nonce(attempt: Attempt) -> tuple[int, bytes, int]:
        return attempt.chain_id, attempt.sender, attempt.nonce

    for _, group in groupby(sorted(attempts, key=lambda a: (*nonce(a), a.id)), key=nonce):
        same = list(group)
        if [attempt.replacement for attempt in same] != list(range(len(same))):
            numbers = ", ".join(str(attempt.replacement) for attempt in same)
            yield _finding(
                FindingCode.REPLACEMENT_MISNUMBERED,
                same[0],
                f"the replacements of nonce {same[0].nonce} are numbered {numbers}",
            )
        for earlier, later in pairwise(same):
            if not _is_dearer(earlier, later):
                yield _finding(
                    FindingCode.REPLACEMENT_TOO_CHEAP,
                    later,
                    f"it offers less than 12.5 % more than attempt {earlier.id}",
                )


def check_nonces(store: Store, chain: Chain, sender: bytes) -> Iterator[Finding]:
    """That each nonce of a sender serves one subject only."""
    end = store.highest_nonce(chain.chain_id, sender)
    for first in range(0, 0 if end is None else end + 1, _PAGE):
        page = store.attempts_between(chain.chain_id, sender, first=first, below=first + _PAGE)
        for nonce, group in groupby(page, key=lambda attempt: attempt.nonce):
            same = list(group)
            subjects = {(attempt.purpose, attempt.subject_id) for attempt in same}
            if len(subjects) > 1:
                named = " and ".join(f"{kind.value} {number}" for kind, number in sorted(subjects))
                yield _finding(FindingCode.NONCE_SHARED, same[-1], f"nonce {nonce} serves {named}")


def check_mined_once(chain: Chain, attempts: Sequence[Attempt]) -> Iterator[Finding]:
    """That at most one of a batch's transactions succeeded."""
    succeeded = []
    for attempt in attempts:
        found = chain.mined(attempt.transaction)
        if found is not None and found.succeeded:
            succeeded.append(attempt)
    if len(succeeded) > 1:
        yield _finding(
            FindingCode.MINED_TWICE,
            succeeded[-1],
            f"{len(succeeded)} transactions of one batch succeeded",
        )


def attempts_on(store: Store, chain: Chain, purpose: Purpose, subject_id: int) -> list[Attempt]:
    """A subject's attempts on one chain, oldest first."""
    found = store.attempts(purpose, subject_id)
    return [attempt for attempt in found if attempt.chain_id == chain.chain_id]


def _decoded(chain: Chain, attempt: Attempt) -> UnsignedTransaction | None:
    try:
        return chain.decode(attempt.raw)
    except ValueError:
        return None


def _is_dearer(earlier: Attempt, later: Attempt) -> bool:
    more, than = _FLOOR
    return (
        later.max_fee * than >= earlier.max_fee * more
        and later.priority_fee * than >= earlier.priority_fee * more
    )


def _finding(code: FindingCode, attempt: Attempt, what: str) -> Finding:
    subject = f"{attempt.purpose.value} {attempt.subject_id}"
    return Finding(
        code,
        f"attempt {attempt.id} for {subject}: {what}",
        {
            "attempt": attempt.id,
            "purpose": attempt.purpose.value,
            "subject": attempt.subject_id,
            "chain": attempt.chain_id,
            "nonce": attempt.nonce,
            "transaction": "0x" + attempt.transaction.hex(),
        },
    )
