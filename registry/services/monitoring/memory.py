"""What the monitor remembers while it runs, and saves. Decides nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from registry.core.address import format_address
from registry.errors import InvalidInputError
from registry.services.monitoring.alarms import Alarm
from registry.services.monitoring.positions import (
    ChainPosition,
    Position,
    format_position,
    no_position,
    parse_position,
)
from registry.services.ports import FollowedChain, PositionKeeper

# Of one kind, for their receiver: whoever has a key can anchor a thousand seals an hour, and none
# of them may push out the alarm that the issuer has another owner.
MAX_WAITING: Final = 1000


@dataclass(slots=True)
class Memory:
    """The position of one issuer's monitor. It may be ahead of what could be saved."""

    keeper: PositionKeeper
    issuer: bytes
    position: Position = field(init=False)
    _saved: bytes | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.position = no_position(self.issuer)

    def load(self) -> None:
        """Take the saved position up, if there is one.

        Raises `InvalidInputError` for what is none, or is of another issuer.
        """
        self._saved = self.keeper.load()
        if self._saved is None:
            return
        self.position = parse_position(self._saved)
        if self.position.issuer != self.issuer:
            raise InvalidInputError(
                f"the position is of issuer {format_address(self.position.issuer)}, not of "
                f"{format_address(self.issuer)}: give each monitor a file of its own"
            )

    def save(self) -> None:
        """Save what is new. Raises `UnavailableError`; then the next one saves it."""
        data = format_position(self.position)
        if data != self._saved:
            self.keeper.save(data)
            self._saved = data

    def of(self, chain: FollowedChain) -> ChainPosition | None:
        """The position on a chain; None if it was never looked at."""
        for position in self.position.chains:
            if _is_of(position, chain):
                return position
        return None

    def put(self, chain: FollowedChain, position: ChainPosition | None) -> None:
        """Remember a chain's position; None forgets it."""
        others = tuple(each for each in self.position.chains if not _is_of(each, chain))
        self._change(chains=others if position is None else (*others, position))

    def queue(self, alarm: Alarm) -> bool:
        """Keep an alarm for its receiver; False if too many of its kind wait already."""
        waiting = self.position.waiting
        if sum(other.kind is alarm.kind for other in waiting) >= MAX_WAITING:
            return False
        self.wait(*waiting, alarm)
        return True

    def wait(self, *alarms: Alarm) -> None:
        """Remember which alarms wait for their receiver."""
        self._change(waiting=alarms)

    def overdue(self, since: datetime | None) -> None:
        """Remember since when somebody waits for whom the alarm was raised."""
        self._change(overdue_since=since)

    def _change(self, **values: object) -> None:
        self.position = self.position.model_copy(update=values)


def _is_of(position: ChainPosition, chain: FollowedChain) -> bool:
    return (position.chain, position.contract) == (chain.chain_id, chain.contract)
