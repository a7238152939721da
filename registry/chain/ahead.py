"""Questions put before they are asked: those that are foreseen go to a node all at once.

Nothing is decided here. Whoever asks, asks one question after the other as ever, and the answers
are judged as ever; only the journeys to the node are fewer. An answer is given out once.
"""

from collections.abc import Sequence

from registry.chain.questions import Question
from registry.chain.reply import Reply
from registry.chain.rpc import JsonRpcError, Rpc


class ReadAhead:
    """A connection to one node, for one inquiry; not to be shared between threads.

    What is expected goes out as a batch with the first question of it that is asked. If that gets
    no answer, the question has failed, and whatever else was expected is asked singly in its turn.
    """

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._expected: Sequence[Question] = ()
        self._answered: list[tuple[Question, Reply | JsonRpcError]] = []

    @property
    def source(self) -> str:
        """Name of the endpoint as errors show it."""
        return self._rpc.source

    @property
    def timeout(self) -> float:
        """Seconds for a whole answer."""
        return self._rpc.timeout

    def close(self) -> None:
        """Close the connections."""
        self._rpc.close()

    def expect(self, questions: Sequence[Question]) -> None:
        """Foresee these questions, and no longer others that were not put yet."""
        self._expected = questions

    def has_answer(self, question: Question) -> bool:
        """Whether the answer is here already."""
        return any(asked == question for asked, _ in self._answered)

    def ask(self, method: str, *params: object) -> Reply:
        """Ask the node, or give out its answer of a moment ago. Raises as `Rpc.ask`."""
        question = (method, *params)
        if question in self._expected:
            self._put_all()
        for place, (asked, answer) in enumerate(self._answered):
            if asked == question:
                del self._answered[place]
                if isinstance(answer, JsonRpcError):
                    raise answer
                return answer
        return self._rpc.ask(method, *params)

    def _put_all(self) -> None:
        questions, self._expected = self._expected, ()
        answers = self._rpc.ask_all(questions)
        self._answered += [
            (question, answer)
            for question, answer in zip(questions, answers, strict=True)
            if answer is not None
        ]
