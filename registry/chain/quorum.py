"""What several endpoints say to one question, and whether enough of them say the same."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from registry.chain import refusals
from registry.chain.endpoint import Endpoint, WrongChainError
from registry.chain.meaning import words
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError, NoAnswerError
from registry.errors import ConflictError, DisagreementError, UnavailableError


@dataclass(frozen=True, slots=True)
class Heard:
    """What one endpoint said. `meaning` is its vote; None if it has none."""

    ordinal: int
    words: str  # never the endpoint's address: strangers read this
    meaning: Hashable = None
    reply: Reply | None = None
    refusal: JsonRpcError | None = None  # an error that is an answer: a revert, say
    failure: UnavailableError | ConflictError | None = None
    block_number: int | None = None  # if the answer is a block


def hear(endpoint: Endpoint, method: str, *params: object) -> Heard:
    """Ask one endpoint, and take down whatever comes of it."""
    try:
        answer = endpoint.ask(method, *params)
    except JsonRpcError as exc:
        code = refusals.answer_code(exc)
        if code is not None:
            return Heard(endpoint.ordinal, code, meaning=("refused", code), refusal=exc)
        return Heard(endpoint.ordinal, f"no answer (error {exc.number})", failure=exc)
    except WrongChainError as exc:
        return Heard(endpoint.ordinal, f"serves chain {exc.served}", failure=exc)
    except UnavailableError as exc:
        kind = exc.kind if isinstance(exc, NoAnswerError) else "malformed"
        return Heard(endpoint.ordinal, f"no answer ({kind})", failure=exc)
    is_block = method == "eth_getBlockByNumber"
    return Heard(
        endpoint.ordinal,
        words(method, answer.reply),
        meaning=("said", answer.meaning),
        reply=answer.reply,
        block_number=answer.reply.member("number").count() if is_block else None,
    )


def agreed(heard: Sequence[Heard], quorum: int) -> Reply | None:
    """Return the answer that `quorum` endpoints gave; None if no answer was given so often.

    Raises the `JsonRpcError` if it is that on which they agree.
    """
    votes = Counter(answer.meaning for answer in heard if answer.meaning is not None)
    for answer in heard:
        if answer.meaning is None or votes[answer.meaning] < quorum:
            continue
        if answer.refusal is not None:
            raise answer.refusal
        return answer.reply
    return None


def newest_candidates(heads: Sequence[tuple[Endpoint, Heard]], quorum: int) -> list[int]:
    """Return the numbers of blocks that `quorum` endpoints are at or past, the newest first.

    The first is the quorum-th highest of all; the others are for when nodes that lie, or follow
    another fork, spoil it.
    """
    numbers = [head.block_number for _, head in heads if head.block_number is not None]
    return sorted(set(sorted(numbers, reverse=True)[quorum - 1 :]), reverse=True)


def too_few(method: str, heard: Sequence[Heard], *, quorum: int, source: str) -> DisagreementError:
    """Return the error that tells what each endpoint said."""
    in_order = sorted(heard, key=lambda answer: answer.ordinal)
    answers = tuple(f"node {answer.ordinal}: {answer.words}" for answer in in_order)
    return DisagreementError(
        f"fewer than {quorum} nodes say the same to {method}: {'; '.join(answers)}",
        source=source,
        answers=answers,
    )
