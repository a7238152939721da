"""On which chains a command works: on every configured one, or on the one --chain-id names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import typer

from registry.cli.command import REFUSED, UNDECIDED, exit_code
from registry.cli.output import Value
from registry.cli.session import Session
from registry.core.address import format_chain
from registry.errors import InvalidInputError, RootsealError

_T = TypeVar("_T")
_OF_THE_FIRST: Final = {"rpc_url": "--rpc-url", "contract": "--contract"}


def chosen_chains(session: Session) -> list[int]:
    """Ids of the chains to work on, the first one first.

    The option picks one of those configured; any other id is the first chain's, as everywhere.
    Call it before anything reads the settings.
    """
    named = session.overrides.pop("chain_id", None)
    if named is None:
        return [chain.chain_id for chain in session.settings.all_chains]
    configured = Session(session.overrides, session.output).settings
    for chain in configured.chains:
        if str(chain.chain_id) == named:
            _require_no_first(session, named)
            return [chain.chain_id]
    session.overrides["chain_id"] = named
    return [session.settings.chain_id]


def _require_no_first(session: Session, named: str) -> None:
    for name, option in _OF_THE_FIRST.items():
        if name in session.overrides:
            raise InvalidInputError(
                f"{option} is for the first of the chains; chain {named} has its own in the file"
            )


@dataclass(frozen=True, slots=True)
class ByChain(Generic[_T]):
    """What some work came to on each chain."""

    done: dict[int, _T]
    failed: dict[int, RootsealError]

    def failures(self) -> dict[str, Value]:
        """The failures, for JSON."""
        return {
            format_chain(chain_id): {"code": error.code, "message": str(error)}
            for chain_id, error in self.failed.items()
        }

    def lines(self) -> list[str]:
        """The failures, for a person."""
        return [f"{format_chain(chain_id)}: not done: {e}" for chain_id, e in self.failed.items()]

    def end(self) -> None:
        """End the command with 3 if all that failed may pass, 1 if any was refused."""
        codes = {exit_code(error) for error in self.failed.values()}
        if codes:
            raise typer.Exit(UNDECIDED if codes == {UNDECIDED} else REFUSED)


def on_each(chain_ids: list[int], work: Callable[[int], _T]) -> ByChain[_T]:
    """Do the work on each chain, whatever comes of it on another; raises only if nothing is done.

    What is wrong with all of them is most likely wrong with the first: that is raised.
    """
    done: dict[int, _T] = {}
    failed: dict[int, RootsealError] = {}
    for chain_id in chain_ids:
        try:
            done[chain_id] = work(chain_id)
        except RootsealError as exc:
            failed[chain_id] = exc
    if not done:
        raise next(iter(failed.values()))
    return ByChain(done, failed)
