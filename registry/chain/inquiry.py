"""One judgement of one anchor, which foresees its own questions: two journeys to a node, or one.

Asks and answers as `NodeState` does, in the same order and with the same errors. Foreseeing wrongly
costs a journey, and never an answer: what was not foreseen is asked when its turn comes.
"""

import time
from dataclasses import dataclass
from typing import Final

from registry.chain import questions
from registry.chain.questions import Question
from registry.chain.state import NodeState
from registry.core.receipt import AnchorReference
from registry.services.ports import Block

_GUESS_SECONDS: Final = 10.0  # for which the head may well be the same; Ethereum's is for twelve


@dataclass(slots=True)
class LastHead:
    """The head that the last inquiry found, and when (monotonic)."""

    block: Block | None = None
    found_at: float = 0.0

    def guess(self) -> Block | None:
        """What the head may be now."""
        is_fresh = time.monotonic() - self.found_at < _GUESS_SECONDS
        return self.block if is_fresh else None

    def found(self, block: Block) -> None:
        """Remember a head."""
        self.block, self.found_at = block, time.monotonic()


class Inquiry(NodeState):
    """A chain, asked about one credential under one anchor. For one thread, and for once.

    What depends on state is asked at the hash of the head, as ever. While the head is not known,
    that of the last inquiry is guessed: if it is another one, those answers are thrown away.
    """

    def __init__(
        self,
        chain: NodeState,
        anchor: AnchorReference,
        *,
        seal: bytes,
        leaf_index: int,
        last: LastHead,
    ) -> None:
        nodes, self._expect = chain.nodes.read_ahead()
        super().__init__(
            nodes, chain_id=chain.chain_id, contract=chain.contract, finality=chain.finality
        )
        self.logs = chain.logs  # which knows what ranges the nodes take
        self._anchor = anchor
        self._seal = seal
        self._leaf_index = leaf_index
        self._last = last
        self._guess = last.guess()
        guessed = [] if self._guess is None else self._about_state(self._guess)
        self._expect([*self._about_place(), *guessed])

    def head(self) -> Block:
        """The latest block; the rest is foreseen at it."""
        block = super().head()
        self._last.found(block)
        if block != self._guess:
            self._expect(self._about_state(block))
        return block

    def _about_place(self) -> list[Question]:
        """The head, and the anchor's transaction in the block where it is said to be."""
        newest = (
            questions.BLOCK_NUMBER
            if isinstance(self.finality, int)
            else questions.newest_block(self.finality)
        )
        return [
            questions.CHAIN_ID,
            questions.newest_block("latest"),
            newest,
            questions.receipt_of(self._anchor.transaction),
            questions.block_of_hash(self._anchor.block_hash),
        ]

    def _about_state(self, at: Block) -> list[Question]:
        """The contract, and what it holds of the seal and of the credential."""
        contract, issuer, seal = self._anchor.contract, self._anchor.issuer, self._seal
        return [
            questions.code_of(contract, at),
            questions.view_of(contract, at, "anchorOf", issuer, seal),
            questions.view_of(contract, at, "credentialStatusOf", issuer, seal, self._leaf_index),
        ]
