"""What status entries of credentials say, where they name places in our own lists.

Lists of others are not asked for: whoever is asked learns who is presenting what.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from registry.core.documents import Json
from registry.core.report import Check, Outcome
from registry.errors import NotFoundError, TooLargeError
from registry.services.issuing import StatusLists
from registry.vc.status_list import LIST_SIZE, is_set

MAX_ENTRIES: Final = 10  # of one credential; for each a list is unpacked
_ENTRY: Final = "BitstringStatusListEntry"
_MAX_DIGITS: Final = 9  # of a list's number: more than any issuer fills


@dataclass(frozen=True, slots=True)
class OwnStatuses:
    """Our status lists. `signed_list` gives one, or raises `NotFoundError`."""

    lists: StatusLists
    signed_list: Callable[[int], bytes]

    def is_ours(self, entry: Json) -> bool:
        """Whether a status entry names one of our lists, be there such a place or not."""
        url = entry.get("statusListCredential") if isinstance(entry, dict) else None
        return isinstance(url, str) and url.startswith(self._base)

    def position(self, entry: Mapping[str, Json]) -> int:
        """The place that an entry names in a list of ours, of whatever form.

        Raises `NotFoundError` for what no list of ours has.
        """
        index, url = entry.get("statusListIndex"), entry.get("statusListCredential")
        if isinstance(url, str) and url.startswith(self._base):
            number = url.removeprefix(self._base).partition("/")[0]
            if _is_number(number) and _is_number(index) and int(str(index)) < LIST_SIZE:
                return int(number) * LIST_SIZE + int(str(index))
        raise NotFoundError("no place in a status list of this issuer")

    def check(self, credential: Mapping[str, Json]) -> Check:
        """Whether a credential is withdrawn by any of its entries.

        Raises `TooLargeError` for too many of them, and as `signed_list`.
        """
        entries = list(_entries(credential))
        if len(entries) > MAX_ENTRIES:
            raise TooLargeError(
                f"{len(entries)} status entries; the limit is {MAX_ENTRIES}",
                place="/credentialStatus",
            )
        try:
            is_withdrawn = any(self._is_set(each) for each in entries if self.is_ours(each))
        except NotFoundError:
            return _check(Outcome.FAIL, "no-such-status", "No list of the issuer has its place.")
        if is_withdrawn:
            return _check(Outcome.FAIL, "withdrawn", "The issuer has revoked or suspended it.")
        if not entries:
            return _check(Outcome.SKIPPED, "no-status-here", "It names no status list.")
        if not all(map(self.is_ours, entries)):
            return _check(Outcome.SKIPPED, "no-status-here", "A status list of it is another's.")
        return _check(Outcome.PASS, "active", "It is not withdrawn.")

    @property
    def _base(self) -> str:
        return f"{self.lists.issuer_url}/status-lists/"

    def _is_set(self, entry: Mapping[str, Json]) -> bool:
        number, place = divmod(self.position(entry), LIST_SIZE)
        served = orjson.loads(self.signed_list(number))
        return is_set(served["credentialSubject"]["encodedList"], place)


def _entries(credential: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """The entries of Bitstring Status Lists: one, or those of a list."""
    found = credential.get("credentialStatus")
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            kinds = each.get("type")
            if _ENTRY in (kinds if isinstance(kinds, list) else [kinds]):
                yield each


def _is_number(value: Json) -> bool:
    return isinstance(value, str) and value.isdecimal() and len(value) <= _MAX_DIGITS


def _check(outcome: Outcome, code: str, detail: str) -> Check:
    return Check(name="status", outcome=outcome, code=code, detail=detail)
