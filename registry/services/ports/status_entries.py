"""Places of credentials in status lists: fixed when a credential is made, before it has a leaf."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class StatusEntry(NamedTuple):
    """A credential's place, counted through all status lists of its issuer."""

    position: int
    credential_hash: bytes


class StatusEntryStore(Protocol):
    """Where places in status lists are kept."""

    def reserve_positions(self, issuer: bytes, count: int) -> int:
        """Take `count` places that nobody had or will have; returns the first of them."""

    def put_status_entries(self, issuer: bytes, entries: Iterable[StatusEntry]) -> None:
        """Remember which credentials have which places, all or none of them.

        The same again changes nothing. Raises `ConflictError` for a place that another credential
        has, for a credential that has another place, and for a place that was not reserved.
        """

    def status_entries(self, issuer: bytes, *, first: int, below: int) -> list[StatusEntry]:
        """The credentials in places from `first` on, in order."""
